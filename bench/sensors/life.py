"""Life: how late a value of life safety's comes while ten times as much of everything else comes as the hub takes.

`python -m bench.sensors.life [--values N] [--seconds N] [--times N] [--rate N] [--limit MS]`. First it is measured how
many messages a second the hub stores and hands on at most, then how late life safety's are in quiet, then under the
flood. Exits 1 when one is lost, or the 99th of a hundred is later than the limit. The flood is said with the figures:
where the publisher or the broker does not make ten times as much, it is less.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from bench.flood.line import Line
from bench.sensors.contestants import ROOT, STORED, Running, started
from bench.sensors.county import device, registry, topic
from bench.sensors.measure import DEVICES, DRAIN, Reader
from bench.sensors.publisher import FAST, Published
from hub.broker import Broker

FIRST = 1
"""Number of the first sensor of the flood; sensor 0 is life safety's."""
QUIET = 5.0
"""Seconds without a flood."""
LEAD = 1.0
"""Seconds of the flood before life safety's messages count."""
CALM = 2.0
"""Seconds in which the last of them may come."""


@dataclass(frozen=True, slots=True)
class Late:
    """How late so many messages came, in milliseconds."""

    sent: int
    came: int
    p50: float
    p99: float
    most: float

    def __str__(self) -> str:
        """One line."""
        return f"{self.came} of {self.sent} came: p50 {self.p50:.0f} ms, p99 {self.p99:.0f} ms, max {self.most:.0f} ms"


def main() -> int:
    """Measure once."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.sensors.life", description=__doc__.split("\n\n")[0]
    )
    parser.add_argument(
        "--values", type=int, default=20, help="per message of the flood (default %(default)s)"
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="of flood (default %(default)g)")
    parser.add_argument("--times", type=float, default=10.0, help="what the hub takes (default %(default)g)")
    parser.add_argument(
        "--rate", type=float, default=5.0, help="life safety's messages a second (default %(default)g)"
    )
    parser.add_argument(
        "--limit", type=float, default=1_000.0, help="milliseconds of p99 (default %(default)g)"
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Broker(folder / "broker")
        broker.start()
        try:
            with started(STORED, folder / "data", broker.url, registry(FIRST + DEVICES, (0,))) as running:
                sustained = _sustained(running, broker.url, args.values)
                print(f"sustained: {sustained:,.0f} messages/s of {args.values} values", flush=True)
                reader = Reader(_of_life(running))
                try:
                    quiet = _speak(reader, broker.url, args.rate, QUIET, 0)
                    print(f"in quiet: {quiet}", flush=True)
                    command = _publisher(broker.url, args.values, sustained * args.times, args.seconds + LEAD)
                    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as flood:
                        time.sleep(LEAD)
                        late = _speak(reader, broker.url, args.rate, args.seconds, quiet.sent)
                        said = Published(**json.loads(flood.communicate(timeout=args.seconds * 3 + 330)[0]))
                finally:
                    reader.close()
        finally:
            broker.stop()
    pace = said.messages / said.seconds
    print(f"under {pace:,.0f} messages/s, {pace / sustained:.1f} times what it takes: {late}")
    return 0 if late.came == late.sent and late.p99 <= args.limit else 1


def _sustained(running: Running, url: str, values: int) -> float:
    """Messages a second, as many as there are at once: from the first until the last is on the websocket."""
    reader = Reader(running)
    try:
        begun = time.time()
        command = _publisher(url, values, 0, 1.0)
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True, timeout=330)
        through = reader.since(FAST * values, DRAIN)
    finally:
        reader.close()
    return through["frames"] / values / (through["last"] - begun)


def _of_life(running: Running) -> Running:
    """The same, its websocket for life safety's numbers only."""
    return replace(running, websocket=f"{running.websocket}&device={device(0)}&quantity=power")


def _speak(reader: Reader, url: str, rate: float, seconds: float, after: int) -> Late:
    """Numbered messages at an even pace: a gas value that raises nothing, and the number."""
    line = Line(url, "bench-life", topic(0))
    sent, begun = 0, time.monotonic()
    while (due := begun + sent / rate) < begun + seconds:
        time.sleep(max(due - time.monotonic(), 0))
        values = json.dumps({"gas": 2, "power": after + sent})
        line.publish(b'{"ts":%d,"values":%s}' % (int(time.time() * 1000), values.encode()))
        line.acknowledged()
        sent += 1
    time.sleep(CALM)
    found = reader.ask()
    line.close()
    return Late(
        sent,
        int(found["frames"]),
        *((found[each] if found[each] is not None else float("inf")) for each in ("p50", "p99", "max")),
    )


def _publisher(url: str, values: int, rate: float, seconds: float) -> list[str]:
    numbers = (DEVICES, values, rate, seconds, FIRST)
    return [sys.executable, "-m", "bench.sensors.publisher", url, *map(str, numbers)]


if __name__ == "__main__":
    sys.exit(main())
