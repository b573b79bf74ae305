"""judge(): the state of a stream; and the address as it may be shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ingest.video.address import is_camera_url, shown
from ingest.video.health import judge
from ingest.video.rate import Rate

START = datetime(2026, 11, 22, 8, tzinfo=UTC)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


# (why, online since, last packet, last picture, failure, now) → (state, reason, since)
ROWS = [
    ("nothing yet", None, None, None, None, 3, ("unknown", "connecting", 0)),
    ("refused at once", None, None, None, ("refused", 0.1), 3, ("offline", "refused", 0.1)),
    ("running", 1, 20, 20, None, 20.5, ("online", None, 1)),
    ("9 s of silence are not offline yet", 1, 20, 20, ("ended", 20.1), 29, ("online", None, 1)),
    ("10 s of silence, with the reason", 1, 20, 20, ("ended", 20.1), 30, ("offline", "ended", 30)),
    ("10 s of silence, connection still open", 1, 20, 20, None, 31, ("offline", "timeout", 30)),
    ("packets, never a picture", 1, 20, None, None, 20.1, ("degraded", "garbage", 11)),
    ("packets, no picture any more", 1, 40, 20, None, 40.1, ("degraded", "garbage", 30)),
    ("back after an outage, first picture on its way", 60, 61, 20, None, 61, ("online", None, 60)),
]


@pytest.mark.parametrize(
    ("why", "online", "packet", "picture", "failure", "now", "expected"), ROWS, ids=[row[0] for row in ROWS]
)
def test_state(
    why: str,
    online: float | None,
    packet: float | None,
    picture: float | None,
    failure: tuple[str, float] | None,
    now: float,
    expected: tuple[str, str | None, float],
) -> None:
    """Silence is shown after 10 s, with what was said about it."""
    state, reason, since = judge(
        at(now),
        started_at=START,
        online_since=None if online is None else at(online),
        last_packet_at=None if packet is None else at(packet),
        last_picture_at=None if picture is None else at(picture),
        failure=(failure[0], at(failure[1])) if failure else None,
    )
    assert (state, reason, since) == (expected[0], expected[1], at(expected[2])), why


SHOWN = [
    ("rtsp://admin:pa55@10.0.0.1/live", "rtsp://10.0.0.1/live", "user and password"),
    ("rtsp://admin@10.0.0.1/live", "rtsp://10.0.0.1/live", "user alone"),
    ("rtsp://admin:p@ss@10.0.0.1/live", "rtsp://10.0.0.1/live", "a password with @"),
    (
        "open rtsp://a:b@h/x failed, rtsp://c:d@h/y too",
        "open rtsp://h/x failed, rtsp://h/y too",
        "within a sentence",
    ),
    ("rtsp://10.0.0.1/live?mail=a@b", "rtsp://10.0.0.1/live?mail=a@b", "an @ that is no password"),
]


@pytest.mark.parametrize(("text", "expected", "why"), SHOWN, ids=[row[2] for row in SHOWN])
def test_no_password_is_shown(text: str, expected: str, why: str) -> None:
    """Whatever is logged has its credentials cut out."""
    assert shown(text) == expected, why


def test_only_rtsp_to_a_host_is_a_camera() -> None:
    """Files, pipes and other protocols never reach FFmpeg."""
    assert is_camera_url("rtsp://10.0.0.1:554/live")
    assert is_camera_url("RTSPS://user:word@cam.example/live")
    for wrong in (
        "",
        "live",
        "file:///x",
        "rtsp:///x",
        "rtmp://h/x",
        "concat:a|b",
        "rtsp://h:0/",
        "rtsp://h:99999/",
    ):
        assert not is_camera_url(wrong), wrong


def test_rate_is_a_mean_of_whole_seconds() -> None:
    """25 a second for 30 s is 25; after the end it falls to 0 within 10 s."""
    rate = Rate()
    assert rate.per_second(START) == 0
    for i in range(750):
        rate.add(at(i / 25))
    assert rate.per_second(at(30)) == 25
    assert rate.per_second(at(35)) == 12.5
    assert rate.per_second(at(45)) == 0
