"""Card: what a taught condition was made of and how right it was, beside its manifest as `card.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingest.errors import InvalidModel

CARD = "card.json"
MAX_BYTES = 16 * 1024 * 1024


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Used(_Part):
    """One example: its hash, never its picture.

    Attributes:
        name: Its file.
        sha256: Of that file.
        holds: What it was said to be.
        camera: Registry id, or empty.
        clip: Whose clock `second` is on.
        second: On that clock; None: not known.
        p: Its probability, learned without it.
    """

    name: str
    sha256: str
    holds: bool
    camera: str
    clip: str
    second: float | None
    p: float


class Found(_Part):
    """As train.Figures; `precision` and `recall` are those of the card's threshold."""

    balanced_accuracy: float
    found: float
    left_alone: float
    calibration_error: float
    precision_wanted: float
    precision: float | None
    recall: float
    precision_reached: bool
    folds: int
    gap: float
    recipe: str
    ridge: float


class LookOf(_Part):
    """As drift.Look."""

    low: float
    high: float


class UsualLook(_Part):
    """As drift.Usual, whose small picture is the file `usual.png`.

    Attributes:
        steady: Of drift.Usual.
        looks: Of drift.Usual.
        warned: How often the examples themselves would have warned of drift.
        judged: Of so many judgements.
    """

    steady: float
    looks: Mapping[str, LookOf]
    warned: int
    judged: int


class Card(_Part):
    """Everything about one version.

    Attributes:
        condition: Word of the catalogue, or a new one.
        version: 1, 2, …
        region: As parse_region() reads it.
        cameras: Of the examples.
        taught_by: Whom to ask.
        taught_at: When (UTC).
        seconds: How long it took.
        seed: Of chance.
        base: Whose layers it looks through.
        base_sha256: Of that model.
        threshold: From which probability on it is said to hold; the manifest's `min_certainty`.
        figures: On examples that were not learned from.
        examples: All that were used.
        worst: Names of the surest mistakes.
        doubts: Why the figures may be too good.
        usual: How the region looked; None of upper bodies.
        imported_from: Id and digest of the version that came from another site; None: taught here.
    """

    condition: str
    version: int = Field(ge=1)
    region: str
    cameras: tuple[str, ...]
    taught_by: str
    taught_at: datetime
    seconds: float
    seed: int
    base: str
    base_sha256: str
    threshold: float
    figures: Found
    examples: tuple[Used, ...]
    worst: tuple[str, ...]
    doubts: tuple[str, ...]
    usual: UsualLook | None
    imported_from: str | None = None

    def text(self) -> str:
        """As it is written."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"


def read_card(folder: Path) -> Card:
    """The card of one version's folder; or InvalidModel."""
    path = folder / CARD
    mend = "take the folder from a backup, or teach again"
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InvalidModel("the card is too long", where=str(path), mend=mend)
        return Card.model_validate_json(path.read_bytes())
    except OSError as wrong:
        what = f"there is no card ({wrong.strerror}): this is no taught condition"
        raise InvalidModel(what, where=str(path), mend="name a folder that `hub teach train` made") from wrong
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        what = f"{'.'.join(map(str, first['loc'])) or 'the card'}: {first['msg']}"
        raise InvalidModel(what, where=str(path), mend=mend) from wrong
