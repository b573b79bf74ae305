"""Lesson: a condition that is taught at one camera: its region, its examples, and how its trainings went. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from detectors.teach.example import MOST

MOST_EXAMPLES = 2 * MOST
"""Of one lesson: what a training uses at most, of both answers together."""

TrainingState = Literal["asked", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson.

    Attributes:
        id: Also the folder of its versions in `taught` below the models' folder, and the word after `taught:`.
        device: The camera.
        condition: Word of the catalogue, or a new one.
        region: As detectors/teach/region.py reads it: a rectangle, or upper-body.
        area: Of its site.
    """

    id: str
    device: str
    condition: str
    region: str
    area: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One judged crop, whose bytes lie sealed in the store.

    Attributes:
        id: Of it.
        lesson: Whose.
        holds: Whether the condition holds in it.
        incident: Whose sealed original it was cut from; None: the camera's picture of that moment.
        second: Of that original; None with a picture of the moment.
        at: When it was seen (UTC).
        sha256: Of the bytes.
        size: Bytes.
    """

    id: str
    lesson: str
    holds: bool
    incident: str | None
    second: float | None
    at: datetime
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A training that waits for its turn, or runs.

    Attributes:
        lesson: To be trained.
        by: Who asked.
    """

    lesson: Lesson
    by: str
