"""Bulk: the same columns of many rows changed at once.

SQLite runs a prepared UPDATE row by row at no cost to speak of. PostgreSQL answers each row over a socket, so there
the rows go as one JSON array into one UPDATE … FROM json_to_recordset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from sqlalchemy import JSON, Table, Update, and_, bindparam, column, func, update
from sqlalchemy.engine import Connection

from alerts.ledger.pending import ROWS_BY


def change(
    conn: Connection, table: Table, keys: tuple[str, ...], rows: Sequence[Mapping[str, object]]
) -> None:
    """Give each row that its `keys` name the other values of its mapping; all mappings have the same names."""
    if not rows:
        return
    values = tuple(name for name in rows[0] if name not in keys)
    if conn.dialect.name != "postgresql":
        named = [
            {**{f"of_{name}": each[name] for name in keys}, **{f"new_{name}": each[name] for name in values}}
            for each in rows
        ]
        conn.execute(_one_by_one(table, keys, values), named)
        return
    plain = {
        name: process
        for name in (*keys, *values)
        if not isinstance(table.c[name].type, JSON)
        and (process := table.c[name].type.dialect_impl(conn.dialect).bind_processor(conn.dialect))
    }
    content = [
        {name: plain[name](value) if name in plain else value for name, value in each.items()}
        for each in rows
    ]
    conn.execute(_together(table, keys, values), {"rows": content})


@cache
def _one_by_one(table: Table, keys: tuple[str, ...], values: tuple[str, ...]) -> Update:
    return (
        update(table)
        .where(and_(*(table.c[name] == bindparam(f"of_{name}") for name in keys)))
        .values({name: bindparam(f"new_{name}") for name in values})
        .execution_options(**{ROWS_BY: tuple(f"of_{name}" for name in keys)})
    )


@cache
def _together(table: Table, keys: tuple[str, ...], values: tuple[str, ...]) -> Update:
    given = (
        func.json_to_recordset(bindparam("rows", type_=JSON()))
        .table_valued(*(column(name, table.c[name].type) for name in (*keys, *values)))
        .render_derived(name="given", with_types=True)
    )
    return (
        update(table)
        .where(and_(*(table.c[name] == given.c[name] for name in keys)))
        .values({name: given.c[name] for name in values})
    )
