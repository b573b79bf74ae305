"""Example: one crop that somebody judged: the condition holds there, or it does not. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from detectors.teach.region import Picture
from ingest.text import Text

LEAST = 5
"""Examples of each class: with fewer nothing can be said of how right it is."""
MOST = 400
"""Of each class, spread evenly over those given: more teach little and take long."""

_MOMENT = re.compile(r"^(?P<clip>.*?)[_-]?(?P<at>\d{8}T\d{6}(?:\.\d{1,3})?)Z$")
_SECOND = re.compile(r"^(?P<clip>.*?)[_-](?P<second>\d+(?:\.\d+)?)s$")


@dataclass(frozen=True, slots=True)
class Example:
    """One judged crop.

    Attributes:
        picture: uint8 (height, width, 3), BGR, of any size.
        holds: True when the condition holds in it.
        name: By what people find it again: its file.
        sha256: Of the file it came from.
        camera: Registry id, or empty.
        clip: Whose clock `second` is on: examples of one clip that are near in time are alike.
        second: On that clock; of a moment in time, since 1970. None: not known.
    """

    picture: Picture
    holds: bool
    name: str
    sha256: str
    camera: str = ""
    clip: str = ""
    second: float | None = None


def named_moment(stem: str) -> tuple[str, float | None]:
    """Clip and second that a file's name (without its ending) tells, or the whole name's nothing and None.

    `kitchen_20261122T080000Z` is a moment in UTC, `kitchen_12.4s` the second 12.4 of the clip `kitchen`.
    """
    if found := _MOMENT.match(stem):
        form = "%Y%m%dT%H%M%S.%f" if "." in found["at"] else "%Y%m%dT%H%M%S"
        try:
            return found["clip"], datetime.strptime(found["at"], form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            return "", None
    if found := _SECOND.match(stem):
        return found["clip"], float(found["second"])
    return "", None


def in_numeric_order(name: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which `frame-9` comes before `frame-10`."""
    parts = (each for each in re.split(r"(\d+)", name.casefold()) if each)
    return tuple((0, int(each), "") if each.isdecimal() else (1, 0, each) for each in parts)


TIMELESS = Text(
    "并非每个样本都有时间，只能按名称排序：相邻的样本可能分在学习和检验两边",
    "not every example has a time, so their order by name stands for it: neighbours may be on both sides",
)
APART = {
    "camera": Text(
        "没有一台摄像机两类样本都有：学到的可能是摄像机",
        "no camera has examples of both kinds: the camera may have been learned instead",
    ),
    "clip": Text(
        "没有一段录像两类样本都有：学到的可能是录像",
        "no clip has examples of both kinds: the clip may have been learned instead",
    ),
}
ONE_AFTER_THE_OTHER = Text(
    "一类样本全都早于另一类：学到的可能是光线或时段",
    "all examples of one kind are older than those of the other: light or season may have been learned instead",
)


def in_both(doubt: str) -> Text:
    """A doubt of a card, which is in English, in both languages as far as we know it."""
    known = {each.en: each for each in (TIMELESS, *APART.values(), ONE_AFTER_THE_OTHER)}
    return known.get(doubt, Text(doubt, doubt))


def doubts(examples: Sequence[Example]) -> tuple[str, ...]:
    """What makes the figures of these examples look better than they are: one sentence for each, in English."""
    found = []
    if any(each.second is None for each in examples):
        found.append(TIMELESS.en)
    for what, doubt in APART.items():
        of = [{getattr(each, what) for each in examples if each.holds is holds} for holds in (True, False)]
        if all(of) and "" not in of[0] | of[1] and not of[0] & of[1]:
            found.append(doubt.en)
    clips = {each.clip for each in examples}
    times = [
        [each.second for each in examples if each.holds is holds and each.second is not None]
        for holds in (True, False)
    ]
    if len(clips) == 1 and all(times) and (max(times[0]) < min(times[1]) or max(times[1]) < min(times[0])):
        found.append(ONE_AFTER_THE_OTHER.en)
    return tuple(found)
