"""Day: the demo's sensors live through a compressed day, as a process of its own.

    python -m hub.demo.day --broker mqtt://127.0.0.1:1883 --seconds 90 --seed 1

Values follow from the seed and the planned second of sending, times are the true times of sending. Everything
goes out with QoS 1 over one connection; while the broker is away messages wait and arrive late with their own
time. At its end it prints one JSON line: what was sent and what the broker has acknowledged.
"""

from __future__ import annotations

import argparse
import heapq
import json
import logging
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import UTC, datetime

from hub.demo.county import THINGS
from hub.demo.things import Outgoing, Thing, Turn
from hub.os_signals import on_signals
from hub.parent import on_parent_gone
from ingest.errors import HubError
from ingest.mqtt.client import Client

log = logging.getLogger(__name__)

_STOP_TIMEOUT = 5.0
_TOO_LATE = 10.0  # seconds behind after which sendings are left out instead of caught up


def utc_now() -> datetime:
    """The present (UTC)."""
    return datetime.now(UTC)


def turn_of(thing: Thing, n: int, *, seed: int, first: float, at: datetime) -> Turn:
    """Sending `n` of `thing`; the same seed gives the same chance whatever happened before."""
    name = "+".join(thing.devices)
    return Turn(t=first + n * thing.every, at=at, n=n, chance=random.Random(f"{seed}/{name}/{n}"))  # noqa: S311 - noise


class Day:
    """All things, sending in turn until stopped."""

    def __init__(self, client: Client, *, seed: int, things: Sequence[Thing] = THINGS) -> None:
        self._client = client
        self._seed = seed
        self._things = things
        self._lock = threading.Lock()  # guards what follows: futures resolve on the client's thread
        self.sent: Counter[str] = Counter()
        self.acknowledged = 0
        self.failed = 0

    def run(self, seconds: float | None, stopping: threading.Event) -> None:
        """Say hello for everybody, then send each thing's messages at its pace."""
        begin = time.monotonic()
        for thing in self._things:
            self._publish(thing, thing.hello(utc_now()))
        # Things do not speak in chorus: each begins at its own moment.
        queue = [
            (index * 0.37 % thing.every, 0, index, index * 0.37 % thing.every)
            for index, thing in enumerate(self._things)
        ]
        heapq.heapify(queue)
        while not stopping.is_set():
            due, n, index, first = heapq.heappop(queue)
            if seconds is not None and due >= seconds:
                stopping.wait(begin + seconds - time.monotonic())
                return
            if stopping.wait(max(0.0, begin + due - time.monotonic())):
                return
            thing = self._things[index]
            if time.monotonic() - begin - due < _TOO_LATE:
                turn = turn_of(thing, n, seed=self._seed, first=first, at=utc_now())
                self._publish(thing, thing.send(turn))
            heapq.heappush(queue, (first + (n + 1) * thing.every, n + 1, index, first))

    def _publish(self, thing: Thing, messages: Sequence[Outgoing]) -> None:
        for each in messages:
            self._client.publish(each.topic, each.payload, qos=1, retain=each.retain).add_done_callback(
                self._settled
            )
            with self._lock:
                self.sent["+".join(thing.devices)] += 1

    def _settled(self, future: Future[None]) -> None:
        wrong = future.exception()
        with self._lock:
            if wrong is None:
                self.acknowledged += 1
                return
            self.failed += 1
            first = self.failed == 1
        if first:
            log.warning("a message was not taken: %s", wrong)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m hub.demo.day", description="The demo's sensors.")
    parser.add_argument("--broker", required=True, help="mqtt://host:port")
    parser.add_argument("--seconds", type=float, help="end after so long (default: when told to)")
    parser.add_argument(
        "--seed", type=int, default=1, help="another seed is another day (default %(default)s)"
    )
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    args = parser.parse_args(arguments)
    logging.basicConfig(
        level=os.environ.get("HUB_LOG", "info").upper(), format="day: %(message)s", stream=sys.stderr
    )
    stopping = threading.Event()
    on_signals({signal.SIGTERM: stopping.set, signal.SIGINT: stopping.set})
    if args.with_parent:
        on_parent_gone(stopping.set)
    try:
        client = Client(args.broker, f"demo-day-{args.seed}", clock=utc_now)
    except HubError as wrong:
        print(f"day: {wrong}", file=sys.stderr)
        return 2
    day = Day(client, seed=args.seed)
    client.start()
    day.run(args.seconds, stopping)
    client.stop(_STOP_TIMEOUT)
    counts = {"sent": sum(day.sent.values()), "acknowledged": day.acknowledged, "failed": day.failed}
    print(json.dumps(counts), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
