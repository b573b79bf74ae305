"""Packet: one compressed unit of a camera's stream, as it came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Packet:
    """One compressed picture.

    Attributes:
        data: The bytes, as the demuxer gave them.
        pts: Presentation time in `time_base` units.
        dts: Decoding time in `time_base` units.
        time_base: Seconds per unit.
        keyframe: Decoding may start here.
        at: Wall time of arrival (UTC).
    """

    data: bytes
    pts: int
    dts: int
    time_base: float
    keyframe: bool
    at: datetime
