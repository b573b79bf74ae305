"""Webhooks, channels and dead letters over HTTP: how each stands, and sending again what was given up."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import count

import pytest

from alerts.ledger import dead_letters, events, outbox, webhooks
from alerts.ledger.check import violations
from alerts.ledger.engine import Connection
from alerts.sight import Sight
from tests.servers.house import House

pytestmark = pytest.mark.slow


NUMBERS = count(1)


def happen(house: House) -> None:
    """A new incident with its case."""
    house.raise_at("school-1", "fridge-1", condition=f"condition-{next(NUMBERS)}")


def hook_of(house: House, *types: str) -> str:
    """A new webhook."""
    body = {"url": "http://127.0.0.1:9/hook", "types": list(types)}
    return str(house.client("admin").post("/webhooks", json=body).json()["id"])


def states(house: House, hook: str) -> dict[int, str]:
    """Rows of the outbox, pending ones only by what is sent next."""
    with house.ledger.read() as conn:
        return {each.seq: "pending" for each in outbox.pending_of(conn, hook, 1000)}


def write(house: House, hook: str, *, drop: bool) -> None:
    """Everything of this hook is taken, or given up."""

    def act(tx: Connection) -> None:
        for each in outbox.pending_of(tx, hook, 1000):
            if drop:
                outbox.dropped(tx, hook, each.seq, reason="rejected (422)", now=house.now())
            else:
                outbox.delivered(tx, hook, each.seq)

    house.ledger.write(act).result(10)


def test_one_webhook_says_how_it_stands(house: House) -> None:
    """What waits, its dead letters, and nothing yet about an attempt."""
    admin, hook = house.client("admin"), hook_of(house)
    happen(house)
    found = admin.get(f"/webhooks/{hook}").json()
    assert (found["state"], found["dead"], found["last"]) == ("on", 0, None)
    assert found["pending"] >= 2
    assert "secret" not in found
    assert admin.get("/webhooks/no-such-hook").status_code == 404


def test_dead_letters_are_listed_and_sent_again(house: House) -> None:
    """Each with its message id and reason, page by page; sent again with the same id, once."""
    admin, hook = house.client("admin"), hook_of(house)
    happen(house)
    write(house, hook, drop=True)
    notice = house.dead_letter("screen", "01INCIDENT")
    listed = admin.get("/dead-letters?limit=1").json()
    assert [(each["id"], each["of"], each["reason"], each["what"]) for each in listed["items"]] == [
        (notice, "notice", "rejected (93000)", "new-group")
    ]
    seen, cursor = [], listed["next"]
    while cursor:
        answer = admin.get("/dead-letters", params={"limit": 1, "cursor": cursor}).json()
        seen += answer["items"]
        cursor = answer["next"]
    mine = [each for each in seen if each["receiver"] == hook]
    assert {each["what"] for each in mine} >= {"incident.raised", "case.opened"}
    assert len({each["id"] for each in seen}) == len(seen)
    assert admin.get("/dead-letters?of=notice").json()["items"][0]["id"] == notice
    letter = mine[-1]["id"]
    assert admin.post(f"/dead-letters/{letter}/replay").json() == {"replayed": 1}
    assert admin.post(f"/dead-letters/{letter}/replay").status_code == 404
    assert list(states(house, hook)) == [int(letter.partition(".")[0])]
    assert admin.post(f"/dead-letters/{notice}/replay").status_code == 200
    again = admin.post(f"/webhooks/{hook}/replay", json={"dead": True}).json()
    assert again["replayed"] == len(mine), "the one that already waits, and the others"
    assert admin.get(f"/webhooks/{hook}").json()["dead"] == 0
    for word in ("nothing", "1.", f"99999999999999999999.{hook}", f"0.{hook}", "01ABC.screen", "1.2.3"):
        assert admin.post(f"/dead-letters/{word}/replay").status_code == 404, word


def test_everything_from_a_seq_on(house: House) -> None:
    """Taken or not, what the hook may see and wants is sent again; a hook that is off is on again."""
    admin, hook = house.client("admin"), hook_of(house, "case.opened")
    happen(house)
    late = hook_of(house, "case.opened")
    write(house, hook, drop=False)
    house.ledger.write(lambda tx: webhooks.set_state(tx, hook, "off", "gone (410)")).result(10)
    assert states(house, hook) == {}
    with house.ledger.read() as conn:
        cases = [
            each.seq for each in events.after(conn, 0, 1000, Sight.everything()) if each.type == "case.opened"
        ]
    for each in (hook, late):
        answer = admin.post(f"/webhooks/{each}/replay", json={"from_seq": cases[-1]})
        assert answer.json() == {"replayed": 1}
        assert list(states(house, each)) == [cases[-1]]
    assert admin.get(f"/webhooks/{hook}").json()["state"] == "on"


def test_a_letter_to_a_hook_that_is_off(house: House) -> None:
    """It says how to turn it on."""
    admin, hook = house.client("admin"), hook_of(house)
    happen(house)
    write(house, hook, drop=True)
    house.ledger.write(lambda tx: webhooks.set_state(tx, hook, "off", "gone (410)")).result(10)
    letter = next(
        each["id"] for each in admin.get("/dead-letters?of=event").json()["items"] if each["receiver"] == hook
    )
    answer = admin.post(f"/dead-letters/{letter}/replay")
    assert answer.status_code == 409
    assert "replay" in answer.json()["detail"]
    admin.post(f"/webhooks/{hook}/replay", json={"dead": True}).raise_for_status()
    assert admin.get(f"/webhooks/{hook}").json()["state"] == "on"


def test_a_hook_that_is_turned_on_again_gets_what_it_missed(house: House) -> None:
    """Nothing is lost to a 410: all of it comes, or what is before the seq asked for is a dead letter."""
    admin = house.client("admin")
    for body, pending in (({"dead": True}, 3), ({"from_seq": 0}, 1)):
        hook = hook_of(house, "case.opened")
        happen(house)
        write(house, hook, drop=True)
        house.ledger.write(lambda tx, key=hook: webhooks.set_state(tx, key, "off", "gone (410)")).result(10)  # type: ignore[misc] # bound now
        happen(house)
        happen(house)
        with house.ledger.read() as conn:
            newest = max(
                each.seq
                for each in events.after(conn, 0, 1000, Sight.everything())
                if each.type == "case.opened"
            )
        asked = {"from_seq": newest} if "from_seq" in body else body
        assert admin.post(f"/webhooks/{hook}/replay", json=asked).json() == {"replayed": pending}
        found = admin.get(f"/webhooks/{hook}").json()
        assert (found["state"], found["pending"], found["dead"]) == ("on", pending, 3 - pending)
        with house.ledger.read() as conn:
            assert [
                each for each in violations(conn) if each.what == "outbox-missing" and hook in each.where
            ] == []


WRONG: list[tuple[str, dict[str, object], int]] = [
    ("nothing", {}, 422),
    ("both", {"from_seq": 1, "dead": True}, 422),
    ("no number", {"from_seq": "soon"}, 422),
    ("below the first", {"from_seq": 0}, 422),
    ("still to come", {"from_seq": 10**9}, 422),
    ("another key", {"from": 1}, 422),
]


@pytest.mark.parametrize(("why", "body", "status"), WRONG, ids=[row[0] for row in WRONG])
def test_a_replay_that_cannot_be(house: House, why: str, body: dict[str, object], status: int) -> None:
    """A clear refusal, and nothing is sent."""
    hook = hook_of(house)
    answer = house.client("admin").post(f"/webhooks/{hook}/replay", json=body)
    assert answer.status_code == status, why
    assert answer.json()["type"].startswith("urn:hub:problem:")


def test_what_is_no_longer_kept(house: House) -> None:
    """410 with the oldest that is there."""
    hook = hook_of(house)
    happen(house)
    write(house, hook, drop=False)
    later = house.now() + timedelta(days=90)
    house.ledger.write(lambda tx: events.forget(tx, later)).result(10)
    answer = house.client("admin").post(f"/webhooks/{hook}/replay", json={"from_seq": 1})
    assert answer.status_code == 410
    assert answer.json()["oldest"] > 1


def test_dead_letters_outlive_their_events_age(house: House) -> None:
    """Retention keeps the event of a dead letter, also when events are kept for less than 30 days."""
    hook = hook_of(house)
    happen(house)
    write(house, hook, drop=True)

    def act(tx: Connection) -> int:
        return events.forget(
            tx, house.now() + timedelta(days=20), dead_since=house.now() - timedelta(days=10)
        )

    house.ledger.write(act).result(10)
    with house.ledger.read() as conn:
        found = dead_letters.page(conn, Sight.everything(), of="event", limit=1000)
    assert [each for each in found.items if each["receiver"] == hook]


def test_channels_are_listed_without_their_keys(house: House) -> None:
    """A robot's address is its key: it is changed, and never read back."""
    admin = house.client("admin")
    listed = {each["id"]: each for each in admin.get("/channels").json()["items"]}
    assert listed["screen"]["kind"] == "mqtt"
    assert set(listed["group"]) == {"id", "kind", "language", "pending", "dead", "last"}
    body = {"kind": "wecom", "url": "https://robot.example/send?key=another-robot-key"}
    answer = admin.put("/channels/group", json=body)
    assert answer.json()["updated"] == 1, answer.text
    assert "another-robot-key" not in answer.text + json.dumps(admin.get("/channels").json())
    assert admin.put("/channels/new", json={"kind": "pigeon"}).status_code == 422
    assert house.client("olga").get("/channels").status_code == 403
