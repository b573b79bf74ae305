"""Doubt: garbage is told from video by what costs nothing to look at."""

from __future__ import annotations

import random

import pytest

from ingest.video.doubt import FIRST_KEYFRAME, KEYFRAME, Doubt

START = b"\0\0\0\1"


def first_doubt(doubt: Doubt, packets: list[tuple[float, bytes, bool]]) -> tuple[float, str] | None:
    """When and why the stream was given up."""
    for now, data, keyframe in packets:
        why = doubt.about(data, keyframe=keyframe, now=now)
        if why is not None:
            return now, why
    return None


def test_random_pictures_are_no_video_within_a_second() -> None:
    """Random bytes set the forbidden bit every other time, also where chance makes keyframes of them."""
    dice = random.Random(4)
    packets = [(n / 25, START + dice.randbytes(100), n % 9 == 0) for n in range(100)]
    told = first_doubt(Doubt("h264", 0.0), packets)
    assert told is not None
    assert told[0] < 1.5
    assert told[1] == "what it sends is no h264"


@pytest.mark.parametrize("codec", ["h264", "hevc", "mjpeg"])
def test_video_is_never_doubted(codec: str) -> None:
    """Keyframes every 50 s, one damaged unit in twelve, and pictures of a codec without units."""
    units = [START + (b"\xe5" if n % 12 == 0 else b"\x41") + b"data" for n in range(5000)]
    packets = [(n / 25, unit, n % 1250 == 0) for n, unit in enumerate(units)]
    assert first_doubt(Doubt(codec, 0.0), packets) is None
    assert first_doubt(Doubt("mjpeg", 0.0), [(n / 25, b"\xff\xd8\xff", True) for n in range(50)]) is None


def test_without_keyframes_it_is_given_up() -> None:
    """After 12 s when there never was one, after a minute when they stop."""
    packets = [(n / 25, START + b"\x41", False) for n in range(3000)]
    told = first_doubt(Doubt("h264", 0.0), packets)
    assert told is not None
    assert told[0] == pytest.approx(FIRST_KEYFRAME, abs=0.1)
    told = first_doubt(Doubt("h264", 0.0), [(0.0, START + b"\x65", True), *packets])
    assert told is not None
    assert told[0] == pytest.approx(KEYFRAME, abs=0.1)
