"""Among: that a column is one of many given values, as one parameter whatever their number.

SQLAlchemy's own `IN` writes a parameter for each value, so every number of values is another statement that is
rendered, sent, parsed and planned anew. Given as one array (PostgreSQL) or one JSON array (SQLite) it stays the same
statement, which the drivers keep ready.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, String, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class _Among(FunctionElement[bool]):
    """Column and parameter."""

    inherit_cache = True
    type = Boolean()
    name = "among"


def among(column: Column[str], parameter: str) -> FunctionElement[bool]:
    """`column` is one of the list of texts that `parameter` names; an empty list is fine and finds nothing."""
    return _Among(column, bindparam(parameter, type_=JSON().with_variant(ARRAY(String), "postgresql")))


@compiles(_Among, "sqlite")
def _as_json(element: _Among, compiler: SQLCompiler, **told: object) -> str:
    column, given = (compiler.process(each, **told) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({given}))"  # noqa: S608 - of names and placeholders that SQLAlchemy wrote


@compiles(_Among, "postgresql")
def _as_array(element: _Among, compiler: SQLCompiler, **told: object) -> str:
    column, given = (compiler.process(each, **told) for each in element.clauses)
    return f"{column} = ANY({given})"
