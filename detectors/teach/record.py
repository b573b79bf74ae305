"""Record: what was taught, as the card says it. Pure."""

from __future__ import annotations

from datetime import datetime

from detectors.teach import drift
from detectors.teach.backbone import BASE
from detectors.teach.card import Card, Found, LookOf, Used, UsualLook
from detectors.teach.region import Region
from detectors.teach.train import Taught


def record(
    taught: Taught,
    *,
    condition: str,
    version: int,
    region: Region,
    by: str,
    at: datetime,
    seconds: float,
    seed: int,
    base_sha256: str,
) -> tuple[Card, drift.Grey | None]:
    """The card of a version, and the small picture of its region (none of upper bodies: they are of people)."""
    pictures = [each.picture for each in taught.examples]
    fixed = region.kind != "upper-body"
    known = drift.usual(pictures) if fixed else None
    look = None
    if known is not None:
        warned, judged = drift.false_warnings(pictures, taught.parts)
        looks = {name: LookOf(low=each.low, high=each.high) for name, each in known.looks.items()}
        look = UsualLook(steady=known.steady, looks=looks, warned=warned, judged=judged)
    said, limit = taught.figures, taught.figures.threshold
    figures = Found(
        balanced_accuracy=said.balanced_accuracy,
        found=said.found,
        left_alone=said.left_alone,
        calibration_error=said.calibration_error,
        precision_wanted=limit.wanted,
        precision=limit.precision,
        recall=limit.recall,
        precision_reached=limit.reached,
        folds=said.folds,
        gap=said.gap,
        recipe=said.recipe,
        ridge=said.ridge,
    )
    used = tuple(
        Used(
            name=each.name,
            sha256=each.sha256,
            holds=each.holds,
            camera=each.camera,
            clip=each.clip,
            second=each.second,
            p=round(float(p), 6),
        )
        for each, p in zip(taught.examples, taught.probabilities, strict=True)
    )
    card = Card(
        condition=condition,
        version=version,
        region=str(region),
        cameras=tuple(sorted({each.camera for each in taught.examples} - {""})),
        taught_by=by,
        taught_at=at,
        seconds=round(seconds, 1),
        seed=seed,
        base=BASE,
        base_sha256=base_sha256,
        threshold=limit.value,
        figures=figures,
        examples=used,
        worst=tuple(taught.examples[each].name for each in taught.worst),
        doubts=taught.doubts,
        usual=look,
    )
    return card, None if known is None else known.grey
