"""Ring: the newest compressed packets of one camera, in whole GOPs (a keyframe and what hangs on it)."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta

from ingest.packet import Packet


class Ring:
    """Keeps at least `seconds` of whole GOPs, more where somebody asked for it, and never more than `max_bytes`.

    One thread adds, any thread reads. A GOP that alone is larger than `max_bytes` is let go, and what
    follows is not kept until the next keyframe (`let_go` counts the packets).
    """

    def __init__(self, seconds: float, max_bytes: int = 32_000_000) -> None:
        self._span = timedelta(seconds=seconds)
        self._max_bytes = max_bytes
        self._gops: deque[list[Packet]] = deque()
        self._bytes = 0
        self._kept: tuple[tuple[datetime, datetime], ...] = ()
        self._lock = threading.Lock()
        self.let_go = 0

    def add(self, packet: Packet) -> None:
        """Keep one more packet; those before the first keyframe cannot be decoded and are let go."""
        with self._lock:
            if packet.keyframe:
                self._gops.append([])
            elif not self._gops:
                self.let_go += 1
                return
            self._gops[-1].append(packet)
            self._bytes += len(packet.data)
            oldest = self._oldest(packet.at)
            while len(self._gops) > 1 and (self._gops[1][0].at <= oldest or self._bytes > self._max_bytes):
                self._drop_oldest()
            if self._bytes > self._max_bytes:
                self.let_go += len(self._gops[0])
                self._drop_oldest()

    def keep(self, since: datetime, until: datetime) -> None:
        """Let nothing go that came at `since` or later, before `until` is there; the bound in bytes stands."""
        with self._lock:
            self._kept = (*self._kept, (since, until))

    def _oldest(self, now: datetime) -> datetime:
        """From when on packets must stay."""
        oldest = now - self._span
        if self._kept:
            self._kept = tuple(each for each in self._kept if now < each[1])
            oldest = min((oldest, *(since for since, _ in self._kept)))
        return oldest

    def _drop_oldest(self) -> None:
        self._bytes -= sum(len(packet.data) for packet in self._gops.popleft())

    def clear(self) -> None:
        """Forget everything: what comes next is coded in another way."""
        with self._lock:
            self._gops.clear()
            self._bytes = 0

    def latest_gop(self) -> tuple[Packet, ...]:
        """The newest keyframe and what came after it; empty when there is none."""
        with self._lock:
            return tuple(self._gops[-1]) if self._gops else ()

    def since(self, pts: int) -> tuple[Packet, ...]:
        """From the last keyframe at or before `pts` on (or the oldest kept); pts in the packets' time base."""
        with self._lock:
            gops = tuple(self._gops)
            first = max((i for i, gop in enumerate(gops) if gop[0].pts <= pts), default=0)
            return tuple(packet for gop in gops[first:] for packet in gop)

    def window(self, start: datetime, end: datetime) -> tuple[Packet, ...]:
        """Whole GOPs from the last keyframe at or before `start` to the last packet at or before `end`.

        What is no longer kept is missing at the front; empty when nothing in the ring is that old or new.
        """
        with self._lock:
            gops = tuple(self._gops)
            first = max((i for i, gop in enumerate(gops) if gop[0].at <= start), default=0)
            kept = tuple(packet for gop in gops[first:] for packet in gop if packet.at <= end)
        return kept if kept and kept[-1].at >= start else ()

    @property
    def size(self) -> int:
        """Bytes kept."""
        return self._bytes
