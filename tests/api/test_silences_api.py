"""Silences and notices over HTTP: who may, how far it reaches, what the incident says, who was told."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from alerts.notify import advance
from ingest.instant import format_instant
from tests.servers.house import House

QUIET = {"match": {"site": "school-1"}, "reason": "the fitter is there", "for": "1h"}


def tick(house: House, *, after: timedelta = timedelta(0)) -> None:
    """What the hub does every second."""
    moment = house.now() + after
    house.ledger.write(lambda conn: advance(conn, house.directory(), moment)).result(10)


def begin(client: httpx.Client, **changes: object) -> httpx.Response:
    """Ask for a silence."""
    return client.post("/silences", json={**QUIET, **changes})


def test_a_silence_mutes_and_says_so(house: House) -> None:
    """The incident, its case and its events go on; it names what silences it, and is told when that is ended."""
    client = house.client("olga")
    made = begin(client, match={"condition": "fridge-warm", "area": "east"})
    assert made.status_code == 201, made.text
    key = made.json()["id"]
    assert (made.json()["created_by"], made.json()["state"], made.json()["life"]) == ("olga", "active", False)
    incident, case = house.raise_at("school-1", "fridge-1", condition="fridge-warm")
    tick(house)
    tick(house, after=timedelta(minutes=2))
    shown = client.get(f"/incidents/{incident}").json()
    assert shown["silenced_by"] == [key]
    assert shown["notices"] == []
    assert (shown["state"], shown["case"]) == ("open", case)
    listed = client.get("/incidents?state=open").json()["items"]
    assert next(each for each in listed if each["id"] == incident)["silenced_by"] == [key]
    events = client.get("/events?limit=1000").json()["items"]
    told = [each["type"] for each in events if each["data"].get("id") == incident]
    assert told[:2] == ["incident.raised", "incident.updated"]
    assert client.delete(f"/silences/{key}").status_code == 204
    tick(house, after=timedelta(minutes=5))
    shown = client.get(f"/incidents/{incident}").json()
    assert shown["silenced_by"] == []
    assert [(each["why"], each["addressee"]) for each in shown["notices"]] == [("new-group", "kitchens")]
    assert client.delete(f"/silences/{key}").status_code == 409
    over = client.get(f"/silences/{key}").json()
    assert (over["state"], over["ended_by"]) == ("over", "olga")
    assert key in [each["id"] for each in client.get("/silences?state=over").json()["items"]]
    trail = house.client("aude").get("/audit?limit=1000").json()["items"]
    said = [each["action"] for each in trail if each["subject"] == key]
    assert said == ["silence.end", "silence.add"]


@pytest.mark.parametrize(
    ("name", "changes", "status", "why"),
    [
        ("olga", {"reason": "  "}, 422, "a reason is required"),
        ("olga", {"for": None}, 422, "an end is required"),
        ("olga", {"ends_at": "2026-11-22T08:00:00Z"}, 422, "one end, not two"),
        ("olga", {"for": "31d"}, 422, "no longer than 30 days"),
        ("olga", {"for": "0s"}, 422, "an end to come"),
        ("olga", {"for": "soon"}, 422, "a length"),
        ("olga", {"match": {}}, 422, "not everything"),
        ("olga", {"match": {"colour": "red"}}, 422, "words of routes only"),
        ("olga", {"match": {"condition": "fridge-warm"}}, 422, "an operator of a town names the town"),
        ("olga", {"match": {"area": "west"}}, 404, "another town is not there"),
        ("olga", {"match": {"area": "county"}}, 404, "what is above is not there either"),
        ("olga", {"match": {"site": "school-9"}}, 404, "a foreign site is not there"),
        ("ines", {"match": {"area": "east"}}, 422, "an inspector names a kind of kitchen"),
        ("ines", {"match": {"area": "east", "site_kind": "crossroad"}}, 422, "and no other kind of site"),
        ("ines", {"match": {"site": "cross-1"}}, 404, "a crossroad is not there"),
        ("ines", {"match": {"area": "east", "site_kind": "canteen-school"}}, 201, "her kitchens"),
        ("olga", {"match": {"area": "east", "severity": "life"}}, 422, "life safety by naming a site"),
        ("olga", {"match": {"site": "school-1", "severity": "life"}, "for": "5h"}, 422, "for 4 hours"),
        ("olga", {"match": {"site": "school-1", "severity": "life"}, "for": "4h"}, 201, "for 4 hours"),
        ("kim", {}, 403, "the keeper does not silence the own alarms"),
        ("dora", {}, 403, "a dispatcher does not"),
        ("admin", {}, 403, "an administrator has no part in incidents"),
        ("guest", {}, 403, "who looks only changes nothing"),
    ],
)
def test_what_is_refused(house: House, name: str, changes: dict[str, object], status: int, why: str) -> None:
    """Each with the place of the mistake."""
    body = {key: value for key, value in {**QUIET, **changes}.items() if value is not None}
    answer = house.client(name).post("/silences", json=body)
    assert answer.status_code == status, (why, answer.text)


def test_it_reaches_no_further_than_its_author_sees(house: House) -> None:
    """The silence of a kitchen inspector leaves the crossroad of the same town alone."""
    assert (
        begin(house.client("ines"), match={"area": "east", "site_kind": "canteen-school"}).status_code == 201
    )
    road, _ = house.raise_at("cross-1", "cam-2")
    tick(house)
    assert house.client("olga").get(f"/incidents/{road}").json()["silenced_by"] == []


def test_an_end_may_be_a_moment(house: House) -> None:
    """`ends_at` instead of `for`; what ends by itself is told, and nobody ended it."""
    client = house.client("olga")
    end = format_instant(house.now() + timedelta(minutes=10))
    body = {"match": {"site": "cross-1"}, "reason": "road works", "ends_at": end}
    made = client.post("/silences", json=body).json()
    assert (made["ends_at"], made["life"]) == (end, True)
    tick(house, after=timedelta(minutes=11))
    over = client.get(f"/silences/{made['id']}").json()
    assert (over["state"], over["ended_by"]) == ("over", None)


def test_the_same_key_is_the_same_silence(house: House) -> None:
    """A POST repeated with its key begins no second one."""
    client, headers = house.client("olga"), {"Idempotency-Key": "quiet-1"}
    first = client.post("/silences", json=QUIET, headers=headers)
    assert client.post("/silences", json=QUIET, headers=headers).json() == first.json()


def test_notices_are_listed_to_who_may_see_them(house: House) -> None:
    """Newest first, by pages, narrowed by incident, reason and time; the other town's are not there."""
    house.raise_at("school-1", "fridge-1", condition="door-left-open")
    far, _ = house.raise_at("school-9", "fridge-9")
    tick(house)
    tick(house, after=timedelta(minutes=30))
    own = house.client("olga").get("/notices").json()["items"]
    every = house.client("admin").get("/notices").json()["items"]
    assert {each["site"] for each in own} <= {"school-1", "cross-1"}
    assert far in [each for notice in every for each in notice["incidents"]]
    assert far not in [each for notice in own for each in notice["incidents"]]
    moments = [each["at"] for each in every]
    assert moments == sorted(moments, reverse=True)
    first = house.client("admin").get("/notices?limit=1").json()
    second = house.client("admin").get(f"/notices?limit=1&cursor={first['next']}").json()
    assert [first["items"][0]["id"], second["items"][0]["id"]] == [each["id"] for each in every[:2]]
    of_far = house.client("admin").get(f"/notices?incident={far}&why=new-group").json()["items"]
    assert [each["addressee"] for each in of_far] == ["roads"]
    assert house.client("admin").get(f"/notices?incident={far}&why=repeat").json()["items"] == []
    later = format_instant(house.now() + timedelta(hours=1))
    assert house.client("admin").get(f"/notices?since={later}").json()["items"] == []
    assert house.client("olga").get("/notices?why=because").status_code == 422


def test_a_handler_reads_what_the_own_unit_was_told(house: House) -> None:
    """By unit, wherever the place is; a platform has no part in notices."""
    units = {each["addressee"] for each in house.client("hans").get("/notices").json()["items"]}
    assert units <= {"kitchens"}
    assert house.client("city").get("/notices").status_code == 403
