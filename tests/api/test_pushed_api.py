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
