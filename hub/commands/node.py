"""`hub node`: a village's loudspeaker node; SIGUSR1 presses its button, SIGUSR2 takes or gives the mains."""

from __future__ import annotations

import argparse
import logging
import os
import re
import signal
from datetime import UTC, datetime
from pathlib import Path

from hub.node.node import Node
from hub.os_signals import on_signals
from hub.parent import on_parent_gone
from ingest.errors import InvalidSetting

HELP = "a village loudspeaker node: health, emergency button, plays texts as speech into files"

ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    parser.add_argument("--broker", help="mqtt://host:port (default HUB_BROKER_URL)")
    parser.add_argument("--site", required=True, help="the registry's site, such as village-1")
    parser.add_argument("--node", required=True, help="the registry's speaker, such as village-1-horn")
    parser.add_argument("--data", type=Path, help="folder of tasks and sounds (default HUB_DATA/nodes/NODE)")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    parser.epilog = "Signals: USR1 presses the emergency button, USR2 switches the mains off or on."


def run(args: argparse.Namespace) -> int:
    """Work until told to end."""
    for name in ("site", "node"):
        if not ID.fullmatch(getattr(args, name)):
            raise InvalidSetting(
                f"{getattr(args, name)!r} is not an id", where=f"--{name}", mend="write village-1"
            )
    broker = args.broker or os.environ.get("HUB_BROKER_URL", "")
    if not broker:
        raise InvalidSetting("no broker", where="--broker", mend="write --broker mqtt://host:1883")
    logging.basicConfig(
        level=os.environ.get("HUB_LOG", "info").upper(),
        format=f"%(asctime)s %(levelname)s {args.node}: %(message)s",
    )
    folder = args.data or Path(os.environ.get("HUB_DATA", "data")) / "nodes" / args.node
    node = Node(broker, args.site, args.node, folder, clock=lambda: datetime.now(UTC))
    on_signals(
        {
            signal.SIGTERM: node.stop,
            signal.SIGINT: node.stop,
            signal.SIGUSR1: node.press,
            signal.SIGUSR2: node.switch_mains,
        }
    )
    if args.with_parent:
        on_parent_gone(node.stop)
    node.run()
    return 0
