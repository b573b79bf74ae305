"""Sheet: a county's list of categories in CSV or XLSX, as the registry text that it means, line for line.

Row 7 of the sheet becomes line 7 of the text, so that every mistake that is found later names the row. The first of
the first rows that has an id and a name is the head; columns are named as the keys of config/categories.yaml or in
Chinese (COLUMNS, STEPS).
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from xml.etree.ElementTree import ParseError

from config.catalogue import shipped_categories
from config.wording import near
from ingest.errors import InvalidRegistry, Mistake

SUFFIXES = (".csv", ".xlsx")

MOST_ROWS = 20_000
MOST_COLUMNS = 60
HEAD_WITHIN = 10
"""A title may stand above the head, not a whole page."""
MOST_UNPACKED = 200_000_000
"""Bytes an XLSX may unfold to; a list of twenty thousand rows has a tenth of it."""

COLUMNS: Mapping[str, str] = {
    "id": "id", "编号": "id", "编码": "id", "代码": "id", "类别编码": "id", "小类编码": "id",
    "big": "big", "大类": "big", "所属大类": "big",
    "name": "name", "名称": "name", "小类": "name", "小类名称": "name", "类别名称": "name",
    "name_en": "name_en", "英文名称": "name_en",
    "opens": "opens", "立案条件": "opens", "closes": "closes", "结案条件": "closes",
    "unit": "unit", "责任单位": "unit", "处置单位": "unit",
    "workflow": "workflow", "流程": "workflow", "severity": "severity", "等级": "severity",
    "limits": "limits", "时限": "limits", "retired": "retired", "停用": "retired",
}  # fmt: skip
"""Head of a column → key of the entry."""

STEPS: Mapping[str, str] = {
    "受理时限": "accept", "上报时限": "report", "派遣时限": "dispatch", "流转时限": "dispatch", "交办时限": "assign",
    "处置时限": "handle", "反馈时限": "feedback", "核实时限": "verify", "回复时限": "reply", "评价时限": "evaluate",
}  # fmt: skip
"""Head of a column → the step whose limit it holds; `limit.handle` says the same."""

_UNITS: tuple[tuple[str, str], ...] = (
    (r"个?\s*工作(?:小时|时)", "wh"), (r"个?\s*工作[日天]", "wd"), (r"个?\s*小时", "h"),
    (r"\s*分钟", "m"), (r"\s*天", "d"),
)  # fmt: skip
_YES = frozenset({"true", "yes", "1", "是", "y"})
_NO = frozenset({"", "false", "no", "0", "否", "n"})

Row = tuple[int, Sequence[str]]
"""Line or row, from 1, and its cells."""


def is_sheet(name: str) -> bool:
    """Whether a file's name says that it is a sheet."""
    return name.lower().endswith(SUFFIXES)


