"""Modes over HTTP: one act, its rights, and what follows from it without a restart."""

from __future__ import annotations

from pathlib import Path

from config.secrets import SecretBox
from hub.serve.county import read_county
from tests.servers.house import SECRET, House, default_settings, open_house


def fps(house: House) -> dict[str, object]:
    """What the workers are told."""
    with house.ledger.read() as conn:
        county = read_county(conn, SecretBox(SECRET), timezone="Asia/Shanghai")
    return {key: task["fps"] for key, task in county.cameras.items()}


def test_an_emergency_and_back(tmp_path: Path, template: Path) -> None:
    """Cameras, limits and loudspeakers of the east follow, those of the west do not; a report names it."""
    with open_house(tmp_path, default_settings(tmp_path), template) as house:
        sue, dora = house.client("sue"), house.client("dora")
        spoken = {"text": "Please leave the river", "devices": ["horn-1"], "level": 1}
        assert sue.post("/broadcasts", json=spoken).status_code == 403
        body = {"mode": "emergency", "area": "east", "reason": "flood warning"}
        for name in ("olga", "admin", "kim"):
            assert house.client(name).post("/modes", json=body).status_code == 403
        assert dora.post("/modes", json={**body, "area": "west"}).status_code == 404
        assert dora.post("/modes", json={**body, "mode": "war"}).status_code == 422
        assert (
            dora.post("/modes", json={**body, "until": "2026-11-22T08:00:00"}).status_code == 422
        )  # no zone
        before = fps(house)
        begun = dora.post("/modes", json=body)
        assert begun.status_code == 201, begun.text
        assert dora.post("/modes", json=body).status_code == 409
        assert fps(house) == {**before, "cam-1": 2.5, "cam-2": 10.0}  # a kitchen and a crossroad of the east
        assert sue.post("/broadcasts", json=spoken).status_code == 201
        assert sue.post("/broadcasts", json={**spoken, "devices": ["horn-9"]}).status_code == 404
        case = dora.post(
            "/cases", json={"kind": "flood", "site": "cross-1", "title": "water", "source": "hotline"}
        )
        assert case.json()["clocks"][0]["limit"] == "15m"  # half of 30m
        listed = house.client("hans").get("/modes").json()["items"]
        assert [(each["area"], each["mode"], each["in_force"]) for each in listed] == [
            ("east", "emergency", True)
        ]
        for kind in ("daily", "quarterly"):
            named = sue.get(f"/reports/{kind}").json()["modes"]
            assert [each["reason"] for each in named] == ["flood warning"]
        ended = sue.post("/modes", json={**body, "mode": "peace", "reason": "over"})
        assert ended.json()["in_force"] is False
        assert fps(house) == before
        assert sue.post("/broadcasts", json=spoken).status_code == 403
        trail = house.client("admin").get("/audit").json()["items"]
        assert [each["action"] for each in trail if each["noun"] == "mode"] == ["mode.end", "mode.begin"]


def test_a_county_writes_its_own(tmp_path: Path, template: Path) -> None:
    """With its routes, checked as those of the table are; what is applied comes out again unchanged."""
    own = """
modes:
  - id: flood
    name: 防汛
    routes: [{match: {condition: gas-level}, unit: kitchens, workflow: four-step}]
    limits: 0.25
"""
    with open_house(tmp_path, default_settings(tmp_path), template) as house:
        admin = house.client("admin")
        for wrong, word in [
            ("unit: kitchens", "unit: kitchen"),
            ("limits: 0.25", "limits: 2"),
            ("flood", "peace"),
        ]:
            answer = admin.post("/registry/apply", content=own.replace(wrong, word).encode())
            assert answer.status_code == 422, answer.text
        assert admin.post("/registry/apply", content=own.encode()).json()["created"] == 1
        exported = admin.get("/registry/export").text
        assert admin.post("/registry/apply", content=exported.encode()).json()["updated"] == 0
        body = {"mode": "flood", "area": "east", "reason": "rain"}
        house.client("sue").post("/modes", json=body).raise_for_status()
        house.apply(house.signal("school-1", device="fridge-1", condition="gas-level"))
        [case] = house.client("sue").get("/cases").json()["items"]
        assert case["workflow"] == "four-step"
        assert case["clocks"][0]["limit"] == "15m"  # a quarter of an hour
