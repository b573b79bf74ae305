"""Mapping tables: every mistake with its line, all or nothing; codes are translated both ways and never lost."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.intake import Report, report
from alerts.ledger import cases, mappings
from alerts.ledger.engine import Ledger
from alerts.mapping import MAPPED, Codes, Row, parse, write
from alerts.sight import Sight
from ingest.errors import InvalidRegistry
from tests.alerts.county import NOW, OPERATOR, county, do, look

UNITS = {"market", "traffic"}

MISTAKES: list[tuple[str, str, list[tuple[int, str, str]]]] = [
    ("another head", "code;unit\n1;market\n", [(1, "head", "theirs,ours,note")]),
    ("an empty file", "", [(1, "head", "theirs,ours,note")]),
    ("an unknown unit", "theirs,ours,note\n01,markt,\n", [(2, "ours", "there is no unit 'markt'")]),
    ("no id", "theirs,ours\n01,Market Office\n", [(2, "ours", "is no id")]),
    ("a code twice", "theirs,ours\n01,market\n02,traffic\n01,traffic\n", [(4, "theirs", "line 2 already")]),
    ("nothing on a side", "theirs,ours\n,market\n01,\n", [(2, "theirs", "is empty"), (3, "ours", "is empty")]),
    ("too many cells", "theirs,ours,note\n01,market,a,b\n", [(2, "line", "4 cells")]),
    ("one cell", "theirs,ours,note\nnonsense\n", [(2, "line", "1 cells")]),
    ("a quote that never ends", 'theirs,ours\n01,"market\n02,traffic\n', [(2, "line", "cannot be read")]),
    ("a hidden character", "theirs,ours\n0\u200b1,market\n", [(2, "theirs", "cannot be seen")]),
    ("too long", f"theirs,ours\n{'9' * 101},market\n", [(2, "theirs", "longer than 100")]),
    (
        "all of them at once, with the lines of the file",
        'theirs,ours,note\n01,market,good\n\n02,nobody,\n03,,\n04,market,"two\nlines"\n05,nowhere,\n',
        [(4, "ours", "nobody"), (5, "ours", "is empty"), (6, "note", "cannot be seen"), (8, "ours", "nowhere")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("why", "text", "expected"), MISTAKES, ids=[row[0] for row in MISTAKES])
def test_every_mistake_with_its_line(why: str, text: str, expected: list[tuple[int, str, str]]) -> None:
    """File, line, path, what and how to mend it."""
    with pytest.raises(InvalidRegistry) as caught:
        parse(text, "unit", UNITS.__contains__, name="units.csv")
    found = caught.value.mistakes
    assert [(each.line, each.path) for each in found] == [(line, path) for line, path, _ in expected], why
    for mistake, (_, _, words) in zip(found, expected, strict=True):
        assert words in f"{mistake.what}; {mistake.mend}"
        assert mistake.file == "units.csv"


def test_what_people_save_is_read() -> None:
    """A byte order mark, Windows line ends, empty lines, quotes and blanks around a cell."""
    text = '\ufefftheirs,ours,note\r\n 01 , market ,"a, b"\r\n\r\n02,market,\r\n'
    assert parse(text, "unit", UNITS.__contains__, name="x") == (
        Row("01", "market", "a, b"),
        Row("02", "market"),
    )


WORDS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)
CODES = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20).filter(
    lambda each: each.strip() == each and each.isprintable()
)


@given(st.lists(st.builds(Row, CODES, WORDS, CODES), unique_by=lambda row: row.theirs, max_size=8))
def test_what_is_written_is_read_back(rows: list[Row]) -> None:
    """Any codes, also with quotes, commas and Chinese."""
    assert parse(write(rows), "category", None, name="x") == tuple(rows)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    """It is a table, or a list of mistakes."""
    with suppress(InvalidRegistry):
        assert all(
            row.ours in UNITS
            for row in parse(f"theirs,ours,note\n{text}", "unit", UNITS.__contains__, name="x")
        )


def test_a_table_is_replaced_as_a_whole(ledger: Ledger) -> None:
    """What is new, changed, the same and gone is counted; the order stays."""
    first = (Row("1", "a"), Row("2", "b"), Row("3", "c"))
    assert do(ledger, lambda tx: mappings.replace(tx, "unit", first))["created"] == 3
    second = (Row("3", "c"), Row("2", "x"), Row("4", "d"))
    counted = do(ledger, lambda tx: mappings.replace(tx, "unit", second))
    assert counted == {"created": 1, "updated": 1, "unchanged": 1, "deleted": 1}
    assert look(ledger, lambda conn: mappings.load(conn, "unit")) == second
    assert look(ledger, lambda conn: mappings.load(conn, "area")) == ()
    assert look(ledger, lambda conn: mappings.inward(conn, "unit", " 2 ")) == "x"
    assert look(ledger, lambda conn: mappings.inward(conn, "area", "2")) is None
    assert set(MAPPED) == {"category", "unit", "area"}


OUTWARD = [
    ("the first of two codes", "market", Codes(), {"unit": "01"}),
    ("the code that the case came with, while it means the same", "market", Codes(unit="02"), {"unit": "02"}),
    ("the case went on to another unit", "traffic", Codes(unit="02"), {"unit": "09"}),
    ("a code that means nothing here stays with the case", "room", Codes(unit="77"), {"unit": "77"}),
    ("no code for it", "room", Codes(), None),
]


@pytest.mark.parametrize(("why", "unit", "came", "said"), OUTWARD, ids=[row[0] for row in OUTWARD])
def test_what_is_said_outwards(
    ledger: Ledger, why: str, unit: str, came: Codes, said: dict[str, str] | None
) -> None:
    """Several codes may mean one word; the platform hears its own again where it can."""
    rows = (Row("01", "market"), Row("02", "market"), Row("09", "traffic"))
    do(ledger, lambda tx: mappings.replace(tx, "unit", rows))
    new = Report("litter", "Litter", "platform", area="east", codes=came, unit=unit)
    made = do(
        ledger,
        lambda tx: report(tx, Sight.everything(), new, who=OPERATOR, directory=county(), now=NOW),
    )
    shown = look(ledger, lambda conn: cases.get(conn, Sight.everything(), str(made.case["id"]), now=NOW))
    assert shown["codes"] == said, why
