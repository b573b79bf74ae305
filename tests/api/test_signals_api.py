"""Signals of other platforms: signed, applied once, only where the sender looks."""

from __future__ import annotations

import json
from datetime import timedelta

import httpx
import pytest

from alerts import signature
from api.routers.signals import SENDER
from ingest.instant import format_instant
from tests.servers.house import SECRET, House


def send(
    house: House, message_id: str, *, sender: str = "city", key: str | None = None, **body: object
) -> httpx.Response:
    """One signed request."""
    given = {
        "condition": "gas-level",
        "place": "school-1",
        "at": format_instant(house.now()),
        "severity": "life",
        **body,
    }
    content = json.dumps({name: value for name, value in given.items() if value is not None}).encode()
    signed = signature.sign(key or signature.secret_of(SECRET, sender), message_id, house.now(), content)
    return httpx.post(f"{house.url}/api/v1/signals", content=content, headers={**signed, SENDER: sender})


def opened(house: House, condition: str) -> list[dict[str, object]]:
    """The open incidents of a condition."""
    found = house.client("olga").get("/incidents", params={"condition": condition, "state": "open"}).json()
    return list(found["items"])


def test_a_signed_signal_raises_renews_and_clears(house: House) -> None:
    """Active raises one incident with a case, again renews it, inactive clears it."""
    assert send(house, "m-1").status_code == 202
    first = opened(house, "gas-level")
    assert len(first) == 1
    assert first[0]["severity"] == "life"
    assert first[0]["case"]
    assert send(house, "m-2").status_code == 202
    assert [each["id"] for each in opened(house, "gas-level")] == [first[0]["id"]]
    assert send(house, "m-3", state="inactive").status_code == 202
    assert opened(house, "gas-level") == []


def test_the_same_message_counts_once(house: House) -> None:
    """A retry with the same id and body answers the same; the same id with another body is 409."""
    at = format_instant(house.now())
    first = send(house, "m-4", condition="smoke-seen", at=at)
    again = send(house, "m-4", condition="smoke-seen", at=at)
    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    assert send(house, "m-4", condition="smoke-seen", at=at, state="inactive").status_code == 409


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"key": signature.secret_of(SECRET, "olga")}, 401, "another user's key"),
        ({"key": signature.secret_of("another secret of another hub", "city")}, 401, "another hub's key"),
        ({"sender": "nobody"}, 401, "a user that is not there, though the key fits"),
        ({"sender": "olga"}, 403, "a person, not a platform"),
        ({"place": "school-9"}, 404, "a place the platform does not see"),
        ({"place": "moon"}, 404, "no such place"),
        ({"device": "fridge-9"}, 404, "a device of another site"),
        ({"place": "../x"}, 422, "no place at all"),
        ({"certainty": 7}, 422, "absurd certainty"),
        ({"more": 1}, 422, "an unknown key"),
        ({"at": "2026-11-22T08:00:00"}, 422, "a time without zone"),
    ],
)
def test_what_is_refused(house: House, change: dict[str, str], status: int, reason: str) -> None:
    """Each with its own status, and nothing is raised."""
    answer = send(house, f"r-{reason}", condition="refused", **change)
    assert answer.status_code == status, (reason, answer.text)
    assert opened(house, "refused") == []


def test_without_a_signature_nothing_happens(house: House) -> None:
    """A token alone is no signature."""
    answer = house.client("city").post("/signals", json={"condition": "x", "place": "school-1"})
    assert answer.status_code == 401


def test_a_signal_from_the_future_is_refused(house: House) -> None:
    """A sender whose clock is an hour ahead is told so."""
    late = format_instant(house.now() + timedelta(hours=1))
    assert send(house, "m-9", condition="future", at=late).status_code == 422
