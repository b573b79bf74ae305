"""A county's catalogue of 1,216 matters in 14 groups: read from its file, stored, taken in, and each matter routed.

Each repeat begins with an empty SQLite ledger. `routed` is the decision alone: unit, workflow and limits of one new
case of every matter.
"""

from __future__ import annotations

import csv
import io
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from openpyxl import Workbook

from alerts.directory import Directory
from alerts.ledger.engine import Ledger
from alerts.route import Facts
from bench.figures import Figures
from config.directory import directory
from config.door import Door
from config.secrets import SecretBox
from config.sheet import as_registry

ABOUT = "1,216 categories imported from CSV and XLSX into an empty ledger, and each of them routed, in ms"

T = TypeVar("T")

MATTERS = 1216
GROUPS = 14
UNITS = 40
REPEATS = 5

COUNTY = "\n".join(
    [
        "areas: [{id: county, level: county, name: 县}]",
        "units:",
        *(f"  - {{id: unit-{at}, area: county, name: 单位{at}}}" for at in range(UNITS)),
        "routes: [{unit: unit-0}]",
    ]
)
HEAD = ("编号", "大类", "小类名称", "立案条件", "结案条件", "责任单位", "处置时限")
FACTS = Facts("report", "report", "county", "minor", None, None, "county")


def run() -> Figures:
    """Interleaved: CSV, then XLSX, again and again."""
    figures = Figures("ms")
    files = {"ours.csv": _csv(rows()), "ours.xlsx": _xlsx(rows())}
    for _ in range(REPEATS):
        for name, content in files.items():
            with tempfile.TemporaryDirectory() as folder:
                _once(figures, Path(folder), name, content)
    return figures


def rows() -> list[tuple[str, ...]]:
    """The list as a county keeps it."""
    found: list[tuple[str, ...]] = [HEAD]
    found += [(f"{at:02}", "", f"大类{at}", "", "", "", "") for at in range(1, GROUPS + 1)]
    for at in range(MATTERS):
        group = at % GROUPS + 1
        unit, limit = f"unit-{at % UNITS}", ("4工作时", "2个工作日", "2小时")[at % 3]
        key = f"{group:02}-{at:04}"
        found.append((key, f"大类{group}", f"小类{at}", f"发现情况{at}", "处置完成", unit, limit))
    return found


def _once(figures: Figures, folder: Path, name: str, content: bytes) -> None:
    ledger = Ledger.open(f"sqlite:///{folder / 'hub.db'}", clock=_now)
    door = Door(ledger, SecretBox("s" * 40), clock=_now)
    door.apply(COUNTY, name="county", prune=False, dry_run=False, who="bench")
    try:

        def imported() -> Directory:
            door.apply(as_registry(content, name), name=name, prune=False, dry_run=False, who="bench")
            return directory(door.registry())

        county = _timed(figures, f"{Path(name).suffix[1:].upper()} imported", imported)
        done = _timed(figures, "routed", lambda: _route(county))
        if done != MATTERS:
            raise RuntimeError(f"{done} of {MATTERS} were routed")
    finally:
        ledger.close()


def _route(county: Directory) -> int:
    """How many matters found the unit that their row names, with the limit of their row."""
    found = 0
    for each in county.categories.values():
        chosen = county.choose(FACTS)
        assigned = county.assign(chosen, each.id) if chosen is not None and each.unit else None
        if assigned is not None:
            found += assigned.unit == each.unit and assigned.workflow.step("handle").limit is not None
    return found


def _timed(figures: Figures, name: str, work: Callable[[], T]) -> T:
    began = time.perf_counter()
    done = work()
    figures.add(name, (time.perf_counter() - began) * 1000)
    return done


def _csv(table: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(table)
    return out.getvalue().encode()


def _xlsx(table: Sequence[Sequence[str]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in table:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _now() -> datetime:
    return datetime.now(UTC)
