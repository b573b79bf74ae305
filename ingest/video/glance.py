"""Glance: the newest picture of a GOP, seen small and grey, without a decoder that stays open."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from ingest.glance import HEIGHT, WIDTH
from ingest.packet import Packet
from ingest.video.decode import Decoder
from ingest.video.planes import Planes
from ingest.video.stream import StreamInfo


def small(frame: VideoFrame) -> NDArray[np.uint8]:
    """uint8 (90, 160), grey: each pixel the mean of those it stands for."""
    return Planes(frame).grey(WIDTH, HEIGHT)


class Peek:
    """Looks into a stream now and then.

    A keyframe is seen through a decoder that lives only for it. Further back in a GOP everything since its
    keyframe must be decoded; that decoder is kept for the next look into the same GOP, so that a camera whose
    GOPs are long pays for each picture once. The next keyframe ends it.
    """

    def __init__(self, info: StreamInfo) -> None:
        self._info = info
        self._decoder: Decoder | None = None
        self._fed: Packet | None = None
        self.decoded = 0
        self.errors = 0

    @property
    def holds_decoder(self) -> bool:
        """Whether memory of a decoder is held between looks."""
        return self._decoder is not None

    def keyframe(self, packet: Packet) -> VideoFrame | None:
        """The picture of a keyframe; None when it cannot be decoded."""
        self._decoder = None
        decoder = Decoder(self._info, smoothing="none")
        frames = [frame for frame, _ in decoder.feed(packet) + decoder.drain(packet.at)]
        return self._count(decoder.errors, frames)

    def forward(self, gop: tuple[Packet, ...]) -> VideoFrame | None:
        """The newest picture of a GOP, its keyframe first; None when nothing can be decoded."""
        if self._decoder is None:
            self._decoder, self._fed = Decoder(self._info), None
        decoder, errors = self._decoder, self._decoder.errors
        frames = [
            frame
            for packet in gop
            if self._fed is None or packet.dts > self._fed.dts
            for frame, _ in decoder.feed(packet)
        ]
        self._fed = gop[-1] if gop else self._fed
        return self._count(decoder.errors - errors, frames)

    def forget(self) -> None:
        """Let go of what is held."""
        self._decoder = None

    def _count(self, errors: int, frames: list[VideoFrame]) -> VideoFrame | None:
        self.errors += errors
        self.decoded += len(frames)
        return frames[-1] if frames else None
