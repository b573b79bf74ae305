"""`hub demo`: a living county on this machine."""

from __future__ import annotations

import argparse
import asyncio
import os

from config.settings import add_flags, load_settings
from hub.demo.run import Options, demo
from hub.serve.run import set_up_log
from ingest.errors import InvalidSetting

HELP = "a living county on this machine: cameras, sensors, village nodes, cases"


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    add_flags(parser, ("data", "host", "port", "workers", "log", "admin_password"))
    parser.add_argument("--headless", action="store_true", help="open no browser")
    parser.add_argument("--seconds", type=float, help="end so many seconds after ready (default: on Ctrl-C)")
    parser.add_argument(
        "--platform", action="store_true", help="also run a sample receiver for the command platform"
    )


def run(args: argparse.Namespace) -> int:
    """Run the county."""
    if args.seconds is not None and args.seconds <= 0:
        raise InvalidSetting("not a length of time", where="--seconds", mend="write --seconds 90")
    flags = {**vars(args), "guest": True}
    flags["data"] = flags["data"] or os.environ.get("HUB_DATA") or "data/demo"
    flags["log"] = flags["log"] or os.environ.get("HUB_LOG") or "warning"  # a newcomer looks at the story
    os.environ["HUB_LOG"] = str(flags["log"])  # for the processes of the county
    settings = load_settings(flags, os.environ)
    set_up_log(settings)
    options = Options(headless=args.headless, seconds=args.seconds, platform=args.platform)
    return asyncio.run(demo(settings, options))
