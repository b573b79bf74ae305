"""Many rows changed at once are what they would be one by one, on both databases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert, select

from alerts.incident import fold
from alerts.ledger import bulk
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.incident_rows import columns
from alerts.ledger.tables import incidents, signal_marks
from tests.alerts.county import NOW, do, look, signal

MARK = {"epoch": 1, "n": 1, "at": NOW, "levels": []}


def test_each_row_gets_its_own_values(ledger: Ledger) -> None:
    """By a key of several columns; rows that are not named stay as they were."""
    names = [{"rule": f"r{n}", "place": f"p'{n}", "device": "设备"} for n in range(3)]

    def act(conn: Connection) -> None:
        conn.execute(insert(signal_marks), [{**each, **MARK} for each in names])
        fresh = [
            {**each, "epoch": 2, "n": 2**40 + n, "at": NOW + timedelta(milliseconds=n)}
            for n, each in enumerate(names[:2])
        ]
        bulk.change(conn, signal_marks, ("rule", "place", "device"), fresh)

    do(ledger, act)
    rows = look(ledger, lambda conn: conn.execute(select(signal_marks).order_by(signal_marks.c.rule)).all())
    assert [(each.epoch, each.n, each.at) for each in rows] == [
        (2, 2**40, NOW),
        (2, 2**40 + 1, NOW + timedelta(milliseconds=1)),
        (1, 1, NOW),
    ]


def test_numbers_texts_and_nothing_survive(ledger: Ledger) -> None:
    """Floats to the last digit, quotes, Chinese, JSON, and columns that hold nothing."""
    made = fold(None, signal(), now=NOW, new_id="I1").incident
    assert made is not None
    own = {"id": "I1", "condition": "c", "place": "p", "acked": False, "area": None, "site_kind": None}
    own |= {"site": None, "units": "", "case_id": None, **columns(made)}
    wanted = {
        "value": 0.1 + 0.2,
        "limit": None,
        "explanation": {"zh": "“高”'\\", "en": 'x"y'},
        "sources": [{"at": 1, "value": None}],
        "due_at": NOW,
    }

    def act(conn: Connection) -> None:
        conn.execute(insert(incidents), own)
        bulk.change(conn, incidents, ("id",), [{"id": "I1", **wanted}])

    do(ledger, act)
    row = look(ledger, lambda conn: conn.execute(select(incidents)).mappings().one())
    assert {name: row[name] for name in wanted} == wanted


def test_nothing_to_change_is_no_statement(ledger: Ledger) -> None:
    """An act without renewals may say so."""
    do(ledger, lambda conn: bulk.change(conn, incidents, ("id",), []))
