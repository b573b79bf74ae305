"""Models of one worker: each loaded once for all its cameras; one that fails is tried again when it changes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from detectors.detector import Detector
from detectors.model import load_manifest, model_folders
from detectors.provider import CPU, Provider
from hub.worker.people import PERSON, Detect
from ingest.errors import InvalidModel

log = logging.getLogger(__name__)

LOW = 0.12
"""Detections down to this certainty are blurred; rules see those of the manifest's threshold."""

Trace = tuple[tuple[str, int, int], ...]
"""Name, size and change time of every file of a model's folder."""


@dataclass(frozen=True, slots=True)
class ModelState:
    """One model: loaded, or failed with the reason.

    Attributes:
        name: Folder below models/.
        trace: Of the folder when it was loaded.
        detector: Keeps boxes down to LOW, None when failed.
        sure: Certainty from which a box counts for rules; below, it is only blurred.
        reason: Why it failed; of one that is loaded, None or what is not as it should be.
    """

    name: str
    trace: Trace
    detector: Detector | None
    sure: float
    reason: str | None

    @property
    def people(self) -> Detect | None:
        """What finds persons, None when this model cannot: then whole pictures are blurred."""
        if self.detector is None or PERSON not in self.detector.manifest.classes:
            return None
        return self.detector.detect


def trace(folder: Path) -> Trace:
    """What tells a changed folder from the one that was loaded; empty when there is none."""
    try:
        found = [(path.name, path.stat()) for path in sorted(folder.iterdir())]
    except OSError:
        return ()
    return tuple((name, status.st_size, status.st_mtime_ns) for name, status in found)


def hiding(root: Path) -> tuple[Path, ...]:
    """The folders below `root` of models that are only for hiding what they find."""
    found = []
    for folder in model_folders(root):
        with suppress(InvalidModel):  # `models list` says what is wrong with it
            if load_manifest(folder).use == "blur":
                found.append(folder)
    return tuple(found)


def not_as_wanted(detector: Detector, wanted: Provider) -> str | None:
    """That it runs on something else than was wanted; None when it does not."""
    if detector.provider == wanted:
        return None
    return f"it runs on the {detector.provider}: onnxruntime cannot use {wanted} here"


def loaded(folder: Path, provider: Provider = CPU) -> ModelState:
    """A model that hides; one that cannot be used is warned of: persons are hidden all the same."""
    found = trace(folder)
    try:
        detector = Detector.load(folder, provider=provider)
    except InvalidModel as wrong:
        log.warning("model %s cannot be used to blur: %s", folder.name, wrong)
        return ModelState(folder.name, found, None, 1.0, str(wrong))
    reason = not_as_wanted(detector, provider)
    return ModelState(folder.name, found, detector, detector.manifest.min_certainty, reason)


def people(models: Path, first: str) -> Detect | None:
    """What finds persons: the model `first` if it can, else any other that can; None when there is none."""
    others = set(model_folders(models)) - set(hiding(models))
    for folder in sorted(others, key=lambda folder: (folder.name != first, folder.name)):
        try:
            detector = Detector.load(folder)
        except InvalidModel as wrong:
            log.warning("model %s cannot be used to blur: %s", folder.name, wrong)
            continue
        if PERSON in detector.manifest.classes:
            return detector.lowered(min(LOW, detector.manifest.min_certainty)).detect
    return None


class Models:
    """The models below `root` that this worker's cameras name."""

    def __init__(self, root: Path, provider: Provider = CPU) -> None:
        self._root = root
        self._provider = provider
        self._states: dict[str, ModelState] = {}
        self._hiders: dict[str, ModelState] = {}
        self._lock = threading.Lock()
        self._loading = threading.Lock()

    def keep(self, names: Collection[str]) -> None:
        """Load what is new or changed among `names`, let go of the rest. Blocks while a model loads."""
        for name in sorted(names):
            folder = self._root / name
            found = trace(folder)
            known = self._states.get(name)
            if known is not None and known.trace == found:
                continue
            state = self._load(name, folder, found)
            with self._lock:
                self._states[name] = state
        with self._lock:
            self._states = {name: state for name, state in self._states.items() if name in names}

    def _load(self, name: str, folder: Path, found: Trace) -> ModelState:
        if folder.parent != self._root or name in {"", ".", ".."}:
            return ModelState(name, found, None, 1.0, "not the name of a model's folder")
        try:
            if load_manifest(folder).use != "detect":
                return ModelState(name, found, None, 1.0, "it only hides: no camera is watched with it")
            detector = Detector.load(folder, provider=self._provider)
            sure = detector.manifest.min_certainty
        except InvalidModel as wrong:
            log.warning("model %s cannot be used: %s", name, wrong)
            return ModelState(name, found, None, 1.0, str(wrong))
        except Exception as wrong:  # a model must never end the worker; shown as failed
            log.exception("model %s cannot be used", name)
            return ModelState(name, found, None, 1.0, f"{type(wrong).__name__}: {wrong}"[:300])
        reason = not_as_wanted(detector, self._provider)
        if reason is not None:
            log.warning("model %s: %s", name, reason)
        log.info("model %s loaded", name)
        return ModelState(name, found, detector.lowered(min(LOW, sure)), sure, reason)

    def hiders(self) -> tuple[Detect, ...]:
        """Those that serve for nothing but hiding, faces above all. Blocks while one loads: when it is first wanted."""
        with self._loading:
            kept = {}
            for folder in hiding(self._root):
                known = self._hiders.get(folder.name)
                fresh = known is not None and known.trace == trace(folder)
                kept[folder.name] = known if known is not None and fresh else loaded(folder, self._provider)
            with self._lock:
                self._hiders = kept
            return tuple(each.detector.detect for each in kept.values() if each.detector is not None)

    def fail(self, name: str, reason: str) -> None:
        """The model broke while it looked at a picture; it is tried again when its files change."""
        with self._lock:
            known = self._states.get(name)
            if known is not None and known.detector is not None:
                self._states[name] = ModelState(name, known.trace, None, 1.0, reason)
                log.warning("model %s failed: %s", name, reason)

    def get(self, name: str | None) -> ModelState | None:
        """The model if it can be used; None when there is none, it failed or is still to be loaded."""
        with self._lock:
            state = self._states.get(name or "")
            return state if state is not None and state.detector is not None else None

    def states(self) -> tuple[ModelState, ...]:
        """All of them, by name; of those that only hide, the ones that could not when they were last wanted."""
        with self._lock:
            both = {**{each.name: each for each in self._blind()}, **self._states}
            return tuple(both[name] for name in sorted(both))

    def blind(self) -> tuple[ModelState, ...]:
        """Of those that only hide, the ones that could not when they were last wanted."""
        with self._lock:
            return self._blind()

    def _blind(self) -> tuple[ModelState, ...]:
        return tuple(each for each in self._hiders.values() if each.detector is None)
