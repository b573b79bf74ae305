"""Stored: how many values a second are on the disk: sent at an even pace, counted by SQL afterwards.

`python -m bench.sensors.stored [--values N] [--rate N] [--seconds N]`. Exits 1 when what is stored is not what was
sent, or when the backlog at the end says that the pace was not kept.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from alerts.ledger.connect import reading_engine
from bench.processes import cpu_seconds
from bench.sensors.contestants import ROOT, STORED, started
from bench.sensors.county import registry
from bench.sensors.measure import DEVICES
from bench.sensors.publisher import Published
from hub.broker import Broker

BACKLOG = 2.0
"""Seconds after the last message in which everything must be stored: then the pace was kept all the time."""


def main() -> int:
    """Measure once."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.sensors.stored", description=__doc__.split("\n\n")[0]
    )
    parser.add_argument("--values", type=int, default=20)
    parser.add_argument("--rate", type=float, default=1_000.0, help="messages a second")
    parser.add_argument("--seconds", type=float, default=120.0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Broker(folder / "broker")
        broker.start()
        try:
            with started(STORED, folder / "data", broker.url, registry(DEVICES)) as running:
                cpu, begun = cpu_seconds([running.pid]), time.monotonic()
                numbers = (DEVICES, args.values, args.rate, args.seconds)
                command = [sys.executable, "-m", "bench.sensors.publisher", broker.url, *map(str, numbers)]
                done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
                said = Published(**json.loads(done.stdout))
                sent = said.messages * args.values
                ended = time.monotonic()
                while (rows := _rows(folder)) < sent and time.monotonic() - ended < 300:
                    time.sleep(0.1)
                behind, cpu = time.monotonic() - ended, cpu_seconds([running.pid]) - cpu
        finally:
            broker.stop()
    took = ended - begun
    print(
        f"sent {sent:,} values in {took:.1f} s ({sent / took:,.0f}/s), publisher {said.cpu / took:.2f} cores and p99"
        f" {said.late_ms:.0f} ms late; stored {rows:,}, the last {behind:.1f} s after the last message;"
        f" CPU {cpu / took:.2f} cores, {cpu / said.messages * 1e6:.0f} µs a message, {cpu / sent * 1e6:.1f} µs a value"
    )
    return 0 if rows == sent and behind < BACKLOG else 1


def _rows(folder: Path) -> int:
    engine = reading_engine(f"sqlite:///{folder / 'data' / 'hub.db'}")
    try:
        with engine.connect() as conn, conn.begin():
            return int(conn.execute(text("SELECT count(*) FROM readings")).scalar_one())
    finally:
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
