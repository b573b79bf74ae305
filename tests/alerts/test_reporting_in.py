"""The centre whistles, the departments report (中心吹哨、部门报到): every unit that was called must be there."""

from __future__ import annotations

import pytest

from alerts import desk
from alerts.case import Actor, Request
from alerts.directory import Directory
from alerts.ledger import cases
from alerts.ledger.check import violations
from alerts.ledger.engine import Ledger
from alerts.router import apply_signals
from alerts.sight import Sight
from ingest.errors import Conflict, InvalidInput, NotPermitted
from tests.alerts.county import (
    DISPATCHER,
    FOREIGN_HANDLER,
    HANDLER,
    INSPECTOR,
    NOW,
    OPERATOR,
    look,
    signal,
)
from tests.alerts.county import do as write

ALL = Sight.everything()
ROOM = Actor("rob", "handler", frozenset({"room"}))


class Case:
    """One case at the school, market's by its route."""

    def __init__(self, ledger: Ledger, directory: Directory) -> None:
        self.ledger, self.directory = ledger, directory
        write(
            ledger,
            lambda tx: apply_signals(tx, [signal(1)], directory=directory, now=NOW, origin="serve"),
        )

    def act(self, who: Actor, action: str, to: str | None = None) -> dict[str, object]:
        request = Request(action, note="because", to=to)
        return write(
            self.ledger,
            lambda tx: desk.act(tx, ALL, "2026-000001", request, who=who, directory=self.directory, now=NOW),
        )

    def reports(self) -> list[tuple[object, object]]:
        shown = look(self.ledger, lambda conn: cases.get(conn, ALL, "2026-000001", now=NOW))["reports"]
        assert isinstance(shown, list)
        assert all(each["at"] == "2026-11-22T08:00:00.000Z" for each in shown)
        return [(each["unit"], each["who"]) for each in shown]

    def to_handle(self, *called: str) -> None:
        for who, action in ((OPERATOR, "accept"), (OPERATOR, "report"), (DISPATCHER, "dispatch")):
            self.act(who, action)
        for each in called:
            self.act(DISPATCHER, "call", each)


@pytest.fixture
def case(ledger: Ledger, directory: Directory) -> Case:
    return Case(ledger, directory)


def test_feedback_waits_for_every_unit_called(case: Case) -> None:
    """It names who is missing, until nobody is; whoever handles has reported in by that."""
    case.to_handle("traffic", "room")
    case.act(HANDLER, "handle")
    assert case.reports() == [("market", "han")]
    with pytest.raises(Conflict, match="cannot complete feedback: not yet reported in: room, traffic"):
        case.act(HANDLER, "feedback")
    case.act(FOREIGN_HANDLER, "report-in")
    with pytest.raises(Conflict, match=r"not yet reported in: room(?!,)"):
        case.act(HANDLER, "feedback")
    case.act(ROOM, "report-in")
    assert case.reports() == [("market", "han"), ("traffic", "fay"), ("room", "rob")]
    assert case.act(HANDLER, "feedback")["step"] == "verify"
    assert look(case.ledger, violations) == []


def test_who_may_not_report_in(case: Case) -> None:
    """Nobody for another unit, no other role, nobody twice; a unit is called once, and must exist."""
    case.to_handle("traffic")
    with pytest.raises(NotPermitted):
        case.act(ROOM, "report-in")
    for who in (OPERATOR, DISPATCHER, INSPECTOR):
        with pytest.raises(NotPermitted):
            case.act(who, "report-in")
    case.act(FOREIGN_HANDLER, "report-in")
    with pytest.raises(Conflict, match="already"):
        case.act(FOREIGN_HANDLER, "report-in")
    with pytest.raises(Conflict, match="traffic was called to case 2026-000001 already"):
        case.act(DISPATCHER, "call", "traffic")
    with pytest.raises(InvalidInput):
        case.act(DISPATCHER, "call", "nobody")
    with pytest.raises(NotPermitted):
        case.act(OPERATOR, "call", "room")


def test_the_unit_that_lost_the_case_is_not_waited_for(case: Case) -> None:
    """Transferred, or dispatched elsewhere than proposed: the new unit counts, the old one does not."""
    case.act(OPERATOR, "accept")
    case.act(OPERATOR, "report")
    assert case.act(DISPATCHER, "dispatch", "traffic")["units"] == ["traffic"]
    case.act(FOREIGN_HANDLER, "report-in")
    case.act(DISPATCHER, "transfer", "room")
    assert case.reports() == []
    case.act(ROOM, "handle")
    assert case.act(ROOM, "feedback")["step"] == "verify"
