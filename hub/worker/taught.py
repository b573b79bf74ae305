"""Taught: the conditions taught on site that this worker's rules name: loaded once, asked about regions of a frame."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from detectors.detections import Detections
from detectors.provider import CPU, Provider
from detectors.rule import Sight
from detectors.teach.features import BATCH
from detectors.teach.region import Picture, Rectangle, bodies
from detectors.teach.taught import TaughtCondition
from hub.worker.models import Trace, trace
from hub.worker.people import boxes_of
from ingest.errors import HubError
from ingest.raster import Raster

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TaughtState:
    """One folder: loaded, or failed with the reason."""

    name: str
    trace: Trace
    condition: TaughtCondition | None
    reason: str | None


class TaughtConditions:
    """Those below `root` that rules name; one that fails is tried again when its folder changes."""

    def __init__(self, root: Path, provider: Provider = CPU) -> None:
        self._root = root
        self._provider = provider
        self._states: dict[str, TaughtState] = {}
        self._lock = threading.Lock()

    def keep(self, names: Collection[str]) -> None:
        """Load what is new or changed among `names`, let go of the rest. Blocks while one loads."""
        for name in sorted(names):
            found = trace(self._root / name)
            known = self._states.get(name)
            if known is not None and known.trace == found:
                continue
            state = self._load(name, found)
            with self._lock:
                self._states[name] = state
        with self._lock:
            self._states = {name: state for name, state in self._states.items() if name in names}

    def _load(self, name: str, found: Trace) -> TaughtState:
        try:
            condition = TaughtCondition.load(self._root / name, provider=self._provider)
        except HubError as wrong:
            log.warning("taught condition %s cannot be used: %s", name, wrong)
            return TaughtState(name, found, None, str(wrong))
        log.info("taught condition %s loaded: version %d", name, condition.card.version)
        return TaughtState(name, found, condition, None)

    def look(self, names: Collection[str], raster: Raster, found: Detections) -> tuple[Sight, ...]:
        """What those of `names` that can be used say of one picture.

        Args:
            names: Folders.
            raster: The picture.
            found: What the camera's model sees in it, sure enough for rules.
        """
        with self._lock:
            states = [self._states[name] for name in sorted(names) if name in self._states]
        usable = [(each.name, each.condition) for each in states if each.condition is not None]
        if not usable:
            return ()
        picture = raster.whole()
        sights = []
        for name, condition in usable:
            of_persons = condition.region.kind == "upper-body"
            try:
                crops: list[tuple[Picture, Rectangle | None]] = (
                    [*bodies(picture, boxes_of(found))[:BATCH]]
                    if of_persons
                    else [(condition.region.cut(picture), condition.region.rectangle)]
                )
                probabilities = condition.score([crop for crop, _ in crops])
            except HubError as wrong:
                self._fail(name, str(wrong))
                continue
            p, where = 0.0, None
            if crops:
                surest = int(probabilities.argmax())
                p, where = float(probabilities[surest]), crops[surest][1]
            sights.append(Sight(name, p, condition.manifest.min_certainty, of_persons, where))
        return tuple(sights)

    def get(self, name: str) -> TaughtCondition | None:
        """The condition in this folder if it can be used."""
        with self._lock:
            state = self._states.get(name)
            return state.condition if state is not None else None

    def states(self) -> tuple[TaughtState, ...]:
        """All of them, by name."""
        with self._lock:
            return tuple(self._states[name] for name in sorted(self._states))

    def _fail(self, name: str, reason: str) -> None:
        with self._lock:
            known = self._states.get(name)
            if known is not None and known.condition is not None:
                self._states[name] = TaughtState(name, known.trace, None, reason)
                log.warning("taught condition %s failed: %s", name, reason)
