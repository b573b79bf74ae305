"""Reconcile: two lists of one day, by a table; the hash anybody can compute."""

from __future__ import annotations

import hashlib

import pytest

from alerts.reconcile import Line, compare, counts_differ, digest

ONE = Line("2026-000001", "", "open", 3)
TWO = Line("2026-000002", "p-2", "closed", 9)

TABLE: list[tuple[str, list[Line], list[Line], list[tuple[str, str]]]] = [
    ("nothing on both sides", [], [], []),
    ("the same", [ONE, TWO], [TWO, ONE], []),
    ("the platform never got one", [ONE, TWO], [TWO], [("missing-there", ONE.number)]),
    ("the platform has one more", [ONE], [ONE, TWO], [("missing-here", TWO.number)]),
    ("another state", [TWO], [Line(TWO.number, "p-2", "open", 9)], [("state-differs", TWO.number)]),
    ("the state tells more than the version", [TWO], [Line(TWO.number, "p-2", "open", 8)],
     [("state-differs", TWO.number)]),
    ("an older version", [ONE], [Line(ONE.number, "", "open", 2)], [("version-differs", ONE.number)]),
    ("the platform keeps no versions", [ONE], [Line(ONE.number, "", "open", None)], []),
    ("their number for our case", [TWO], [Line("P-77", "p-2", "closed", 9)], [("number-differs", TWO.number)]),
    ("our number, another id of theirs", [TWO], [Line(TWO.number, "p-3", "closed", 9)],
     [("number-differs", TWO.number)]),
    ("their id for a case that has none here", [ONE], [Line(ONE.number, "p-1", "open", 3)], []),
    ("wholly different", [ONE], [TWO], [("missing-there", ONE.number), ("missing-here", TWO.number)]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "ours", "theirs", "found"), TABLE, ids=[row[0] for row in TABLE])
def test_differences(why: str, ours: list[Line], theirs: list[Line], found: list[tuple[str, str]]) -> None:
    """Each difference once, by the number it is known by here."""
    assert [(each.kind, each.number) for each in compare(ours, theirs)] == found, why


def test_the_hash_is_of_plain_lines() -> None:
    """In the order of the numbers, whatever the order given."""
    lines = "2026-000001,,open,3\n2026-000002,p-2,closed,9\n"
    assert digest([TWO, ONE]) == digest([ONE, TWO]) == hashlib.sha256(lines.encode()).hexdigest()
    assert digest([]) == hashlib.sha256(b"").hexdigest()
    assert digest([ONE]) != digest([Line(ONE.number, "", "open", 4)])


def test_counts() -> None:
    """Only what differs is told: ours, theirs."""
    assert counts_differ({"open": 2, "closed": 1}, {"open": 2, "cancelled": 3}) == {
        "cancelled": [0, 3],
        "closed": [1, 0],
    }
