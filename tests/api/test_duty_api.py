"""Duty and test alarms over HTTP: who is on duty, who is there, and who may know by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from websockets.sync.client import connect

from alerts.ids import new_id
from alerts.ledger import alarms, incidents, presence
from alerts.presence import said
from tests.servers.house import PHONE, House, default_settings, open_house
from tests.servers.wait import wait_until

ROSTERS = """
rosters:
  - {id: kitchens-day, unit: kitchens, shifts: [{days: daily, from: "08:00", to: "20:00", users: [olga]}]}
  - {id: kitchens-night, unit: kitchens, shifts: [{days: daily, from: "20:00", to: "08:00", users: [dora, olga]}]}
  - {id: roads-ever, unit: roads, shifts: [{days: daily, users: [sue]}]}
"""


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[House]:
    """A house with rosters that lets guests in."""
    folder = tmp_path_factory.mktemp("duty")
    with open_house(folder, default_settings(folder, guest=True), template) as house:
        house.registry.apply(ROSTERS, name="rosters", prune=False, dry_run=False, who="admin")
        yield house


def test_who_is_on_duty_at_a_moment(staffed: House) -> None:
    """By roster, the own area only; the night lasts over midnight; a moment that is none is told."""
    client = staffed.client("olga")
    day = client.get("/duty?at=2026-11-22T04:00:00Z").json()
    assert [(each["id"], bool(each["on_duty"])) for each in day["items"]] == [
        ("kitchens-day", True),
        ("kitchens-night", False),
    ]
    assert day["items"][0]["on_duty"]["until"] == "2026-11-22T12:00:00.000Z"
    night = client.get("/duty?at=2026-11-22T20:00:00Z").json()
    assert night["items"][1]["on_duty"]["users"] == ["dora", "olga"]
    assert {each["id"] for each in staffed.client("admin").get("/duty").json()["items"]} > {"roads-ever"}
    assert client.get("/duty?at=yesterday").json()["errors"][0]["path"] == "query.at"


def test_names_are_for_who_works_there(staffed: House) -> None:
    """A guest and an inspector see that somebody is on duty, not who; nobody sees a telephone number."""
    for name in ("guest", "ines"):
        answer = staffed.client(name).get("/duty?at=2026-11-22T20:00:00Z")
        on_duty = next(each for each in answer.json()["items"] if each["id"] == "kitchens-night")["on_duty"]
        assert (on_duty["users"], on_duty["people"]) == ([], 2)
    for name in ("olga", "dora", "sue", "admin"):
        assert PHONE not in staffed.client(name).get("/duty").text
    for name in ("kim", "hans", "aude", "city"):
        assert staffed.client(name).get("/duty").status_code == 403


def beat(house: House, seconds: float = 0) -> None:
    """What `serve` writes every second."""
    now = house.now() + timedelta(seconds=seconds)
    here = said(house.present())
    house.ledger.write(lambda conn: presence.beat(conn, "one", here, started_at=now, now=now)).result(10)


def test_the_room_is_who_listens(staffed: House) -> None:
    """An operator with two windows is one; the guest, the inspector and the platform are nobody; gone is gone."""
    url = f"{staffed.url.replace('http', 'ws')}/api/v1/events/ws"

    def there() -> list[object]:
        beat(staffed)
        return [each["name"] for each in staffed.client("olga").get("/duty").json()["room"]["present"]]

    def window(name: str) -> AbstractContextManager[object]:
        return connect(url, additional_headers={"Authorization": f"Bearer {staffed.token(name)}"})

    with window("olga"), window("ines"), window("city"), window("guest"):
        with window("olga"):
            wait_until(lambda: len(staffed.present()) == 2, within=10, what="both windows are open")
            assert there() == ["olga"]
        wait_until(lambda: len(staffed.present()) == 1, within=10, what="one window is closed")
        assert there() == ["olga"]
    wait_until(lambda: there() == [], within=10, what="everybody has left")


def test_a_test_alarm_is_asked_for_once(staffed: House) -> None:
    """201, audited, sent on its way once however often the request comes; it is no incident and no case."""
    client = staffed.client("sue")
    before = client.get("/incidents").json(), client.get("/cases").json()
    first = client.post("/test-alarms", headers={"Idempotency-Key": "rehearse"})
    assert first.status_code == 201, first.text
    again = client.post("/test-alarms", headers={"Idempotency-Key": "rehearse"})
    assert again.json() == first.json()
    key = first.json()["id"]
    assert staffed.test_alarms == [key]
    assert (first.json()["test"], first.json()["state"]) == (True, "running")
    assert (client.get("/incidents").json(), client.get("/cases").json()) == before
    trail = staffed.client("admin").get(f"/audit?subject={key}").json()["items"]
    assert [(each["action"], each["who"]) for each in trail] == [("test-alarm.ask", "sue")]
    assert staffed.client("olga").post("/test-alarms").status_code == 403
    shown = staffed.client("guest").get("/test-alarms").json()["items"][0]
    assert (shown["asked_by"], shown["told"]) == (None, [])


def test_test_alarms_come_in_pages(staffed: House) -> None:
    """The newest first; `next` leads on."""
    now = staffed.now()
    for n in range(3):
        key = new_id(now + timedelta(seconds=n))
        staffed.ledger.write(partial(alarms.ask, key=key, slot=key, who="clock", now=now)).result(10)
    client = staffed.client("admin")
    first = client.get("/test-alarms?limit=2").json()
    rest = client.get(f"/test-alarms?cursor={first['next']}").json()
    ids = [each["id"] for each in first["items"] + rest["items"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) >= 3


def test_the_keeper_feeds_a_correction_back(staffed: House) -> None:
    """The keeper of the site, with a note, while it is open; audited; others may not, strangers do not see it."""
    incident, _ = staffed.raise_at("school-1", "fridge-1")
    foreign, _ = staffed.raise_at("school-9", "fridge-9")
    kim = staffed.client("kim")
    done = kim.post(f"/incidents/{incident}/mended", json={"note": "the door is closed"})
    assert done.status_code == 200, done.text
    assert (done.json()["mended_by"], done.json()["mended_note"]) == ("kim", "the door is closed")
    assert done.json()["state"] == "open"
    assert kim.post(f"/incidents/{incident}/mended", json={"note": " "}).status_code == 422
    assert kim.post(f"/incidents/{foreign}/mended", json={"note": "x"}).status_code == 404
    assert staffed.client("olga").post(f"/incidents/{incident}/mended", json={"note": "x"}).status_code == 403
    trail = staffed.client("admin").get(f"/audit?subject={incident}").json()["items"]
    assert [each["action"] for each in trail] == ["incident.mend"]
    staffed.apply(staffed.signal("school-1", device="fridge-1", state="inactive"))
    assert kim.post(f"/incidents/{incident}/mended", json={"note": "again"}).status_code == 409


def test_what_was_not_mended_in_time_is_a_list(staffed: House) -> None:
    """The inspector asks for it; the own area only."""
    late, _ = staffed.raise_at("school-1", "fridge-1", condition="door-left-open")
    staffed.raise_at("school-1", "fridge-1", condition="fridge-warm")
    foreign, _ = staffed.raise_at("school-9", "fridge-9", condition="door-left-open")
    for each in (late, foreign):
        staffed.ledger.write(partial(incidents.set_not_mended, incident=each, now=staffed.now())).result(10)
    found = staffed.client("ines").get("/incidents?not_mended=true").json()["items"]
    assert [each["id"] for each in found] == [late]
    assert found[0]["not_mended_since"]
