"""Live: one camera's packets, remuxed once for everybody who watches, from the newest keyframe on.

Ring.latest_gop ─┐
                 ├─▶ Remuxed ──▶ head, start (once for each viewer), fragment, fragment, … (the same for all)
Camera.tap ──────┘
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from ingest.errors import CameraUnreachable, StreamEnded
from ingest.packet import Packet
from ingest.video.decode import still
from ingest.video.fmp4 import Fragmenter
from ingest.video.stream import StreamInfo

MOST = 32_000_000
"""Bytes of one GOP that are kept for viewers to come, as in the ring; of a longer one they see the next keyframe."""


class Tapped(Protocol):
    """What live needs of a camera; every method is thread-safe."""

    @property
    def info(self) -> StreamInfo | None:
        """What the stream is, None before the first connection."""

    def recent_gop(self) -> tuple[Packet, ...]:
        """The newest keyframe and what came after it; empty when there is none."""

    def tap(self, listener: Callable[[Packet], None]) -> Callable[[], None]:
        """Call `listener` on the reader's thread with every packet from now on; returns what takes it off."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a viewer is told first.

    Attributes:
        codec: RFC 6381, or `jpeg`.
        width: Pixels.
        height: Pixels.
    """

    codec: str
    width: int
    height: int


class Remuxed:
    """One stream while somebody watches it. One thread; close() it.

    Raises CameraUnreachable when there is no keyframe to start from, StreamEnded when the stream cannot be remuxed
    or goes on in another coding (`changed`): then begin anew.
    """

    def __init__(self, info: StreamInfo, gop: tuple[Packet, ...]) -> None:
        if not gop:
            raise CameraUnreachable("no picture yet", reason="no-picture")
        if not info.width:  # the camera does not say before its first keyframe, the keyframe does
            frame = still("", info, gop[:1])
            if frame is None:
                raise CameraUnreachable("no picture can be made of what the camera sends", reason="garbage")
            info = replace(info, width=frame.raster.width, height=frame.raster.height)
        self._info = info
        self._fragmenter = Fragmenter(info, gop[0])
        self._last = gop[0]
        self._recent: list[bytes] = []
        self._kept = 0
        self.head = Head(self._fragmenter.codec, info.width, info.height)
        for packet in gop[1:]:
            self.take(packet)

    @property
    def start(self) -> bytes:
        """What a new viewer needs before the next fragment: the initialization and the GOP as far as it goes."""
        return self._fragmenter.init + b"".join(self._recent)

    def take(self, packet: Packet) -> bytes:
        """The fragment that this packet completes; empty for one that was taken before (ring and tap overlap)."""
        if packet.at <= self._last.at and packet.dts <= self._last.dts:
            return b""
        self._last = packet
        fragment = self._fragmenter.feed(packet)
        if packet.keyframe:
            self._recent.clear()
            self._kept = 0
            return fragment
        self._kept += len(fragment)
        if self._kept <= MOST:
            self._recent.append(fragment)
        else:
            self._recent.clear()
        return fragment

    def goes_on(self, info: StreamInfo | None) -> None:
        """Raise StreamEnded when the camera now sends another coding than the one that is being remuxed."""
        if info is not None and not self._info.same_coding(info):
            raise StreamEnded("the camera sends another coding now", reason="changed")

    def close(self) -> None:
        """End the muxer."""
        self._fragmenter.close()
