"""A week of cases whose rates are worked out by hand: the edges of the period, and every way a case can end."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from alerts.ledger import reports
from alerts.rates import Period, period
from alerts.sight import Sight
from tests.alerts.counted import Row, Step

CHINA = ZoneInfo("Asia/Shanghai")
ALL = Sight.everything()


def at(text: str) -> datetime:
    """`16 08:00`: on the wall in Shanghai, November 2026."""
    day, _, clock = text.partition(" ")
    return datetime.fromisoformat(f"2026-11-{int(day):02d}T{clock}+08:00").astimezone(UTC)


WEEK = period("weekly", date(2026, 11, 18), CHINA)
"""2026-W47: from Monday the 16th to Sunday the 22nd."""
MONDAY = at("23 08:00")
"""When the report is asked for: the morning after."""
TABLE = [
    # opened and closed in; done at 08:10, and exactly at the limit: two steps, both on time. An answer of 5
    Row(1, "east", "market", "threshold", "closed", at("16 08:00"), closed=at("16 12:00"), score=5,
        steps=(Step("accept", at("16 08:30"), at("16 08:10")), Step("handle", at("16 12:00"), at("16 12:00")))),
    # one second late. An answer of 3: not satisfied
    Row(2, "east", "market", "threshold", "closed", at("16 09:00"), closed=at("17 09:00"), score=3,
        steps=(Step("handle", at("16 13:00"), at("16 13:00:01")),)),
    # returned once; the step that the return left counts as left in time
    Row(3, "east", "market", "threshold", "closed", at("17 10:00"), closed=at("18 10:00"), returns=1,
        steps=(Step("handle", at("17 14:00"), at("17 13:00")),
               Step("verify", at("17 22:00"), at("17 15:00"), completed=False))),
    # accepted and not done: late
    Row(4, "east", "market", "threshold", "open", at("18 08:00"), steps=(Step("handle", at("18 12:00")),)),
    # not accepted, and since Sunday 20:20 late with it
    Row(5, "east", "market", "threshold", "open", at("22 19:50"), accepted=False,
        steps=(Step("accept", at("22 20:20")),)),
    # an approved extension: its clock stands, nothing is due
    Row(6, "east", "market", "threshold", "paused", at("19 08:00"),
        steps=(Step("handle", at("19 12:00"), paused=at("19 11:00")),)),
    # a false alarm: somebody looked, so it counts as accepted; its step is not counted
    Row(7, "east", "market", "threshold", "false_alarm", at("19 09:00"), accepted=False, closed=at("19 09:20"),
        steps=(Step("accept", at("19 09:30"), at("19 09:20"), completed=False),)),
    # became part of another: in no rate
    Row(8, "east", "market", "threshold", "merged", at("19 10:00"), steps=(Step("handle", at("19 14:00")),)),
    # opened by mistake: in no rate
    Row(9, "east", "market", "threshold", "cancelled", at("19 11:00"), closed=at("19 11:30"),
        steps=(Step("accept", at("19 11:30"), at("19 11:05")),)),
    # came back once, closed again; handled twice, both in time. An answer of 4: satisfied
    Row(10, "east", "traffic", "noise", "closed", at("20 08:00"), closed=at("20 18:00"), reopens=1, score=4,
        steps=(Step("handle", at("20 12:00"), at("20 11:00")), Step("handle", at("20 18:00"), at("20 17:00")))),
    # closed once, reopened, open again: not closed
    Row(11, "east", "traffic", "noise", "open", at("16 08:00"), reopens=1,
        steps=(Step("accept", at("21 08:30"), at("21 08:20")),)),
    # opened a millisecond before the week, closed in its first instant; its step was due before. An answer of 2
    Row(12, "west", "traffic", "noise", "closed", at("15 23:59:59.999"), closed=at("16 00:00"), score=2,
        steps=(Step("handle", at("15 20:00"), at("15 19:00")),)),
    # opened in the first instant, closed in the first instant after: closed now, not closed in
    Row(13, "west", "traffic", "noise", "closed", at("16 00:00"), closed=at("23 00:00")),
    # opened in the last millisecond, closed and due after
    Row(14, "west", "traffic", "noise", "closed", at("22 23:59:59.999"), closed=at("23 07:00"),
        steps=(Step("handle", at("23 00:00"), at("23 06:00")),)),
    # opened in the first instant after
    Row(15, "west", "traffic", "noise", "open", at("23 00:00")),
    # opened long before, closed in: returned twice, reopened once, a day late. An answer of 1
    Row(16, "west", "room", "threshold", "closed", at("1 10:00"), closed=at("20 10:00"), returns=2, reopens=1,
        score=1, steps=(Step("handle", at("18 10:00"), at("19 10:00")),)),
    # two steps in time, nobody was asked
    Row(17, "west", "room", "threshold", "closed", at("21 10:00"), closed=at("21 11:00"),
        steps=(Step("accept", at("21 10:30"), at("21 10:20")), Step("handle", at("21 14:00"), at("21 11:00")))),
    # no step with a limit
    Row(18, "west", "room", "threshold", "open", at("21 12:00")),
    # not accepted, late
    Row(19, "west", "room", "threshold", "open", at("21 13:00"), accepted=False,
        steps=(Step("accept", at("21 13:30")),)),
    # closed in the last millisecond. An answer of 4
    Row(20, "west", "room", "noise", "closed", at("18 00:00"), closed=at("22 23:59:59.999"), score=4),
    # of no unit, not accepted
    Row(21, "west", None, "noise", "open", at("20 09:00"), accepted=False),
    # accepted, then found to be a false alarm
    Row(22, "west", None, "noise", "false_alarm", at("20 10:00"), closed=at("21 10:00")),
    # opened before by mistake, cancelled in
    Row(23, "west", None, "noise", "cancelled", at("10 10:00"), closed=at("18 10:00")),
    # merged, of no unit
    Row(24, "west", None, "noise", "merged", at("20 12:00")),
    # plain. An answer of 5
    Row(25, "east", "market", "threshold", "closed", at("20 10:00"), closed=at("20 12:00"), score=5),
]  # fmt: skip


def asked(week: Period = WEEK, as_of: datetime = MONDAY, **more: object) -> reports.Asked:
    """What is asked; `own` as the shipped seven steps say it."""
    own = {("seven-step", "handle"), ("seven-step", "feedback")}
    return reports.Asked(week, as_of, own=lambda flow, step: (flow, step) in own, **more)  # type: ignore[arg-type]  # by name
