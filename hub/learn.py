"""Learn: examples become the next version of a taught condition in its folder; for the command and for the hub."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from detectors.teach.card import Card
from detectors.teach.example import Example
from detectors.teach.features import Backbone
from detectors.teach.folds import GAP
from detectors.teach.head import whole_model
from detectors.teach.naming import model_id
from detectors.teach.record import record
from detectors.teach.region import Region
from detectors.teach.train import PRECISION, teach
from detectors.teach.versions import next_number, save

THREADS = 2
"""Of this machine, while it learns."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be learned.

    Attributes:
        condition: Its word.
        region: Where.
        home: Folder of its versions.
        models: Folder of the models, of which one gives its layers.
        by: Who teaches.
        seed: Of chance.
        precision: Of the threshold.
        gap: Seconds between what is learned and what is tested.
    """

    condition: str
    region: Region
    home: Path
    models: Path
    by: str
    seed: int = 0
    precision: float = PRECISION
    gap: float = GAP


def learn(wanted: Wanted, examples: Sequence[Example], *, say: Callable[[str], None]) -> tuple[Path, Card]:
    """The folder of the new version, which is the current one now, and its card; progress is said.

    Raises InvalidInput for too few examples, Conflict for a folder of another condition, InvalidModel.
    """
    begun = time.monotonic()
    number = next_number(wanted.home, wanted.condition)
    backbone = Backbone(wanted.models, threads=THREADS)
    taught = teach(
        examples,
        backbone.features,
        seed=wanted.seed,
        flips=wanted.region.kind == "upper-body",
        gap=wanted.gap,
        precision=wanted.precision,
        say=say,
    )
    weights = whole_model(backbone.base, taught.head, model_id(wanted.condition, number))
    card, usual = record(
        taught,
        condition=wanted.condition,
        version=number,
        region=wanted.region,
        by=wanted.by,
        at=datetime.now(UTC),
        seconds=time.monotonic() - begun,
        seed=wanted.seed,
        base_sha256=backbone.sha256,
    )
    return save(wanted.home, card, weights, usual, backbone.licence), card
