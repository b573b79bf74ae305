"""Camera check: what the worker says of a camera's health, with the camera as its place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from detectors.health import shipped
from hub.worker.assignment import CameraTask
from hub.worker.camera_check import FAREWELL, CameraCheck, Said
from ingest.glance import Glance
from ingest.video.health import CameraHealth, CameraState

BEGIN = datetime(2026, 11, 23, 2, tzinfo=UTC)
CHINA = ZoneInfo("Asia/Shanghai")
GREY = np.random.default_rng(1).integers(0, 255, (90, 160)).astype(np.uint8)


def at(second: float) -> datetime:
    return BEGIN + timedelta(seconds=second)


def stream(state: CameraState = "online", *, fps: float = 25.0, offset: float | None = None) -> CameraHealth:
    """A stream of which nothing else matters."""
    return CameraHealth(
        state=state, reason=None, message="", since=BEGIN, last_packet_at=BEGIN, received=1, decoded=1, dropped=0,
        undecodable=0, received_fps=fps, decoded_fps=1.0, codec="h264", width=1280, height=720, reconnects=0,
        clock_offset=offset,
    )  # fmt: skip


def check(*words: str) -> CameraCheck:
    return CameraCheck("gate-cam", [shipped(word) for word in words], CHINA, BEGIN)


def states(said: list[Said]) -> dict[str, str]:
    return {source.condition: level.state for _, source, level in said}


def test_a_frozen_picture_is_said_with_the_camera_as_its_place() -> None:
    """One and the same keyframe for two minutes."""
    checked = check("frozen", "black")
    for second in range(0, 150, 2):
        checked.glance(Glance("gate-cam", second, at(second), GREY))
    said = checked.tick(at(150), stream())
    assert states(said) == {"camera-frozen": "active", "camera-black": "inactive"}
    params, source, level = next(each for each in said if each[1].condition == "camera-frozen")
    assert (source.place, source.device, source.kind) == ("gate-cam", "gate-cam", "camera-health")
    assert params.id == source.rule == "camera-frozen"
    assert "已达 2 分钟" in level.explanation.zh
    assert "the picture is frozen for at least 2 min" in level.explanation.en


@pytest.mark.parametrize("state", ["offline", "degraded", "unknown"])
def test_a_camera_without_a_picture_is_not_judged(state: CameraState) -> None:
    """What was raised is unknown, never over; what was not raised is not spoken of."""
    checked = check("frozen", "black")
    for second in range(0, 150, 2):
        checked.glance(Glance("gate-cam", second, at(second), GREY))
    assert states(checked.tick(at(151), stream(state))) == {"camera-frozen": "unknown"}


def test_nothing_is_said_before_anything_is_known() -> None:
    """A camera that has just started costs no signals."""
    assert check("frozen", "black", "low-rate").tick(at(0), stream()) == []


def test_glances_in_between_are_left_out() -> None:
    """A camera with a keyframe every second is judged as often as one with a keyframe in five."""
    checked = check("black")
    dark, bright = np.full((90, 160), 16, np.uint8), np.full((90, 160), 99, np.uint8)
    for second in range(120):
        checked.glance(Glance("gate-cam", second, at(second), dark if second % 5 == 0 else bright))
    assert states(checked.tick(at(120), stream())) == {"camera-black": "active"}


def test_the_clock_by_reports_then_by_answer_then_by_pace() -> None:
    """The best source there is decides, and the explanation names it."""
    for told, offset, said in ((None, -60.0, "RTCP"), (-60.0, None, "ONVIF"), (-60.0, 0.2, None)):
        checked = check("wrong-time")
        checked.told(told)
        for second in range(0, 150, 5):
            checked.tick(at(second), stream(offset=offset))
        ((_, _, level),) = checked.tick(at(150), stream(offset=offset))
        assert level.state == ("inactive" if said is None else "active")
        assert said is None or said in level.explanation.en
    checked = check("wrong-time")
    for second in range(0, 1800, 5):
        checked.glance(Glance("gate-cam", second * 1.05, at(second), GREY))
        checked.tick(at(second), stream())
    ((_, _, level),) = checked.tick(at(1800), stream())
    assert level.state == "active"
    assert "its clock cannot be seen" in level.explanation.en


def test_a_fault_that_is_no_longer_watched_ends() -> None:
    """It is said to be over for a while, so that no incident stays open."""
    checked = check("black")
    for second in range(0, 90, 5):
        checked.glance(Glance("gate-cam", second, at(second), np.full((90, 160), 16, np.uint8)))
    assert states(checked.tick(at(90), stream())) == {"camera-black": "active"}
    checked.change([], CHINA, at(91), same_view=True)
    assert states(checked.tick(at(92), stream())) == {"camera-black": "inactive"}
    assert checked.tick(at(92) + FAREWELL, stream()) == []


def test_an_assignment_carries_what_is_watched() -> None:
    """As JSON and back."""
    task = {"device": "a", "site": "s", "url": "rtsp://127.0.0.1/x"}
    health = [shipped("black").model_dump(mode="json")]
    assert CameraTask.model_validate({**task, "health": health}).health == (shipped("black"),)
