"""No answer, export or push carries a secret."""

from __future__ import annotations

import base64
import json

import httpx
import pytest
from fastapi.routing import APIRoute
from websockets.sync.client import connect

from alerts import signature
from api.app import NOUNS
from tests.servers.house import (
    CAMERA_PASSWORD,
    PASSWORD,
    PHONE,
    ROBOT_KEY,
    ROLES,
    SECRET,
    WORKER_TOKEN,
    House,
)

HOOK = signature.write_secret(bytes(range(32, 64)))

SECRETS = (
    SECRET,
    WORKER_TOKEN,
    CAMERA_PASSWORD,
    base64.b64encode(CAMERA_PASSWORD.encode()).decode(),
    PHONE,
    ROBOT_KEY,
    HOOK,
    "$argon2",
    *(PASSWORD.format(name) for name in ROLES),
)


ON_DUTY = frozenset({"olga", "ines", "kim", "dora", "hans", "sue"})
"""Who may read a contact's telephone number, on an incident of the own scope."""


def assert_clean(text: str, where: str) -> None:
    """None of the secrets is in it."""
    found = [secret for secret in SECRETS if secret in text]
    assert not found, f"{where} tells {found}"


@pytest.mark.parametrize("name", sorted([*ROLES, "guest"]))
def test_no_answer_carries_a_secret(house: House, name: str) -> None:
    """Every GET of the API, as every role, with something behind every id."""
    incident, case = house.raise_at("school-1", "fridge-1")
    ids = {
        "{device}": "cam-1",
        "{incident}": incident,
        "{case}": case,
        "{broadcast}": "none",
        "{key}": "cam-1",
    }
    admin = house.client("admin")
    hook = {"url": "http://127.0.0.1:9/hook", "secret": HOOK}
    assert_clean(admin.post("/webhooks", json=hook).text, "POST /webhooks")
    client = house.client(name)
    for router in NOUNS:
        for route in router.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
                path = route.path
                for placeholder, value in ids.items():
                    path = path.replace(placeholder, value)
                text = client.get(path).text
                if route.path == "/incidents/{incident}" and name in ON_DUTY:
                    text = text.replace(f'"phone":"{PHONE}"', "")  # the one place where it is shown
                assert_clean(text, path)


def test_the_log_carries_no_secret(house: House) -> None:
    """Changing a camera's, a user's or a contact's secret is an event without it."""
    admin = house.client("admin")
    camera = {
        "id": "cam-1",
        "site": "school-1",
        "kind": "camera",
        "url": f"rtsp://viewer:{CAMERA_PASSWORD}-2@10.0.0.1/a",
    }
    answer = admin.put("/devices/cam-1", json=camera)
    assert answer.status_code == 200, answer.text
    assert_clean(answer.text, "PUT /devices")
    user = {"name": "olga", "role": "operator", "areas": ["east"], "password": PASSWORD.format("olga")}
    assert_clean(admin.put("/users/olga", json=user).text, "PUT /users")
    url = f"{house.url.replace('http', 'ws')}/api/v1/events/ws?after=0"
    header = {"Authorization": f"Bearer {house.token('admin')}"}
    seen = 0
    with connect(url, additional_headers=header) as ws:
        while True:
            try:
                text = str(ws.recv(timeout=1))
            except TimeoutError:
                break
            seen += "seq" in json.loads(text)
            assert_clean(text, "the log")
    assert seen > 10


def test_a_made_secret_is_shown_once(house: House) -> None:
    """A webhook without a secret gets one, told in the first answer only; the ledger's file does not hold it."""
    admin, headers = house.client("admin"), {"Idempotency-Key": "hook-1"}
    body = {"url": "http://127.0.0.1:9/other"}
    first = admin.post("/webhooks", json=body, headers=headers).json()
    again = admin.post("/webhooks", json=body, headers=headers).json()
    assert first["secret"].startswith("whsec_")
    assert "secret" not in again
    assert again["id"] == first["id"]
    listed = admin.get("/webhooks").text
    assert first["secret"] not in listed
    stored = b"".join(path.read_bytes() for path in house.folder.glob("ledger.db*"))
    assert first["secret"].encode() not in stored
    assert HOOK.encode() not in stored
    assert CAMERA_PASSWORD.encode() not in stored
    assert PHONE.encode() not in stored


def test_an_export_applied_again_changes_nothing(house: House) -> None:
    """Secrets are `***` in the export, which keeps them."""
    admin = house.client("admin")
    text = admin.get("/registry/export").text
    assert_clean(text, "the export")
    assert "***" in text
    report = admin.post("/registry/apply", content=text.encode()).json()
    assert (report["created"], report["updated"], report["deleted"]) == (0, 0, 0)
    assert report["unchanged"] > 20


def test_nobody_may_ask_for_the_assignment(house: House) -> None:
    """It holds the cameras' passwords: the worker token only, no user, and not in the description."""
    house.workers.assignments["w1"] = {"epoch": 1, "cameras": [{"url": CAMERA_PASSWORD}]}
    url = f"{house.url}/internal/assignment?worker=w1&boot=b1"
    for headers in ({}, {"Authorization": f"Bearer {house.token('admin')}"}, {"Authorization": "Bearer x"}):
        assert httpx.get(url, headers=headers).status_code == 401
    good = {"Authorization": f"Bearer {WORKER_TOKEN}"}
    assert httpx.get(url, headers=good).json()["epoch"] == 1
    assert house.workers.boots[-1] == "b1"
    assert httpx.get(url.replace("w1", "w9"), headers=good).status_code == 404
    assert "assignment" not in httpx.get(f"{house.url}/openapi.json").text
