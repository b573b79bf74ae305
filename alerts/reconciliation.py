"""Reconciliation: the platform's day held against the hub's; what differs is listed until it is mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from alerts.case import Actor
from alerts.directory import Directory
from alerts.intake import top_area
from alerts.ledger import audit, conflicts, reconciling
from alerts.ledger.conflicts import Conflict as Listed
from alerts.ledger.engine import Connection
from alerts.ledger.reconciling import Compared
from alerts.reconcile import Difference, Line, compare, counts_differ, digest
from alerts.sight import Sight, Visibility
from ingest.errors import InvalidInput
from ingest.instant import format_instant, midnight

RUN_AT = time(3, 0)
"""Of the county's clock: yesterday is over for both sides, and the platform had the night to compare it."""
HUB_ITSELF = "hub"


@dataclass(frozen=True, slots=True)
class Theirs:
    """What the platform says of one day; `cases` None when it gave no list."""

    day: date
    counts: Mapping[str, int]
    hash: str
    cases: Sequence[Line] | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the county as a reader sees it."""

    day: date
    zone: str
    cases: tuple[Compared, ...]

    @property
    def lines(self) -> list[Line]:
        """What is compared."""
        return [each.line for each in self.cases]

    def states(self) -> dict[str, int]:
        """How many are in each state."""
        return dict(Counter(each.line.state for each in self.cases))

    def as_dict(self) -> dict[str, object]:
        """`{date, timezone, count, states, sources, hash}`."""
        return {
            "date": self.day.isoformat(),
            "timezone": self.zone,
            "count": len(self.cases),
            "states": self.states(),
            "sources": dict(Counter(each.source for each in self.cases)),
            "hash": digest(self.lines),
        }


def day_of(conn: Connection, sight: Sight, day: date, directory: Directory) -> Day:
    """The cases opened on one day by the county's clock."""
    zone = directory.zone(top_area(Sight.everything(), directory))
    start, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    found = reconciling.opened(conn, sight, start=start, end=end)
    return Day(day, str(zone), tuple(found))


def today(directory: Directory, now: datetime) -> date:
    """By the county's clock."""
    return now.astimezone(directory.zone(top_area(Sight.everything(), directory))).date()


def settle(
    conn: Connection, sight: Sight, theirs: Theirs, *, who: Actor, directory: Directory, now: datetime
) -> dict[str, object]:
    """Compares, lists what differs, settles what no longer does, and notes which cases the platform has as they are."""
    if theirs.day > today(directory, now):
        raise InvalidInput("that day has not begun", where="date")
    ours = day_of(conn, sight, theirs.day, directory)
    same = digest(ours.lines) == theirs.hash
    counts = counts_differ(ours.states(), theirs.counts)
    differences: tuple[Difference, ...] = ()
    listed: list[Listed] = []
    if theirs.cases is not None:
        differences = compare(ours.lines, theirs.cases)
        by_number = {each.line.number: each for each in ours.cases}
        elsewhere = Visibility(area=top_area(sight, directory))
        listed = [_listed(each, ours.day, by_number, elsewhere) for each in differences]
    elif not same:
        place = Visibility(area=top_area(sight, directory))
        detail = {"counts": counts, "hash": {"ours": digest(ours.lines), "theirs": theirs.hash}}
        key = f"day|{ours.day}|{who.name}"
        listed = [Listed(key, "day-differs", place, day=ours.day.isoformat(), detail=detail)]
    for each in listed:
        conflicts.put(conn, each, now)
    settled = 0
    if theirs.cases is not None or same:
        still = {each.key for each in listed}
        settled = conflicts.settle(conn, sight, ours.day.isoformat(), still=still, now=now)
        differing = {each.number for each in differences if each.ours is not None}
        reconciling.confirm(conn, [each for each in ours.cases if each.line.number not in differing], now)
    result: dict[str, object] = {
        **ours.as_dict(),
        "at": format_instant(now),
        "agreed": same and not differences,
        "counts_differ": counts,
        "differences": [
            {
                "kind": each.kind,
                "number": each.number,
                "ours": None if each.ours is None else each.ours.as_dict(),
                "theirs": None if each.theirs is None else each.theirs.as_dict(),
            }
            for each in differences
        ],
        "settled": settled,
        "send_cases": not same and theirs.cases is None,
    }
    kept = {**result, "differences": len(differences)}
    reconciling.keep(conn, ours.day.isoformat(), who.name, kept, now)
    audit.add(
        conn,
        at=now,
        who=who,
        action="case.reconcile",
        noun="case",
        subject=ours.day.isoformat(),
        detail={"agreed": result["agreed"], "differences": len(differences), "settled": settled},
    )
    return result


def close_yesterday(
    conn: Connection, sights: Callable[[], Sequence[Sight]], *, directory: Directory, now: datetime
) -> int | None:
    """Once a day, after RUN_AT: yesterday's cases that no platform confirmed as they are, listed; how many.

    `sights` gives those of the platforms, asked once a day; None when it was too early, or done already.
    """
    here = now.astimezone(directory.zone(top_area(Sight.everything(), directory)))
    day = here.date() - timedelta(days=1)
    if here.time() < RUN_AT or reconciling.done(conn, day.isoformat(), HUB_ITSELF):
        return None
    open_ones: dict[str, Compared] = {}
    for sight in sights():
        found = day_of(conn, sight, day, directory).cases
        open_ones |= {each.id: each for each in found if each.confirmed != each.line.version}
    for each in open_ones.values():
        conflicts.put(
            conn,
            Listed(
                key=f"day|{day}|not-confirmed|{each.line.number}",
                kind="not-confirmed",
                place=each.place,
                day=day.isoformat(),
                case=each.id,
                number=each.line.number,
                external_id=each.line.external_id or None,
                detail={"ours": each.line.as_dict(), "confirmed": each.confirmed},
            ),
            now,
        )
    result = {"date": day.isoformat(), "at": format_instant(now), "not_confirmed": len(open_ones)}
    reconciling.keep(conn, day.isoformat(), HUB_ITSELF, result, now)
    return len(open_ones)


def _listed(each: Difference, day: date, ours: Mapping[str, Compared], elsewhere: Visibility) -> Listed:
    own = ours[each.ours.number] if each.ours is not None else None
    line = each.ours or each.theirs
    return Listed(
        key=f"day|{day}|{each.kind}|{each.number}",
        kind=each.kind,
        place=own.place if own is not None else elsewhere,
        day=day.isoformat(),
        case=own.id if own is not None else None,
        number=each.number,
        external_id=(line.external_id or None) if line is not None else None,
        detail={
            "ours": None if each.ours is None else each.ours.as_dict(),
            "theirs": None if each.theirs is None else each.theirs.as_dict(),
        },
    )
