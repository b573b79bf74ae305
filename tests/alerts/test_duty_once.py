"""Each step is told once: whoever dies, however many hubs tick, whatever the code does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from alerts import duty
from alerts.directory import Directory
from alerts.ledger.check import violations
from alerts.ledger.duty_tables import room_spells, tellings
from alerts.ledger.engine import Connection, Ledger
from alerts.notify import tell
from tests.alerts.county import NOW, do, look
from tests.alerts.duty_room import (
    OLGA,
    S,
    gas,
    here,
    step,
    the_incident,
    told,
)


def test_killed_between_two_steps_it_tells_each_once(
    tmp_path: Path, sqlite_template: Path, staffed: Directory
) -> None:
    """Closed and opened again after every tick, and two hubs ticking in turn: as many notices as steps."""
    path = tmp_path / "ledger.db"
    path.write_bytes(sqlite_template.read_bytes())

    @contextmanager
    def life() -> Iterator[Ledger]:
        ledger = Ledger.open(f"sqlite:///{path}", clock=lambda: NOW)
        yield ledger
        ledger.close()

    with life() as ledger:
        here(ledger, 0, OLGA)
        step(ledger, staffed, 0, gas())
    for seconds in (59, 60, 60, 61, 180, 180, 181, 600, 600, 700):
        with life() as ledger:
            here(ledger, seconds, OLGA)
            step(ledger, staffed, seconds)
    with life() as ledger:
        assert [each[1] for each in told(ledger)] == ["dai", "dan", "dai"]


def test_the_checker_knows_what_is_told_twice(ledger: Ledger, staffed: Directory) -> None:
    """A sound ledger has nothing to say; a notice written a second time, and a claim taken out, are found."""
    here(ledger, 0)
    step(ledger, staffed, 0, gas())
    step(ledger, staffed, 60)
    assert look(ledger, violations) == []
    again = partial(
        tell,
        directory=staffed,
        why="not-acknowledged",
        addressee="dan",
        incidents=(the_incident(ledger),),
        channels=(),
        now=NOW + 61 * S,
        group=f"escalation|{the_incident(ledger)}|0|0",
    )
    do(ledger, again)
    do(ledger, partial(Connection.execute, statement=delete(tellings).where(tellings.c.kind == "room")))
    assert [each.what for each in look(ledger, violations)] == ["told-twice", "told-unclaimed"]


def test_two_hubs_on_one_ledger_tell_each_step_once(ledger: Ledger, staffed: Directory) -> None:
    """Both tick at the same moment, five times each: one notice for each step and for the empty room."""
    here(ledger, 0)
    step(ledger, staffed, 0, gas())
    with closing(Ledger.open(ledger.url, clock=lambda: NOW)) as other:
        for seconds in (1, 60, 180, 600):
            here(ledger, seconds)
            act = partial(duty.tick, directory=staffed, now=NOW + seconds * S)
            ticks = [each.write(act) for _ in range(5) for each in (ledger, other)]
            assert sum(each.result(20) for each in ticks) == (0 if seconds == 1 else 1), seconds
    assert [each[0] for each in told(ledger)] == ["room-empty", *["not-acknowledged"] * 3]


def test_a_step_cannot_be_told_twice_whatever_the_code_does(ledger: Ledger, staffed: Directory) -> None:
    """The ledger refuses it: a second telling of a step, and a second open spell of a place."""
    here(ledger, 0)
    step(ledger, staffed, 1, gas())
    for table in (tellings, room_spells):
        with ledger.read() as conn:
            row = dict(conn.execute(select(table)).one()._mapping)
        again = insert(table).values(**(row | ({"id": "another"} if "id" in row else {})))
        with pytest.raises(IntegrityError):
            ledger.write(partial(Connection.execute, statement=again)).result(10)
