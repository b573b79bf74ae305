"""Killed: numbered messages of QoS 1 at full rate while the hub is killed with -9; each must be stored once.

`python -m bench.sensors.killed [--messages N] [--kills N] [--seed N]`. The messages carry no time and no identifier:
nothing but the hub's own care tells one that is delivered again from a new one. Their number is their value.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from alerts.ledger.connect import reading_engine
from bench.chaos.hub_process import HubProcess
from bench.flood.line import Line
from bench.processes import free_port
from bench.sensors.county import registry, topic
from hub.broker import Broker

MESSAGES = 50_000
KILLS = 3
WINDOW = 1_000
"""Messages that the broker has not acknowledged yet, at most."""
DRAIN = 300.0
"""Seconds for the rest, after the last kill."""
QUANTITY = "power"
"""One that takes every number up to a million."""


@dataclass(frozen=True, slots=True)
class Killed:
    """What came of it.

    Attributes:
        published: Messages that the broker acknowledged.
        rows: Rows that are stored.
        distinct: Different numbers among them.
        kills: How often the hub was killed, each time with this many rows stored.
    """

    published: int
    rows: int
    distinct: int
    kills: tuple[int, ...]


def run(folder: Path, messages: int, kills: int, chance: random.Random) -> Killed:
    """All of it, in this folder."""
    broker = Broker(folder / "broker")
    broker.start()
    hub = HubProcess(folder / "hub", free_port(), broker.url)
    database = f"sqlite:///{folder / 'hub' / 'hub.db'}"
    try:
        hub.apply(registry(1))
        hub.start()
        hub.wait_ready()  # its session exists from now on
        sent: list[int] = []
        sender = threading.Thread(target=lambda: sent.append(_publish(broker.url, messages)), daemon=True)
        sender.start()
        seen = []
        for _ in range(kills):
            some = _stored(database)[0]
            wanted = min(some + chance.randint(1, max(messages // (kills + 2), 1)), messages)
            end = time.monotonic() + DRAIN
            while _stored(database)[0] < wanted and time.monotonic() < end:
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.1))
            hub.kill()
            seen.append(_stored(database)[0])
            hub.start()  # not waited for: it takes messages in before it says that it is ready
        hub.wait_ready()
        sender.join(DRAIN)
        end = time.monotonic() + DRAIN
        before = -1
        while time.monotonic() < end:
            rows, distinct = _stored(database)
            if distinct >= messages and rows == before:  # and nothing comes after
                break
            before = rows
            time.sleep(2.0)
        rows, distinct = _stored(database)
        hub.stop()
    finally:
        hub.kill()
        broker.stop()
    return Killed(sent[0] if sent else 0, rows, distinct, tuple(seen))


def _publish(url: str, messages: int) -> int:
    line = Line(url, "numbered", topic(0))
    acknowledged = 0
    for number in range(messages):
        line.publish(json.dumps({QUANTITY: number}).encode())
        while number + 1 - acknowledged >= WINDOW:
            acknowledged += line.acknowledged(5.0)
    acknowledged += line.drained(messages - acknowledged, time.monotonic() + DRAIN)
    line.close()
    return acknowledged


def _stored(database: str) -> tuple[int, int]:
    engine = reading_engine(database)
    try:
        with engine.connect() as conn, conn.begin():
            query = text("SELECT count(*), count(DISTINCT value) FROM readings WHERE quantity = :quantity")
            rows, distinct = conn.execute(query, {"quantity": QUANTITY}).one()
            return int(rows), int(distinct)
    finally:
        engine.dispose()


def main() -> int:
    """0 when every message is stored once."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.sensors.killed", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        chance = random.Random(given.seed)  # noqa: S311 - moments, no secrets
        found = run(Path(folder), given.messages, given.kills, chance)
    print(
        f"published {found.published}, killed at {list(found.kills)} rows;"
        f" stored {found.rows} rows of {found.distinct} different messages"
    )
    return 0 if found.rows == found.distinct == found.published == given.messages else 1


if __name__ == "__main__":
    sys.exit(main())
