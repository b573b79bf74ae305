"""Route × role × own and foreign things, generated from the app's own routes.

The table MAY is written from the contract, not from the code: who may what. A route that is not in PLACES, or a
right that is not in MAY, fails the test: nobody adds a route without saying who may use it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from websockets.sync.client import connect

from api.app import NOUNS
from api.guard import OPEN, SELF, SIGNED, declared
from tests.servers.house import EVERYWHERE, ROLES, House, default_settings, open_house

ALL = frozenset(ROLES) | {"guest"}
SCENE = ALL - {"hans"}

MAY: dict[str, frozenset[str]] = {
    "area.read": SCENE,
    "unit.read": SCENE,
    "site.read": SCENE,
    "device.read": SCENE,
    "rule.read": frozenset({"olga", "guest", "ines", "dora", "sue", "admin", "aude"}),
    "route.read": frozenset({"olga", "guest", "dora", "sue", "admin", "aude"}),
    "user.read": frozenset({"admin"}),
    "registry.write": frozenset({"admin"}),
    "registry.export": frozenset({"admin"}),
    "rule.try": frozenset({"olga", "ines", "sue", "admin"}),
    "reading.read": SCENE - {"aude", "city"},
    "rejected.read": frozenset({"admin"}),
    "offer.read": frozenset({"admin"}),
    "offer.write": frozenset({"admin"}),
    "incident.read": ALL,
    "incident.ack": frozenset({"olga", "ines", "kim", "dora"}),
    "incident.mend": frozenset({"kim"}),
    "incident.judge": frozenset({"olga", "ines"}),
    "evidence.read": ALL - {"aude", "city"},
    "evidence.original": frozenset({"olga", "ines"}),
    "attachment.create": frozenset({"olga", "ines", "kim", "dora", "hans", "sue"}),
    "attachment.read": frozenset({"olga", "ines", "dora", "hans", "sue"}),
    "camera.picture": ALL - {"aude", "city"},
    "camera.playback": frozenset({"olga", "ines"}),
    "camera.drive": frozenset({"olga", "dora"}),
    "case.read": ALL,
    "case.create": frozenset({"olga", "ines", "dora", "city"}),
    "case.act": frozenset({"olga", "ines", "dora", "hans", "sue"}),
    "case.reconcile": frozenset({"dora", "sue", "admin", "aude", "city"}),
    "case.settle": frozenset({"city"}),
    "case.master": frozenset({"city"}),
    "mapping.read": frozenset({"dora", "admin", "aude", "city"}),
    "mapping.write": frozenset({"admin"}),
    "notice.read": ALL - {"city"},
    "silence.read": SCENE - {"city"},
    "silence.write": frozenset({"olga", "ines", "sue"}),
    "damping.read": frozenset({"olga", "guest", "ines", "sue", "admin", "aude"}),
    "damping.write": frozenset({"olga", "ines", "sue"}),
    "lesson.read": frozenset({"olga", "guest", "ines", "admin"}),
    "lesson.write": frozenset({"ines"}),
    "reporter.open": frozenset({"olga", "dora", "hans"}),
    "qr.print": frozenset({"dora", "admin"}),
    "qr.renew": frozenset({"admin"}),
    "push.show": frozenset({"admin"}),
    "push.renew": frozenset({"admin"}),
    "event.read": ALL,
    "category.read": ALL,
    "plan.read": ALL,
    "audit.read": frozenset({"admin", "aude"}),
    "broadcast.read": frozenset({"olga", "guest", "dora", "sue", "admin"}),
    "broadcast.create": frozenset({"olga", "dora"}),
    "duty.read": frozenset({"olga", "guest", "ines", "dora", "sue", "admin"}),
    "test-alarm.read": frozenset({"olga", "guest", "dora", "sue", "admin"}),
    "test-alarm.create": frozenset({"sue", "admin"}),
    "channel.read": frozenset({"admin"}),
    "delivery.read": frozenset({"admin"}),
    "delivery.replay": frozenset({"admin"}),
    "webhook.read": frozenset({"admin"}),
    "webhook.write": frozenset({"admin"}),
    "report.read": ALL - {"hans", "city"},
    "shift.read": frozenset({"olga", "guest", "dora", "sue", "admin", "aude"}),
    "shift.keep": frozenset({"olga", "dora"}),
    "mode.read": ALL,
    "mode.switch": frozenset({"dora", "sue"}),
}
"""Who may, by the name of the user; `guest` is the demo's read-only operator."""

