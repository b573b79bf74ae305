"""Rates: what the reports of a county count, and over which time; pure. The one place that defines them.

A report speaks about a period of local days. A case counts in it in one of three ways: it was *opened in* it, a step
of it was *due in* it, or it was *closed in* it. What the present state of a case says, it says as of the moment of
asking, not of the end of the period.

Never counted, in no rate: cases that became part of another (merged: that one counts) and cases opened by mistake
(cancelled); both are numbers of their own.

| rate | numerator | denominator |
|---|---|---|
| acceptance 受理率 | those whose first step was completed, or that somebody found to be a false alarm | opened in |
| completion 办结率 | those that are closed now | opened in, without false alarms |
| on time 按时率 | those done, or left by a return, no later than their limit | steps due in, up to now |
| satisfaction 满意率 | answers of 4 or 5 | answers there are about cases closed in (the newest of each case) |
| returned 退回率 | those that were returned at least once | closed in |
| rework 返工率 | those that were reopened at least once, by hand or because it came back | closed in |
| false alarms 误报率 | those judged false | incidents raised in that somebody judged |

A case that was reopened and is open again is not closed. A step whose clock stands still (an approved extension) is
not due; with a moved limit it is due when the new limit is over. Steps of false alarms are not counted. A step
without a limit is never due. In the rows of units only the unit's own steps count as due (`by_unit` in the
workflow), by the unit that had them: nobody is late for what others had to do.

A rate without a denominator is unknown, never 0 or 1. Mean times run day and night, pauses included: of a case from
opening to closing (closed in), of a step from due to completed (completed in).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from ingest.instant import midnight

PeriodKind = Literal["daily", "weekly", "monthly", "quarterly"]
KINDS: tuple[PeriodKind, ...] = get_args(PeriodKind)

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Local days, both among them.

    Attributes:
        kind: daily, weekly (Monday to Sunday), monthly or quarterly.
        first: The first day.
        last: The last day.
        zone: Where the days begin.
    """

    kind: PeriodKind
    first: date
    last: date
    zone: ZoneInfo

    @property
    def start(self) -> datetime:
        """When it begins (UTC)."""
        return midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The first instant after it (UTC)."""
        return midnight(self.last + DAY, self.zone)

    @property
    def label(self) -> str:
        """2026-11-22, 2026-W47 (of the ISO year), 2026-11 or 2026-Q4."""
        if self.kind == "weekly":
            year, week, _ = self.first.isocalendar()
            return f"{year}-W{week:02d}"
        if self.kind == "monthly":
            return f"{self.first:%Y-%m}"
        if self.kind == "quarterly":
            return f"{self.first.year}-Q{(self.first.month + 2) // 3}"
        return self.first.isoformat()

    def before(self) -> Period:
        """The one of the same kind before it."""
        return period(self.kind, self.first - DAY, self.zone)

    def days(self) -> tuple[tuple[date, datetime], ...]:
        """Each day and when it is over (UTC), in order."""
        count = (self.last - self.first).days + 1
        days = (self.first + DAY * number for number in range(count))
        return tuple((day, midnight(day + DAY, self.zone)) for day in days)


def period(kind: PeriodKind, day: date, zone: ZoneInfo) -> Period:
    """The period of that kind that `day` is in."""
    if kind == "weekly":
        first = day - DAY * day.weekday()
        return Period(kind, first, first + 6 * DAY, zone)
    if kind == "monthly":
        first = day.replace(day=1)
        return Period(kind, first, _months_later(first, 1) - DAY, zone)
    if kind == "quarterly":
        first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        return Period(kind, first, _months_later(first, 3) - DAY, zone)
    return Period(kind, day, day, zone)


def _months_later(first: date, months: int) -> date:
    month = first.month - 1 + months
    return date(first.year + month // 12, month % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Rate:
    """`n` of `of`."""

    n: int
    of: int

    @property
    def value(self) -> float | None:
        """0..1; None when there was nothing to count."""
        return self.n / self.of if self.of else None

    def as_dict(self) -> dict[str, object]:
        """`{n, of, rate}`, the rate with four digits."""
        value = self.value
        return {"n": self.n, "of": self.of, "rate": None if value is None else round(value, 4)}


@dataclass(frozen=True, slots=True)
class Counts:
    """What is counted of one group of cases and incidents; two groups without a common member add up.

    Attributes:
        opened: Cases opened in the period.
        accepted: Of these, accepted or found to be a false alarm.
        owed: Of these, without false alarms.
        completed: Of these, closed.
        merged: Cases opened in the period that became part of another; in no other number.
        closed: Cases closed in the period.
        returned: Of these, returned at least once.
        reworked: Of these, reopened at least once.
        open_ms: Of these together, from opening to closing, in milliseconds.
        answers: Of these, with an answer.
        satisfied: Of these, with an answer of 4 or 5.
        score: Sum of the answers.
        false_alarms: Cases that ended in the period as false alarms.
        cancelled: Cases that ended in the period as opened by mistake.
        due: Steps due in the period.
        on_time: Of these, in time.
        own_due: Of the due steps, those of the unit itself.
        own_on_time: Of these, in time.
        raised: Incidents raised in the period.
        stale: Of these, open now, and nobody knows whether they still hold.
        flapping: Of these, those that came and went so often that they are one incident that says so.
        judged: Of these, with a verdict.
        judged_false: Of these, judged false.
    """

    opened: int = 0
    accepted: int = 0
    owed: int = 0
    completed: int = 0
    merged: int = 0
    closed: int = 0
    returned: int = 0
    reworked: int = 0
    open_ms: int = 0
    answers: int = 0
    satisfied: int = 0
    score: int = 0
    false_alarms: int = 0
    cancelled: int = 0
    due: int = 0
    on_time: int = 0
    own_due: int = 0
    own_on_time: int = 0
    raised: int = 0
    stale: int = 0
    flapping: int = 0
    judged: int = 0
    judged_false: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Both together."""
        return Counts(*(getattr(self, name) + getattr(other, name) for name in NAMES))

    @property
    def anything(self) -> bool:
        """Whether there is anything to tell."""
        return any(getattr(self, name) for name in NAMES)


