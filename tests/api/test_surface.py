"""Health, metrics, description, console, registry changes, broadcasts: the rest of the surface."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from alerts.ledger import broadcasts
from api.hub import Component
from tests.servers.house import House, default_settings, open_house


def test_alive_and_ready(house: House) -> None:
    """Degraded stays 200, failed is 503; both name the part, its reason and since when."""
    assert httpx.get(f"{house.url}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{house.url}/api/v1/healthz").status_code == 200
    house.parts["model"] = Component("degraded", "digest differs", house.now())
    answer = httpx.get(f"{house.url}/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["components"]["model"]["reason"] == "digest differs"
    house.parts["broker"] = Component("failed", "away", house.now())
    assert httpx.get(f"{house.url}/readyz").status_code == 503
    house.parts.pop("model")
    house.parts.pop("broker")
    assert httpx.get(f"{house.url}/readyz").json()["status"] == "ok"


def test_metrics_are_for_this_machine_or_by_right(house: House) -> None:
    """Loopback reads them; what came through a proxy needs the right."""
    assert "hub_events_head" in httpx.get(f"{house.url}/metrics").text
    relayed = {"X-Forwarded-For": "10.0.0.1"}
    assert httpx.get(f"{house.url}/metrics", headers=relayed).status_code == 401
    for name, status in (("admin", 200), ("olga", 403)):
        bearer = {"Authorization": f"Bearer {house.token(name)}"}
        assert httpx.get(f"{house.url}/metrics", headers=relayed | bearer).status_code == status


def test_the_description_names_every_path(house: House) -> None:
    """openapi.json is complete, valid JSON, at both addresses, and needs nobody else's server to be read."""
    found = httpx.get(f"{house.url}/openapi.json").json()
    assert found == httpx.get(f"{house.url}/api/v1/openapi.json").json()
    paths = set(found["paths"])
    for path in ("/auth/login", "/incidents/{incident}/ack", "/cases/{case}/actions", "/signals", "/events"):
        assert f"/api/v1{path}" in paths
    assert httpx.get(f"{house.url}/docs").text.startswith(
        "<!doctype html>"
    )  # the console, no foreign scripts


def test_an_administrator_changes_one_thing_at_a_time(house: House) -> None:
    """PUT creates and replaces, DELETE removes; mistakes and dangling names are told; others are refused."""
    admin, operator = house.client("admin"), house.client("olga")
    site = {"id": "school-2", "area": "east", "kind": "canteen-school", "name": "School 2"}
    assert operator.put("/sites/school-2", json=site).status_code == 404  # not there yet for anybody
    created = admin.put("/sites/school-2", json=site)
    assert created.json()["created"] == 1, created.text
    assert operator.put("/sites/school-2", json=site).status_code == 403
    assert "school-2" in operator.get("/sites").text
    wrong = admin.put("/sites/school-2", json={**site, "area": "moon"})
    assert wrong.status_code == 422
    assert wrong.json()["type"] == "urn:hub:problem:invalid-registry"
    assert admin.put("/sites/other", json=site).status_code == 422
    assert admin.delete("/areas/east").status_code == 422
    assert admin.delete("/sites/school-2").status_code == 204
    assert admin.delete("/sites/school-2").status_code == 404
    assert "school-2" not in operator.get("/sites").text


def test_a_dry_run_changes_nothing(house: House) -> None:
    """It reports what would change."""
    text = "areas: [{id: north, parent: county, level: town, name: North}]"
    admin = house.client("admin")
    report = admin.post("/registry/apply?dry_run=1", content=text.encode()).json()
    assert (report["created"], report["dry_run"]) == (1, True)
    assert "north" not in admin.get("/areas").text


def say(house: House, key: str, state: broadcasts.NodeState) -> None:
    """The node's answer, committed."""
    now = house.now()
    house.ledger.write(lambda tx: broadcasts.heard(tx, key, "horn-1", state, at=now, now=now)).result(10)


def test_a_broadcast_goes_out_once_and_comes_back(house: House) -> None:
    """One command per node, not repeated with the key; the node's answers move its state, never back."""
    client, headers = house.client("olga"), {"Idempotency-Key": "say-1"}
    body = {"text": "Please close the valve", "areas": ["county"], "level": 2, "drill": True}
    before = len(house.commands)
    made = client.post("/broadcasts", json=body, headers=headers)
    assert made.status_code == 201, made.text
    assert client.post("/broadcasts", json=body, headers=headers).json() == made.json()
    told = house.commands[before:]
    assert [(site, node) for site, node, _ in told] == [("school-1", "horn-1")]  # not the other town's
    assert told[0][2]["text"] == body["text"]
    assert told[0][2]["drill"] is True
    key = made.json()["id"]
    states: tuple[broadcasts.NodeState, ...] = ("received", "playing", "received", "done", "failed")
    for state in states:
        say(house, key, state)
    shown = client.get(f"/broadcasts/{key}").json()
    assert shown["coverage"] == 100
    assert shown["nodes"][0]["state"] == "done"
    kinds = [each["type"] for each in client.get("/events?limit=1000").json()["items"]]
    assert kinds.count("broadcast.changed") == 4


def test_a_broadcast_without_broker_says_so(house: House) -> None:
    """The node fails with its reason; the broadcast is kept."""
    house.broker_away = True
    made = house.client("olga").post("/broadcasts", json={"text": "x", "sites": ["school-1"]}).json()
    house.broker_away = False
    node = house.client("olga").get(f"/broadcasts/{made['id']}").json()["nodes"][0]
    assert (node["state"], node["reason"]) == ("failed", "away")


def test_nobody_speaks_in_another_town(house: House) -> None:
    """A foreign node is not there."""
    answer = house.client("olga").post("/broadcasts", json={"text": "x", "devices": ["horn-9"]})
    assert answer.status_code == 404


def test_without_a_console_the_page_says_so(house: House) -> None:
    """Plain and honest, in both languages."""
    page = httpx.get(f"{house.url}/")
    assert "尚未构建" in page.text
    assert "make setup" in page.text


@pytest.fixture
def built(tmp_path: Path, template: Path) -> Iterator[str]:
    """The address of a house with a console."""
    web = tmp_path / "dist"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text("<!doctype html><p>the console</p>")
    (web / "assets" / "app.js").write_text("let a = 1")
    (tmp_path / "secret.txt").write_text("secret")
    with open_house(tmp_path, default_settings(tmp_path, web=web), template) as house:
        yield house.url


def test_the_console_is_served_with_its_own_paths(built: str) -> None:
    """Its own paths get the page, files are files, the API is never answered with a page."""
    assert "the console" in httpx.get(f"{built}/").text
    assert "the console" in httpx.get(f"{built}/incidents/01ABC").text
    script = httpx.get(f"{built}/assets/app.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    assert httpx.get(f"{built}/assets/missing.js").status_code == 404
    assert httpx.get(f"{built}/api/v1/nothing").status_code == 404
    for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%00"):
        assert httpx.get(built + path).text != "secret"


def test_every_answer_carries_the_headers_of_caution(built: str) -> None:
    """No foreign script, no inline script, no frame, no sniffing: on pages, API and errors alike."""
    for path in ("/", "/assets/app.js", "/healthz", "/api/v1/incidents"):
        headers = httpx.get(built + path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers
