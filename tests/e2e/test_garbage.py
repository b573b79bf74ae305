"""The enemy's visit: garbage on every door; clear errors, counted, visible, and the demo goes on."""

from __future__ import annotations

import json
import random
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import httpx
import pytest

from ingest.mqtt.client import Client
from tests.e2e.running import JSON, Running, demo, frozen, until

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(300)]

TOPICS = (
    "hub/v1/school-1/school-1-gas/telemetry",
    "hub/v1/nowhere/nothing/telemetry",
    "zigbee2mqtt/school-1/fridge",
    "tele/somebody/SENSOR",
    "application/1/device/0101010101010101/event/up",
    "v1/gateway/telemetry",
    "homeassistant/sensor/x/config",
    "hub/v1/school-1/school-1-gas/status",
)


def garbage(rng: random.Random) -> bytes:
    """Random bytes, broken JSON, or valid JSON of a wrong shape."""
    kind = rng.randrange(6)
    if kind == 0:
        return rng.randbytes(rng.randrange(200))
    if kind == 1:
        return b'{"ts": "yesterday", "values": {"gas": "NaN"}}'
    if kind == 2:
        return json.dumps({"temperature": rng.choice(["warm", None, [], {}, 1e308, -4000])}).encode()
    if kind == 3:
        return b'{"temperature": 4.2' + b"[" * rng.randrange(400)
    if kind == 4:
        return json.dumps([rng.random() for _ in range(5)]).encode()
    return json.dumps({"ts": rng.choice([-1, 1e18, "2106-02-07", {}]), "values": {"gas": 5}}).encode()


def counted(running: Running, name: str) -> float:
    """The sum of a counter over its labels."""
    text = httpx.get(f"http://127.0.0.1:{running.port}/metrics", timeout=10).text
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name + "{"))


@contextmanager
def html_camera() -> Iterator[str]:
    """A port that answers everything with a web page."""

    class Page(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(2)
            self.request.recv(4096)
            self.request.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>camera login</html>"
            )

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"rtsp://127.0.0.1:{server.server_address[1]}/live"
        server.shutdown()
        thread.join(5)


def put(running: Running, path: str, body: JSON) -> httpx.Response:
    """PUT as administrator."""
    return httpx.put(
        f"{running.base}{path}",
        json=body,
        headers={"Authorization": f"Bearer {running.token()}"},
        timeout=20,
    )


def test_garbage_everywhere(tmp_path: Path) -> None:
    """10,000 bad payloads, a registry with ten mistakes, a camera that answers HTML: the demo goes on."""
    with demo(tmp_path / "data") as running:
        head = cast("int", running.get("/events?after=0&limit=1000").json()["next"] or 0)
        run = json.loads((running.data / "run.json").read_text())

        before = counted(running, "hub_rejected_total")
        seed = random.randrange(1 << 30)
        print("seed", seed)
        rng = random.Random(seed)
        client = Client(str(run["mqtt"]), "garbage-test", clock=lambda: datetime.now(UTC))
        client.start()
        until(lambda: True if client.connected else None, seconds=10, what="connected")
        futures = [
            client.publish(rng.choice(TOPICS), garbage(rng), qos=1, retain=rng.random() < 0.05)
            for _ in range(10_000)
        ]
        for future in futures:
            future.result(60)
        client.stop(5)
        until(
            lambda: True if counted(running, "hub_rejected_total") - before > 8_000 else None,
            seconds=60,
            what="rejected payloads are counted by reason",
        )
        rejected = running.items("/rejected")
        assert rejected, "rejected payloads are kept for inspection"
        assert all(each["reason"] and each["topic"] for each in rejected)

        wrong = (Path(__file__).parent / "ten_mistakes.yaml").read_text()
        answer = httpx.post(
            f"{running.base}/registry/apply",
            content=wrong.encode(),
            headers={"Authorization": f"Bearer {running.token()}", "Content-Type": "application/yaml"},
            timeout=20,
        )
        assert answer.status_code == 422, answer.text
        errors = answer.json()["errors"]
        assert len(errors) == 10, "\n".join(str(each) for each in errors)

        with html_camera() as url:
            body: JSON = {"id": "html-cam", "site": "crossroad-1", "kind": "camera", "url": url, "fps": 2}
            assert put(running, "/devices/html-cam", body).status_code in {200, 201}
            state = until(
                lambda: (
                    device
                    if (device := running.device("html-cam"))["state"] == "offline" and device["reason"]
                    else None
                ),
                seconds=20,
                what="the HTML camera is offline, with the reason",
            )
            assert "rtsp" in str(state["reason"]).lower(), state

        more = running.events(head, seconds=60, enough=lambda got: len(got) >= 3)
        assert len(more) >= 3, "the demo goes on"
        assert httpx.get(f"http://127.0.0.1:{running.port}/readyz", timeout=10).status_code == 200


def test_deleted_model_is_said(tmp_path: Path) -> None:
    """A model file cut in half: /readyz says degraded (not 503), cameras say so, sensors go on."""
    models = tmp_path / "models"
    source = Path(__file__).parents[2] / "models" / "coco-ssd"
    target = models / "coco-ssd"
    target.mkdir(parents=True)
    for each in source.iterdir():
        content = each.read_bytes()
        (target / each.name).write_bytes(content[: len(content) // 2] if each.suffix == ".onnx" else content)
    with demo(tmp_path / "data", environment={"HUB_MODELS": str(models)}) as running:
        ready = until(
            lambda: (
                body
                if "degraded"
                in json.dumps(
                    (body := httpx.get(f"http://127.0.0.1:{running.port}/readyz", timeout=10).json())[
                        "components"
                    ]
                )
                else None
            ),
            seconds=30,
            what="/readyz names the broken model",
        )
        assert ready["status"] == "degraded"
        assert httpx.get(f"http://127.0.0.1:{running.port}/readyz", timeout=10).status_code == 200
        events = running.events(
            0, seconds=60, enough=lambda got: any(each["type"] == "case.opened" for each in got)
        )
        devices = {str(each["id"]): str(each["kind"]) for each in running.items("/devices?limit=1000")}
        raised = [cast("JSON", each["data"]) for each in events if each["type"] == "incident.raised"]
        assert raised
        for incident in raised:
            for device in cast("list[str]", incident["devices"]):
                assert devices[device] != "camera" or incident["kind"] == "camera-health"


def test_stopping_the_rtsp_servers_stops_camera_incidents(tmp_path: Path) -> None:
    """Without video no camera incident is raised: nothing is scripted."""
    with demo(tmp_path / "data") as running:
        devices = {str(each["id"]): str(each["kind"]) for each in running.items("/devices?limit=1000")}
        with frozen(running.pids("hub.demo.rtsp")):
            until(
                lambda: (
                    True
                    if all(
                        running.device(name)["state"] == "offline"
                        for name, kind in devices.items()
                        if kind == "camera"
                    )
                    else None
                ),
                seconds=20,
                what="every camera offline",
            )
            head = cast("int", running.items("/events?after=0&limit=1000")[-1]["seq"])
            events = running.events(head, seconds=35, enough=lambda _: False)
        raised = [cast("JSON", each["data"]) for each in events if each["type"] == "incident.raised"]
        assert not [each for each in raised if devices[cast("list[str]", each["devices"])[0]] == "camera"]
        assert raised, "sensors go on"
