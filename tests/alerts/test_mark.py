"""Marks: where a signal belongs among those of its source, by a table with a reason per row."""

from __future__ import annotations

import pytest

from alerts.mark import KEPT, Mark, Verdict, judge
from tests.alerts.county import signal

A, I, U = "active", "inactive", "unknown"  # noqa: E741 - the table reads best with letters


def heard(*said: tuple[int, str]) -> Mark | None:
    """The mark after these (n, state)."""
    mark: Mark | None = None
    for n, state in said:
        mark = judge(mark, signal(n, state=state)).mark or mark
    return mark


@pytest.mark.parametrize(
    ("before", "late", "verdict", "until"),
    [
        pytest.param([], (1, A), "fresh", None, id="the first of its source"),
        pytest.param([(1, A)], (2, A), "fresh", None, id="the next"),
        pytest.param([(1, A)], (9, I), "fresh", None, id="a newer one, with those between still to come"),
        pytest.param([(1, A)], (1, A), "duplicate", None, id="QoS 1 may deliver twice"),
        pytest.param([(1, A), (3, I)], (1, A), "duplicate", None, id="twice, and something between"),
        pytest.param([(1, A), (3, I)], (2, A), "late", None, id="within an excursion that is known"),
        pytest.param([(1, A), (9, A)], (5, I), "late", None, id="two excursions seen as one stay one"),
        pytest.param([(3, I)], (2, A), "missed", 3, id="the end came before the beginning"),
        pytest.param([(1, I), (3, I)], (2, A), "missed", 3, id="between two calm levels"),
        pytest.param([(3, I), (4, A)], (2, A), "missed", 3, id="over, and the next has begun"),
        pytest.param([(3, U), (4, I)], (2, A), "missed", 4, id="unknown does not end it, calm does"),
        pytest.param([(3, U)], (2, A), "missed", 3, id="nothing ended it: it is open, and unknown"),
        pytest.param([(3, A)], (2, A), "joins", 3, id="it began earlier than thought"),
        pytest.param([(1, I), (3, U), (4, A)], (2, A), "joins", 4, id="unknown between the two ends nothing"),
        pytest.param([(3, A), (4, I)], (2, A), "joins", 3, id="began earlier than was recorded, and is over"),
        pytest.param([(1, A), (3, U)], (2, I), "ended", None, id="calm, and nothing is known after that"),
        pytest.param([(1, A), (3, U), (4, A)], (2, I), "late", None, id="it holds again: one incident"),
        pytest.param(
            [(1, A), (4, U), (3, A)], (2, I), "late", None, id="it held again before that: the same"
        ),
        pytest.param([(3, I)], (2, I), "late", None, id="calm before calm"),
        pytest.param([(3, I)], (2, U), "late", None, id="unknown before calm"),
    ],
)
def test_where_a_signal_belongs(
    before: list[tuple[int, str]], late: tuple[int, str], verdict: Verdict, until: int | None
) -> None:
    """What was heard, what comes then, what it is, and which level ended the excursion."""
    judged = judge(heard(*before), signal(late[0], state=late[1]))
    assert (judged.verdict, judged.until and judged.until.n) == (verdict, until)


@pytest.mark.parametrize(
    ("n", "epoch", "verdict"),
    [
        pytest.param(9, 1, "old-epoch", id="said while the new assignment was at work: not valid"),
        pytest.param(2, 1, "missed", id="said before the new assignment began: only late"),
        pytest.param(1, 3, "fresh", id="a newer assignment counts from one"),
    ],
)
def test_epochs(n: int, epoch: int, verdict: Verdict) -> None:
    """Assignment 2 said calm at second 5; what another says counts by when it was said."""
    mark = judge(None, signal(5, epoch=2, state=I)).mark
    assert judge(mark, signal(n, epoch=epoch)).verdict == verdict


def test_a_mark_of_before_knows_only_its_position() -> None:
    """Rows of an older hub have no levels: what is not newer was applied."""
    mark = Mark(1, 5, signal(5).at)
    assert judge(mark, signal(4)).verdict == "duplicate"
    assert judge(mark, signal(6)).verdict == "fresh"


def test_a_late_excursion_is_heard_once() -> None:
    """It takes its place among the levels, so the same signal again is a duplicate, and its renewal is known."""
    mark = heard((1, I), (4, I))
    late = judge(mark, signal(2)).mark
    assert judge(late, signal(2)).verdict == "duplicate"
    assert judge(late, signal(3)).verdict == "late"


def test_only_the_latest_levels_are_kept() -> None:
    """And a long excursion is one of them, however often it was renewed."""
    mark = heard(*((n, I if n % 2 else A) for n in range(100)))
    assert mark is not None
    assert [each.n for each in mark.levels] == list(range(100 - KEPT, 100))
    mark = heard((1, I), *((n, A) for n in range(2, 100)))
    assert mark is not None
    assert [(each.n, each.state) for each in mark.levels] == [(1, I), (2, A)]
