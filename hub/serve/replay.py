"""Replay: what kept messages would have become, had their device been known; no clock, no thread, no I/O.

Reports of what lasts (Hikvision repeats them, AI boxes cancel them) need the memory that a running intake has: it is
made anew and sees the messages in their order, second by second between them. What was still going on with the last
one is left out: the intake, which did not see it begin, could not end it. It begins with its next report.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.serve.recall import Recall
from hub.serve.understand import Understood, nothing_newer
from ingest.episodes import REMEMBERED, Kept
from ingest.payload import Episode
from ingest.reading import Reading

TICK = timedelta(seconds=1)
"""How often a running intake looks what is over."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One kept message: when it came, what it says with the device known, and whether the broker had kept it."""

    at: datetime
    said: Understood
    retained: bool = False


def replay(messages: Iterable[Heard], over: Iterable[Kept], until: datetime) -> list[Reading]:
    """The readings of these messages.

    `over` are episodes that ended before anybody knew where they had begun: a cancellation that names nothing but the
    identifier is remembered by the intake, and not kept with the device. `until` is now.
    """
    ends = [_end(each) for each in over if not each.open and not each.device]
    steps = sorted([*messages, *ends], key=lambda each: each.at)
    if not steps:
        return []
    recall = Recall((), steps[0].at, nothing_newer)
    found: list[Reading] = []
    lasting: set[tuple[str, str]] = set()
    for each, after in zip(steps, [*(each.at for each in steps[1:]), until], strict=True):
        found += each.said.readings
        turned = recall.with_turns(each.said, each.at, retained=each.retained)
        said = list(turned.readings[len(each.said.readings) :])
        for at in _ticks(each.at, after):
            ended = recall.timed_out(at)
            said += ended.readings if ended is not None else ()
        lasting |= {(one.device, one.quantity) for one in said}
        found += said
    return _ended(found, lasting)


def _end(each: Kept) -> Heard:
    episode = Episode("", "", each.id, True, once=True)
    return Heard(each.heard_at, Understood("", episodes=(("", episode),)))


def _ticks(after: datetime, until: datetime) -> Iterator[datetime]:
    """The seconds between two messages, as far as anything can end in them."""
    at, last = after + TICK, min(until, after + REMEMBERED)
    while at < last:
        yield at
        at += TICK


def _ended(found: Sequence[Reading], lasting: set[tuple[str, str]]) -> list[Reading]:
    """Without the true values of what is not over."""
    going_on = set(lasting)
    kept: list[Reading] = []
    for each in reversed(found):
        place = (each.device, each.quantity)
        if place in going_on and each.value:
            continue
        going_on.discard(place)
        kept.append(each)
    return kept[::-1]
