"""Router: signals become incidents, incidents become cases, and both become events; in one transaction.

Every function works inside the caller's transaction: either all of it is committed, or nothing of it happened.
That an incident is open only once is the ledger's index, not a lock; that a signal counts once is its mark.

How one act over many signals is done stands in alerts/batch.py, what an incident brings with it in alerts/raising.py,
what several of them mean together in alerts/meeting.py, in which order a source spoke in alerts/mark.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from alerts.batch import Batch, Heard
from alerts.directory import Directory
from alerts.incident import age, release
from alerts.ledger import incidents
from alerts.ledger.engine import Connection
from alerts.meeting import correlate, review
from alerts.raising import EVENT, keep
from detectors.signal import Signal

__all__ = ["Applied", "Heard", "Refused", "apply_heard", "apply_signals", "mark_stale", "retire", "review"]

MOST_STALE = 10_000
"""Incidents that one call of mark_stale() looks at."""

Reason = Literal["unknown-place", "unknown-device", "old-epoch", "future"]

AHEAD = timedelta(minutes=5)
"""How far a sender's clock may be ahead; what lies further in the future is refused."""

NOTHING = Directory()


@dataclass(frozen=True, slots=True)
class Refused:
    """A signal that was not applied, and why; `reason` is the metric label."""

    signal: Signal
    reason: Reason


@dataclass(frozen=True, slots=True)
class Applied:
    """What some signals did; each of them is counted once.

    Attributes:
        events: Seqs of the events written.
        refused: Signals that were not applied.
        duplicates: How many had been applied before.
        applied: How many changed or renewed something, or were noted for the first time.
        late: How many came after newer ones of their source. An excursion that nothing had covered is recorded,
            and what was known already changes nothing.
    """

    events: tuple[int, ...] = ()
    refused: tuple[Refused, ...] = field(default=())
    duplicates: int = 0
    applied: int = 0
    late: int = 0

    def with_(self, more: Applied) -> Applied:
        """This, and what further signals did."""
        return Applied(
            (*self.events, *more.events),
            (*self.refused, *more.refused),
            self.duplicates + more.duplicates,
            self.applied + more.applied,
            self.late + more.late,
        )


def apply_signals(
    conn: Connection, new: Iterable[Signal], *, directory: Directory, now: datetime, origin: str
) -> Applied:
    """Applies signals in the order given; `origin` is the worker that keeps their evidence, or `serve`."""
    return apply_heard(conn, [Heard(each, origin) for each in new], directory=directory, now=now)


def apply_heard(conn: Connection, new: Sequence[Heard], *, directory: Directory, now: datetime) -> Applied:
    """Applies the signals of several workers in the order given, as one act."""
    places = {each.signal.place: directory.site_of(each.signal.place) for each in new}
    refused: list[Refused] = []
    good: list[Heard] = []
    for each in new:
        site = places[each.signal.place]
        reason = "unknown-place" if site is None else _refusal(each.signal, site.id, directory, now)
        if reason is None:
            good.append(each)
        else:
            refused.append(Refused(each.signal, reason))
    if not good:
        return Applied(refused=tuple(refused))
    batch = Batch(conn, good, directory=directory, now=now)
    applied = duplicates = late = 0
    for each in good:
        verdict = batch.take(each)
        if verdict == "fresh":
            applied += 1
        elif verdict == "duplicate":
            duplicates += 1
        elif verdict == "old-epoch":
            refused.append(Refused(each.signal, "old-epoch"))
        else:
            late += 1
    return Applied(batch.close(), tuple(refused), duplicates, applied, late)


def mark_stale(
    conn: Connection, now: datetime, directory: Directory = NOTHING, *, most: int = MOST_STALE
) -> bool:
    """What time alone changes in open incidents, and in what together rules make of them.

    Looks only at those that were not renewed in time, however many are open, and at `most` of them; answers whether
    there may be more.
    """
    unchanged = []
    late = incidents.due(conn, now, most)
    for stored in late:
        done = age(stored.incident, now)
        if done.incident is None or done.change == "none":
            unchanged.append(stored.incident)
            continue
        keep(conn, done, now)
        if done.change in EVENT:
            correlate(conn, done.incident, directory, now)
    incidents.renew(conn, unchanged)
    return len(late) == most


def retire(
    conn: Connection,
    *,
    rules: frozenset[str] = frozenset(),
    devices: frozenset[str] = frozenset(),
    now: datetime,
) -> tuple[int, ...]:
    """Rules and devices that left the registry let go of their incidents; answers the seqs of the events."""
    written: list[int] = []
    for stored in incidents.all_open(conn):
        gone = frozenset(
            each.key for each in stored.incident.sources if each.rule in rules or each.device in devices
        )
        if gone:
            written += keep(conn, release(stored.incident, gone, now), now)
    return tuple(written)


def _refusal(signal: Signal, site: str, directory: Directory, now: datetime) -> Reason | None:
    if signal.device not in directory.devices and signal.device not in {"", site}:
        return "unknown-device"
    return "future" if signal.at > now + AHEAD else None
