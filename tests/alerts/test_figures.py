"""Figures: what reports count stands beside each case as its history is written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from alerts import desk
from alerts.case import Actor, Request
from alerts.directory import Directory
from alerts.intake import Report, report
from alerts.ledger.check import violations
from alerts.ledger.engine import Ledger
from alerts.ledger.figure_tables import case_figures, case_steps
from alerts.score import Score
from alerts.sight import Sight
from tests.alerts.county import DISPATCHER, HANDLER, INSPECTOR, NOW, OPERATOR, SUPERVISOR, do, look

ALL = Sight.everything()


class Desk:
    """Acts on one case, minutes after NOW."""

    def __init__(self, ledger: Ledger, directory: Directory) -> None:
        self.ledger = ledger
        self.directory = directory
        new = Report("noise", "半夜施工", "hotline", site="school")
        self.case = str(
            do(ledger, lambda tx: report(tx, ALL, new, who=OPERATOR, directory=directory, now=NOW)).case["id"]
        )

    def act(
        self, who: Actor, action: str, minute: float, *, to: str | None = None, score: Score | None = None
    ) -> None:
        request = Request(action, note="because", to=to, score=score)
        now = NOW + timedelta(minutes=minute)
        do(
            self.ledger,
            lambda tx: desk.act(tx, ALL, self.case, request, who=who, directory=self.directory, now=now),
        )

    def figures(self) -> dict[str, object]:
        row = look(self.ledger, lambda conn: conn.execute(select(case_figures)).one())
        return {key: value for key, value in row._mapping.items() if key != "case_id"}

    def steps(self) -> list[tuple[str, str | None, float, float | None, bool]]:
        """(step, unit, begun, done, completed), in minutes after NOW."""

        def minutes(at: datetime | None) -> float | None:
            return None if at is None else (at - NOW) / timedelta(minutes=1)

        rows = look(self.ledger, lambda conn: conn.execute(select(case_steps).order_by(case_steps.c.n)).all())
        return [
            (row.step, row.unit, minutes(row.started_at) or 0.0, minutes(row.done_at), row.completed)
            for row in rows
        ]


@pytest.fixture
def room(ledger: Ledger, directory: Directory) -> Iterator[Desk]:
    yield Desk(ledger, directory)
    assert look(ledger, violations) == []


def test_a_case_that_is_returned_reopened_and_rated(room: Desk) -> None:
    """Each step has its row: whose it was, and whether it was completed or left; counts rise with the history."""
    assert room.figures() == {
        "accepted_at": None, "returns": 0, "reopens": 0, "score": None, "score_by": None, "score_how": None,
    }  # fmt: skip
    room.act(OPERATOR, "accept", 1)
    room.act(OPERATOR, "report", 2)
    room.act(DISPATCHER, "dispatch", 3, to="market")
    room.act(HANDLER, "handle", 4)
    room.act(HANDLER, "feedback", 5)
    room.act(DISPATCHER, "return", 6)  # verify is due, and falls back to handle
    assert room.steps()[-2:] == [
        ("verify", "market", 5, 6, False),
        ("handle", "market", 6, None, False),
    ]
    room.act(HANDLER, "handle", 7)
    room.act(HANDLER, "feedback", 8)
    room.act(INSPECTOR, "verify", 9)
    room.act(SUPERVISOR, "evaluate", 10, score=Score(2, "reporter", "call"))
    room.act(OPERATOR, "reopen", 11)
    room.act(OPERATOR, "rate", 12, score=Score(5, "site", "visit"))
    assert room.figures() == {
        "accepted_at": NOW + timedelta(minutes=1), "returns": 1, "reopens": 1,
        "score": 5, "score_by": "site", "score_how": "visit",
    }  # fmt: skip
    done = [(step, completed) for step, _, _, _, completed in room.steps()]
    assert done == [
        ("accept", True), ("report", True), ("dispatch", True), ("handle", True), ("feedback", True),
        ("verify", False), ("handle", True), ("feedback", True), ("verify", True), ("evaluate", True),
        ("accept", False),
    ]  # fmt: skip


def test_a_step_is_his_who_has_it_in_the_end(room: Desk) -> None:
    """A transfer moves the running step; those before stay with who had them."""
    room.act(OPERATOR, "accept", 1)
    room.act(OPERATOR, "report", 2)
    room.act(DISPATCHER, "dispatch", 3, to="market")
    room.act(DISPATCHER, "transfer", 4, to="traffic")
    units = [(step, unit) for step, unit, *_ in room.steps()]
    assert units == [
        ("accept", "market"), ("report", "market"), ("dispatch", "market"), ("handle", "traffic"),
    ]  # fmt: skip


def test_an_extension_and_a_false_alarm(room: Desk) -> None:
    """A paused clock says so; what ends as a false alarm was never accepted by its first step."""
    room.act(OPERATOR, "false-alarm", 5)
    assert room.steps() == [("accept", "market", 0, 5, False)]
    assert room.figures()["accepted_at"] is None
