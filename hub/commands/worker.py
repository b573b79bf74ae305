"""`hub worker`: one process with a share of the cameras; `serve` starts its own, other machines theirs."""

from __future__ import annotations

import argparse
import logging
import os
import re
from pathlib import Path

from detectors.provider import CPU, WORDS
from hub.cores import cores
from hub.worker.run import Options
from hub.worker.run import run as work
from ingest.errors import InvalidSetting

HELP = "a share of the cameras: reads, looks, judges, and signals to serve"

TOKEN = "HUB_WORKER_TOKEN"  # noqa: S105 - the variable's name, not a token
MODELS = Path(__file__).parents[2] / "models"
MOST_THREADS = 64
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    parser.add_argument(
        "--serve-url", required=True, help="where serve answers, such as http://127.0.0.1:8000"
    )
    parser.add_argument("--name", required=True, help="this worker's name, such as w1")
    parser.add_argument(
        "--data", type=Path, help="folder for the spool and evidence (default HUB_DATA/workers/NAME)"
    )
    parser.add_argument("--models", type=Path, help="folder of the models (default HUB_MODELS, then models/)")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address of the worker's own HTTP (default 127.0.0.1)"
    )
    parser.add_argument("--port", type=int, default=0, help="its port (default: a free one)")
    parser.add_argument(
        "--announce", default="", metavar="NAME", help="name by which serve reaches it (default: the address)"
    )
    parser.add_argument(
        "--threads", type=int, default=0, help="threads that look at pictures (default: one per core)"
    )
    parser.add_argument(
        "--provider", choices=WORDS, default=CPU, help="what networks run on (default %(default)s)"
    )
    parser.epilog = f"The environment holds the worker token in {TOKEN}."


def run(args: argparse.Namespace) -> int:
    """Work until told to end."""
    token = os.environ.get(TOKEN, "")
    if not token:
        raise InvalidSetting("no worker token", where=TOKEN, mend="set it to the token that serve uses")
    if not NAME.fullmatch(args.name):
        raise InvalidSetting(f"{args.name!r} is not a worker's name", where="--name", mend="write w1")
    if not 0 <= args.threads <= MOST_THREADS:
        raise InvalidSetting(
            f"{args.threads} threads", where="--threads", mend=f"write 1 to {MOST_THREADS}, or nothing"
        )
    logging.basicConfig(
        level=os.environ.get("HUB_LOG", "info").upper(),
        format=f"%(asctime)s %(levelname)s {args.name} %(name)s: %(message)s",
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line per poll says nothing
    code = work(
        Options(
            name=args.name,
            serve_url=args.serve_url,
            token=token,
            data=args.data or Path(os.environ.get("HUB_DATA", "data")) / "workers" / args.name,
            models=args.models or Path(os.environ.get("HUB_MODELS") or MODELS),
            host=args.host,
            port=args.port,
            announce=args.announce,
            threads=args.threads or cores(),
            provider=args.provider,
        )
    )
    # Everything was ended in order and is on the disk. A thread that is still inside FFmpeg or the model's runtime
    # would make the interpreter's own end abort the process ("terminate called without an active exception").
    logging.shutdown()
    os._exit(code)
