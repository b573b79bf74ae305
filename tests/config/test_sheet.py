"""A county's own list of categories: CSV and XLSX by the same validation as every registry file, row for row."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from alerts.ledger import check, events
from alerts.ledger.engine import Ledger
from alerts.route import Facts
from alerts.sight import Sight
from config.directory import directory
from config.door import Door
from config.secrets import SecretBox
from config.sheet import as_registry
from ingest.errors import InvalidRegistry

COUNTY = """
areas: [{id: county, level: county, name: 县}]
units: [{id: city, area: county, name: 城管局}, {id: water, area: county, name: 水务局}]
routes: [{unit: city}]
"""
HEAD = ("编号", "大类", "小类名称", "立案条件", "结案条件", "责任单位", "处置时限", "limit.accept", "时限")
ROWS = (
    HEAD,
    ("09", "", "自编大类", "", "", "", "", "", ""),
    (
        "09-01",
        "自编大类",
        "井盖丢失",
        "井盖不见",
        "已补齐",
        "city",
        "4个工作时",
        "30m",
        "verify=1wd; feedback=2小时",
    ),
    ("", "", "", "", "", "", "", "", ""),
    ("09-02", "环境卫生", "河道淤积", "", "", "water", "2个工作日", "", ""),
)


def clock() -> datetime:
    """The time."""
    return datetime.now(UTC)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """The way into a ledger with a small county."""
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'hub.db'}", clock=clock)
    made = Door(ledger, SecretBox("s" * 40), clock=clock)
    made.apply(COUNTY, name="county", prune=False, dry_run=False, who="test")
    yield made
    with ledger.read() as conn:
        assert check.violations(conn) == []
    ledger.close()


def csv_of(rows: Sequence[Sequence[str]], encoding: str = "utf-8-sig") -> bytes:
    """As Excel saves it."""
    lines = (",".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in rows)
    return "\r\n".join(lines).encode(encoding)


def xlsx_of(rows: Sequence[Sequence[object]]) -> bytes:
    """A workbook with one sheet."""
    book = Workbook()
    for row in rows:
        book.active.append(list(row))  # type: ignore[union-attr]  # a new book has a sheet
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def put(door: Door, content: bytes, name: str = "ours.csv", *, dry_run: bool = False) -> list[object]:
    """Applied as `hub apply` does: created, updated, unchanged, deleted."""
    report = door.apply(as_registry(content, name), name=name, prune=False, dry_run=dry_run, who="test")
    return [report[what] for what in ("created", "updated", "unchanged", "deleted")]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (csv_of(ROWS), "ours.csv"),
        (csv_of(ROWS, "gb18030"), "ours.CSV"),
        (xlsx_of([("某县事件分类目录",), *ROWS]), "ours.xlsx"),
    ],
    ids=["utf-8", "gb18030", "xlsx under a title"],
)
def test_a_list_in_chinese_becomes_categories(door: Door, content: bytes, name: str) -> None:
    """Groups by name, working hours and days in words, limits of several steps; the same again is unchanged."""
    assert put(door, content, name, dry_run=True) == [3, 0, 0, 0]
    assert put(door, content, name) == [3, 0, 0, 0]
    assert put(door, content, name) == [0, 0, 3, 0]
    found = directory(door.registry()).categories
    row = found["09-01"]
    assert (row.big, row.unit, row.opens.zh) == ("09", "city", "井盖不见")
    limits = {step: str(limit) for step, limit in row.limits.items()}
    assert limits == {"handle": "4wh", "accept": "30m", "verify": "1wd", "feedback": "2h"}
    assert found["09-02"].big == "cleanliness"
    exported = door.export(who="test")
    assert put(door, exported.encode()) == [0, 0, 7, 0] if not name else True
    again = door.apply(exported, name="export", prune=True, dry_run=False, who="test")
    assert (again["created"], again["updated"], again["deleted"]) == (0, 0, 0)


def test_every_mistake_names_its_row(door: Door) -> None:
    """A wrong limit, an unknown unit, step, group, an id given twice and none at all: told at once, nothing kept."""
    rows = [
        ("id", "big", "name", "unit", "limit.handle", "limit.cook"),
        ("a-1", "cleanliness", "一", "city", "soon", ""),
        ("a-2", "cleanliness", "二", "nobody", "", ""),
        ("a-3", "moon", "三", "city", "", ""),
        ("", "cleanliness", "四", "city", "", ""),
        ("a-3", "cleanliness", "五", "city", "", ""),
        ("a-6", "rubbish-left", "六", "city", "", "1h"),
        ("a-7", "", "七", "city", "", ""),
    ]
    with pytest.raises(InvalidRegistry) as caught:
        put(door, csv_of(rows))
    told = [(each.line, each.path, each.what) for each in caught.value.mistakes]
    assert [line for line, _, _ in told] == [2, 3, 4, 5, 6, 7, 7, 8], told
    assert "'soon' is not a limit" in told[0][2]
    assert "there is no unit 'nobody'" in told[1][2]
    assert "there is no category 'moon'" in told[2][2]
    assert "id is missing" in told[3][2]
    assert "twice" in told[4][2]
    assert {"'rubbish-left' is itself a matter of cleanliness", "there is no step 'cook'"} == {
        told[5][2],
        told[6][2],
    }
    assert "a group has no unit" in told[7][2]
    assert all(each.file == "ours.csv" for each in caught.value.mistakes)
    assert not door.registry().categories


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"", "a.csv", "no row with the heads id and name"),
        (b"a,b\n1,2\n", "a.csv", "no row with the heads id and name"),
        ("编号,名称,备住\n1,一,x\n".encode(), "a.csv", "unknown column '备住'"),
        (b"id,name,id\n1,a,2\n", "a.csv", "is there twice"),
        (b'id,name\n1,"open\n', "a.csv", "not CSV"),
        (b"\xff\xfe\x00\x01\x81", "a.csv", "neither UTF-8 nor GB18030"),
        (b"id,name\0\n", "a.csv", "not a text"),
        (b"PK\x03\x04 cut", "a.xlsx", "not an XLSX file"),
        (xlsx_of(ROWS)[:2000], "a.xlsx", "not an XLSX file"),
        (b"id,name\n", "a.xlsx", "not an XLSX file"),
    ],
    ids=[
        "empty",
        "no head",
        "unknown column",
        "column twice",
        "open quote",
        "bytes",
        "nul",
        "zip",
        "cut",
        "csv",
    ],
)
def test_what_is_no_list_says_so(content: bytes, name: str, told: str) -> None:
    """Each with file and line, and never with a trace."""
    with pytest.raises(InvalidRegistry) as caught:
        as_registry(content, name)
    assert told in caught.value.mistakes[0].what
    assert caught.value.mistakes[0].file == name


def test_a_workbook_that_unfolds_without_end_is_refused() -> None:
    """A zip bomb is not unpacked."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet,
    ):
        for _ in range(250):
            sheet.write(b" " * 1_000_000)
    assert len(out.getvalue()) < 1_000_000
    with pytest.raises(InvalidRegistry) as caught:
        as_registry(out.getvalue(), "bomb.xlsx")
    assert "unfolds" in caught.value.mistakes[0].what


