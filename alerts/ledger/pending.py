"""Pending: what an act has yet to write: events whose data nobody has read, rows nobody has asked for, numbers taken.

Raising one incident costs some forty statements, and a statement costs the same for one row and for a hundred. So
what only later readers need waits until the act ends, and is then written together. Nothing can tell the
difference: before a statement reads what waits, or changes what an event that waits is to say, it is written
(`Pending.before`). An act that is undone takes what it has pending with it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Insert, MetaData, Table, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.visitors import iterate

from alerts.event import EventType
from alerts.sight import Visibility

KEY = "pending"
"""Where a connection keeps what the act at hand has pending."""
ROWS_BY = "rows_by"
"""Execution option of a statement: the parameters that say which incident or case it is about, and nothing else is."""
UNSAID = frozenset(
    {
        "case_figures", "case_history", "case_steps", "counters", "deliveries", "device_states", "group_members",
        "notice_groups", "notice_incidents", "notices", "signal_marks", "tellings", "watches",
    }
)  # fmt: skip
"""Tables of which no event says anything: writing there disturbs none that waits."""
LOG = frozenset({"events", "outbox"})

_tables: WeakKeyDictionary[ClauseElement, frozenset[str]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Late:
    """An event whose data is read when it is written.

    Attributes:
        seq: Its number, taken already.
        type: Of the contract.
        noun: `incident` or `case`.
        subject: Id of the incident or case.
        at: When (UTC).
        place: Where it stands; None: where its subject does.
        change: Added to the data, if anything.
    """

    seq: int
    type: EventType
    noun: str
    subject: str
    at: datetime
    place: Visibility | None = None
    change: Mapping[str, str] | None = None


class Pending:
    """Of one act, on the writer's thread. `tell` writes events, `keep` numbers."""

    def __init__(
        self,
        tell: Callable[[Connection, Sequence[Late]], None],
        keep: Callable[[Connection, Mapping[str, int]], None],
    ) -> None:
        self.numbers: dict[str, int] = {}
        self._kept: dict[str, int] = {}
        self._late: list[Late] = []
        self._subjects: set[str] = set()
        self._rows: dict[UpdateBase, list[dict[str, object]]] = {}
        self._waiting: set[str] = set()  # tables that rows wait for
        self._tell, self._keep = tell, keep

    def found(self, name: str, number: int) -> None:
        """The last number of a name as the ledger has it."""
        self.numbers[name] = self._kept[name] = number

    def event(self, late: Late) -> None:
        """Write this event with the rest."""
        self._late.append(late)
        self._subjects.add(late.subject)

    def row(self, statement: UpdateBase, row: dict[str, object]) -> None:
        """Run this statement for this row with the rest: what is new first, parents before their children."""
        self._rows.setdefault(statement, []).append(row)
        self._waiting |= tables_of(statement)

    def flush(self, conn: Connection) -> None:
        """Write everything."""
        self._write_rows(conn)
        late, self._late, self._subjects = self._late, [], set()
        if late:
            self._tell(conn, late)
        fresh = {name: number for name, number in self.numbers.items() if self._kept.get(name) != number}
        self._kept |= fresh
        if fresh:
            self._keep(conn, fresh)

    def before(self, conn: Connection, statement: object, parameters: Iterable[Mapping[str, object]]) -> None:
        """Write what this statement must find written."""
        tables = tables_of(statement) if isinstance(statement, ClauseElement) else frozenset()
        if self._rows and (not tables or tables & self._waiting):
            self._write_rows(conn)
        if self._disturbed(statement, tables, parameters):
            self.flush(conn)

    def _write_rows(self, conn: Connection) -> None:
        rows, self._rows, self._waiting = self._rows, {}, set()
        for statement in sorted(rows, key=_rank):
            conn.execute(statement, rows[statement])

    def _disturbed(
        self, statement: object, tables: frozenset[str], parameters: Iterable[Mapping[str, object]]
    ) -> bool:
        counted = self.numbers != self._kept
        if not self._late and not counted:
            return False
        if not tables:
            return True
        if not isinstance(statement, UpdateBase):
            return bool(self._late and tables & LOG) or (counted and "counters" in tables)
        if not self._late or tables <= UNSAID:
            return False
        names = statement.get_execution_options().get(ROWS_BY)
        return names is None or any(row.get(name) in self._subjects for row in parameters for name in names)


def _rank(statement: UpdateBase) -> int:
    """New rows by what refers to what, then changes in the order in which they first came (sorting keeps it)."""
    table = statement.table
    if not isinstance(statement, Insert) or not isinstance(table, Table):
        return sys.maxsize
    return _order(table.metadata)[table.name]


@cache
def _order(metadata: MetaData) -> dict[str, int]:
    return {each.name: place for place, each in enumerate(metadata.sorted_tables)}


def of(conn: Connection) -> Pending | None:
    """What the act at hand has pending; None outside of an act."""
    found: Pending | None = conn.info.get(KEY)
    return found


def run(conn: Connection, statement: UpdateBase, row: dict[str, object]) -> None:
    """Write one row with the rest of the act; at once outside of one."""
    act = of(conn)
    if act is None:
        conn.execute(statement, row)
    else:
        act.row(statement, row)


def tables_of(statement: ClauseElement) -> frozenset[str]:
    """Names of the tables that a statement reads or writes; empty for one that does not say (plain text)."""
    known = _tables.get(statement)
    if known is None:
        known = frozenset(each.name for each in iterate(statement) if isinstance(each, Table))
        if isinstance(statement, UpdateBase) and isinstance(statement.table, Table):
            known |= {statement.table.name}
        _tables[statement] = known
    return known


def watch(engine: Engine) -> None:
    """From now on every statement of this engine finds what it must."""

    @event.listens_for(engine, "before_execute")
    def _before(
        conn: Connection,
        statement: object,
        many: Sequence[Mapping[str, Any]],  # as SQLAlchemy hands them on
        one: Mapping[str, Any],
        _options: object,
    ) -> None:
        pending = of(conn)
        if pending is not None:
            pending.before(conn, statement, many or [one])
