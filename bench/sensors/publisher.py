"""Publisher: one process of thin connections that says prepared values at an even pace, or as fast as the broker takes.

    python -m bench.sensors.publisher URL DEVICES VALUES RATE SECONDS [FIRST]

RATE 0: as fast as the broker acknowledges; there are as many messages as 10,000 a second would be. FIRST: number of the
first device (default 0). A message carries
the moment at which it is handed to the socket, at least a millisecond after the one before of its device. Prints one
JSON object when everything is acknowledged: messages, seconds, CPU seconds, and how late the 99th of a hundred messages
was handed over, in milliseconds.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass

from bench.flood.line import Line
from bench.sensors.county import QUANTITIES, topic

FAST = 10_000
"""Messages per second of a run without pace; only their number follows from it."""
PAUSE = 0.001
"""Seconds: the shortest sleep; what falls due meanwhile goes together."""
WINDOW = 1_000
"""Messages of one connection without acknowledgement at most."""
PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Published:
    """What was said."""

    messages: int
    seconds: float
    cpu: float
    late_ms: float


def values_of(number: int, count: int) -> str:
    """The values of the n-th message as JSON: numbers that raise nothing, true/false at the end."""
    found = {
        quantity: round(2 + (number + place) % 50 / 10, 1) if place < 13 else False
        for place, quantity in enumerate(QUANTITIES[:count])
    }
    return json.dumps(found, separators=(",", ":"))


def publish(url: str, devices: int, values: int, rate: float, seconds: float, *, first: int = 0) -> Published:
    """All of it."""
    total = round((rate or FAST) * seconds)
    tails = [b',"values":' + values_of(each, values).encode() + b"}" for each in range(200)]
    lines = [Line(url, f"bench-publisher-{first + each}", topic(first + each)) for each in range(devices)]
    sent, acknowledged, moments = [0] * devices, [0] * devices, [0] * devices
    late: list[float] = []
    cpu, began = time.process_time(), time.monotonic()
    for count in range(total):
        if rate:
            due = began + count / rate
            while (left := due - time.monotonic()) > 0:
                time.sleep(max(left, PAUSE))
            late.append(time.monotonic() - due)
        which = count % devices
        moments[which] = max(moments[which] + 1, int(time.time() * 1000))
        lines[which].publish(b'{"ts":%d' % moments[which] + tails[count % 200])
        sent[which] += 1
        if sent[which] % 50 == 0:
            acknowledged[which] += lines[which].acknowledged()
        while sent[which] - acknowledged[which] >= WINDOW:
            acknowledged[which] += lines[which].acknowledged(1.0)
    took, cpu = time.monotonic() - began, time.process_time() - cpu
    until = time.monotonic() + PATIENCE
    for which, each in enumerate(lines):
        acknowledged[which] += each.drained(sent[which] - acknowledged[which], until)
        each.close()
    late.sort()
    worst = late[len(late) * 99 // 100] * 1000 if late else 0.0
    return Published(sum(acknowledged), took, cpu, worst)


if __name__ == "__main__":
    devices, values = (int(each) for each in sys.argv[2:4])
    rate, seconds = (float(each) for each in sys.argv[4:6])
    begin = int(sys.argv[6]) if len(sys.argv) > 6 else 0
    print(json.dumps(asdict(publish(sys.argv[1], devices, values, rate, seconds, first=begin))))
