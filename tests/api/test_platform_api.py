"""A command platform over HTTP: its codes, its cases, its day; what does not agree is a list until it is mended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from alerts import reconciliation
from alerts.reconcile import Line, digest
from alerts.sight import Sight
from tests.servers.house import House, default_settings, open_house

CSV = {"Content-Type": "text/csv"}
MASTERED = """
routes:
  - {match: {source: platform}, unit: kitchens, mastered_by: platform}
  - {match: {area: west}, unit: roads}
  - {unit: kitchens}
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[House]:
    """A house where the platform is master of what it opens."""
    folder = tmp_path_factory.mktemp("platform")
    with open_house(folder, default_settings(folder, max_body=200_000), template) as opened:
        answer = opened.client("admin").post("/registry/apply", content=MASTERED.encode())
        assert answer.status_code == 200, answer.text
        yield opened


def opened(house: House, external_id: str, **more: object) -> dict[str, object]:
    """A case that the platform opened."""
    given = {"kind": "litter", "area": "east", "title": "Litter", "source": "platform"}
    answer = house.client("city").post("/cases", json={**given, "external_id": external_id, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def kinds(answer: httpx.Response) -> list[str]:
    """Of listed conflicts."""
    assert answer.status_code == 200, answer.text
    return [str(each["kind"]) for each in answer.json()["items"]]


def test_a_mapping_table_is_read_back_as_written(house: House) -> None:
    """CSV in, CSV out; mistakes with their lines, and then nothing of it; each change is in the trail."""
    admin = house.client("admin")
    table = "theirs,ours,note\n0101,litter,垃圾\n0102,parking,\n"
    assert admin.put("/mappings/category", content=table.encode(), headers=CSV).json()["created"] == 2
    assert house.client("city").get("/mappings/category").text == table
    wrong = "theirs,ours,note\n0101,litter,\n0101,Bad Word,\n"
    answer = admin.put("/mappings/category?name=c.csv", content=wrong.encode(), headers=CSV)
    assert answer.status_code == 422
    assert [(each["file"], each["line"]) for each in answer.json()["errors"]] == [("c.csv", 3), ("c.csv", 3)]
    assert house.client("city").get("/mappings/category").text == table, "nothing of it"
    assert admin.put("/mappings/unit", content="theirs,ours\n1,nobody\n".encode("utf-16")).status_code == 422
    assert admin.put("/mappings/unit", content=b"x" * 300_000).status_code == 413
    assert admin.put("/mappings/weather", content=table.encode()).status_code == 404
    assert "mapping.write" in admin.get("/audit?subject=category").text


def test_codes_come_in_and_go_out(house: House) -> None:
    """A platform opens a case in its own codes; lists and events say them back to everybody who sees the case."""
    admin = house.client("admin")
    admin.put("/mappings/category", content=b"theirs,ours\n0101,litter\n").raise_for_status()
    admin.put("/mappings/area", content=b"theirs,ours\n370-east,east\n").raise_for_status()
    admin.put("/mappings/unit", content=b"theirs,ours\nU-7,kitchens\n").raise_for_status()
    case = opened(
        house, "codes-1", kind="", area=None, codes={"category": "0101", "area": "370-east", "unit": "U-7"}
    )
    assert (case["category"], case["area"], case["unit"]) == ("litter", "east", "kitchens")
    assert case["codes"] == {"category": "0101", "area": "370-east", "unit": "U-7"}
    event = [
        each["data"]
        for each in house.client("city").get("/events?limit=1000").json()["items"]
        if each["data"].get("id") == case["id"]
    ][-1]
    assert event["codes"] == case["codes"]


def test_an_unknown_code_is_not_lost(house: House) -> None:
    """The case opens at the default route with the code kept; the conflict ends when the table knows it."""
    case = opened(house, "codes-2", kind="", area=None, codes={"category": "9999", "area": "elsewhere"})
    assert (case["category"], case["area"], case["unit"]) == ("unmapped", "east", "kitchens")
    assert case["mastered_by"] == "hub", "the default route, not the platform's"
    city = house.client("city")
    listed = city.get(f"/cases/conflicts?case={case['number']}").json()["items"]
    assert {(each["kind"], each["detail"]["noun"], each["detail"]["code"]) for each in listed} == {
        ("unmapped-code", "category", "9999"),
        ("unmapped-code", "area", "elsewhere"),
    }
    house.client("admin").put("/mappings/category", content=b"theirs,ours\n9999,litter\n").raise_for_status()
    left = city.get(f"/cases/conflicts?case={case['number']}").json()["items"]
    assert [each["detail"]["noun"] for each in left] == ["area"]


def test_the_platform_tells_and_people_are_refused(house: House) -> None:
    """PUT is idempotent; what is older is ignored; people are told where to act; the number there is shown."""
    case = opened(house, "m-1")
    city, path = house.client("city"), f"/cases/{case['id']}/platform"
    told = {"external_id": "m-1", "number": "指 1", "state": "open", "step": "handle", "version": 2}
    first = city.put(path, json=told)
    assert first.status_code == 200, first.text
    assert (first.json()["result"], first.json()["case"]["platform_number"]) == ("new", "指 1")
    again = city.put(path, json=told).json()
    assert (again["result"], again["case"]["version"]) == ("same", first.json()["case"]["version"])
    assert city.put(path, json={**told, "version": 1}).json()["result"] == "older-version"
    assert kinds(city.get(f"/cases/conflicts?case={case['number']}")) == ["older-version"]
    refused = house.client("dora").post(
        f"/cases/{case['id']}/actions", json={"action": "cancel", "note": "x"}
    )
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:hub:problem:mastered-elsewhere"
    done = house.client("hans").post(f"/cases/{case['id']}/actions", json={"action": "report-in"})
    assert done.status_code == 200, done.text
    for body in (
        {**told, "version": None},
        {**told, "version": 3, "updated_at": "2026-11-22T00:00:00Z"},
        {**told, "version": 3, "state": "merged"},
        {**told, "version": 3, "step": "dance"},
    ):
        assert city.put(path, json=body).status_code == 422, body
    plain = house.client("olga").post(
        "/cases", json={"kind": "x", "area": "east", "title": "x", "source": "operator"}
    )
    assert city.put(f"/cases/{plain.json()['id']}/platform", json=told).status_code == 409


def test_near_cases_are_offered(house: House) -> None:
    """In the answer to POST and by GET; only what the reader may see, and nothing is merged by itself."""
    spot = {
        "kind": "pothole",
        "area": "east",
        "title": "Pothole",
        "source": "grid",
        "lat": 35.76,
        "lon": 116.8,
    }
    olga = house.client("olga")
    first = olga.post("/cases", json=spot).json()
    assert first["near"] == []
    second = olga.post("/cases", json={**spot, "lat": 35.7602}).json()
    [found] = second["near"]
    assert (found["id"], found["number"], found["metres"]) == (first["id"], first["number"], 22)
    assert found["why"] == ["distance", "category", "time"]
    assert olga.get(f"/cases/{first['id']}/near").json()["items"][0]["id"] == second["id"]
    assert house.client("hans").get(f"/cases/{first['id']}/near").status_code == 200
    assert {olga.get(f"/cases/{each['id']}").json()["state"] for each in (first, second)} == {"open"}


def test_a_case_the_platform_never_got_is_found_and_mended(house: House) -> None:
    """What a lost webhook leaves out is missing there; read again from the log it is confirmed and settled."""
    city = house.client("city")
    for number in range(3):
        opened(house, f"day-{number}", area="east")
    day = city.get("/cases/reconcile?limit=1000").json()
    got = [{key: each[key] for key in ("number", "external_id", "state", "version")} for each in day["cases"]]
    lost, rest = got[-1], got[:-1]
    lines = [Line(each["number"], each["external_id"] or "", each["state"], each["version"]) for each in rest]
    counts = {"open": sum(each["state"] == "open" for each in rest)}
    told = {"date": day["date"], "counts": counts, "hash": digest(lines)}
    short = city.post("/cases/reconcile", json=told).json()
    assert (short["agreed"], short["send_cases"], short["counts_differ"]) == (
        False, True, {"open": [day["states"]["open"], counts["open"]]},
    )  # fmt: skip
    assert kinds(city.get(f"/cases/conflicts?date={day['date']}")) == ["day-differs"]
    full = city.post("/cases/reconcile", json={**told, "cases": rest}).json()
    assert [(each["kind"], each["number"]) for each in full["differences"]] == [
        ("missing-there", lost["number"])
    ]
    assert kinds(city.get(f"/cases/conflicts?date={day['date']}")) == ["missing-there"]

    replayed = {  # the log has it still: read again from the beginning, the last state of each case
        each["data"]["number"]: each["data"]
        for each in city.get("/events?after=0&limit=1000").json()["items"]
        if each["type"].startswith("case.")
    }
    mended = {key: replayed[lost["number"]][key] for key in ("number", "external_id", "state", "version")}
    answer = city.post(
        "/cases/reconcile", json={**told, "hash": day["hash"], "cases": [*rest, mended]}
    ).json()
    assert (answer["agreed"], answer["differences"]) == (True, [])
    assert kinds(city.get(f"/cases/conflicts?date={day['date']}")) == []
    assert "missing-there" in kinds(city.get(f"/cases/conflicts?date={day['date']}&settled=true"))
    confirmed = city.get("/cases/reconcile?limit=1000").json()
    assert {each["confirmed"] == each["version"] for each in confirmed["cases"]} == {True}
    assert [each["who"] for each in confirmed["compared"]] == ["city"]


def test_yesterday_is_closed_by_itself(house: House) -> None:
    """Once, after three in the morning of the county: what no platform confirmed is listed for its readers."""
    opened(house, "late-1")
    directory = house.directory()
    now = house.now()
    local = now.astimezone(directory.zone("county"))
    night = (local + timedelta(days=1)).replace(hour=2, minute=59)
    morning = night + timedelta(minutes=2)
    sights = [Sight(nouns=frozenset({"case"}), areas=frozenset({"east"}))]

    def run(at: object, seen: list[Sight]) -> int | None:
        return house.ledger.write(
            lambda tx: reconciliation.close_yesterday(tx, lambda: seen, directory=directory, now=at)  # type: ignore[arg-type] # a moment
        ).result(10)

    assert run(night, sights) is None
    found = run(morning, sights)
    assert found is not None
    assert found >= 1
    assert run(morning + timedelta(hours=1), sights) is None, "once a day"
    assert run(morning + timedelta(days=1), []) == 0, "no platform, nobody to compare with"
    listed = (
        house.client("city").get(f"/cases/conflicts?date={local.date()}&kind=not-confirmed").json()["items"]
    )
    assert len(listed) == found
    assert {each["detail"]["ours"]["external_id"] for each in listed} >= {"late-1"}
