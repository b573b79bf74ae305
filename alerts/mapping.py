"""Mapping: what the codes of another platform mean here, and which of its codes says what we mean; pure.

A table per noun (category, unit, area), written as CSV with the head `theirs,ours,note`. Several of their codes may
mean one word of ours; outwards the first of them is said.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from ingest.errors import InvalidRegistry, Mistake

MappedNoun = Literal["category", "unit", "area"]
MAPPED: tuple[MappedNoun, ...] = get_args(MappedNoun)

HEAD = ("theirs", "ours", "note")
CODE_CHARS = 100
NOTE_CHARS = 500
MOST_ROWS = 20_000
MOST_TOLD = 1000
"""Mistakes told at once: a file of another kind has one in each line."""

_WORD = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Row:
    """One code of theirs, and the word of ours that it means."""

    theirs: str
    ours: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes of another platform as they came with a case; None where it gave none."""

    category: str | None = None
    unit: str | None = None
    area: str | None = None

    def given(self) -> dict[MappedNoun, str]:
        """Those that are there."""
        found: dict[MappedNoun, str] = {}
        for noun in MAPPED:
            code = getattr(self, noun)
            if code is not None:
                found[noun] = str(code)
        return found


def parse(text: str, noun: MappedNoun, known: Callable[[str], bool] | None, *, name: str) -> tuple[Row, ...]:
    """The rows of a CSV file; raises InvalidRegistry with every mistake and its line.

    `known` says whether a word of ours is there (units, areas); None: any word will do (categories).
    """
    mistakes: list[Mistake] = []

    def complain(line: int, path: str, what: str, mend: str) -> None:
        if len(mistakes) < MOST_TOLD:
            mistakes.append(Mistake(name, line, path, what, mend))

    rows: list[Row] = []
    seen: dict[str, int] = {}
    try:
        for line, cells in _lines(text):
            if line == 0:
                complain(1, "head", f"the first line is {','.join(cells)!r}", "write theirs,ours,note")
                break
            row = _row(line, cells, complain)
            if row is None:
                continue
            if row.theirs in seen:
                complain(
                    line,
                    "theirs",
                    f"{row.theirs!r} stands in line {seen[row.theirs]} already",
                    "keep one of them",
                )
            seen.setdefault(row.theirs, line)
            if not _WORD.fullmatch(row.ours):
                complain(
                    line, "ours", f"{row.ours!r} is no id", "write lower case letters, digits and hyphens"
                )
            elif known is not None and not known(row.ours):
                complain(
                    line,
                    "ours",
                    f"there is no {noun} {row.ours!r}",
                    f"GET /api/v1/{noun}s lists what there is",
                )
            rows.append(row)
    except csv.Error as wrong:
        complain(len(rows) + 2, "line", f"cannot be read ({wrong})", "save it as CSV, UTF-8, with commas")
    if len(rows) > MOST_ROWS:
        complain(MOST_ROWS + 2, "file", f"more than {MOST_ROWS} rows", "leave out what never comes")
    if mistakes:
        raise InvalidRegistry(tuple(mistakes))
    return tuple(rows)


def write(rows: Iterable[Row]) -> str:
    """The rows as parse() reads them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows((each.theirs, each.ours, each.note) for each in rows)
    return out.getvalue()


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every row below the head; (0, cells) for a head that is another."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    head = next(reader, [])
    if tuple(cell.strip() for cell in head) not in {HEAD, HEAD[:2]}:
        yield 0, head
        return
    begun = reader.line_num + 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield begun, [cell.strip() for cell in cells]
        begun = reader.line_num + 1


def _row(line: int, cells: list[str], complain: Callable[[int, str, str, str], None]) -> Row | None:
    if len(cells) not in {2, 3}:
        complain(line, "line", f"{len(cells)} cells", "write theirs,ours,note; a text with a comma in quotes")
        return None
    theirs, ours, note = (*cells, "")[:3]
    good = True
    for path, value, most in (
        ("theirs", theirs, CODE_CHARS),
        ("ours", ours, CODE_CHARS),
        ("note", note, NOTE_CHARS),
    ):
        if not value and path != "note":
            complain(line, path, "is empty", "write the code, or take the line out")
            good = False
        elif len(value) > most:
            complain(line, path, f"longer than {most} characters", "shorten it")
            good = False
        elif not value.isprintable():
            complain(line, path, "holds a character that cannot be seen", "write it anew")
            good = False
    return Row(theirs, ours, note) if good else None