FOREIGN = ("west", "school-9", "cam-9", "fridge-9", "horn-9", "roads")
"""Words that nobody but EVERYWHERE and the guest may ever read."""

UNSEEN = {
    "ines": ("cross-1", "cam-2"),
    "kim": ("cross-1", "cam-2"),
}
"""More words for those who look at kitchens or one site only."""

BODIES: dict[str, object] = {
    "/incidents/{incident}/ack": {"note": "seen"},
    "/incidents/{incident}/mended": {"note": "mended"},
    "/incidents/{incident}/judge": {"verdict": True, "reason": "it was"},
    "/cases": {"kind": "complaint", "site": "school-1", "title": "smell", "source": "hotline"},
    "/cases/{case}/actions": {"action": "no-such-action"},
    "/cases/reconcile": {"date": "2026-01-01"},
    "/cases/{case}/platform": {"external_id": "x", "number": "x", "state": "open", "version": 1},
    "/silences": {"match": {"site": "school-1", "condition": "nothing"}, "reason": "a test", "for": "1h"},
    "/webhooks": {"url": "http://127.0.0.1:9/hook"},
    "/webhooks/{hook}/replay": {"dead": True},
    "/broadcasts": {"text": "hello", "devices": ["horn-1"]},
    "/shifts": {"area": "east"},
    "/rules/try": {"rule": "fridge-warm", "since": "2026-11-22T00:00:00Z", "until": "2026-11-22T08:00:00Z"},
    "/rules/replay": {
        "rule": {
            "id": "yard",
            "kind": "presence",
            "devices": ["cam-1"],
            "classes": ["person"],
            "severity": "minor",
        }
    },
    "/lessons": {"id": "lids", "device": "cam-1", "condition": "bin-uncovered", "region": "0.2,0.2,0.5,0.5"},
    "/lessons/{lesson}/examples": {"holds": True, "reason": "the lid is off"},
    "/cameras/{device}/preset": {"preset": "gate"},
    "/modes": {"mode": "peace", "area": "east", "reason": "it is over"},
    "/shifts/{shift}/notes": {"text": "the gate is locked"},
    "/shifts/{shift}/takeover": {"digest": "0" * 64},
}

QUERIES = {
    "/cameras/cam-1/playback": "?from=2026-11-22T08:00:00Z",
    "/cameras/cam-9/playback": "?from=2026-11-22T08:00:00Z",
}
"""Parameters that a path does not go without."""

STATIC: dict[str, tuple[str, str]] = {
    "/devices/{device}": ("cam-1", "cam-9"),
    "/cameras/{device}/snapshot.jpg": ("cam-1", "cam-9"),
    "/cameras/{device}/health": ("cam-1", "cam-9"),
    "/cameras/{device}/playback": ("cam-1", "cam-9"),
    "/cameras/{device}/presets": ("cam-1", "cam-9"),
    "/cameras/{device}/preset": ("cam-1", "cam-9"),
    "/areas/{key}": ("east", "west"),
    "/reports/kitchen/{site}": ("school-1", "school-9"),
    "/units/{key}": ("kitchens", "roads"),
    "/sites/{key}": ("school-1", "school-9"),
    "/devices/{key}": ("fridge-1", "fridge-9"),
    "/rules/{key}": ("fridge-warm", "no-such-rule"),
    "/routes/{key}": ("route-2", "no-such-route"),
    "/users/{key}": ("olga", "nobody"),
    "/channels/{key}": ("screen", "no-such-channel"),
    "/categories/{key}": ("smell-kitchen", "no-such-category"),
    "/plans/{key}": ("warm", "no-such-plan"),
    "/mappings/{noun}": ("unit", "no-such-noun"),
    "/areas/{area}/qr.svg": ("east", "west"),
    "/areas/{area}/qr": ("east", "west"),
    "/devices/{device}/push": ("cam-1", "cam-9"),
}
"""Path to (own thing, foreign thing)."""


