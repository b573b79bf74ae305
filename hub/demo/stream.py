"""Stream: one clip, played for ever at real pace, the same packets to everyone who watches."""

from __future__ import annotations

import asyncio
import bisect
import logging
import secrets
import struct
from datetime import UTC, datetime
from typing import Protocol

from hub.demo.clip import CLOCK, AccessUnit, Clip, renumber

log = logging.getLogger(__name__)

_TOO_LATE = 1.0  # seconds behind after which time is given up instead of caught up in a burst
_REPORT_EVERY = 5.0  # seconds between RTCP sender reports
_NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970
_CNAME = b"xianshao-demo"


class Viewer(Protocol):
    """Where packets go; every method returns at once."""

    def send(self, packets: list[bytes]) -> None:
        """The RTP packets of one picture."""

    def report(self, packet: bytes) -> None:
        """One RTCP sender report."""


class Stream:
    """Sequence, timestamp and source are functions of the position, so all viewers get the same bytes.

    `beat`: seconds, each of which it begins at most once, `late` seconds after the others of that beat: cameras do not
    all send their keyframes at once, also when everybody comes back at the same moment. 0: it begins when asked.
    """

    def __init__(self, clip: Clip, *, beat: float = 0.0, late: float = 0.0) -> None:
        self.clip = clip
        self._beat = beat
        self._late = late
        self.source = secrets.randbits(32)
        self.sequence = secrets.randbits(16)
        self.timestamp = secrets.randbits(32)
        self.stalls = 0
        self._waiting: set[Viewer] = set()
        self._watching: set[Viewer] = set()
        self._round = 0
        self._next = 0  # index of the unit to be sent next
        self._origin = 0.0  # loop time of position 0 of round 0
        self._task: asyncio.Task[None] | None = None
        self._keyframes = [index for index, unit in enumerate(clip.units) if unit.keyframe]

    @property
    def viewers(self) -> int:
        """How many watch or wait for their first keyframe."""
        return len(self._waiting) + len(self._watching)

    def add(self, viewer: Viewer) -> tuple[int, int]:
        """Let `viewer` in from the next keyframe on: (sequence, timestamp) of its first packet."""
        self._waiting.add(viewer)
        if self._task is None or self._task.done():
            loop = asyncio.get_running_loop()
            # Nobody watched: go on at the next keyframe, now, or when its turn is.
            self._next, self._round = self._next_keyframe()
            now = loop.time()
            wait = (self._late - now) % self._beat if self._beat else 0.0
            self._origin = now + wait - self._position() / CLOCK
            self._task = loop.create_task(self._play(), name="stream")
        index, round_ = self._next_keyframe()
        return self._numbers(self.clip.units[index], round_)

    def remove(self, viewer: Viewer) -> None:
        """Forget `viewer`; a second time is harmless."""
        self._waiting.discard(viewer)
        self._watching.discard(viewer)

    def _next_keyframe(self) -> tuple[int, int]:
        """Index and round of the keyframe that will be sent next."""
        place = bisect.bisect_left(self._keyframes, self._next)
        if place == len(self._keyframes):
            return self._keyframes[0], self._round + 1
        return self._keyframes[place], self._round

    def _position(self) -> int:
        return self._round * self.clip.duration + self.clip.units[self._next].due

    def _numbers(self, unit: AccessUnit, round_: int) -> tuple[int, int]:
        sequence = self.sequence + round_ * self.clip.packets + unit.first
        timestamp = self.timestamp + round_ * self.clip.duration + unit.time
        return sequence & 0xFFFF, timestamp & 0xFFFFFFFF

    async def _play(self) -> None:
        loop = asyncio.get_running_loop()
        report_at = loop.time()
        while self.viewers:
            due = self._origin + self._position() / CLOCK
            wait = due - loop.time()
            if wait < -_TOO_LATE:
                self.stalls += 1
                log.warning("%.1f s behind: the stream goes on from here", -wait)
                self._origin -= wait
            elif wait > 0:
                await asyncio.sleep(wait)
            self._send_unit()
            if loop.time() >= report_at:
                self._send_report()
                report_at = loop.time() + _REPORT_EVERY
            await asyncio.sleep(0)  # a stream that is behind must not starve the others

    def _send_unit(self) -> None:
        unit = self.clip.units[self._next]
        sequence, timestamp = self._numbers(unit, self._round)
        packets = [
            renumber(packet, sequence=sequence + index, timestamp=timestamp, source=self.source)
            for index, packet in enumerate(unit.packets)
        ]
        if unit.keyframe and self._waiting:
            self._watching |= self._waiting
            self._waiting.clear()
        self._next += 1
        if self._next == len(self.clip.units):
            self._next = 0
            self._round += 1
        for viewer in tuple(self._watching):
            viewer.send(packets)

    def _send_report(self) -> None:
        """An RTCP sender report and the source's name: which wall time the timestamps stand for."""
        loop = asyncio.get_running_loop()
        seconds = datetime.now(tz=UTC).timestamp() + _NTP_EPOCH
        media = round((loop.time() - self._origin) * CLOCK)
        sent = self._round * self.clip.packets + self.clip.units[self._next].first
        octets = self._round * self.clip.octets + self.clip.octets * self._next // len(self.clip.units)
        report = struct.pack(
            ">BBHIIIIII",
            0x80, 200, 6, self.source,
            int(seconds) & 0xFFFFFFFF, int(seconds % 1 * (1 << 32)),
            (self.timestamp + media) & 0xFFFFFFFF, sent & 0xFFFFFFFF, octets & 0xFFFFFFFF,
        )  # fmt: skip
        item = struct.pack(">BB", 1, len(_CNAME)) + _CNAME
        item += b"\x00" * (4 - len(item) % 4)
        description = struct.pack(">BBHI", 0x81, 202, 1 + len(item) // 4, self.source) + item
        for viewer in tuple(self._watching):
            viewer.report(report + description)
