"""Fault: one way in which a camera that is online is useless; a file of detectors/camera_health judges one kind.

The word in a rule's `faults` = the file's name = the metric label. A file exports

    CONDITION     catalogue word of its incidents
    SEVERITY      unless a rule says otherwise
    NAME          what is wrong, in both languages
    RAISE_AFTER   how long it must last, and
    CLEAR_AFTER   how long it must be gone
    QUIET_AT      where it is normal: `night`, `steam`
    LOOKS_AT      `picture`: judged with every glance, or `stream`: judged by figures
    judge(seen)   Judged, from what is seen now and what is usual; pure

A file that fails to import, or lacks one of them, stops start-up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from types import ModuleType
from typing import Literal, get_args

from detectors.signal import SEVERITIES, Severity
from detectors.sketch import Sketch
from detectors.usual import View
from ingest import shelf
from ingest.text import Text

FOLDER = "detectors.camera_health"

Quiet = Literal["night", "steam"]
"""When a fault is not one: in the dark hours, or while steam is in the room."""

Input = Literal["picture", "stream"]

Clock = Literal["rtcp", "onvif", "media"]
"""How a camera's time is known: its sender reports, its own answer, or only the pace of its time stamps."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What is known of a camera's stream at one moment.

    Attributes:
        at: When (UTC).
        fps: Pictures per second that arrive, mean of the last seconds.
        offset: Seconds by which the camera's clock is ahead of ours; None when nothing tells.
        clock: What tells it; `media`: only how far the time stamps ran away since the session began.
    """

    at: datetime
    fps: float
    offset: float | None = None
    clock: Clock | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything a fault may be judged by; what is not known is None.

    Attributes:
        sketch: The newest glance.
        view: The usual view that the glance is most like.
        likeness: How much, -1 to 1.
        shift: (right, down) in pixels of a glance, and the likeness once shifted back; None while it fits unshifted.
        still: For how long the glances have been one and the same picture.
        stream: The stream.
        usual_fps: Pictures per second that usually arrive.
    """

    sketch: Sketch | None = None
    view: View | None = None
    likeness: float | None = None
    shift: tuple[int, int, float] | None = None
    still: timedelta | None = None
    stream: Stream | None = None
    usual_fps: float | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What one fault file says.

    Attributes:
        verdict: True: the fault is there; False: it is not; None: cannot be told now, what held goes on.
        value: What was measured.
        limit: What it is held against.
        what: More than the fault's NAME says, or None.
    """

    verdict: bool | None
    value: float | None = None
    limit: float | None = None
    what: Text | None = None


UNTOLD = Judged(None)


@dataclass(frozen=True, slots=True)
class Fault:
    """One file of the shelf."""

    word: str
    condition: str
    severity: Severity
    name: Text
    raise_after: timedelta
    clear_after: timedelta
    quiet_at: frozenset[Quiet]
    looks_at: Input
    judge: Callable[[Seen], Judged]


def read_fault(word: str, module: ModuleType) -> Fault:
    """The fault that this file describes; ImportError names what is missing."""
    wanted: dict[str, type] = {
        "CONDITION": str,
        "SEVERITY": str,
        "NAME": Text,
        "RAISE_AFTER": timedelta,
        "CLEAR_AFTER": timedelta,
        "QUIET_AT": tuple,
    }
    for name, kind in wanted.items():
        if not isinstance(getattr(module, name, None), kind):
            raise ImportError(f"{module.__name__} exports no `{name}` ({kind.__name__})")  # noqa: TRY004 - the file is wrong
    if not callable(getattr(module, "judge", None)):
        raise ImportError(f"{module.__name__} exports no `judge`")  # noqa: TRY004 - as above
    if module.SEVERITY not in SEVERITIES or not set(module.QUIET_AT) <= set(get_args(Quiet)):
        raise ImportError(f"{module.__name__}: SEVERITY or QUIET_AT is none of the known words")
    if getattr(module, "LOOKS_AT", None) not in get_args(Input):
        raise ImportError(f"{module.__name__}: LOOKS_AT must be one of {get_args(Input)}")
    return Fault(
        word=word,
        condition=module.CONDITION,
        severity=module.SEVERITY,
        name=module.NAME,
        raise_after=module.RAISE_AFTER,
        clear_after=module.CLEAR_AFTER,
        quiet_at=frozenset(module.QUIET_AT),
        looks_at=module.LOOKS_AT,
        judge=module.judge,
    )


@lru_cache(maxsize=1)
def faults() -> Mapping[str, Fault]:
    """Every kind of fault, by word."""
    return {word: read_fault(word, module) for word, module in shelf.modules(FOLDER).items()}


def fault_word(word: str) -> str:
    """The word itself; ValueError lists the known ones."""
    if word not in faults():
        raise ValueError(f"{word!r} is no fault; there are {', '.join(faults())}")
    return word


def is_dark_hour(at: time, night: tuple[time, time]) -> bool:
    """Whether a local time lies in the night from `night[0]` to `night[1]`, over midnight or not."""
    begin, end = night
    return begin <= at < end if begin <= end else at >= begin or at < end
