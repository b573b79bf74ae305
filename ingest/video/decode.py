"""Decode: compressed packets become pictures, with one thread and only as many as somebody looks at.

The smoothing of block edges (the loop filter of H.264 and H.265) is a fourth of the work at 2 Mbit/s, and a model that
looks at a smaller picture does not miss it. Without it the pictures after a keyframe drift a little from what was sent,
up to the next keyframe: so it is left out where keyframes come often, and always made for the keyframe itself.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from math import ceil
from typing import Literal

import av
import av.error
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from ingest.errors import CameraUnreachable
from ingest.frame import Frame
from ingest.packet import Packet
from ingest.video.planes import Planes
from ingest.video.stream import StreamInfo

SPARSE = 1.0
"""Pictures per second at which keyframes, usually one or two seconds apart, do."""
Smoothing = Literal["all", "keyframes", "none"]
"""Of which pictures block edges are smoothed."""
_SKIPPED: dict[Smoothing, str] = {"all": "default", "keyframes": "nointra", "none": "all"}
"""FFmpeg's words for what is left out; its `nokey` leaves out some keyframes of H.265, too."""
_WHOLE: Smoothing = "all"
REMEMBERED = 64
"""Packets in flight inside a decoder whose arrival times are remembered; reordering is at most 16."""


class Decoder:
    """One open decoder; holds 15 to 130 MB once it has decoded (360p to 1080p): let go of it when unused.

    Raises CameraUnreachable (no-video) for a codec that nobody here can decode.
    """

    def __init__(self, info: StreamInfo, *, smoothing: Smoothing = "all") -> None:
        try:
            context = av.CodecContext.create(info.codec, "r")
        except ValueError:  # PyAV's UnknownCodecError
            context = None
        if not isinstance(context, VideoCodecContext):
            raise CameraUnreachable(f"no decoder for {info.codec or 'this video'}", reason="no-video")
        context.thread_count = 1
        context.options = {"skip_loop_filter": _SKIPPED[smoothing]}
        if info.extradata:
            context.extradata = info.extradata
        self._context = context
        self.tick = info.time_base
        self._wanted = True
        self._arrived: OrderedDict[int, datetime] = OrderedDict()
        self.errors = 0

    def feed(self, packet: Packet, *, wanted: bool = True) -> list[tuple[VideoFrame, datetime]]:
        """The pictures that come out now, with the arrival time of their packets.

        `wanted=False` lets the decoder skip a picture that no other picture needs. Data that cannot be
        decoded gives nothing and is counted in `errors`.
        """
        raw = av.Packet(packet.data)
        raw.pts, raw.dts = packet.pts, packet.dts
        raw.is_keyframe = packet.keyframe
        self._arrived[packet.pts] = packet.at
        while len(self._arrived) > REMEMBERED:
            self._arrived.popitem(last=False)
        if wanted != self._wanted:
            self._context.skip_frame = "DEFAULT" if wanted else "NONREF"
            self._wanted = wanted
        try:
            frames = self._context.decode(raw)
        except av.error.FFmpegError:
            self.errors += 1
            return []
        return [(frame, self._arrived.pop(frame.pts or 0, packet.at)) for frame in frames]

    def drain(self, at: datetime) -> list[tuple[VideoFrame, datetime]]:
        """What is still inside, with its packets' arrival (`at` where it is not known); it takes nothing afterwards."""
        try:
            frames = self._context.decode(None)
        except av.error.FFmpegError:
            self.errors += 1
            return []
        return [(frame, self._arrived.pop(frame.pts or 0, at)) for frame in frames]


def still(device: str, info: StreamInfo, packets: tuple[Packet, ...]) -> Frame | None:
    """The first picture of a GOP through a decoder that lives only for it; None when it cannot be decoded."""
    if not packets:
        return None
    decoder = Decoder(info)
    first = packets[0]
    frames = decoder.feed(first) + decoder.drain(first.at)
    if not frames:
        return None
    return Frame(device, first.pts * first.time_base, first.at, Planes(frames[0][0]))


class Sampler:
    """Decodes a stream whole and hands on `fps` pictures per second of media time, from second `since` on.

    They lie on the multiples of the period, so that it does not matter where decoding began.

    Attributes:
        smoothing: What is wanted; it changes with the next keyframe.
    """

    def __init__(self, device: str, info: StreamInfo, fps: float, *, since: float = 0.0) -> None:
        self._device = device
        self._info = info
        self.smoothing = self._smoothing = _WHOLE
        self._decoder = Decoder(info)
        self._errors = 0
        self._fps = fps
        self._period = 1.0 / fps
        self._due = ceil(since / self._period - 1e-6) * self._period
        self._at = since
        self._started = self._sparse = self._broken = False
        self.decoded = 0
        self.newest: tuple[VideoFrame, float, datetime] | None = None
        """The latest picture, its media time and the arrival time of its packet."""

    @property
    def errors(self) -> int:
        """Packets that could not be decoded."""
        return self._errors + self._decoder.errors

    @property
    def drifts(self) -> bool:
        """Whether the pictures between keyframes are not quite what was sent."""
        return self._smoothing != _WHOLE

    @property
    def wait(self) -> float:
        """Seconds of media time from the latest packet to the next picture that is due; below 0 when it is late."""
        return self._due - self._at

    def pace(self, fps: float) -> None:
        """Hand on so many from now on. At SPARSE, if that is less, only keyframes are decoded: it saves most."""
        self._period = 1.0 / fps
        self._sparse = fps <= SPARSE and fps < self._fps

    def feed(self, packet: Packet) -> Frame | None:
        """The newest picture that is due now, or None."""
        self._at = packet.pts * packet.time_base
        if packet.keyframe:
            self._broken = False
        elif self._sparse or self._broken:  # after a gap the next keyframe is the first that can be decoded
            self._broken = True
            return None
        if not self._started:  # pictures before the first keyframe would be grey smears
            if not packet.keyframe:
                return None
            self._started = True
        due = None
        before = self._smoothed_anew(packet) if packet.keyframe and self.smoothing != self._smoothing else []
        for frame, at in before + self._decoder.feed(packet, wanted=self._at >= self._due):
            self.decoded += 1
            media = (frame.pts or 0) * self._decoder.tick
            self.newest = (frame, media, at)
            if media >= self._due:
                due = self.newest
                self._due = max(self._due + self._period, media + self._period / 2)
        if due is None:
            return None
        frame, media, at = due
        return Frame(self._device, media, at, Planes(frame))

    def _smoothed_anew(self, packet: Packet) -> list[tuple[VideoFrame, datetime]]:
        """Another decoder from this keyframe on; what was still inside the one before."""
        left = self._decoder.drain(packet.at)
        self._errors += self._decoder.errors
        self._decoder, self._smoothing = Decoder(self._info, smoothing=self.smoothing), self.smoothing
        return left
