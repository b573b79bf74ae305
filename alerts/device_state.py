"""Device state: what is honestly known of a device now; silence is never shown as `online`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

State = Literal["online", "offline", "stale", "degraded", "unknown"]

WORKER_LOST = timedelta(seconds=10)
"""A worker that was not heard for this long is gone; what its cameras do is then unknown."""
CAMERA_OFFLINE = timedelta(seconds=10)
"""A camera without a packet for this long is offline."""
BROKER_GRACE = timedelta(seconds=3)
"""A reconnect within this time changes no sensor's state."""
SENSOR_STALE = timedelta(hours=26)
"""Battery sensors sleep up to 25 h; a sensor silent for longer is stale, whatever its rules say."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A state and why; the reason is a short slug, empty for `online`."""

    state: State
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CameraReport:
    """What the camera's worker said last: its own view of the state, and when the last packet came."""

    state: State
    reason: str
    last_packet_at: datetime | None


def camera_state(
    report: CameraReport | None, *, heard_at: datetime | None, assigned_at: datetime, now: datetime
) -> Judged:
    """The state of one camera.

    Args:
        report: The newest report about it, None before the first.
        heard_at: When its worker was last heard (any sign of life), None before the first.
        assigned_at: When the camera was last handed to a worker.
        now: The present.
    """
    alive_at = max(heard_at or assigned_at, assigned_at)
    if now - alive_at > WORKER_LOST:
        return Judged("unknown", "worker-lost")
    if report is None:
        return Judged("unknown", "starting")
    if report.last_packet_at is not None and now - report.last_packet_at > CAMERA_OFFLINE:
        return Judged("offline", report.reason or "no-packet")
    return Judged(report.state, "" if report.state == "online" else report.reason)


def sensor_state(
    *,
    last_seen: datetime | None,
    said_online: bool | None,
    silent: bool,
    broker_away_since: datetime | None,
    clock_fault: str = "",
    now: datetime,
) -> Judged:
    """The state of a sensor, gateway or loudspeaker node.

    Args:
        last_seen: When its last message arrived, None when it never sent one.
        said_online: Its last will or availability topic; None when it has said neither.
        silent: A silence rule of this device is active.
        broker_away_since: Since when there is no broker, None when there is.
        clock_fault: What is wrong with its own clock, empty for nothing.
        now: The present.
    """
    if broker_away_since is not None and now - broker_away_since > BROKER_GRACE:
        return Judged("unknown", "broker-away")
    if said_online is False:
        return Judged("offline", "last-will")
    if last_seen is None:
        return Judged("online") if said_online else Judged("unknown", "never-seen")
    if silent:
        return Judged("stale", "silent")
    if now - last_seen > SENSOR_STALE:
        return Judged("stale", "no-data")
    if clock_fault:
        return Judged("degraded", clock_fault)
    return Judged("online")
