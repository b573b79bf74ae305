"""CameraHealth: what is known about one camera's stream now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

CameraState = Literal["online", "offline", "degraded", "unknown"]
GateState = Literal["quiet", "open"]

SILENCE = timedelta(seconds=10)
"""Without a packet for this long the camera is offline."""
NO_PICTURE = timedelta(seconds=10)
"""Packets that give no picture for this long make the camera degraded (garbage)."""


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """One camera's stream.

    Attributes:
        state: online, offline (no packet for 10 s, or never reached), degraded (packets, no pictures) or
            unknown (first attempt still under way).
        reason: Why it is not online: refused, timeout, not-rtsp, unauthorized, login-unknown, not-found, no-video,
            ended, garbage, connecting; None when online.
        message: The same in words, without credentials; empty when online.
        since: When the state began (UTC).
        last_packet_at: Wall time of the newest packet, None before the first.
        received: Packets since start.
        decoded: Pictures since start.
        dropped: Pictures that nobody took (queue full) since start.
        undecodable: Packets that gave no picture because they are broken.
        received_fps: Packets per second, mean of the last 10 s.
        decoded_fps: Pictures per second, mean of the last 10 s.
        codec: FFmpeg's name, empty before the first stream.
        width: Pixels, 0 before the first stream.
        height: Pixels.
        reconnects: How often the stream was opened again.
        clock_offset: Seconds by which the camera's clock is ahead of ours, by its newest sender report; None when it
            sent none.
        gate: quiet (a look now and then, no decoder is open) or open (every picture is decoded).
        quiet_at: When it was quiet last (UTC), None when it never was.
    """

    state: CameraState
    reason: str | None
    message: str
    since: datetime
    last_packet_at: datetime | None
    received: int
    decoded: int
    dropped: int
    undecodable: int
    received_fps: float
    decoded_fps: float
    codec: str
    width: int
    height: int
    reconnects: int
    clock_offset: float | None = None
    gate: GateState = "open"
    quiet_at: datetime | None = None


def judge(
    now: datetime,
    *,
    started_at: datetime,
    online_since: datetime | None,
    last_packet_at: datetime | None,
    last_picture_at: datetime | None,
    failure: tuple[str, datetime] | None,
) -> tuple[CameraState, str | None, datetime]:
    """(state, reason, since) of a stream.

    Attributes of the stream: `online_since` = first packet after it was away, `failure` = (reason, first
    time) of the present row of failed attempts, None while packets flow.
    """
    if last_packet_at is None or online_since is None:
        if failure is None:
            return "unknown", "connecting", started_at
        return "offline", failure[0], failure[1]
    if now - last_packet_at >= SILENCE:
        return "offline", failure[0] if failure else "timeout", last_packet_at + SILENCE
    blind_since = max(last_picture_at or online_since, online_since)
    if now - blind_since >= NO_PICTURE:
        return "degraded", "garbage", blind_since + NO_PICTURE
    return "online", None, online_since
