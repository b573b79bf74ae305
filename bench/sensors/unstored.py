"""Unstored: the hub as it is, but readings and rule states are not written: what the rest of a message costs.

    python -m bench.sensors.unstored BROKER_URL DATA

Everything else is `hub serve`: its sessions, decoding, rules, queue, transaction, acknowledgement and websockets.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from alerts.ledger import readings, rule_states
from alerts.ledger.engine import Connection
from bench.chaos.county import PASSWORD
from config.settings import Settings
from hub.serve.run import running, stop_on_signals
from ingest.reading import Reading


def _none(conn: Connection, new: Iterable[Reading]) -> int:  # noqa: ARG001 - in place of readings.add
    return 0


def _no_states(conn: Connection, states: Mapping[str, Mapping[str, object]], now: datetime) -> None:
    """In place of rule_states.put_all."""


async def main(broker: str, data: Path) -> None:
    """Until SIGTERM."""
    readings.add = _none
    rule_states.put_all = _no_states
    settings = Settings.model_validate(
        {"data": data, "port": 0, "workers": 0, "broker_url": broker, "admin_password": PASSWORD}
    )
    stop = stop_on_signals()
    async with running(settings) as it:
        print(f"ready {it.http}", flush=True)
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
