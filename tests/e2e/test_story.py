"""The main job, end to end: real RTSP and MQTT become incidents, cases and pushes, seen from outside."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest

from ingest.instant import parse_instant
from tests.e2e.running import JSON, Running, demo

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(240)]

SECONDS = 75


def incident_of(running: Running, case: JSON) -> JSON:
    """The first incident of a case."""
    ids = cast("list[str]", case["incidents"])
    return cast("JSON", running.get(f"/incidents/{ids[0]}").json())


def test_a_county_lives(tmp_path: Path) -> None:
    """Cases of both sorts in time, in order, explained, with a picture, and an honest closing table."""
    with demo(tmp_path / "data", "--seconds", str(SECONDS)) as running:
        devices = {str(each["id"]): str(each["kind"]) for each in running.items("/devices?limit=1000")}

        def sorts(events: list[JSON]) -> dict[str, JSON]:
            """The first case of a camera and of a sensor."""
            found: dict[str, JSON] = {}
            for event in events:
                if event["type"] == "case.opened":
                    incident = incident_of(running, cast("JSON", event["data"]))
                    for device in cast("list[str]", incident["devices"]):
                        found.setdefault(devices[device], {**event, "incident": incident})
            return found

        events = running.events(
            0, seconds=60, enough=lambda got: got != [] and {"camera", "sensor"} <= sorts(got).keys()
        )
        numbers = [cast("int", event["seq"]) for event in events]
        assert numbers == sorted(set(numbers)), "events come in order, each once"
        run = json.loads((running.data / "run.json").read_text())
        ready = parse_instant(run["started_at"])
        raised = next(parse_instant(str(each["at"])) for each in events if each["type"] == "incident.raised")
        assert raised - ready < timedelta(seconds=30), "the first incident"
        first = sorts(events)
        assert {"camera", "sensor"} <= first.keys(), f"cases seen within 60 s: {sorted(first)}"
        for sort in ("camera", "sensor"):
            opened = parse_instant(str(first[sort]["at"]))
            assert opened - ready < timedelta(seconds=60), f"the first case of a {sort}"
            explanation = cast("dict[str, str]", cast("JSON", first[sort]["incident"])["explanation"])
            assert explanation["zh"], sort
            assert explanation["en"], sort

        incident = str(cast("JSON", first["camera"]["incident"])["id"])
        plain, boxed = (snapshot(running, incident, boxes) for boxes in (0, 1))
        assert plain.shape == boxed.shape
        changed = np.abs(plain.astype(int) - boxed.astype(int)).max(axis=2) > 60
        assert changed.any(), "the box is drawn on the snapshot"

        code = running.process.wait(SECONDS + 30)
        table = running.output()
    assert code == 0, table[-3000:]
    cameras = [name for name, kind in devices.items() if kind == "camera"]
    sensors = [name for name, kind in devices.items() if kind == "sensor"]
    assert len(cameras) >= 4
    assert len(sensors) >= 12
    for name in cameras:
        row = re.search(rf"^\W*{name}\W+(\d+)\D+(\d+)\D+(\d+)", table, re.MULTILINE)
        assert row, f"{name} is missing in the closing table:\n{table[-3000:]}"
        received, decoded, analysed = map(int, row.groups())
        assert received >= decoded >= analysed > 0, row.group(0)
    for name in sensors:
        row = re.search(rf"^\W*{name}\W+(\d+)", table, re.MULTILINE)
        assert row, f"{name} is missing in the closing table"


def snapshot(running: Running, incident: str, boxes: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The incident's picture; it must be there within 2 s of the raise, so it is asked for once."""
    answer = running.get(f"/incidents/{incident}/snapshot.jpg?boxes={boxes}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jpeg"
    image = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)
