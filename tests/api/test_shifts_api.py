"""Shifts over HTTP: a room handed over on one screen and on two, never by one person."""

from __future__ import annotations

import pytest

from tests.servers.house import PASSWORD, House


def test_a_room_is_handed_over_and_back(house: House) -> None:
    """On two screens, then on one: who comes shows name and password, and the own shift begins."""
    olga, dora = house.client("olga"), house.client("dora")
    nobody = olga.get("/shifts/current?area=east").json()
    assert (nobody["kept"], nobody["shift"]) == (False, None)
    shift = olga.post("/shifts", json={"area": "east"}).raise_for_status().json()["id"]
    assert dora.post("/shifts", json={"area": "east"}).status_code == 409
    house.raise_at("school-1", "fridge-1")
    note = olga.post(f"/shifts/{shift}/notes", json={"text": "the gate is locked"})
    assert note.status_code == 201
    now = olga.get("/shifts/current").json()
    assert (now["area"], now["shift"]["holder"]) == ("east", "olga")
    assert now["matters"]["incidents"]["unacknowledged"] == 1
    assert now["matters"]["happened"]["raised"] == 1

    assert dora.post(f"/shifts/{shift}/handover", json={}).status_code == 409  # not hers
    assert dora.post(f"/shifts/{shift}/takeover", json={"digest": "0" * 64}).status_code == 409
    offered = olga.post(f"/shifts/{shift}/handover", json={"note": "one fridge"}).raise_for_status().json()
    assert offered["offer"]["matters"]["incidents"]["open"] == 1
    signed = {"digest": offered["digest"], "note": "seen"}
    assert olga.post(f"/shifts/{shift}/takeover", json=signed).status_code == 403
    assert dora.post(f"/shifts/{shift}/takeover", json={"digest": "0" * 64}).status_code == 409
    second = dora.post(f"/shifts/{shift}/takeover", json=signed).raise_for_status().json()
    assert (second["holder"], second["previous"], second["state"]) == ("dora", shift, "open")
    record = house.client("aude").get(f"/shifts/{shift}").json()["record"]
    assert (record["outgoing"]["who"], record["incoming"]["who"]) == ("olga", "dora")
    assert record["notes"][0]["text"] == "the gate is locked"
    for path, body in (("notes", {"text": "late"}), ("handover", {}), ("takeover", signed)):
        assert olga.post(f"/shifts/{shift}/{path}", json=body).status_code == 409  # over is over

    digest = dora.post(f"/shifts/{second['id']}/handover", json={}).json()["digest"]
    wrong = {"digest": digest, "username": "olga", "password": "not-hers"}
    path = f"/shifts/{second['id']}/takeover"
    assert dora.post(path, json=wrong).status_code == 401
    assert dora.post(path, json={"digest": digest, "username": "olga"}).status_code == 422
    for name, status in (("dora", 403), ("sue", 403)):  # the same person; one who keeps no room
        given = {"digest": digest, "username": name, "password": PASSWORD.format(name)}
        assert dora.post(path, json=given).status_code == status, name
    given = {"digest": digest, "username": "olga", "password": PASSWORD.format("olga")}
    third = dora.post(path, json=given).raise_for_status().json()
    assert third["holder"] == "olga"
    trail = house.client("admin").get(f"/audit?subject={second['id']}").json()["items"]
    assert (trail[0]["action"], trail[0]["who"]) == ("shift.takeover", "olga")
    assert PASSWORD.format("olga") not in str(trail)


@pytest.mark.parametrize(("name", "status"), [("ines", 403), ("kim", 403), ("hans", 403), ("sue", 200)])
def test_who_reads(house: House, name: str, status: int) -> None:
    """Keepers, supervisor, administrator and auditor."""
    assert house.client(name).get("/shifts").status_code == status
    assert house.client(name).post("/shifts", json={"area": "east"}).status_code == 403


def test_leaving_without_a_hand_over_is_shown(house: House) -> None:
    """With a reason, and in the list."""
    dora = house.client("dora")
    running = dora.get("/shifts/current?area=east").json()["shift"]
    if running is None:
        running = house.client("olga").post("/shifts", json={"area": "east"}).json()
    body = {"area": "east", "without_handover": True}
    assert dora.post("/shifts", json=body).status_code == 422
    begun = dora.post(
        "/shifts", json={**body, "reason": "nobody was there"}, headers={"Idempotency-Key": "b"}
    )
    assert begun.status_code == 201
    listed = dora.get("/shifts?area=east").json()["items"]
    assert (listed[0]["id"], listed[1]["without_handover"]) == (begun.json()["id"], True)
    assert dora.get("/shifts/current").json()["before"]["reason"] == "nobody was there"
    assert dora.get("/shifts/current?area=west").status_code == 404
