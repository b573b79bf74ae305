"""Merge and unmerge: both histories tell it, and a case comes back exactly where it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts import desk
from alerts.case import Actor, Case, Request
from alerts.chain import broken_at
from alerts.directory import Directory
from alerts.intake import Report, report
from alerts.ledger import cases, events
from alerts.ledger.check import violations
from alerts.ledger.engine import Ledger
from alerts.router import apply_signals
from alerts.sight import Sight
from detectors.signal import Signal
from ingest.errors import Conflict
from tests.alerts.county import DISPATCHER, HANDLER, NOW, OPERATOR, SUPERVISOR, look, signal
from tests.alerts.county import do as write

ALL = Sight.everything()
ONE, OTHER = "2026-000001", "2026-000002"
MINUTE = timedelta(minutes=1)


class Two:
    """A case that a fridge opened, and one about the same fridge that somebody telephoned in."""

    def __init__(self, ledger: Ledger, directory: Directory) -> None:
        self.ledger, self.directory, self.now = ledger, directory, NOW
        self.say(signal(1))
        call = Report("fridge", "老投诉", "hotline", site="school")
        write(ledger, lambda tx: report(tx, ALL, call, who=OPERATOR, directory=directory, now=NOW))

    def say(self, *signals: Signal) -> None:
        at = self.now + timedelta(seconds=1)
        write(
            self.ledger,
            lambda tx: apply_signals(tx, signals, directory=self.directory, now=at, origin="serve"),
        )

    def act(self, case: str, who: Actor, action: str, to: str | None = None) -> Case:
        self.now += MINUTE
        request = Request(action, note="because", to=to)
        write(
            self.ledger,
            lambda tx: desk.act(tx, ALL, case, request, who=who, directory=self.directory, now=self.now),
        )
        return self.value(case)

    def value(self, case: str) -> Case:
        return look(self.ledger, lambda conn: cases.load(conn, ALL, case))

    def actions(self, case: str) -> list[object]:
        history = look(self.ledger, lambda conn: cases.history(conn, self.value(case).id))
        assert broken_at(history) is None
        return [each["action"] for each in history]


@pytest.fixture
def two(ledger: Ledger, directory: Directory) -> Iterator[Two]:
    yield Two(ledger, directory)
    assert look(ledger, violations) == []


def walk(two: Two, way: str) -> Case:
    """The fridge's case to where it is merged from."""
    known = {
        "accept": OPERATOR, "report": OPERATOR, "dispatch": DISPATCHER, "ask-extension": HANDLER,
        "extend": SUPERVISOR,
    }  # fmt: skip
    case = two.value(ONE)
    for action in way.split():
        case = two.act(ONE, known[action], action)
    return case


@pytest.mark.parametrize(
    ("way", "moved"),
    [
        pytest.param("", 60, id="at the first step: its clock stood for an hour"),
        pytest.param("accept report dispatch", 60, id="at the unit"),
        pytest.param("accept report dispatch ask-extension", 60, id="more time asked for, still asked for"),
        pytest.param("accept report dispatch ask-extension extend", 0, id="paused: paused again, as before"),
    ],
)
def test_it_comes_back_exactly_where_it_was(two: Two, way: str, moved: int) -> None:
    """Everything of the case but its version, seal, and the due time of a clock that stood meanwhile."""
    before, into = walk(two, way), two.value(OTHER)
    merged = two.act(ONE, DISPATCHER, "merge", OTHER)
    assert (merged.state, merged.merged_into, merged.number) == ("merged", into.id, ONE)
    two.now += 59 * MINUTE
    back = two.act(ONE, DISPATCHER, "unmerge")
    *done, last = before.clocks
    stood = moved * MINUTE
    clocks = (*done, replace(last, yellow_at=last.yellow_at + stood, due_at=last.due_at + stood))
    assert back == replace(
        before, version=before.version + 2, last_hash=back.last_hash, updated_at=two.now, clocks=clocks
    )
    after = two.value(OTHER)
    assert after == replace(into, version=into.version + 2, last_hash=after.last_hash, updated_at=two.now)


def test_both_histories_tell_it(two: Two) -> None:
    """Each names the other by number, by whom; both are pushed."""
    two.act(ONE, DISPATCHER, "merge", OTHER)
    two.act(ONE, DISPATCHER, "unmerge")
    assert two.actions(ONE) == ["open", "merge", "unmerge"]
    assert two.actions(OTHER) == ["open", "take-in", "give-back"]
    entries = look(two.ledger, lambda conn: cases.history(conn, two.value(OTHER).id))[1:]
    assert [(each["who"], each["note"], each["from"], each["to"]) for each in entries] == [
        ("dan", ONE, "accept", "accept")
    ] * 2
    log = look(two.ledger, lambda conn: events.after(conn, 0, 999, ALL))
    changes = [each.data["change"]["action"] for each in log if each.type == "case.changed"]  # type: ignore[index]  # JSON
    assert changes == ["merge", "take-in", "unmerge", "give-back"]


def test_merged_again_from_another_state(two: Two) -> None:
    """The latest merge counts: merged while paused, back, resumed, merged while open, back open."""
    walk(two, "accept report dispatch ask-extension extend")
    two.act(ONE, DISPATCHER, "merge", OTHER)
    assert two.act(ONE, DISPATCHER, "unmerge").state == "paused"
    two.act(ONE, SUPERVISOR, "resume")
    two.act(ONE, DISPATCHER, "merge", OTHER)
    assert two.act(ONE, DISPATCHER, "unmerge").state == "open"


def test_the_one_merged_into_waits_for_both(two: Two) -> None:
    """It cannot close while an incident of the merged case is open."""
    two.act(ONE, DISPATCHER, "merge", OTHER)
    for who, action in [(OPERATOR, "accept"), (OPERATOR, "report"), (DISPATCHER, "dispatch"),
                        (HANDLER, "handle"), (HANDLER, "feedback"), (OPERATOR, "verify")]:  # fmt: skip
        two.act(OTHER, who, action)
    with pytest.raises(Conflict, match="still open"):
        two.act(OTHER, SUPERVISOR, "evaluate")
    two.say(signal(2, state="inactive"))
    two.now += 2 * MINUTE
    assert two.act(OTHER, SUPERVISOR, "evaluate").state == "closed"


def test_what_came_meanwhile_still_holds_both(two: Two) -> None:
    """An incident that joined the other case while merged keeps the unmerged one from closing, too."""
    two.act(ONE, DISPATCHER, "merge", OTHER)
    two.say(signal(2, state="inactive"), signal(3))
    assert two.actions(OTHER) == ["open", "take-in", "join"]
    two.act(ONE, DISPATCHER, "unmerge")
    for who, action in [(OPERATOR, "accept"), (OPERATOR, "report"), (DISPATCHER, "dispatch"),
                        (HANDLER, "handle"), (HANDLER, "feedback"), (OPERATOR, "verify")]:  # fmt: skip
        two.act(ONE, who, action)
    with pytest.raises(Conflict, match="still open"):
        two.act(ONE, SUPERVISOR, "evaluate")
