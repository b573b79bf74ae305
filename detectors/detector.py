"""Detector: one model, ready to look at pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from detectors.detections import Detections
from detectors.letterbox import prepare
from detectors.model import Health, Manifest, check_model, verify
from detectors.provider import CPU, Provider
from detectors.session import Session
from ingest import shelf
from ingest.errors import InvalidModel
from ingest.raster import Pixels, Raster

HEADS = shelf.modules("detectors.heads")
"""Every output format the hub can read, by the word after `head:`."""


class Head(Protocol):
    """A file on the shelf detectors/heads."""

    def decode(self, outputs: list[NDArray[np.float32]], manifest: Manifest) -> Detections:
        """What was found in one picture, in 0..1 of the input."""


class Detector:
    """A verified model with its session and head; `detect` may be called from several threads."""

    def __init__(self, manifest: Manifest, session: Session, head: Head) -> None:
        self.manifest = manifest
        self._session = session
        self._head = head
        self._heights = {
            height: manifest.model_copy(
                update={"input": manifest.input.model_copy(update={"height": height, "lower": ()})}
            )
            for height in manifest.input.lower
        }
        """What a head is told where a lower picture was looked at: many give boxes in pixels of the input."""

    @classmethod
    def load(cls, folder: Path, threads: int = 1, provider: Provider = CPU) -> Detector:
        """The model in `folder`, verified, loaded and tried on a grey picture of each height; or InvalidModel."""
        manifest = verify(folder)
        where = str(folder / "manifest.yaml")
        if manifest.head not in HEADS:
            raise InvalidModel(
                f"unknown head {manifest.head!r}", where=where, mend=f"known heads: {', '.join(HEADS)}"
            )
        session = Session(folder / manifest.file, threads, provider)
        if set(session.inputs) != {manifest.input.name}:
            raise InvalidModel(
                f"the model's inputs are {sorted(session.inputs)}, the manifest says {manifest.input.name!r}",
                where=where,
                mend="correct input.name",
            )
        detector = cls(manifest, session, cast("Head", HEADS[manifest.head]))
        for height in (manifest.input.height, *manifest.input.lower):
            detector.detect(np.full((height, manifest.input.width, 3), 114, np.uint8))
        return detector

    @property
    def provider(self) -> Provider:
        """What it runs on."""
        return self._session.provider

    def lowered(self, min_certainty: float) -> Detector:
        """The same network, whose boxes are kept down to another certainty (to blur what is only suspected)."""
        manifest = self.manifest.model_copy(update={"min_certainty": min_certainty})
        return Detector(manifest, self._session, self._head)

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        """What is in a BGR picture (height, width, 3); boxes in 0..1 of the picture."""
        return self.look(Pixels(image))

    def look(self, raster: Raster) -> Detections:
        """The same of a picture of which only so many pixels are made as the model sees."""
        tensor, fit = prepare(raster, self.manifest.input)
        height = tensor.shape[2 if self.manifest.input.layout == "nchw" else 1]
        outputs = self._session.run({self.manifest.input.name: tensor})
        found = self._head.decode(outputs, self._heights.get(height, self.manifest))
        areas = None if found.areas is None else fit.share(found.areas)
        return Detections(fit.back(found.boxes), found.certainty, found.classes, found.labels, areas)


def try_model(folder: Path) -> Health:
    """Like check_model(), and the model is loaded and its head reads what it says of one grey picture.

    Takes about a second.
    """
    health = check_model(folder)
    if health.state != "ok":
        return health
    try:
        Detector.load(folder)
    except InvalidModel as wrong:
        return Health(folder.name, "failed", str(wrong), health.manifest)
    return health
