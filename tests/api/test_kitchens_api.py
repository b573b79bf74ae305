"""Kitchens over HTTP: the inspector's morning, and what the keeper of one site sees of it."""

from __future__ import annotations

import io
from datetime import timedelta

from openpyxl import load_workbook

from alerts.ledger import readings
from alerts.ledger.devices import put_state
from ingest.instant import format_instant
from ingest.reading import Reading
from tests.servers.house import House


def warm(house: House) -> str:
    """Two hours ago the fridge was at 9 °C for half an hour, then at 5; the camera is greasy, the horn is away."""
    now = house.now()
    county = house.directory()

    def reading(minutes: int, value: float) -> Reading:
        moment = now - timedelta(minutes=minutes)
        return Reading("fridge-1", "temperature", value, "°C", moment, moment, "good", f"m{minutes}")

    new = [reading(120, 9.0), reading(90, 5.0), reading(60, 5.5), reading(30, 5.0)]
    house.ledger.write(lambda tx: readings.add(tx, new)).result(10)
    house.apply(
        house.signal("school-1", device="fridge-1"),
        house.signal("cam-1", device="cam-1", condition="camera-greasy", severity="info"),
    )
    horn = county.devices["horn-1"]
    house.ledger.write(
        lambda tx: put_state(
            tx, horn, state="offline", reason="last-will", last_seen=None, now=now,
            place=county.visibility("horn-1"),
        )
    ).result(10)  # fmt: skip
    return format_instant(now - timedelta(hours=3))


def test_a_kitchen_in_the_morning(house: House) -> None:
    """What was raised, what is open and not corrected, how long the fridge was warm, what to clean; no person."""
    since = warm(house)
    found = house.client("ines").get(f"/reports/kitchen/school-1?since={since}").json()
    assert (found["site"], found["since"]) == ("school-1", since)
    assert (found["incidents"]["raised"], found["incidents"]["open"]) == (2, 2)
    assert {each["condition"] for each in found["incidents"]["items"]} == {
        "temperature-high",
        "camera-greasy",
    }
    assert [each["category"] for each in found["cases"]]
    [fridge] = found["limits"]
    assert (fridge["device"], fridge["above"], fridge["minutes"]) == ("fridge-1", 8, 30)
    assert (fridge["worst"], fridge["latest"]) == (9, 5)
    assert [each["device"] for each in found["silent"]] == ["horn-1"]
    assert found["cameras"] == {"blind": [], "to_clean": ["cam-1"]}
    for name in ("Li", "olga", "acked_by"):
        assert name not in str(found)
    usual = house.client("ines").get("/reports/kitchen/school-1").json()
    assert usual["since"] < found["as_of"]  # the end of the last working day


def test_the_list_of_kitchens(house: House) -> None:
    """Kitchens only, the own ones only; as a workbook, too."""
    for name, sites in [("ines", ["school-1"]), ("kim", ["school-1"]), ("admin", ["school-1", "school-9"])]:
        rows = house.client(name).get("/reports/kitchens").json()["items"]
        assert [each["site"] for each in rows] == sites, name
    first = house.client("admin").get("/reports/kitchens?limit=1").json()
    rest = house.client("admin").get(f"/reports/kitchens?limit=1&cursor={first['next']}").json()
    assert [each["site"] for each in rest["items"]] == ["school-9"]
    answer = house.client("ines").get("/reports/kitchens?format=xlsx")
    sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert str(sheet["A3"].value) == "school-1"
    assert "kinds of sites canteen-care" in str(sheet["A1"].value)


def test_what_is_no_kitchen_or_not_seen(house: House) -> None:
    """404, and a moment that is none 422."""
    for path in ("cross-1", "school-9", "moon"):
        assert house.client("olga").get(f"/reports/kitchen/{path}").status_code == 404
    assert house.client("kim").get("/reports/kitchen/school-1?since=yesterday").status_code == 422
    assert house.client("kim").get("/reports/kitchens?area=west").status_code == 404
    assert house.client("city").get("/reports/kitchen/school-1").status_code == 403