@dataclass
class Story:
    """What happened before the matrix: one incident with its case in each place, and one broadcast in each."""

    house: House
    own: dict[str, str]
    foreign: dict[str, str]
    crossroad: dict[str, str]

    def things(self, path: str) -> tuple[str, str]:
        """(own, foreign) for a path with a parameter."""
        if path in STATIC:
            return STATIC[path]
        noun = path.split("/")[1]
        return self.own[noun], self.foreign[noun]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[Story]:
    """A house in which something happened everywhere."""
    folder: Path = tmp_path_factory.mktemp("matrix")
    with open_house(folder, default_settings(folder, guest=True), template) as house:
        near = house.raise_at("school-1", "fridge-1")
        far = house.raise_at("school-9", "fridge-9")
        road = house.raise_at("cross-1", "cam-2")
        admin = house.client("admin")
        body = {"name": "wes", "role": "operator", "areas": ["west"], "password": "wes-has-a-long-password"}
        admin.put("/users/wes", json=body).raise_for_status()
        # the horn of the other town speaks by its own operator
        login = {"username": "wes", "password": "wes-has-a-long-password"}
        token = admin.post("/auth/login", json=login).json()["access_token"]
        heard = admin.post(
            "/broadcasts",
            json={"text": "far", "devices": ["horn-9"]},
            headers={"Authorization": f"Bearer {token}"},
        ).json()["id"]
        shift = house.client("olga").post("/shifts", json={"area": "east"}).json()["id"]
        authorized = {"Authorization": f"Bearer {token}"}
        kept = admin.post("/shifts", json={"area": "west"}, headers=authorized).json()["id"]
        said = house.client("olga").post("/broadcasts", json={"text": "near", "devices": ["horn-1"]}).json()
        hook = admin.post("/webhooks", json={"url": "http://127.0.0.1:9/hook"}).json()["id"]
        still = {"match": {"site": "school-1"}, "reason": "the fitter is there", "for": "1h"}
        quiet = house.client("olga").post("/silences", json=still).json()["id"]
        still = {"match": {"area": "west", "condition": "nothing"}, "reason": "road works", "for": "1h"}
        loud = admin.post("/silences", json=still, headers={"Authorization": f"Bearer {token}"}).json()["id"]
        yield Story(
            house,
            {
                "incidents": near[0],
                "cases": near[1],
                "broadcasts": said["id"],
                "webhooks": hook,
                "shifts": shift,
                "dead-letters": house.dead_letter("screen", near[0]),
                "silences": quiet,
                "dampings": house.damping(near[0], "cam-1"),
                "lessons": house.lesson("near-bins", "cam-1"),
                "offers": house.offer(),
            },
            {
                "incidents": far[0],
                "cases": far[1],
                "broadcasts": heard,
                "webhooks": "no-such-hook",
                "shifts": kept,
                "dead-letters": "no-such.letter",
                "silences": loud,
                "dampings": house.damping(far[0], "cam-9"),
                "lessons": house.lesson("far-bins", "cam-9"),
                "offers": "no-such-offer",
            },
            {"incidents": road[0], "cases": road[1]},
        )


def routes() -> list[tuple[str, str, str]]:
    """(method, path, right) of every HTTP route of the API."""
    return [
        (method, route.path, declared(route)[0])
        for router in NOUNS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    ]


GUARDED = [each for each in routes() if each[2] not in {OPEN, SELF, SIGNED}]


def ask(house: House, name: str, method: str, path: str) -> tuple[int, str]:
    """One request of one user."""
    body = BODIES.get(next((known for known in BODIES if _fits(known, path)), ""), {})
    client = house.client(name)
    answer = client.request(
        method, path + QUERIES.get(path, ""), json=body if method in {"POST", "PUT"} else None
    )
    return answer.status_code, answer.text


def _fits(known: str, path: str) -> bool:
    parts, given = known.split("/"), path.split("?", maxsplit=1)[0].split("/")
    return len(parts) == len(given) and all(
        a == b or a.startswith("{") for a, b in zip(parts, given, strict=True)
    )


