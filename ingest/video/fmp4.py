"""Fmp4: packets become fragmented MP4, a fragment a picture, as a browser's Media Source Extensions take it.

    ftyp moov | moof mdat | moof mdat | …
    └─ init ──┘ └──── one picture each, the camera's own bits

A fragment is complete when the next packet is there: only then is it known how long its picture stands.
"""

from __future__ import annotations

from fractions import Fraction

import av
import av.error

from ingest.errors import StreamEnded
from ingest.packet import Packet
from ingest.video.codecs import in_mp4, parameter_sets
from ingest.video.stream import StreamInfo
from ingest.video.timeline import Timeline

FLAGS = "frag_every_frame+empty_moov+default_base_moof"


class _Sink:
    """The file that the muxer writes into: what was written since the last look."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        written = b"".join(self._parts)
        self._parts.clear()
        return written


class Fragmenter:
    """Muxes one stream from one keyframe on; its media time starts at 0. One thread; close() it.

    Raises StreamEnded (no-video) for a codec that does not stand in an MP4, and from feed() for packets that the
    muxer refuses.

    Attributes:
        init: The initialization segment.
        codec: What it holds in the words of RFC 6381: `avc1.64001f`.
    """

    def __init__(self, info: StreamInfo, first: Packet) -> None:
        self._timeline = Timeline(info.time_base)
        self._time_base = Fraction(info.time_base).limit_denominator(1_000_000)
        self._sink = _Sink()
        try:
            self._out = av.open(self._sink, "w", format="mp4", options={"movflags": FLAGS})
            self._stream = self._out.add_mux_stream(info.codec, rate=25, width=info.width, height=info.height)
            self._stream.time_base = self._time_base
        except (av.error.FFmpegError, ValueError) as wrong:
            raise StreamEnded(f"{info.codec} does not stand in an MP4", reason="no-video") from wrong
        # The muxer reads the parameter sets from the first packet, where the stream may leave them out.
        self._before = b"" if parameter_sets(info.codec, first.data) else info.extradata
        self.init = self.feed(first)
        self.codec = in_mp4(self.init)

    def feed(self, packet: Packet) -> bytes:
        """The fragment of the packet before this one (of the first: the initialization segment)."""
        raw = av.Packet(self._before + packet.data)
        self._before = b""
        raw.pts, raw.dts = self._timeline.place(packet.pts, packet.dts, packet.at)
        raw.time_base = self._time_base
        raw.is_keyframe = packet.keyframe
        raw.stream = self._stream
        try:
            self._out.mux(raw)
        except (av.error.FFmpegError, ValueError) as wrong:
            raise StreamEnded(
                f"what the camera sends cannot be remuxed: {wrong}", reason="garbage"
            ) from wrong
        return self._sink.take()

    def close(self) -> bytes:
        """End it; the last fragment, with what the muxer writes behind it."""
        try:
            self._out.close()
        except (av.error.FFmpegError, ValueError):
            return b""  # it had refused a packet before: there is nothing to end
        return self._sink.take()
