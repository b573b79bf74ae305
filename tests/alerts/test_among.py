"""Among: any number of values is one and the same statement, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, select

from alerts.ledger.among import among
from alerts.ledger.counters import take
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.tables import counters
from tests.alerts.county import do, look

KEPT = ("plain", "o'clock", "厨房", 'with "quotes"', "a,b{c}", "back\\slash", "%(name)s")
ASKED = [
    ("one of them", ["plain"], {"plain"}),
    ("none of them", ["other"], set()),
    ("nothing is asked for", [], set()),
    ("twice the same", ["plain", "plain"], {"plain"}),
    ("what has a meaning in SQL, JSON or an array", list(KEPT), set(KEPT)),
    ("more than a statement may have parameters", [f"no-{n}" for n in range(70_000)] + ["厨房"], {"厨房"}),
]


@pytest.mark.parametrize(("why", "asked", "found"), ASKED, ids=[row[0] for row in ASKED])
def test_rows_whose_column_is_among_the_values(
    ledger: Ledger, why: str, asked: list[str], found: set[str]
) -> None:
    """Exactly the rows of the values, whatever the values look like and however many there are."""

    def act(conn: Connection) -> None:
        for each in KEPT:
            take(conn, each)

    do(ledger, act)
    statement = select(counters.c.name).where(
        among(counters.c.name, "names"), counters.c.value == bindparam("value")
    )

    def names(conn: Connection) -> set[str]:
        return set(conn.execute(statement, {"names": asked, "value": 1}).scalars())

    assert look(ledger, names) == found, why
