"""Payloads pushed over HTTP: a token of the device's own, and nothing told to who has none."""

from __future__ import annotations

import httpx
import pytest

from api.push_token import push_path, push_token
from tests.servers.house import SECRET, House

DEVICE = "cam-1"


def test_a_device_with_its_token(house: House) -> None:
    """The body arrives as it is, pictures and all."""
    body = b"\xff\xd8" + bytes(3_000_000)
    answer = httpx.post(house.url + push_path(SECRET, DEVICE), content=body, timeout=30)
    assert (answer.status_code, answer.content) == (200, b"")
    assert house.pushed[-1] == (DEVICE, body)


@pytest.mark.parametrize(
    ("device", "token", "reason"),
    [
        (DEVICE, "x" * 32, "guessed"),
        (DEVICE, push_token(SECRET, "cam-2"), "another device's"),
        (DEVICE, push_token("another secret", DEVICE), "another hub's"),
        ("nobody", push_token(SECRET, "nobody"), "right for a device that is not there"),
        (DEVICE, "%C3%A9", "not even ASCII"),
    ],
)
def test_everybody_else(house: House, device: str, token: str, reason: str) -> None:
    """The same answer for each; nothing arrives."""
    before = len(house.pushed)
    answer = httpx.post(f"{house.url}/api/v1/push/{device}/{token}", content=b"{}", timeout=30)
    assert answer.status_code == 404, reason
    assert answer.json()["type"] == "urn:hub:problem:not-found"
    assert len(house.pushed) == before


def test_too_much(house: House) -> None:
    """More than eight megabytes are no push."""
    answer = httpx.post(house.url + push_path(SECRET, DEVICE), content=bytes(8 * 1024 * 1024 + 1), timeout=30)
    assert answer.status_code == 413


def test_tokens_open_nothing_else(house: House) -> None:
    """Neither as a bearer token, nor by another method."""
    path = push_path(SECRET, DEVICE)
    assert httpx.get(house.url + path, timeout=30).status_code == 404
    bearer = {"Authorization": f"Bearer {push_token(SECRET, DEVICE)}"}
    assert httpx.get(f"{house.url}/api/v1/devices", headers=bearer, timeout=30).status_code == 401


PUSHING = {"site": "school-1", "kind": "sensor", "payload": "hikvision", "topic": "push/gate"}


def test_an_address_is_shown_and_made_anew(house: House) -> None:
    """The administrator reads it; after its renewal only the new one opens; both stand in the trail, no token does."""
    admin = house.client("admin")
    admin.put("/devices/gate", json=PUSHING).raise_for_status()
    shown = admin.get("/devices/gate/push").json()
    assert shown["path"] == push_path(SECRET, "gate")
    assert shown["address"] == house.url + shown["path"]
    assert httpx.post(shown["address"], content=b"{}", timeout=30).status_code == 200
    fresh = admin.post("/devices/gate/push").json()
    assert (fresh["generation"], fresh["path"]) == (2, push_path(SECRET, "gate", 2))
    assert admin.get("/devices/gate/push").json() == fresh
    assert httpx.post(shown["address"], content=b"{}", timeout=30).status_code == 404
    assert httpx.post(fresh["address"], content=b"{}", timeout=30).status_code == 200
    trail = admin.get("/audit?subject=gate").text
    assert trail.count('"push.show"') == 2
    assert trail.count('"push.renew"') == 1
    assert push_token(SECRET, "gate", 2) not in trail


def test_who_and_what_has_no_address(house: House) -> None:
    """A device that does not push, one that is not there, and who may not set devices up."""
    admin = house.client("admin")
    admin.put("/devices/gate", json=PUSHING).raise_for_status()
    refused = admin.get(f"/devices/{DEVICE}/push")
    assert refused.status_code == 409
    assert "push/cam-1" in refused.text
    assert admin.post("/devices/nobody/push").status_code == 404
    assert house.client("olga").get("/devices/gate/push").status_code == 403
    assert house.client("olga").post("/devices/gate/push").status_code == 403


def test_tokens_differ() -> None:
    """By hub, device and generation; the first generation is what was given out before there were any."""
    made = [
        push_token(SECRET, "a"),
        push_token(SECRET, "a", 2),
        push_token(SECRET, "a2"),
        push_token("x" * 32, "a"),
    ]
    assert len({*made}) == len(made)
    assert push_token(SECRET, "a", 1) == push_token(SECRET, "a")