def as_registry(content: bytes, name: str) -> str:
    """The registry text of a sheet; InvalidRegistry when it cannot be read as one, or has no head."""
    rows = _xlsx(content, name) if name.lower().endswith(".xlsx") else _csv(content, name)
    lines: list[str] = []
    head: list[str] = []
    entries: list[tuple[int, dict[str, object]]] = []
    for line, cells in rows:
        if len(entries) >= MOST_ROWS:
            raise _wrong(name, line, "file", f"more than {MOST_ROWS} rows", "import it in parts")
        if not any(cells):
            continue
        if not head:
            if line > HEAD_WITHIN:
                break
            head = _head(cells, line, name)
            lines = [""] * (line - 1) + ["categories:"]
        else:
            entries.append((line, _entry(head, cells)))
    if not head:
        raise _wrong(
            name, 1, "file", "no row with the heads id and name", "name the columns: id, name, big …"
        )
    groups = _groups(entries)
    for line, entry in entries:
        big = entry.get("big")
        if isinstance(big, str):
            entry["big"] = groups.get(big, big)
        lines += [""] * (line - 1 - len(lines))
        lines.append(f"- {json.dumps(entry, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def _head(cells: Sequence[str], line: int, name: str) -> list[str]:
    """The key of each column; empty when this row is no head (a title above it)."""
    words = [each.strip() for each in cells]
    keys = [_key(word) for word in words]
    if not {"id", "name"} <= set(keys):
        return []
    for at, (word, key) in enumerate(zip(words, keys, strict=True)):
        path = f"column {at + 1}"
        if word and not key:
            close = near(word, [*COLUMNS, *STEPS])
            mend = f"did you mean {close}?" if close else "rename it, or take it out"
            raise _wrong(name, line, path, f"unknown column {word!r}", mend)
        if key and key in keys[:at]:
            raise _wrong(name, line, path, f"{word!r} is there twice ({key})", "take one out")
    return keys


def _key(word: str) -> str:
    if word.startswith("limit."):
        return word
    return f"limit.{STEPS[word]}" if word in STEPS else COLUMNS.get(word, "")


def _entry(head: Sequence[str], cells: Sequence[str]) -> dict[str, object]:
    """One row as an entry; cells that make no sense stay as they are, for the registry to complain about."""
    given = {key: cell.strip() for key, cell in zip(head, cells, strict=False) if key and cell.strip()}
    entry: dict[str, object] = {}
    limits: dict[str, object] = {}
    for key, text in given.items():
        if key.startswith("limit."):
            limits[key.removeprefix("limit.")] = _limit(text)
        elif key == "limits":
            for part in re.split(r"[;；,，\s]+", text):
                step, _, limit = part.partition("=")
                limits[step] = _limit(limit)
        elif key == "retired":
            if text.lower() not in _NO:
                entry[key] = True if text.lower() in _YES else text
        elif key == "name_en":
            continue
        else:
            entry[key] = text
    if "name_en" in given:
        entry["name"] = {"zh": given.get("name", given["name_en"]), "en": given["name_en"]}
    return {**entry, "limits": limits} if limits else entry


def _limit(text: str) -> str:
    """`2个工作日` as `2wd`."""
    if text.isascii():
        return text.strip()
    for words, unit in _UNITS:
        text = re.sub(words, unit, text)
    return text.strip()


def _groups(entries: Sequence[tuple[int, Mapping[str, object]]]) -> dict[str, str]:
    """Name of a group → its id: of those that are shipped, and of the rows without a group of their own."""
    shipped = [each for each in shipped_categories().values() if not each.big]
    found = {name: each.id for each in shipped for name in (each.name.zh, each.name.en)}
    for _, entry in entries:
        if "big" not in entry and "id" in entry:
            name = entry.get("name")
            names = name.values() if isinstance(name, dict) else [name]
            found.update({str(each): str(entry["id"]) for each in names})
    return found


def _csv(content: bytes, name: str) -> Iterator[Row]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")  # what Excel saves on a Chinese machine
        except UnicodeDecodeError:
            raise _wrong(name, 1, "file", "neither UTF-8 nor GB18030", "save it as CSV UTF-8") from None
    if "\0" in text:
        raise _wrong(name, 1, "file", "not a text", "save it as CSV UTF-8, or name it .xlsx")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as wrong:
            raise _wrong(name, line, "row", f"not CSV ({wrong})", "check quotes and commas") from wrong
        if cells is None:
            return
        yield line, cells[:MOST_COLUMNS]
        line = reader.line_num + 1


def _xlsx(content: bytes, name: str) -> Iterator[Row]:
    from openpyxl import load_workbook  # noqa: PLC0415 - slow to import, and rarely needed

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unfolded = sum(each.file_size for each in packed.infolist())
        if unfolded > MOST_UNPACKED:
            raise _wrong(name, 1, "file", "unfolds to more than a list ever has", "save the sheet alone")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            last = MOST_ROWS + HEAD_WITHIN + 1
            rows = sheet.iter_rows(max_row=last, max_col=MOST_COLUMNS, values_only=True)
            for line, cells in enumerate(rows, start=1):
                yield line, [_text(each) for each in cells]
        finally:
            book.close()
    except (zipfile.BadZipFile, KeyError, ValueError, IndexError, OSError, ParseError) as wrong:
        what = f"not an XLSX file that can be read ({type(wrong).__name__})"
        raise _wrong(name, 1, "file", what, "save it anew as .xlsx, or as CSV") from wrong


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).replace("\r", " ").replace("\n", " ")


def _wrong(name: str, line: int, path: str, what: str, mend: str) -> InvalidRegistry:
    return InvalidRegistry((Mistake(name, line, path, what, mend),))
