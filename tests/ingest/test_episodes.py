"""Episodes: what devices leave out of their events, made into one honest true/false."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ingest import episodes
from ingest.episodes import Change, Episodes, Kept
from ingest.payload import Episode

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CAM = "cam"


def said(change: Change) -> list[tuple[str, bool]]:
    return [(each.quantity, each.value) for each in change.turns]


def begin(known: str, *, lasts: timedelta | None = None, once: bool = False) -> tuple[str, Episode]:
    return CAM, Episode("1", "motion", known, over=False, lasts=lasts, once=once)


def end(known: str, *, device: str = CAM, field: str = "motion", once: bool = False) -> tuple[str, Episode]:
    return device, Episode("1" if device else "", field, known, over=True, once=once)


def test_true_while_any_is_open() -> None:
    """Two objects in one picture: the quantity is false only after the second has gone."""
    all_of = Episodes((), NOW)
    assert said(all_of.hear([begin("a", once=True)], NOW)) == [("motion", True)]
    assert said(all_of.hear([begin("b", once=True)], NOW + SECOND)) == []  # said a moment ago
    assert said(all_of.hear([end("a", once=True)], NOW + 20 * SECOND)) == [("motion", True)]
    assert said(all_of.hear([end("b", once=True)], NOW + 21 * SECOND)) == [("motion", False)]


def test_what_is_not_repeated_is_over() -> None:
    """A device that never clears: five seconds after its last repetition, at that moment."""
    all_of = Episodes((), NOW)
    for second in range(3):
        all_of.hear([begin("vmd", lasts=5 * SECOND)], NOW + second * SECOND)
    assert said(all_of.pass_time(NOW + 6 * SECOND)) == []
    [turn] = all_of.pass_time(NOW + 7 * SECOND).turns
    assert (turn.value, turn.at) == (False, NOW + 7 * SECOND)
    assert said(all_of.pass_time(NOW + 60 * SECOND)) == []
    assert said(all_of.hear([begin("vmd", lasts=5 * SECOND)], NOW + 61 * SECOND)) == [("motion", True)]


@pytest.mark.parametrize(
    ("ahead", "after"),
    [
        (-60, timedelta(seconds=5)),
        (0, timedelta(seconds=5)),
        (60, timedelta(seconds=60, milliseconds=1)),
        (600, timedelta(seconds=5)),
    ],
)
def test_the_end_follows_the_beginning(ahead: int, after: timedelta) -> None:
    """A clock that is ahead: its beginning is stored as it says (too far ahead: at its arrival), the end behind it."""
    all_of = Episodes((), NOW)
    seen = NOW + ahead * SECOND
    all_of.hear([(CAM, Episode("1", "motion", "v", over=False, at=seen, lasts=5 * SECOND))], NOW)
    [turn] = all_of.pass_time(NOW + 5 * SECOND).turns
    assert (turn.value, turn.at) == (False, NOW + after)


def test_an_end_before_its_beginning() -> None:
    """The beginning that arrives late raises nothing; another one does."""
    all_of = Episodes((), NOW)
    assert said(all_of.hear([end("e1", device="", field="", once=True)], NOW)) == []
    assert said(all_of.hear([begin("e1", once=True)], NOW + SECOND)) == []
    assert said(all_of.hear([begin("e2", once=True)], NOW + SECOND)) == [("motion", True)]


def test_an_end_that_only_names_the_identifier() -> None:
    """It ends what began under it, wherever that was."""
    all_of = Episodes((), NOW)
    all_of.hear([begin("e1", once=True)], NOW)
    change = all_of.hear([end("e1", device="", field="", once=True)], NOW + SECOND)
    assert [(each.device, each.quantity, each.value) for each in change.turns] == [(CAM, "motion", False)]


def test_an_identifier_that_is_used_again() -> None:
    """A state of a camera has one identifier for ever: its second beginning counts."""
    all_of = Episodes((), NOW)
    for second, (each, value) in enumerate([(begin("s"), True), (end("s"), False), (begin("s"), True)]):
        assert said(all_of.hear([each], NOW + second * SECOND)) == [("motion", value)]


def test_a_state_that_is_said_to_be_over_first() -> None:
    """What a camera says after its start: nothing moves; stored once, repeated seldom."""
    all_of = Episodes((), NOW)
    assert said(all_of.hear([end("s")], NOW)) == [("motion", False)]
    assert said(all_of.hear([end("s")], NOW + SECOND)) == []
    assert said(all_of.hear([end("s")], NOW + 11 * SECOND)) == [("motion", False)]


def test_all_that_begins_so() -> None:
    """A box that starts anew tracks nothing that it tracked before."""
    all_of = Episodes((), NOW)
    all_of.hear([begin("frigate|f|1", once=True), begin("frigate|f|2", once=True), begin("other")], NOW)
    change = all_of.hear([("", Episode("", "", "frigate|f|*", over=True))], NOW + 20 * SECOND)
    assert said(change) == [("motion", True)]  # the other one goes on
    assert said(all_of.hear([end("other")], NOW + 21 * SECOND)) == [("motion", False)]


def test_a_restart_knows_what_was_open() -> None:
    """What is remembered is what was stored; what must be repeated gets its whole time again."""
    before = Episodes((), NOW)
    stored: dict[str, Kept] = {}
    for change in (
        before.hear([begin("a", once=True), begin("b", once=True), begin("v", lasts=5 * SECOND)], NOW),
        before.hear([end("b", once=True)], NOW + SECOND),
    ):
        stored |= {each.id: each for each in change.kept}
        for gone in change.forgotten:
            del stored[gone]
    again = Episodes(stored.values(), NOW + 60 * SECOND)
    assert said(again.pass_time(NOW + 64 * SECOND)) == []
    assert said(again.pass_time(NOW + 65 * SECOND)) == [("motion", True)]  # `a` goes on
    assert said(again.hear([begin("b", once=True)], NOW + 66 * SECOND)) == []  # its end came first
    assert said(again.hear([end("a", once=True)], NOW + 67 * SECOND)) == [("motion", False)]


def test_a_repetition_is_not_stored() -> None:
    """A push each second costs no write each second."""
    all_of = Episodes((), NOW)
    assert all_of.hear([begin("v", lasts=5 * SECOND)], NOW).kept
    assert all_of.hear([begin("v", lasts=5 * SECOND)], NOW + SECOND) == Change()


def test_the_memory_is_bounded() -> None:
    """Ends are known for an hour, and no sender can make the memory grow without end."""
    all_of = Episodes((), NOW)
    all_of.hear([end("e", once=True)], NOW)
    change = all_of.pass_time(NOW + episodes.REMEMBERED)
    assert change.forgotten == ("e",)
    many = [begin(str(number), once=True) for number in range(episodes.MAX_KEPT + 10)]
    change = all_of.hear(many, NOW)
    assert len(change.forgotten) == 10
    assert len(change.kept) == episodes.MAX_KEPT
