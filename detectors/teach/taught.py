"""Taught: one version of a condition, loaded from its one ONNX file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.model import Manifest, verify
from detectors.provider import CPU, Provider
from detectors.session import Session
from detectors.teach import drift
from detectors.teach.card import Card, read_card
from detectors.teach.features import BATCH, as_batch, fitted
from detectors.teach.network import CROPS, RESULT
from detectors.teach.region import Picture, Region, parse_region
from detectors.teach.versions import USUAL, current
from ingest.errors import InvalidModel


class TaughtCondition:
    """A verified version; `score` may be called from several threads.

    Attributes:
        manifest: Of its model.
        card: What it was made of.
        region: Which part of a camera's picture it looks at.
    """

    def __init__(self, manifest: Manifest, card: Card, session: Session, usual: drift.Usual | None) -> None:
        self.manifest = manifest
        self.card = card
        self.region: Region = parse_region(card.region)
        self._session = session
        self._usual = usual

    @classmethod
    def load(cls, home: Path, threads: int = 1, provider: Provider = CPU) -> TaughtCondition:
        """The current version in `home`, or the version whose folder it is; InvalidModel when it cannot be used."""
        folder = current(home)
        manifest, card = verify(folder), read_card(folder)
        session = Session(folder / manifest.file, threads, provider)
        if tuple(session.inputs) != (CROPS,) or session.outputs != (RESULT,):
            raise InvalidModel(
                f"it gives {', '.join(session.outputs)} of {', '.join(session.inputs)}, not {RESULT} of {CROPS}",
                where=str(folder / manifest.file),
                mend="name a folder that `hub teach train` made",
            )
        return cls(manifest, card, session, _usual(folder, card))

    def score(self, crops: Sequence[Picture]) -> NDArray[np.float64]:
        """The probability that the condition holds, of each crop (BGR, any size), in batches of eight."""
        found = []
        for begin in range(0, len(crops), BATCH):
            batch = as_batch([fitted(each) for each in crops[begin : begin + BATCH]])
            found.append(self._session.run({CROPS: batch})[0].reshape(-1).astype(np.float64))
        return np.concatenate(found) if found else np.zeros(0)

    @property
    def has_place(self) -> bool:
        """Whether it is looked for in one place, whose usual view is known."""
        return self._usual is not None

    @property
    def false_warnings(self) -> str:
        """How often drift() would have warned of its own examples, in words."""
        told = self.card.usual
        return f"its own examples warned in {told.warned} of {told.judged} judgements" if told else ""

    def drift(self, recent: Sequence[Picture]) -> drift.Change | None:
        """Whether recent crops still look as they did when it was taught; None of upper bodies, which have no place."""
        return drift.judge(self._usual, recent) if self._usual is not None and recent else None


def _usual(folder: Path, card: Card) -> drift.Usual | None:
    if card.usual is None:
        return None
    path = folder / USUAL
    try:
        grey = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    except (OSError, cv2.error):
        grey = None
    if grey is None or grey.shape != (drift.SIZE, drift.SIZE) or set(card.usual.looks) != set(drift.LOOKS):
        raise InvalidModel(
            "how the region looked cannot be read",
            where=str(path),
            mend="take the folder from a backup, or teach again",
        )
    looks = {name: drift.Look(each.low, each.high) for name, each in card.usual.looks.items()}
    return drift.Usual(np.asarray(grey, np.uint8), card.usual.steady, looks)
