"""Among: that a column is one of many given values, as one parameter whatever their number.

SQLAlchemy's own `IN` writes a parameter for each value, so every number of values is another statement that is
rendered, sent, parsed and planned anew. Given as one array (PostgreSQL) or one JSON array (SQLite) it stays the same
statement, which the drivers keep ready.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import JSON, Column, ColumnElement, String, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType


class _Among(FunctionElement[None]):
    """Column and parameter."""

    inherit_cache = True
    # Called a Boolean it would be written `(… IN …) = 1` for SQLite, which then reads the whole table.
    type = NullType()
    name = "among"


def among(column: Column[str], parameter: str) -> ColumnElement[bool]:
    """`column` is one of the list of texts that `parameter` names; an empty list is fine and finds nothing."""
    given = bindparam(parameter, type_=JSON().with_variant(ARRAY(String), "postgresql"))
    return cast("ColumnElement[bool]", _Among(column, given))


@compiles(_Among, "sqlite")
def _as_json(element: _Among, compiler: SQLCompiler, **told: object) -> str:
    column, given = (compiler.process(each, **told) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({given}))"  # noqa: S608 - of names and placeholders that SQLAlchemy wrote


@compiles(_Among, "postgresql")
def _as_array(element: _Among, compiler: SQLCompiler, **told: object) -> str:
    column, given = (compiler.process(each, **told) for each in element.clauses)
    return f"{column} = ANY({given})"
