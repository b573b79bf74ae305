"""Table: what one sheet of an export holds, before it is written in any format; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ingest.text import Text

Look = Literal["text", "count", "number", "percent"]
"""How a column is shown: percent are shares of one (0.25 is 25 %)."""

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `width` in characters."""

    head: Text
    look: Look = "text"
    width: int = 12


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet: as many cells in each row as there are columns; None is an empty cell."""

    title: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