@pytest.mark.parametrize(("method", "path", "right"), GUARDED, ids=str)
def test_nobody_without_a_token(story: Story, method: str, path: str, right: str) -> None:
    """Every guarded route answers 401 to a request without a token, whatever the thing is."""
    filled = path.split("{", maxsplit=1)[0] + (
        story.things(path)[0] + path.partition("}")[2] if "{" in path else ""
    )
    answer = story.house.client(None).request(method, filled, json={})
    assert answer.status_code == 401, right
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize(("method", "path", "right"), GUARDED, ids=str)
def test_route_by_role(story: Story, name: str, method: str, path: str, right: str) -> None:
    """Own: done or refused with 403 as the table says. Foreign: 404 for everybody who does not see it."""
    allowed = name in MAY[right]
    if "{" not in path:
        status, text = ask(story.house, name, method, path)
        assert (status != 403) == allowed, text
        assert status != 404
        if status == 200:
            assert_unseen(story, name, text)
        return
    own, foreign = story.things(path)
    front, _, back = path.partition("{")
    back = back.partition("}")[2]
    if method in {"PUT", "DELETE"} and allowed:
        return  # an administrator's changes have their own test: this house must stay as it is
    if own:
        status, text = ask(story.house, name, method, front + own + back)
        visible = _sees(name, path)
        assert status == (403 if visible else 404) or (allowed and visible), (status, text)
        if allowed and visible:
            assert status != 403, text
            assert_unseen(story, name, text)
    if foreign:
        status, text = ask(story.house, name, method, front + foreign + back)
        if name in EVERYWHERE or name == "guest":
            # seen by both; whether it is permitted does not depend on where it stands
            assert (status == 403) != allowed or status == 404, (status, text)
        else:
            assert status == 404, (status, text)


def _sees(name: str, path: str) -> bool:
    """Whether this user sees the own thing of a path at all."""
    noun = path.split("/")[1]
    reads = {
        "devices": "device.read",
        "cameras": "device.read",
        "areas": "area.read",
        "units": "unit.read",
        "sites": "site.read",
        "rules": "rule.read",
        "routes": "route.read",
        "users": "user.read",
        "incidents": "incident.read",
        "cases": "case.read",
        "broadcasts": "broadcast.read",
        "webhooks": "webhook.read",
        "channels": "channel.read",
        "dead-letters": "delivery.read",
        "categories": "category.read",
        "plans": "plan.read",
        "shifts": "shift.read",
        "reports": "site.read",
        "mappings": "mapping.read",
        "silences": "silence.read",
        "dampings": "damping.read",
        "lessons": "lesson.read",
        "precision": "rule.read",
        "offers": "offer.read",
    }
    return name in MAY[reads[noun]]


def assert_unseen(story: Story, name: str, text: str) -> None:
    """Nothing of what this user must not see is in an answer."""
    words: list[str] = []
    if name not in {*EVERYWHERE, "guest"}:
        words += [f'"{word}"' for word in FOREIGN]
        words += list(story.foreign.values())
    words += [f'"{word}"' for word in UNSEEN.get(name, ())]
    if name in UNSEEN:
        words += list(story.crossroad.values())
    found = [word for word in words if word in text]
    assert not found, f"{name} reads {found}"


@pytest.mark.parametrize("name", sorted(ALL))
def test_the_stream_holds_what_the_lists_hold(story: Story, name: str) -> None:
    """`/events/ws?after=0` shows nobody anything that the lists would not."""
    url = story.house.url.replace("http", "ws") + "/api/v1/events/ws?after=0"
    header = {"Authorization": f"Bearer {story.house.token(name)}"}
    with connect(url, additional_headers=header) as ws:
        seen: list[str] = []
        while True:
            try:
                seen.append(str(ws.recv(timeout=0.5)))
            except TimeoutError:
                break
    text = "\n".join(seen)
    assert_unseen(story, name, text)
    types = {json.loads(line)["type"] for line in seen}
    assert {"incident.raised", "case.opened"} <= types
    listed = story.house.client(name).get("/events?limit=1000").json()["items"]
    assert [json.loads(line) for line in seen] == listed


def test_a_handler_reads_the_own_cases_only(story: Story) -> None:
    """A handler's lists hold the cases of the own unit (both in the east) and their incidents, nothing else."""
    client = story.house.client("hans")
    cases = {each["id"] for each in client.get("/cases").json()["items"]}
    incidents = {each["id"] for each in client.get("/incidents").json()["items"]}
    assert story.own["cases"] in cases
    assert story.own["incidents"] in incidents
    assert story.foreign["cases"] not in cases
    assert story.foreign["incidents"] not in incidents


def test_every_right_of_the_matrix_is_used() -> None:
    """The table has no row that no route declares, and every declared right has its row."""
    assert {right for _, _, right in GUARDED} == set(MAY)
