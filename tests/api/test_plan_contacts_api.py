"""Beside an incident: what to do, and whom to call; the number is in nothing that is pushed or kept."""

from __future__ import annotations

import json
import logging

import pytest
from websockets.sync.client import connect

from tests.servers.house import PHONE, House


def test_the_plan_that_fits_is_shown(house: House) -> None:
    """The county's own for its condition, a shipped one for another, none where none fits; both languages."""
    client = house.client("olga")
    own, _ = house.raise_at("school-1", "fridge-1")
    shown = client.get(f"/incidents/{own}").json()
    assert shown["plan"]["id"] == "warm"
    assert shown["plan"]["steps"] == [{"zh": "关门", "en": "Shut the door"}]
    gas, _ = house.raise_at("school-1", "fridge-1", condition="gas-level")
    plan = client.get(f"/incidents/{gas}").json()["plan"]
    assert plan["id"] == "gas"
    assert 1 <= len(plan["steps"]) <= 5
    assert plan["source"]
    other, _ = house.raise_at("school-1", "fridge-1", condition="a-word-of-our-own")
    assert client.get(f"/incidents/{other}").json()["plan"] is None


@pytest.mark.parametrize(
    ("who", "contacts"),
    [
        *(
            (name, [{"duty": "officer", "name": "Li", "phone": PHONE}])
            for name in ("olga", "ines", "kim", "dora")
        ),
        *((name, [{"duty": "officer", "name": "Li", "phone": PHONE}]) for name in ("hans", "sue")),
        *((name, []) for name in ("admin", "aude", "city", "guest")),
    ],
)
def test_whom_to_call(house: House, who: str, contacts: list[dict[str, str]]) -> None:
    """Those who answer incidents see name and number of the site's contacts, nobody else either of them."""
    incident, _ = house.raise_at("school-1", "fridge-1")
    assert house.client(who).get(f"/incidents/{incident}").json()["contacts"] == contacts


def test_a_site_without_contacts(house: House) -> None:
    """None are made up, and none of another site are shown."""
    incident, _ = house.raise_at("cross-1", "cam-2")
    assert house.client("olga").get(f"/incidents/{incident}").json()["contacts"] == []


def test_the_number_is_in_nothing_that_is_pushed_or_kept(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Shown, it stands in no event, push, list, audit row or log line, and nowhere in the ledger's file."""
    caplog.set_level(logging.DEBUG)
    incident, case = house.raise_at("school-1", "fridge-1", condition="fridge-warm")
    client = house.client("olga")
    for _ in range(3):
        assert PHONE in client.get(f"/incidents/{incident}").text
    client.post(f"/incidents/{incident}/ack", json={"note": "called"}).raise_for_status()
    client.post(f"/cases/{case}/actions", json={"action": "accept"}).raise_for_status()
    pushed: list[str] = []
    header = {"Authorization": f"Bearer {house.token('olga')}"}
    url = f"{house.url.replace('http', 'ws')}/api/v1/events/ws?after=0"
    with connect(url, additional_headers=header) as ws:
        while True:
            try:
                pushed.append(str(ws.recv(timeout=1)))
            except TimeoutError:
                break
    assert any(json.loads(each)["data"].get("id") == incident for each in pushed if "seq" in json.loads(each))
    told = [
        *pushed,
        client.get("/incidents?limit=1000").text,
        client.get("/events?limit=1000").text,
        house.client("aude").get("/audit?limit=1000").text,
        house.client("ines").get(f"/cases/{case}/package.zip?reason=for+the+test").content.decode("latin-1"),
        caplog.text,
    ]
    assert not [each[:200] for each in told if PHONE in each]
    stored = b"".join(path.read_bytes() for path in house.folder.glob("ledger.db*"))
    assert PHONE.encode() not in stored
