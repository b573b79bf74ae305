"""Sender clock: what a camera's RTCP sender reports say of its clock, against ours."""

from __future__ import annotations

import struct
from datetime import datetime

import av
from av.video.stream import VideoStream

NTP_TO_UNIX = 2_208_988_800
"""Seconds from 1900 to 1970."""
SINCE = 946_684_800.0
"""2000-01-01: a camera that counts from its start, and not from 1900, says nothing of its clock."""


def sender_offset(raw: av.Packet[VideoStream], at: datetime) -> float | None:
    """Seconds by which the camera's clock is ahead of ours; None when this packet brought no usable report.

    FFmpeg lays the report that came last beside the packet (AVRTCPSenderReport: ssrc, then the NTP time).
    """
    if not raw.has_sidedata("rtcp_sr"):
        return None
    report = bytes(raw.get_sidedata("rtcp_sr"))
    if len(report) < 16:
        return None
    (ntp,) = struct.unpack_from("=Q", report, 8)
    unix = ntp / 2**32 - NTP_TO_UNIX
    return unix - at.timestamp() if unix > SINCE else None
