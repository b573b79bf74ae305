"""`hub router`: one more process that applies workers' signals to a ledger on PostgreSQL."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
from contextlib import suppress

from alerts.ledger.engine import Ledger
from config.settings import Settings, add_flags, load_settings
from hub.parent import on_parent_gone
from hub.serve import heap
from hub.serve.router import Router
from hub.serve.run import TICK, now, set_up_log, stop_on_signals
from ingest.errors import InvalidSetting

HELP = "one more alert router on a ledger that several processes share (PostgreSQL), beside `hub serve`"

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    parser.add_argument(
        "--name",
        required=True,
        help="its own among all routers, and the same after a restart: what the broker keeps for it hangs on it",
    )
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    add_flags(parser, ("database_url", "broker_url", "timezone", "log"))


def run(args: argparse.Namespace) -> int:
    """Route until SIGTERM or SIGINT."""
    settings = load_settings(vars(args), os.environ)
    set_up_log(settings)
    if not NAME.fullmatch(args.name):
        raise InvalidSetting(f"{args.name!r} is not a name", where="--name", mend="write router-1")
    if not settings.database_url or settings.database_url.startswith("sqlite"):
        raise InvalidSetting(
            "several routers share a ledger on PostgreSQL only; on SQLite `hub serve` alone writes",
            where="HUB_DATABASE_URL",
            mend="write postgresql+psycopg://user:password@host/name, the same as for `hub serve`",
        )
    if not settings.broker_url:
        raise InvalidSetting(
            "no broker", where="HUB_BROKER_URL", mend="write mqtt://host:1883, the same as for `hub serve`"
        )
    return asyncio.run(_route(args.name, settings, with_parent=args.with_parent))


async def _route(name: str, settings: Settings, *, with_parent: bool) -> int:
    stop = stop_on_signals()
    if with_parent:
        loop = asyncio.get_running_loop()
        on_parent_gone(lambda: loop.call_soon_threadsafe(stop.set))
    ledger = await asyncio.to_thread(Ledger.open, settings.database, clock=now)
    try:
        router = Router(
            name, ledger=ledger, broker=settings.broker_url, timezone=settings.timezone, clock=now
        )
        await asyncio.to_thread(router.start)
        heap.settle()
        print(f"ready router {name}", flush=True)
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TICK)
            router.tick()
        await asyncio.to_thread(router.leave)
    finally:
        ledger.close()
    counted = " ".join(f"{outcome}={number}" for outcome, number in sorted(router.outcomes.items()))
    print(f"routed {counted}", flush=True)
    return 0
