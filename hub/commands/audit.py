"""`hub audit verify`: whether anything in the ledger, or in an evidence package, was changed, lost or doubled."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from alerts import package_check
from alerts.ledger import check, counters
from alerts.ledger.engine import Ledger
from config.settings import Settings, add_flags, load_settings
from hub.commands._house import clock
from ingest.errors import NotFound

HELP = "verify that nothing in the ledger was changed, lost or doubled"


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    verify = actions.add_parser(
        "verify", help="recompute every hash, look for gaps and doubles; exit 1 when something does not fit"
    )
    verify.add_argument(
        "package",
        metavar="PACKAGE.zip",
        nargs="?",
        type=Path,
        help="an evidence package instead of the ledger",
    )
    verify.epilog = (
        "A package is held against its own manifest and chain; no hub is needed. "
        "Reads the ledger itself, also while a hub runs, and writes nothing: the answer does not depend on the "
        "hub that is verified."
    )
    add_flags(verify, ("data", "database_url"))


def run(args: argparse.Namespace) -> int:
    """Verify everything, one line for each thing that does not fit."""
    if args.package is not None:
        return _package(args.package)
    settings = load_settings(vars(args), os.environ)
    ledger = Ledger(existing(settings), clock=clock)
    try:
        with ledger.read() as conn:
            found = check.violations(conn)
            rows, events = counters.value(conn, counters.AUDIT), counters.value(conn, counters.EVENTS)
    finally:
        ledger.close()
    for each in found:
        print(each)
    print(f"{'broken' if found else 'whole'}: {rows} audit rows, {events} events, every case history")
    return 1 if found else 0


def _package(path: Path) -> int:
    checked = package_check.check(path)
    for each in checked.findings:
        print(each)
    print(f"{'changed' if checked.findings else 'whole'}: {checked.said}")
    return 1 if checked.findings else 0


def existing(settings: Settings) -> str:
    """The ledger's address; NotFound when there is none yet (opening it would make one)."""
    path = Path(settings.database.removeprefix("sqlite:///"))
    if settings.database.startswith("sqlite:///") and not path.exists():
        raise NotFound("there is no ledger", where=str(path), mend="name its folder with --data or HUB_DATA")
    return settings.database
