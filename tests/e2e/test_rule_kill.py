"""A rule that counts a minute, and a hub that is killed in the middle of it: real processes, real broker, kill -9."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.e2e.running import JSON, ROOT, Running, until
from tests.servers.broker import Mosquitto

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LENGTH = float(os.environ.get("HUB_TEST_RULE_SECONDS", "24"))
"""Seconds that the rule counts; 60 when it is measured: then the hub is killed at 20 and back at about 35."""
COUNTY = f"""
areas: [{{id: county, level: county, name: County}}]
units: [{{id: duty, name: Duty}}]
sites: [{{id: k1, area: county, kind: canteen-school, name: K1}}]
devices: [{{id: k1-fridge, site: k1, kind: sensor}}, {{id: k1-old, site: k1, kind: sensor}}]
rules:
  - {{id: warm, kind: threshold, devices: [k1-fridge], quantity: temperature, above: 8, raise_after: {LENGTH:.0f}s}}
  - {{id: old-warm, kind: threshold, devices: [k1-old], quantity: temperature, above: 8}}
routes: [{{unit: duty}}]
"""


@contextmanager
def speaking(port: int) -> Iterator[mqtt.Client]:
    """A client that publishes."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


@contextmanager
def warm(client: mqtt.Client) -> Iterator[float]:
    """The fridge says 9 °C each second, whoever listens; yields when that began."""
    end, begin = threading.Event(), time.time()

    def speak() -> None:
        while not end.is_set():
            client.publish("hub/v1/k1/k1-fridge/telemetry", json.dumps({"temperature": 9}), qos=1)
            end.wait(1.0)

    thread = threading.Thread(target=speak)
    thread.start()
    try:
        yield begin
    finally:
        end.set()
        thread.join(5)


def serve(data: Path, broker: str) -> Running:
    """One `hub serve` on this broker."""
    environment = {"HUB_BROKER_URL": broker, "HUB_WORKERS": "0"}
    return Running(data, command=("serve",), environment=environment)


def raised(hub: Running) -> datetime:
    """When the fridge's incident was raised; waits for it."""

    def look() -> JSON | None:
        return next((each for each in hub.items("/incidents") if each["condition"] == "warm"), None)

    found = until(look, seconds=LENGTH + 60, what="the incident", every=1)
    return datetime.fromisoformat(str(found["raised_at"]))


def test_a_killed_hub_raises_when_an_unbroken_one_does(tmp_path: Path) -> None:
    """Both within two seconds of each other; a value that the broker kept raises nothing, at either reconnect."""
    county = tmp_path / "county.yaml"
    county.write_text(COUNTY)
    with Mosquitto(tmp_path) as broker, speaking(broker.port) as client:
        kept = json.dumps({"temperature": 30})
        client.publish("hub/v1/k1/k1-old/telemetry", kept, qos=1, retain=True).wait_for_publish(5)
        folders = (tmp_path / "unbroken", tmp_path / "broken")
        for data in folders:
            command = [sys.executable, "-m", "hub", "apply", str(county), "--data", str(data)]
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
        hubs = [serve(data, broker.url) for data in folders]
        try:
            began = time.monotonic()
            for each in hubs:
                each.wait_ready()
            starting = time.monotonic() - began  # two at once: it takes no longer alone
            with warm(client) as begin:
                time.sleep(LENGTH / 3)
                hubs[1].kill_tree()
                hubs[1].stop()
                back = begin + LENGTH * 35 / 60 - starting
                time.sleep(max(0.0, back - time.time()))
                hubs[1] = serve(folders[1], broker.url)
                hubs[1].wait_ready()
                away = time.time() - begin
                unbroken, broken = raised(hubs[0]), raised(hubs[1])
            print(f"back after {away:.1f} s; raised after {unbroken.timestamp() - begin:.2f} and", end=" ")
            print(f"{broken.timestamp() - begin:.2f} s of {LENGTH:.0f}")
            assert abs((broken - unbroken).total_seconds()) <= 2 + max(0.0, away - LENGTH)
            assert abs(unbroken.timestamp() - begin - LENGTH) <= 2
            for each in hubs:
                assert {str(one["condition"]) for one in each.items("/incidents")} == {"warm"}
                assert "30.0" in str(each.items("/readings?device=k1-old")), "stored, under its own time"
        finally:
            for each in hubs:
                each.stop()
