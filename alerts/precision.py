"""Precision: how often each rule was right, week by week, as far as somebody judged; pure.

A week is that of the county's reports (alerts/rates.py): Monday to Sunday, by when the incident was raised. Precision
is the share of those judged true among those judged; what nobody judged is told beside it, and a week in which nobody
judged has none. An incident of several rules counts for each of them: the verdict was on all they said together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from alerts.rates import DAY, Period, Rate, period


@dataclass(frozen=True, slots=True)
class Judged:
    """One rule's part in one incident.

    Attributes:
        rule: Registry id of the rule.
        raised_at: When the incident was raised (UTC).
        verdict: What a person said; None: nobody has.
    """

    rule: str
    raised_at: datetime
    verdict: bool | None


@dataclass(frozen=True, slots=True)
class Week:
    """One rule in one week.

    Attributes:
        period: The week.
        raised: How many incidents.
        true: Of these, judged true.
        false: Of these, judged false.
    """

    period: Period
    raised: int
    true: int
    false: int

    @property
    def precision(self) -> Rate:
        """Judged true of judged; unknown where nobody judged."""
        return Rate(self.true, self.true + self.false)

    def as_dict(self) -> dict[str, object]:
        """`{week, first, raised, true, false, precision: {n, of, rate}}`."""
        return {
            "week": self.period.label,
            "first": self.period.first.isoformat(),
            "raised": self.raised,
            "true": self.true,
            "false": self.false,
            "precision": self.precision.as_dict(),
        }


def by_rule(
    found: Iterable[Judged], *, first: date, last: date, zone: ZoneInfo
) -> dict[str, tuple[Week, ...]]:
    """Each rule's weeks, from the week of `first` to that of `last`, empty ones too; nothing else is counted."""
    weeks = [period("weekly", first, zone)]
    while weeks[-1].last < last:
        weeks.append(period("weekly", weeks[-1].last + DAY, zone))
    place = {each.first: at for at, each in enumerate(weeks)}
    counts: dict[str, list[list[int]]] = {}
    for each in found:
        at = place.get(period("weekly", each.raised_at.astimezone(zone).date(), zone).first)
        if at is None:
            continue
        row = counts.setdefault(each.rule, [[0, 0, 0] for _ in weeks])[at]
        row[0] += 1
        row[1] += each.verdict is True
        row[2] += each.verdict is False
    return {
        rule: tuple(Week(week, *row) for week, row in zip(weeks, rows, strict=True))
        for rule, rows in sorted(counts.items())
    }
