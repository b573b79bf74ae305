"""Precision: each rule's weeks, with what was judged and what was not."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from alerts.precision import Judged, by_rule
from tests.alerts.rated import CHINA

FIRST, LAST = date(2026, 11, 11), date(2026, 11, 24)
"""A Wednesday and a Tuesday: the weeks 46, 47 and 48."""

ROWS: list[tuple[str, str, bool | None, str | None, tuple[int, int, int]]] = [
    ("judged true", "2026-11-18T12:00+08:00", True, "2026-W47", (1, 1, 0)),
    ("judged false", "2026-11-18T12:00+08:00", False, "2026-W47", (1, 0, 1)),
    ("nobody judged it", "2026-11-18T12:00+08:00", None, "2026-W47", (1, 0, 0)),
    ("the last moment of a Sunday", "2026-11-22T23:59:59.999+08:00", True, "2026-W47", (1, 1, 0)),
    ("the first of a Monday, still Sunday in UTC", "2026-11-23T00:00+08:00", True, "2026-W48", (1, 1, 0)),
    ("before the first day, in its week", "2026-11-09T00:00+08:00", True, "2026-W46", (1, 1, 0)),
    ("before its week", "2026-11-08T23:59+08:00", True, None, (0, 0, 0)),
    ("after the last day, in its week", "2026-11-29T23:59+08:00", True, "2026-W48", (1, 1, 0)),
    ("after its week", "2026-11-30T00:00+08:00", True, None, (0, 0, 0)),
]


@pytest.mark.parametrize(("reason", "at", "verdict", "week", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_which_week(
    reason: str, at: str, verdict: bool | None, week: str | None, expected: tuple[int, int, int]
) -> None:
    """By when it was raised, by the county's days; a rule that raised nothing in these weeks is not told of."""
    found = by_rule([Judged("r", datetime.fromisoformat(at), verdict)], first=FIRST, last=LAST, zone=CHINA)
    if week is None:
        assert found == {}, reason
        return
    assert [each.period.label for each in found["r"]] == ["2026-W46", "2026-W47", "2026-W48"]
    counts = {each.period.label: (each.raised, each.true, each.false) for each in found["r"]}
    assert counts == {"2026-W46": (0, 0, 0), "2026-W47": (0, 0, 0), "2026-W48": (0, 0, 0)} | {
        week: expected
    }, reason


def test_precision() -> None:
    """Of those that somebody judged; unknown, neither 0 nor 1, where nobody did; each rule for itself."""
    day = datetime.fromisoformat("2026-11-18T12:00+08:00")
    said: list[tuple[str, bool | None]] = [
        ("store", True), ("store", True), ("store", False), ("store", None), ("lobby", None), ("dock", False),
    ]  # fmt: skip
    found = by_rule([Judged(name, day, verdict) for name, verdict in said], first=LAST, last=LAST, zone=CHINA)
    assert found == {}  # the week after
    found = by_rule(
        [Judged(name, day, verdict) for name, verdict in said], first=day.date(), last=day.date(), zone=CHINA
    )
    assert list(found) == ["dock", "lobby", "store"]
    assert {name: weeks[0].precision.value for name, weeks in found.items()} == {
        "dock": 0.0,
        "lobby": None,
        "store": pytest.approx(2 / 3),
    }
    assert found["store"][0].as_dict() == {
        "week": "2026-W47",
        "first": "2026-11-16",
        "raised": 4,
        "true": 2,
        "false": 1,
        "precision": {"n": 2, "of": 3, "rate": 0.6667},
    }


def test_weeks_over_a_year() -> None:
    """Every week once, the 53rd too."""
    found = by_rule(
        [Judged("r", datetime.fromisoformat("2026-12-31T12:00+08:00"), verdict=True)],
        first=date(2026, 12, 21), last=date(2027, 1, 10), zone=CHINA,
    )  # fmt: skip
    assert [(each.period.label, each.true) for each in found["r"]] == [
        ("2026-W52", 0),
        ("2026-W53", 1),
        ("2027-W01", 0),
    ]
