"""One publisher of the flood: says the levels of its sources at an even pace, and what it said.

`python -m bench.flood.publisher URL NUMBER PUBLISHERS CONDITIONS RATE SECONDS START`: RATE of this one, in signals a
second; START as seconds since 1970. Prints one JSON object when the broker has acknowledged everything.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, wait
from datetime import UTC, datetime

from alerts.ids import new_id
from alerts.ledger.columns import to_ms
from detectors.signal import Signal, SignalState
from detectors.signal_json import to_json
from ingest.mqtt.client import Client
from ingest.text import Text

PER_SITE = 4
"""Conditions at one site."""
EPOCH = 1
PATIENCE = 120.0
"""Seconds for the broker's last acknowledgement."""


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


def main(url: str, given: Sequence[str]) -> None:
    """Publish from START on."""
    number, publishers, conditions = (int(each) for each in given[:3])
    rate, seconds, start = (float(each) for each in given[3:])
    name = f"flood-{number}"
    total = round(rate * seconds)
    client = Client(url, name, clock=now, inflight=500, max_queued=total + 1, session_expiry=60)
    client.start()
    while not client.connected:
        time.sleep(0.02)
    sources = range(number, conditions, publishers)
    said = dict.fromkeys(sources, 0)
    runs: dict[int, list[list[int]]] = {each: [] for each in sources}
    last: dict[int, SignalState] = {}
    waiting: list[Future[None]] = []
    time.sleep(max(start - time.time(), 0))
    began = time.monotonic()
    for count in range(total):
        time.sleep(max(began + count / rate - time.monotonic(), 0))
        source = sources[count % len(sources)]
        said[source] += 1
        made = signal(source, said[source], now())
        if made.state == "active":
            if last.get(source) == "active":
                runs[source][-1][1] = to_ms(made.at)
            else:
                runs[source].append([to_ms(made.at), to_ms(made.at)])
        last[source] = made.state
        waiting.append(client.publish(f"hub/internal/v1/signals/{name}", to_json(made)))
    ended = time.time()
    left = wait(waiting, PATIENCE).not_done
    client.stop(5)
    print(
        json.dumps(
            {
                "published": total - len(left),
                "ended": ended,
                "seconds": time.monotonic() - began,
                "sources": {
                    each: {"n": said[each], "runs": runs[each], "last": last.get(each)} for each in sources
                },
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
