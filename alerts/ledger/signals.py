"""Signals: the mark of each source (rule, place, device): what makes applying idempotent, in any order."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import NamedTuple

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.engine import Connection

from alerts.ledger import bulk
from alerts.ledger.columns import from_ms, to_ms
from alerts.ledger.tables import signal_marks
from alerts.ledger.upsert import CHUNK, insert_of
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


_OF_PLACES = select(signal_marks).where(signal_marks.c.place.in_(bindparam("places", expanding=True)))
_OF_RULES = _OF_PLACES.where(signal_marks.c.rule.in_(bindparam("rules", expanding=True)))


def load(conn: Connection, keys: Collection[Key]) -> dict[Key, Mark]:
    """The marks of these sources, without those never heard of."""
    places = sorted({each.place for each in keys})
    rules = sorted({each.rule for each in keys})
    found: dict[Key, Mark] = {}
    for start in range(0, len(places), CHUNK):
        part: dict[str, list[str]] = {"places": places[start : start + CHUNK]}
        if len(rules) <= CHUNK:
            part["rules"] = rules
        for row in conn.execute(_OF_RULES if "rules" in part else _OF_PLACES, part):
            key = Key(row.rule, row.place, row.device)
            if key in keys:
                found[key] = _mark(row)
    return found


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
