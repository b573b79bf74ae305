"""Taught: small conditions for tests, learned of drawn pictures with the shipped backbone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from detectors.teach.example import Example
from detectors.teach.features import Backbone
from detectors.teach.head import whole_model
from detectors.teach.record import record
from detectors.teach.region import Picture, Region
from detectors.teach.train import teach
from detectors.teach.versions import save

MODELS = Path(__file__).parents[2] / "models"
TAUGHT_AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


def scene(seed: int = 4) -> Picture:
    """A room of boxes, 640 × 360."""
    chance = np.random.default_rng(seed)
    made = np.full((360, 640, 3), 140, np.uint8)
    for _ in range(60):
        left, top = int(chance.integers(-40, 620)), int(chance.integers(-40, 340))
        wide, tall = (int(each) for each in chance.integers(20, 120, 2))
        colour = [int(each) for each in chance.integers(20, 235, 3)]
        cv2.rectangle(made, (left, top), (left + wide, top + tall), colour, -1)
    return made


def lit(picture: Picture, chance: np.random.Generator, *, light: float, grain: float) -> Picture:
    """As a camera gives it: the light of the whole picture differs (sigma of its logarithm), and each pixel."""
    seen = picture * np.exp(chance.normal(0, light)) + chance.normal(0, grain, picture.shape)
    return np.asarray(np.clip(np.rint(seen), 0, 255), np.uint8)


def learned(home: Path, region: Region, condition: str, crops: Iterable[tuple[Picture, bool]]) -> None:
    """Version 1 of a condition, of crops a minute apart, each with whether it holds, in `home`."""
    backbone = Backbone(MODELS, threads=2)
    examples = [
        Example(crop, holds, f"{n}", f"{n}", "", "cam", n * 60.0) for n, (crop, holds) in enumerate(crops)
    ]
    taught = teach(examples, backbone.features)
    card, usual = record(
        taught,
        condition=condition,
        version=1,
        region=region,
        by="wang",
        at=TAUGHT_AT,
        seconds=1.0,
        seed=0,
        base_sha256=backbone.sha256,
    )
    save(home, card, whole_model(backbone.base, taught.head, f"{condition}-v1"), usual, "none")
