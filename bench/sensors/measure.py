"""Measure: one run of one contestant: what a message costs, how late its values come, how many it takes at most."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.processes import cpu_seconds
from bench.sensors.contestants import ROOT, Running, started
from bench.sensors.county import registry
from bench.sensors.publisher import FAST, Published
from hub.broker import Broker

DEVICES = 20
SETTLE = 1.0
"""Seconds of messages before what is measured: caches are warm, connections known."""
LATE = 50.0
"""Milliseconds: a publisher that is later than this would be the limit itself."""
DRAIN = 120.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One run.

    Attributes:
        cpu: Microseconds of CPU per message.
        p50, p99: Milliseconds from publishing to the websocket; None without one.
        most: Messages a second when as many come as the broker takes; None without a websocket.
        void: Why the run says nothing; empty when it does.
    """

    cpu: float
    p50: float | None = None
    p99: float | None = None
    most: float | None = None
    void: str = ""


class Reader:
    """The process that listens to the websocket."""

    def __init__(self, running: Running) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.sensors.reader", running.websocket, running.token],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._read()
        self.frames = 0

    def since(self, frames: int, within: float) -> dict[str, float]:
        """What came since the last question, once it is so many frames or time is up."""
        got = 0
        delays: dict[str, float] = {}
        end = time.monotonic() + within
        while True:
            found = self.ask()
            if found["frames"]:
                got += int(found["frames"])
                delays = (
                    found
                    if not delays or found["frames"] > delays["frames"]
                    else {**delays, "last": found["last"]}
                )
            if got >= frames or time.monotonic() > end:
                return {**delays, "frames": got}
            time.sleep(0.05)

    def ask(self) -> dict[str, float]:
        """What came since the last question."""
        if self._process.stdin:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        return dict(json.loads(self._read()))

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=10)

    def _read(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError("the reader of the websocket ended")
        return line


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent: `values` a message, at `rate` for `seconds`; then `fast` messages as fast as the broker takes."""

    values: int
    rate: float
    seconds: float
    fast: int


def measure(name: str, folder: Path, load: Load) -> Measured:
    """Start it, warm it, send it the load."""
    broker = Broker(folder / "broker")
    broker.start()
    try:
        with started(name, folder / "data", broker.url, registry(DEVICES)) as running:
            reader = Reader(running) if running.websocket else None
            try:
                return _measure(running, reader, broker.url, load)
            finally:
                if reader is not None:
                    reader.close()
    finally:
        broker.stop()


def _measure(running: Running, reader: Reader | None, url: str, load: Load) -> Measured:
    values = load.values
    warm = _publish(url, values, load.rate, SETTLE)
    time.sleep(0.5)
    if reader is not None:
        reader.since(warm.messages * values, 20)
    cpu = cpu_seconds([running.pid])
    said = _publish(url, values, load.rate, load.seconds)
    found: dict[str, float] = {}
    if reader is None:
        time.sleep(0.5)
    else:
        time.sleep(0.3)
        found = reader.since(said.messages * values, 30)
    cost = (cpu_seconds([running.pid]) - cpu) / said.messages * 1e6
    void = ""
    if said.late_ms > LATE:
        void = f"the publisher was {said.late_ms:.0f} ms late"
    elif reader is not None and found["frames"] != said.messages * values:
        void = f"{found['frames']:.0f} of {said.messages * values} values came"
    if reader is None:
        return Measured(cost, void=void)
    most = None
    if load.fast:
        begun = time.time()
        flood = _publish(url, values, 0, load.fast / FAST)
        through = reader.since(flood.messages * values, DRAIN)
        most = flood.messages / (through["last"] - begun)
        if through["frames"] != flood.messages * values:
            void = void or f"{through['frames']:.0f} of {flood.messages * values} values came at full rate"
    return Measured(cost, found.get("p50"), found.get("p99"), most, void)


def _publish(url: str, values: int, rate: float, seconds: float) -> Published:
    command = [
        sys.executable,
        "-m",
        "bench.sensors.publisher",
        url,
        str(DEVICES),
        str(values),
        str(rate),
        str(seconds),
    ]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=seconds * 3 + 330
    )
    return Published(**json.loads(done.stdout))
