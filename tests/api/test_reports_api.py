"""Reports over HTTP: what was counted, as JSON and as a workbook that is opened again."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from alerts.table import Column, Table
from api.xlsx import harmless, workbook
from ingest.text import Text
from tests.servers.house import House


def a_case(house: House) -> str:
    """A case at the school, reported, accepted, and found to be a false alarm."""
    body = {"kind": "complaint", "site": "school-1", "title": "=1+1", "source": "hotline"}
    key = str(house.client("olga").post("/cases", json=body).raise_for_status().json()["id"])
    for action in ("accept", "false-alarm"):
        given = {"action": action, "note": "nothing there"}
        house.client("olga").post(f"/cases/{key}/actions", json=given).raise_for_status()
    return key


@pytest.mark.parametrize(("kind", "days"), [("daily", 0), ("weekly", 7), ("monthly", 28), ("quarterly", 0)])
def test_each_report(house: House, kind: str, days: int) -> None:
    """The reader's own cases with rates; the period before beside it; days from the week on; names, no persons."""
    a_case(house)
    found = house.client("olga").get(f"/reports/{kind}").json()
    assert found["kind"] == kind
    assert found["total"]["opened"] >= 1
    assert found["total"]["acceptance"]["rate"] == 1
    assert found["total"]["false_alarms"] >= 1
    assert found["before"]["opened"] == 0
    assert {each["key"] for each in found["areas"]} == {"east"}  # the county above is not this reader's
    assert [each["key"] for each in found["units"]] == ["kitchens"]
    assert len(found.get("days", ())) >= days
    assert ("assessment" in found) == (kind == "quarterly")
    for name in ("olga", "dora", "hans", "Li"):
        assert f'"{name}"' not in str(found).replace("'", '"')


def test_a_report_is_narrowed(house: House) -> None:
    """To an area, a unit, a kind and a day; what is not visible is not there."""
    a_case(house)
    olga, admin = house.client("olga"), house.client("admin")
    assert olga.get("/reports/daily?area=east&unit=kitchens&kind=complaint").json()["total"]["opened"] >= 1
    assert olga.get("/reports/daily?kind=threshold").json()["total"]["opened"] == 0
    assert olga.get("/reports/daily?date=2020-02-29").json()["period"]["label"] == "2020-02-29"
    assert olga.get("/reports/daily?area=west").status_code == 404
    assert olga.get("/reports/daily?area=county").status_code == 404
    assert olga.get("/reports/daily?unit=roads").status_code == 404
    assert admin.get("/reports/daily?area=west").json()["total"]["opened"] == 0
    assert olga.get("/reports/yearly").status_code == 404
    assert olga.get("/reports/daily?date=soon").status_code == 422


def test_a_score_is_counted(house: House) -> None:
    """Asked after the closing, too; the newest answer of a case counts, and who answered is no name."""
    house.raise_at("school-1", "fridge-1", condition="door-left-open")
    body = {"kind": "noise", "site": "school-1", "title": "loud", "source": "hotline"}
    key = house.client("dora").post("/cases", json=body).json()["id"]
    half = {"action": "accept", "score": 5}
    assert house.client("olga").post(f"/cases/{key}/actions", json=half).status_code == 422
    way: list[tuple[str, str, dict[str, object]]] = [
        ("olga", "accept", {}), ("olga", "report", {}), ("dora", "dispatch", {"to": "kitchens"}),
        ("hans", "handle", {}), ("hans", "feedback", {}), ("olga", "verify", {}),
        ("sue", "evaluate", {"score": 2, "by": "reporter", "how": "call"}),
        ("olga", "rate", {"score": 5, "by": "site", "how": "visit"}),
    ]  # fmt: skip
    shown: dict[str, list[dict[str, object]]] = {}
    for name, action, more in way:
        given = {"action": action, "note": "so", **more}
        answer = house.client(name).post(f"/cases/{key}/actions", json=given)
        assert answer.status_code == 200, answer.text
        shown = answer.json()
    assert shown["history"][-1]["rating"] == {"score": 5, "by": "site", "how": "visit"}
    found = house.client("sue").get("/reports/daily?kind=noise").json()
    assert found["total"]["satisfaction"] == {"n": 1, "of": 1, "rate": 1.0, "mean": 5.0}
    assert found["answers"] == [{"by": "site", "how": "visit", "n": 1, "mean": 5.0}]


def opened(content: bytes) -> Workbook:
    """The workbook, read again as a spreadsheet would."""
    return load_workbook(io.BytesIO(content))


def test_a_workbook_is_marked_and_audited(house: House) -> None:
    """Who, when and how far stand on every sheet; the trail has the export; a guest gets none."""
    a_case(house)
    answer = house.client("olga").get("/reports/quarterly?format=xlsx")
    assert answer.status_code == 200
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    book = opened(answer.content)
    assert "考核 乡镇 Assessed towns" in book.sheetnames
    for sheet in book.worksheets:
        mark = str(sheet["A1"].value)
        assert "olga" in mark
        assert "areas east" in mark
        assert sheet.freeze_panes == "A3"
    totals = book["总计 Total"]
    heads = [str(cell.value) for cell in totals[2]]
    share = totals.cell(3, heads.index("受理率\nAcceptance") + 1)
    assert share.number_format == "0.0%"
    assert isinstance(share.value, int | float)
    assert 0 < share.value <= 1
    trail = house.client("admin").get("/audit?user=olga").json()["items"]
    assert trail[0]["action"] == "report.export"
    assert trail[0]["detail"]["scope"] == "areas east"
    assert house.client("guest").get("/reports/daily").status_code == 200
    assert house.client("guest").get("/reports/daily?format=xlsx").status_code == 403


@pytest.mark.parametrize(
    "text",
    ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", '=cmd|"/C calc"!A0', "\x00=1"],
)
def test_no_cell_is_run(text: str) -> None:
    """What would begin a formula is a text, in the workbook and in what it is saved as later."""
    table = Table(
        Text("表", "T"), (Column(Text("甲", "A")), Column(Text("乙", "B"), "percent")), ((text, 0.25),)
    )
    cell = opened(workbook([table], text)).worksheets[0]["A3"]
    assert cell.data_type == "s"
    assert str(cell.value).startswith("'")
    assert harmless("smell at the school") == "smell at the school"


def test_titles_are_short_and_apart() -> None:
    """A spreadsheet takes 31 characters, each title once, and none of its own signs."""
    tables = [Table(Text("区域/乡镇" * 9, "Areas [of: all]"), (Column(Text("甲", "A")),), ())] * 2
    names = opened(workbook(tables, "mark")).sheetnames
    assert len(set(names)) == 2
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


def test_days_are_the_countys(house: House) -> None:
    """Without a date it is today where the county is."""
    found = house.client("olga").get("/reports/daily").json()
    here = datetime.now(ZoneInfo("Asia/Shanghai"))
    assert found["period"]["timezone"] == "Asia/Shanghai"
    assert abs(date.fromisoformat(found["period"]["first"]) - here.date()) <= timedelta(days=1)
