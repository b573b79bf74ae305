"""Camera health: true faults are found in time, normal video raises nothing; each fault by a table of what is seen.

The pictures are real footage, with light, weather and faults composed on it (bench/video/scenes.py); `python -m
bench.video.health` plays hours of it.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from bench.video.health import BEFORE, EVERY, Player
from bench.video.scenes import FAULTS, NORMAL, frozen, noisy, pictures, steamed
from config.catalogue import conditions
from detectors.camera_health import low_rate, wrong_time
from detectors.fault import Clock, Seen, Stream, faults, is_dark_hour
from detectors.health import Health, shipped
from ingest.glance import Glance

ROOT = Path(__file__).resolve().parents[2]
CLIPS = [ROOT / "build/footage" / name for name in ("crossroad-1-cam.mp4", "school-1-cam.mp4")]
BEGIN = datetime(2026, 11, 23, 2, tzinfo=UTC)
CHINA = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module", params=CLIPS, ids=lambda path: path.stem)
def clip(request: pytest.FixtureRequest) -> tuple[NDArray[np.uint8], float]:
    """Real footage, small and grey."""
    path: Path = request.param
    if not path.exists():
        pytest.skip("no footage here: make setup")
    return pictures(path)


HOUR = frozenset({"dusk, lamp, dawn", "lights off for 20 min"})
"""Scenes that take an hour to come about; the others repeat themselves."""


@pytest.mark.slow
@pytest.mark.parametrize("name", NORMAL)
def test_normal_video_raises_nothing(clip: tuple[NDArray[np.uint8], float], name: str) -> None:
    """As filmed, noise, dusk and dawn, night, lights off, somebody close, wind."""
    assert Player(*clip).play(3600 if name in HOUR else 600, NORMAL[name]) == []


@pytest.mark.parametrize("name", [*FAULTS, "frozen"])
def test_each_true_fault_is_found_within_its_time(clip: tuple[NDArray[np.uint8], float], name: str) -> None:
    """It is raised once it has lasted as long as it must, and nothing else is; it clears when the view is back."""
    word, change = FAULTS.get(name, ("frozen", frozen(clip[0][40])))
    player = Player(*clip)
    assert player.play(BEFORE, noisy) == []
    must_last = shipped(word).raise_after.total_seconds()
    raised = player.play(must_last + 60, change)
    assert [each.fault for each in raised] == [word]
    assert raised[0].after <= must_last + 3 * EVERY
    assert player.play(shipped(word).clear_after.total_seconds() + 6 * EVERY, noisy) == []
    at = BEGIN + timedelta(seconds=player.seconds)
    assert {level.state for each, level in player.health.levels(at) if each.fault == word} == {"inactive"}


def test_every_fault_has_its_condition_in_the_catalogue() -> None:
    """With the severity that the catalogue has, and a name in both languages."""
    assert set(faults()) == {"frozen", "black", "covered", "blurred", "moved", "wrong-time", "low-rate"}
    for fault in faults().values():
        known = conditions()[fault.condition]
        assert (known.group, known.severity) == ("camera", fault.severity)
        assert fault.name.zh
        assert fault.name.en


def test_steam_is_quiet_where_it_is_normal(clip: tuple[NDArray[np.uint8], float]) -> None:
    """`quiet_at: [steam]` says nothing of a steamed picture, nor for ten minutes after."""
    player = Player(*clip)
    player.health.watch([shipped("blurred", quiet_at=("steam",))], BEGIN, CHINA)
    player.play(BEFORE, noisy)
    assert player.play(1200, steamed) == []


def test_black_is_quiet_at_night_and_raised_in_the_morning() -> None:
    """Dark hours are local, over midnight."""
    health = Health([shipped("black")], BEGIN, CHINA)
    grey = np.full((90, 160), 16, np.uint8)
    raised = []
    for minute in range(24 * 60):
        at = datetime(2026, 11, 23, 12, tzinfo=UTC) + timedelta(minutes=minute)  # 20:00 in China
        health.glance(Glance("c", 60.0 * minute, at, grey))
        ((_, level),) = health.levels(at)
        if level.state == "active":
            raised.append(at.astimezone(CHINA).time())
    assert min(raised[:1]) == time(7, 1)
    assert is_dark_hour(time(2), (time(19), time(7)))
    assert not is_dark_hour(time(7), (time(19), time(7)))
    assert is_dark_hour(time(3), (time(1), time(4)))


RATES = [
    (25.0, 25.0, False, "as usual"),
    (12.5, 25.0, None, "half: slow shutter in the dark, neither low nor fine"),
    (9.0, 25.0, True, "a third"),
    (16.0, 25.0, False, "nearly as usual"),
    (3.0, None, None, "what is usual is not known yet"),
]


@pytest.mark.parametrize(("fps", "usual", "verdict", "why"), RATES, ids=[row[3] for row in RATES])
def test_frame_rate(fps: float, usual: float | None, verdict: bool | None, why: str) -> None:
    """Held against what this camera usually sends."""
    assert low_rate.judge(Seen(stream=Stream(BEGIN, fps), usual_fps=usual)).verdict is verdict, why


CLOCKS: list[tuple[float | None, Clock | None, bool | None, str]] = [
    (0.4, "rtcp", False, "right"),
    (-95.0, "rtcp", True, "behind"),
    (3600.0, "onvif", True, "an hour ahead: a zone that was set wrongly"),
    (25.0, "rtcp", None, "between the limits"),
    (45.0, "media", True, "its time stamps run away"),
    (None, None, None, "nothing tells"),
]


@pytest.mark.parametrize(("offset", "clock", "verdict", "why"), CLOCKS, ids=[row[3] for row in CLOCKS])
def test_clock(offset: float | None, clock: Clock | None, verdict: bool | None, why: str) -> None:
    """The explanation says what tells it."""
    judged = wrong_time.judge(Seen(stream=Stream(BEGIN, 25.0, offset, clock)))
    assert judged.verdict is verdict, why
    if clock is not None:
        assert judged.what is not None
        assert wrong_time.SOURCES[clock].en in judged.what.en
        assert wrong_time.SOURCES[clock].zh in judged.what.zh


def test_a_slower_stream_is_raised_and_explained() -> None:
    """25 pictures a second become 6: after a minute, in both languages, with both figures."""
    health = Health([shipped("low-rate")], BEGIN, CHINA)
    for second in range(0, 240, 5):
        at = BEGIN + timedelta(seconds=second)
        health.stream(Stream(at, 25.0 if second < 120 else 6.0))
    ((watched, level),) = health.levels(BEGIN + timedelta(seconds=240))
    assert (watched.id, level.state, level.value) == ("camera-frame-rate-low", "active", 6.0)
    assert level.since == BEGIN + timedelta(seconds=120)
    assert "6.0 per second, usually 25.0" in level.explanation.en
    assert "每秒 6.0 帧" in level.explanation.zh


def test_without_glances_nothing_is_known() -> None:
    """What was seen a while ago is not said to hold."""
    health = Health([shipped("black")], BEGIN, CHINA)
    for second in range(0, 120, 5):
        health.glance(
            Glance("c", second, BEGIN + timedelta(seconds=second), np.full((90, 160), 90, np.uint8))
        )
    states = [health.levels(BEGIN + timedelta(seconds=each))[0][1].state for each in (120, 300)]
    assert states == ["inactive", "unknown"]
