"""Contestant: an engine under test: how it counts, and what it costs between two moments."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

from bench.processes import cpu_seconds, stolen_seconds


@dataclass(frozen=True, slots=True)
class Counted:
    """What an engine says it did so far to one camera.

    Attributes:
        at: Seconds on the engine's own clock when it said so.
        received: Packets that came, or pictures decoded where the engine decodes them all.
        decoded: Pictures decoded.
        analysed: Pictures that the model looked at.
    """

    at: float
    received: int
    decoded: int
    analysed: int


class Contestant(Protocol):
    """A running engine."""

    @property
    def pids(self) -> tuple[int, ...]:
        """Its processes; what they start is found below them."""

    def count(self) -> tuple[Counted, ...]:
        """One for each camera, in order; may take as long as the engine keeps its figures to itself."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What an engine did and used within a window.

    Attributes:
        cpu: Processor seconds of all its processes for each second of wall time.
        received: Packets a second of each camera.
        decoded: Pictures decoded a second of each camera.
        analysed: Pictures looked at a second of each camera.
        stolen: Processor seconds a second that others on the same host had instead of this machine.
    """

    cpu: float
    received: tuple[float, ...]
    decoded: tuple[float, ...]
    analysed: tuple[float, ...]
    stolen: float = 0.0

    @property
    def per_camera(self) -> float:
        """Per cent of one core for one camera."""
        return 100 * self.cpu / len(self.received)

    @property
    def per_analysed(self) -> float:
        """Milliseconds of processor time for one analysed picture; infinite when none was."""
        return 1000 * self.cpu / sum(self.analysed) if sum(self.analysed) else float("inf")


def wait_ready(contestant: Contestant, packets: int, within: float = 60.0) -> None:
    """Until every camera has sent so many packets; TimeoutError says how many did."""
    end = time.monotonic() + within
    while True:
        there = [each.received >= packets for each in contestant.count()]
        if there and all(there):
            return
        if time.monotonic() > end:
            raise TimeoutError(f"{sum(there)} of {len(there)} cameras came within {within:.0f} s")
        time.sleep(0.2)


def measure(contestant: Contestant, seconds: float) -> Cost:
    """Let it work for so long."""
    before, used, at = contestant.count(), cpu_seconds(contestant.pids), time.monotonic()
    stolen = stolen_seconds()
    time.sleep(seconds)
    after = contestant.count()
    lasted = time.monotonic() - at
    cpu = (cpu_seconds(contestant.pids) - used) / lasted
    stolen = (stolen_seconds() - stolen) / lasted
    pairs = [(first, last, max(last.at - first.at, 1e-9)) for first, last in zip(before, after, strict=True)]
    return Cost(
        cpu=cpu,
        received=tuple((last.received - first.received) / lasted for first, last, lasted in pairs),
        decoded=tuple((last.decoded - first.decoded) / lasted for first, last, lasted in pairs),
        analysed=tuple((last.analysed - first.analysed) / lasted for first, last, lasted in pairs),
        stolen=stolen,
    )
