"""The publishers of the flood: many connections that say the levels of their sources at an even pace.

`python -m bench.flood.publisher URL PUBLISHERS CONDITIONS RATE SECONDS`: RATE of all together, in signals a second.
A source speaks over one connection, so that its signals come in order. Prints one JSON object, what was said, when
the broker has acknowledged everything.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from alerts.ids import new_id
from alerts.ledger.columns import to_ms
from bench.flood.line import Line
from detectors.signal import Signal, SignalState
from detectors.signal_json import to_json
from ingest.text import Text

PER_SITE = 4
"""Conditions at one site."""
EPOCH = 1
PATIENCE = 120.0
"""Seconds for the broker's last acknowledgement."""
PREPARE = 100e-6
"""Seconds that making one signal ready takes at most."""
PAUSE = 0.002
"""Seconds: the shortest sleep; what falls due meanwhile goes together."""


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def level(source: int, n: int) -> SignalState:
    """What a source says with its n-th signal: of twenty, two flap, four come and go, the others hold."""
    kind = source % 20
    if kind < 2:
        return "active" if n % 2 else "inactive"
    if kind < 6:
        return "active" if (n - 1) // 10 % 2 == 0 else "inactive"
    return "active"


def signal(source: int, n: int, at: datetime) -> Signal:
    """The n-th signal of a source."""
    place, condition = f"site-{source // PER_SITE}", f"flood-{source % PER_SITE}"
    value = 8.0 + n % 17 / 10
    return Signal(
        id=new_id(at),
        rule=condition,
        kind="threshold",
        condition=condition,
        place=place,
        device=place,
        state=level(source, n),
        since=at,
        at=at,
        severity="major",
        value=value,
        limit=8.0,
        certainty=1.0,
        epoch=EPOCH,
        n=n,
        explanation=Text(f"{value} °C，高于 8 °C", f"{value} °C, above 8 °C"),
    )


@dataclass(slots=True)
class _Voice:
    """What one source has said: how many signals, its excursions as (first, last) in milliseconds, its last level."""

    n: int = 0
    runs: list[list[int]] = field(default_factory=list)
    last: SignalState | None = None

    def say(self, source: int, at: datetime) -> bytes:
        """Its next signal."""
        self.n += 1
        made = signal(source, self.n, at)
        if made.state == "active":
            if self.last == "active":
                self.runs[-1][1] = to_ms(at)
            else:
                self.runs.append([to_ms(at), to_ms(at)])
        self.last = made.state
        return to_json(made)


def main(url: str, given: Sequence[str]) -> None:
    """Publish what was made ready before: making it must not take from the hub what is measured."""
    publishers, conditions = (int(each) for each in given[:2])
    rate, seconds = (float(each) for each in given[2:])
    total = round(rate * seconds)
    names = [f"flood-{number}" for number in range(publishers)]
    voices = [_Voice() for _ in range(conditions)]
    start = now() + timedelta(seconds=3 + total * PREPARE)
    ready = [
        voices[count % conditions].say(count % conditions, start + timedelta(seconds=count / rate))
        for count in range(total)
    ]
    lines = [Line(url, each, f"hub/internal/v1/signals/{each}") for each in names]
    published = [0] * publishers
    acknowledged = [0] * publishers
    time.sleep(max((start - now()).total_seconds(), 0))
    cpu, began = time.process_time(), time.monotonic()
    for count, message in enumerate(ready):
        while (left := began + count / rate - time.monotonic()) > 0:
            time.sleep(max(left, PAUSE))
        number = count % conditions % publishers
        lines[number].publish(message)
        published[number] += 1
        if published[number] % 50 == 0:
            acknowledged[number] += lines[number].acknowledged()
    ended, took, cpu = time.time(), time.monotonic() - began, time.process_time() - cpu
    until = time.monotonic() + PATIENCE
    for number, each in enumerate(lines):
        acknowledged[number] += each.drained(published[number] - acknowledged[number], until)
        each.close()
    sources = {
        source: {"n": each.n, "runs": each.runs, "last": each.last} for source, each in enumerate(voices)
    }
    print(
        json.dumps(
            {
                "published": sum(acknowledged),
                "ended": ended,
                "seconds": took,
                "cpu": cpu,
                "sources": sources,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
