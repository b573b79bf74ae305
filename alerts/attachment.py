"""Attachment: a photo in a case's file, of before, after or something else; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from ingest.errors import InvalidInput

Phase = Literal["before", "after", "other"]
PHASES: tuple[Phase, ...] = get_args(Phase)

PHOTOS: dict[str, frozenset[Phase]] = {
    "photo": frozenset(PHASES),
    "photo-before": frozenset({"before"}),
    "photo-after": frozenset({"after"}),
}
"""What `needs` of a step may say about photos, and which phases do."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A photo that an action names.

    Attributes:
        id: ULID.
        phase: before, after or other.
        sha256: Of its JPEG.
    """

    id: str
    phase: Phase
    sha256: str


def demand_photos(action: str, needs: Iterable[str], attached: Iterable[Attached]) -> None:
    """Raise InvalidInput when an action lacks a photo that its step needs."""
    phases = {each.phase for each in attached}
    for need in sorted(set(needs) & set(PHOTOS)):
        if not phases & PHOTOS[need]:
            which = need.removeprefix("photo").removeprefix("-")
            what = f"a photo of {which} the work" if which else "a photo"
            raise InvalidInput(
                f"{action} needs {what}",
                where="attachments",
                mend="POST /api/v1/cases/{case}/attachments first, then name its id",
            )
