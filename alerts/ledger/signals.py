"""Signals: the mark of each source (rule, place, device): what makes applying idempotent, in any order."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import NamedTuple

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.engine import Connection

from alerts.ledger import bulk
from alerts.ledger.among import among
from alerts.ledger.columns import from_ms, to_ms
from alerts.ledger.tables import signal_marks
from alerts.ledger.upsert import insert_of
from alerts.mark import Level, Mark
from detectors.signal import Signal, SignalState

STATES: dict[str, SignalState] = {"a": "active", "i": "inactive", "u": "unknown"}
"""The letters that levels are stored with."""


class Key(NamedTuple):
    """What numbers its signals by itself."""

    rule: str
    place: str
    device: str


def key_of(signal: Signal) -> Key:
    """The source of a signal."""
    return Key(numbered_by(signal.kind, signal.rule, signal.condition), signal.place, signal.device)


def numbered_by(kind: str, rule: str, condition: str) -> str:
    """What numbers the signals: the rule; a platform speaks of many conditions under one name, each for itself."""
    return f"{rule}:{condition}" if kind == "platform" else rule


_OF = select(signal_marks).where(among(signal_marks.c.place, "places"), among(signal_marks.c.rule, "rules"))


def load(conn: Connection, keys: Collection[Key]) -> dict[Key, Mark]:
    """The marks of these sources, without those never heard of."""
    if not keys:
        return {}
    asked = {"places": sorted({each.place for each in keys}), "rules": sorted({each.rule for each in keys})}
    found = {Key(row.rule, row.place, row.device): _mark(row) for row in conn.execute(_OF, asked)}
    return {key: mark for key, mark in found.items() if key in keys}


def save(conn: Connection, marks: Mapping[Key, Mark]) -> None:
    """These signals were applied."""
    if not marks:
        return
    conn.execute(
        _save(conn.dialect.name),
        [
            {
                **_position(key, mark),
                "levels": [
                    [each.state[0], each.epoch, each.n, to_ms(each.at), *each.last] for each in mark.levels
                ],
            }
            for key, mark in sorted(marks.items())
        ],
    )


def move(conn: Connection, marks: Mapping[Key, Mark]) -> None:
    """The same where only the position is new, and no level."""
    rows = [_position(key, mark) for key, mark in sorted(marks.items())]
    bulk.change(conn, signal_marks, ("rule", "place", "device"), rows)


@cache
def _save(dialect: str) -> Insert:
    statement = insert_of(dialect, signal_marks).values(
        rule=bindparam("rule"), place=bindparam("place"), device=bindparam("device"),
        epoch=bindparam("epoch"), n=bindparam("n"), at=bindparam("at"), levels=bindparam("levels"),
    )  # fmt: skip
    return statement.on_conflict_do_update(
        index_elements=["rule", "place", "device"],
        set_={name: statement.excluded[name] for name in ("epoch", "n", "at", "levels")},
    )


def _position(key: Key, mark: Mark) -> dict[str, object]:
    return {
        "rule": key.rule,
        "place": key.place,
        "device": key.device,
        "epoch": mark.epoch,
        "n": mark.n,
        "at": mark.at,
    }


def highest_epoch(conn: Connection) -> int:
    """The highest epoch of any signal that was applied, 0 before the first; a new assignment goes above."""
    return int(conn.execute(select(func.max(signal_marks.c.epoch))).scalar() or 0)


def _mark(row: Row[tuple[object, ...]]) -> Mark:
    levels = tuple(
        Level(STATES[state], epoch, n, from_ms(at), (last_epoch, last_n))
        for state, epoch, n, at, last_epoch, last_n in row.levels or ()
    )
    return Mark(row.epoch, row.n, row.at, levels)
