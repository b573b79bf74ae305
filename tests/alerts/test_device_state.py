"""What is said of a device, case by case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.device_state import CameraReport, Judged, camera_state, sensor_state

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    """A moment before NOW."""
    return NOW - timedelta(seconds=seconds)


CAMERAS = [
    ("worker fresh, camera streams", CameraReport("online", "", ago(1)), ago(1), ago(60), Judged("online")),
    ("no report yet, just assigned", None, None, ago(3), Judged("unknown", "starting")),
    ("no worker ever came", None, None, ago(11), Judged("unknown", "worker-lost")),
    ("worker gone", CameraReport("online", "", ago(11)), ago(11), ago(60), Judged("unknown", "worker-lost")),
    ("worker gone exactly 10 s", CameraReport("online", "", ago(1)), ago(10), ago(60), Judged("online")),
    ("handed to another worker", CameraReport("online", "", ago(1)), ago(11), ago(2), Judged("online")),
    ("packets stopped", CameraReport("online", "", ago(11)), ago(1), ago(60), Judged("offline", "no-packet")),
    (
        "why it is offline is kept",
        CameraReport("offline", "refused", ago(30)),
        ago(1),
        ago(60),
        Judged("offline", "refused"),
    ),
    (
        "streams, but its model failed",
        CameraReport("degraded", "model-failed", ago(1)),
        ago(1),
        ago(60),
        Judged("degraded", "model-failed"),
    ),
]


@pytest.mark.parametrize(
    ("why", "report", "heard", "assigned", "expected"), CAMERAS, ids=lambda x: str(x)[:40]
)
def test_camera(
    why: str, report: CameraReport | None, heard: datetime | None, assigned: datetime, expected: Judged
) -> None:
    """A camera is online only when its worker and its packets are fresh."""
    assert camera_state(report, heard_at=heard, assigned_at=assigned, now=NOW) == expected, why


SENSORS = [
    ("fresh", ago(5), None, False, None, Judged("online")),
    ("never heard", None, None, False, None, Judged("unknown", "never-seen")),
    ("only its availability was heard", None, True, False, None, Judged("online")),
    ("last will", ago(5), False, False, None, Judged("offline", "last-will")),
    ("a silence rule says so", ago(30), None, True, None, Judged("stale", "silent")),
    ("a sleeping battery sensor", ago(25 * 3600), None, False, None, Judged("online")),
    ("longer than any battery sensor sleeps", ago(27 * 3600), None, False, None, Judged("stale", "no-data")),
    ("a short reconnect changes nothing", ago(5), None, False, ago(2), Judged("online")),
    ("broker away", ago(5), None, False, ago(4), Judged("unknown", "broker-away")),
    ("broker away hides the last will too", ago(5), False, False, ago(4), Judged("unknown", "broker-away")),
]


@pytest.mark.parametrize(
    ("why", "seen", "said", "silent", "away", "expected"), SENSORS, ids=lambda x: str(x)[:40]
)
def test_sensor(
    why: str, seen: datetime | None, said: bool | None, silent: bool, away: datetime | None, expected: Judged
) -> None:
    """A sensor is online only when it was heard and nothing speaks against it."""
    judged = sensor_state(last_seen=seen, said_online=said, silent=silent, broker_away_since=away, now=NOW)
    assert judged == expected, why
