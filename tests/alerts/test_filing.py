"""Photos in the file of a case, on SQLite and PostgreSQL: who may bring one, what seals it, and when it goes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from alerts.act import may_act
from alerts.case import Actor, Request
from alerts.desk import act
from alerts.directory import Directory
from alerts.filing import attach
from alerts.ledger import attachments, cases, check
from alerts.ledger.engine import Connection, Ledger
from alerts.router import apply_signals
from alerts.sight import Sight
from ingest.errors import Conflict, InvalidInput, NotPermitted
from tests.alerts.county import (
    ADMINISTRATOR,
    DISPATCHER,
    FOREIGN_HANDLER,
    HANDLER,
    INSPECTOR,
    NOW,
    OPERATOR,
    SUPERVISOR,
    do,
    look,
    signal,
)

ALL = Sight.everything()


def case_of(ledger: Ledger, directory: Directory) -> str:
    """The case of a warm fridge."""
    do(ledger, lambda conn: apply_signals(conn, [signal()], directory=directory, now=NOW, origin="serve"))
    return str(look(ledger, lambda conn: cases.page(conn, ALL, now=NOW)).items[0]["id"])


def bring(ledger: Ledger, directory: Directory, case: str, key: str, who: Actor = OPERATOR) -> None:
    """A photo that lies in the store."""
    photo = attachments.Photo(key, case, "after", key[0] * 64, 9, 3, 2)
    do(ledger, lambda conn: attach(conn, ALL, photo, who=who, directory=directory, now=NOW))


@pytest.mark.parametrize(
    ("who", "may"),
    [
        (OPERATOR, True),
        (DISPATCHER, True),
        (SUPERVISOR, True),
        (INSPECTOR, True),
        (HANDLER, True),
        (FOREIGN_HANDLER, False),
        (ADMINISTRATOR, False),
        (Actor("pat", "platform"), False),
        (Actor("kim", "site-keeper"), False),
    ],
    ids=lambda value: value.role if isinstance(value, Actor) else "",
)
def test_whoever_may_act_may_bring_one(ledger: Ledger, directory: Directory, who: Actor, may: bool) -> None:
    """A handler of another unit may not; the rule is the workflow's table."""
    case = case_of(ledger, directory)
    before = look(ledger, lambda conn: cases.load(conn, ALL, case))
    assert may_act(before, directory.workflows[before.workflow], who) == may
    if may:
        bring(ledger, directory, case, "a1", who)
        return
    with pytest.raises(NotPermitted):
        bring(ledger, directory, case, "a1", who)
    assert look(ledger, lambda conn: attachments.shown(conn, case)) == []


def test_the_history_seals_it(ledger: Ledger, directory: Directory) -> None:
    """The entry that names a photo carries its digest; a photo exchanged later is found."""
    case = case_of(ledger, directory)
    bring(ledger, directory, case, "a1")
    bring(ledger, directory, case, "b2")

    def accept(conn: Connection, *ids: str) -> None:
        request = Request("accept", attachments=ids)
        act(conn, ALL, case, request, who=OPERATOR, directory=directory, now=NOW)

    with pytest.raises(InvalidInput):
        do(ledger, lambda conn: accept(conn, "a1", "c3"))
    do(ledger, lambda conn: accept(conn, "a1", "b2", "a1"))
    entry = look(ledger, lambda conn: cases.history(conn, case))[-1]
    assert entry["sha256"] == {"a1": "a" * 64, "b2": "b" * 64}
    assert look(ledger, check.violations) == []
    wrong = text("UPDATE attachments SET sha256 = :digest WHERE id = 'b2'")
    do(ledger, lambda conn: conn.execute(wrong, {"digest": "f" * 64}))
    [found] = look(ledger, check.violations)
    assert found.what == "case-photo"
    assert "photo b2 is not what entry 2 sealed" in found.detail


def test_a_file_is_not_endless(ledger: Ledger, directory: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many photos and no more."""
    monkeypatch.setattr(attachments, "MOST", 2)
    case = case_of(ledger, directory)
    bring(ledger, directory, case, "a1")
    bring(ledger, directory, case, "b2")
    with pytest.raises(Conflict):
        bring(ledger, directory, case, "c3")


def test_a_merged_case_keeps_its_photos_while_the_other_lives(ledger: Ledger, directory: Directory) -> None:
    """They go when the case it became part of has been over for long enough."""
    case = case_of(ledger, directory)
    other = signal(2, place="cross", device="cross-cam", condition="crowd", rule="crowd")
    do(ledger, lambda conn: apply_signals(conn, [other], directory=directory, now=NOW, origin="serve"))
    listed = look(ledger, lambda conn: cases.page(conn, ALL, now=NOW)).items
    into = next(str(each["id"]) for each in listed if each["id"] != case)
    bring(ledger, directory, case, "a1")

    def done(key: str, request: Request, who: Actor) -> None:
        do(ledger, lambda conn: act(conn, ALL, key, request, who=who, directory=directory, now=NOW))

    later = NOW + timedelta(days=1)
    done(case, Request("merge", note="the same", to=into), DISPATCHER)
    assert look(ledger, lambda conn: attachments.expired(conn, later)) == []
    done(into, Request("cancel", note="over"), DISPATCHER)
    assert [each.id for each in look(ledger, lambda conn: attachments.expired(conn, later))] == ["a1"]
    assert look(ledger, lambda conn: attachments.expired(conn, NOW - timedelta(days=1))) == []
