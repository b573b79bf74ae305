"""Stream: what a camera says about its video before the first packet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Transport = Literal["tcp", "udp"]


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """One video stream, as the demuxer opened it.

    Attributes:
        codec: FFmpeg's name: `h264`, `hevc`, `mjpeg`.
        width: Pixels, 0 when the camera did not say and no keyframe came while opening.
        height: Pixels, 0 as above.
        time_base: Seconds per unit of a packet's pts and dts.
        extradata: Parameter sets (Annex B), may be empty when they only come with the keyframes.
    """

    codec: str
    width: int
    height: int
    time_base: float
    extradata: bytes

    def same_coding(self, other: StreamInfo) -> bool:
        """Whether packets of both can stand in one clip."""
        return (self.codec, self.extradata) == (other.codec, other.extradata)
