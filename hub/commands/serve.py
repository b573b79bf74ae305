"""`hub serve`: the hub on its own data."""

from __future__ import annotations

import argparse
import asyncio
import os

from config.settings import Settings, add_flags, load_settings
from hub import turns
from hub.serve import heap
from hub.serve.run import running, set_up_log, stop_on_signals

HELP = "the hub: API, console, alert router, sensors, and its own camera workers"


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags are the settings."""
    add_flags(parser, Settings.model_fields)


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    settings = load_settings(vars(args), os.environ)
    set_up_log(settings)
    turns.shorten()
    return asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> int:
    stop = stop_on_signals()
    async with running(settings) as hub:
        heap.settle()
        print(f"ready {hub.http}", flush=True)
        await stop.wait()
    return 0