NAMES: tuple[str, ...] = tuple(each.name for each in fields(Counts))


@dataclass(frozen=True, slots=True)
class Group:
    """The counts of the cases and incidents that share area, unit and kind; `day` where days are told apart."""

    area: str | None
    unit: str | None
    kind: str
    counts: Counts
    day: date | None = None


def total(groups: Iterable[Group]) -> Counts:
    """All of them."""
    return _sum(each.counts for each in groups)


def by(groups: Iterable[Group], keys_of: Callable[[Group], Iterable[str]]) -> dict[str, Counts]:
    """Each key's counts; a group adds to every key it has."""
    found: dict[str, list[Counts]] = {}
    for group in groups:
        for key in keys_of(group):
            found.setdefault(key, []).append(group.counts)
    return {key: _sum(each) for key, each in sorted(found.items())}


def _sum(counts: Iterable[Counts]) -> Counts:
    added = [0] * len(NAMES)
    for each in counts:
        for at, name in enumerate(NAMES):
            added[at] += getattr(each, name)
    return Counts(*added)


def shown(counts: Counts, *, own: bool = False) -> dict[str, object]:
    """Numbers and rates as a report shows them; `own`: of due steps only those of the unit itself."""
    answers = Rate(counts.satisfied, counts.answers).as_dict()
    on_time = Rate(counts.own_on_time, counts.own_due) if own else Rate(counts.on_time, counts.due)
    return {
        "opened": counts.opened,
        "closed": counts.closed,
        "merged": counts.merged,
        "cancelled": counts.cancelled,
        "false_alarms": counts.false_alarms,
        "acceptance": Rate(counts.accepted, counts.opened).as_dict(),
        "completion": Rate(counts.completed, counts.owed).as_dict(),
        "on_time": on_time.as_dict(),
        "satisfaction": {**answers, "mean": _mean(counts.score, counts.answers)},
        "returned": Rate(counts.returned, counts.closed).as_dict(),
        "rework": Rate(counts.reworked, counts.closed).as_dict(),
        "mean_hours": _mean(counts.open_ms / 3_600_000, counts.closed),
        "incidents": counts.raised,
        "stale": counts.stale,
        "flapping": counts.flapping,
        "false_incidents": Rate(counts.judged_false, counts.judged).as_dict(),
    }


def _mean(added: float, of: int) -> float | None:
    return round(added / of, 2) if of else None