def test_a_row_may_hold_lines(door: Door) -> None:
    """A cell with a line break keeps the following rows where they stand in the file."""
    content = (
        'id,big,name,opens\nb-1,cleanliness,一,"第一行\n第二行"\nb-2,cleanliness,二,x\nb-3,nowhere,三,x\n'
    )
    with pytest.raises(InvalidRegistry) as caught:
        put(door, content.encode())
    assert [each.line for each in caught.value.mistakes] == [5]


def list_of(number: int) -> bytes:
    """A county's list: fourteen groups and `number` matters."""
    rows = [HEAD]
    rows += [(f"{at:02}", "", f"大类{at}", "", "", "", "", "", "") for at in range(1, 15)]
    for at in range(number):
        group = at % 14 + 1
        unit = ("city", "water")[at % 2]
        rows.append(
            (
                f"{group:02}-{at:04}",
                f"大类{group}",
                f"小类{at}",
                f"发现情况{at}",
                "处置完成",
                unit,
                "4工作时",
                "",
                "",
            )
        )
    return csv_of(rows)


def test_1216_items_import_and_route(door: Door) -> None:
    """All are there, each goes to its own unit with its own limit, and the log tells it in one event.

    The time is printed, not judged: a busy machine is no mistake of the code.
    """
    content = list_of(1216)
    began = time.process_time()
    created = put(door, content)
    county = directory(door.registry())
    facts = Facts("report", "report", "county", "minor", None, None, "county")
    chosen = county.choose(facts)
    assert chosen is not None
    own = [each for each in county.categories.values() if each.big and each.big.isdigit()]
    assigned = [county.assign(chosen, each.id) for each in own]
    print(f"1216 categories imported and routed in {time.process_time() - began:.2f} s of CPU")
    assert created == [1230, 0, 0, 0]
    assert len(assigned) == 1216
    for each, found in zip(own, assigned, strict=True):
        assert found is not None
        assert (found.unit, found.units, found.category) == (each.unit, (each.unit,), each.id)
        assert str(found.workflow.step("handle").limit) == "4wh"
    with door._ledger.read() as conn:
        told = [each.data for each in events.after(conn, 0, 1000, Sight.everything())]
    assert [each for each in told if each["noun"] == "category"] == [
        {"id": "", "noun": "category", "change": "many", "number": {"created": 1230}}
    ]
