"""Xlsx: tables as a workbook: one sheet each, who made it and when on top, and no cell that a spreadsheet would run."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from alerts.table import Cell, Look, Table

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

FORMATS: dict[Look, str] = {"text": "@", "count": "0", "number": "0.00", "percent": "0.0%"}

TITLE_CHARS = 31
"""A sheet's title has no more, and none of []:*?/\\."""

RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A text that begins so is taken for a formula, by a spreadsheet or by what a sheet is saved as later."""

UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""What XML cannot hold."""

HEAD = Font(bold=True)
SHADE = PatternFill("solid", fgColor="E8EEF4")


def harmless(text: str) -> str:
    """A text that no spreadsheet runs: an apostrophe goes before what would begin a formula."""
    clean = UNPRINTABLE.sub("", text)
    return f"'{clean}" if clean.startswith(RUNS) else clean


def workbook(tables: Sequence[Table], watermark: str) -> bytes:
    """The file; `watermark` stands on top of every sheet."""
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = "Xianshao 县哨"
    for table in tables:
        _fill(book.create_sheet(_title(table, book.sheetnames)), table, watermark)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _title(table: Table, taken: Sequence[str]) -> str:
    plain = re.sub(r"[\[\]:*?/\\]", " ", f"{table.title.zh} {table.title.en}")[:TITLE_CHARS].strip()
    return plain if plain not in taken else f"{plain[: TITLE_CHARS - 3]} {len(taken)}"


def _fill(sheet: Worksheet, table: Table, watermark: str) -> None:
    _write(_cell(sheet, 1, 1), watermark, "text")
    sheet.cell(1, 1).font = Font(italic=True)
    for at, column in enumerate(table.columns, start=1):
        head = _cell(sheet, 2, at)
        _write(head, f"{column.head.zh}\n{column.head.en}", "text")
        head.font, head.fill = HEAD, SHADE
        head.alignment = Alignment(wrap_text=True, vertical="center")
        sheet.column_dimensions[get_column_letter(at)].width = column.width
    for line, row in enumerate(table.rows, start=3):
        for at, (column, value) in enumerate(zip(table.columns, row, strict=True), start=1):
            _write(_cell(sheet, line, at), value, column.look)
    sheet.row_dimensions[2].height = 32
    sheet.freeze_panes = "A3"


def _cell(sheet: Worksheet, line: int, at: int) -> SheetCell:
    cell = sheet.cell(line, at)
    assert isinstance(cell, SheetCell)  # noqa: S101 - nothing is merged here
    return cell


def _write(cell: SheetCell, value: Cell, look: Look) -> None:
    cell.number_format = FORMATS[look]
    if isinstance(value, str):
        cell.value = harmless(value)
        cell.data_type = "s"  # never guessed
    elif value is not None:
        cell.value = value
