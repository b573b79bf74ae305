"""`hub audit`: the chains that show whether history was changed."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from alerts.chain import START, broken_at, seal
from alerts.ledger import audit, cases, counters
from alerts.ledger.engine import Connection, Ledger
from alerts.sight import Sight
from config.settings import Settings, add_flags, load_settings
from hub.commands._house import clock
from ingest.errors import NotFound

HELP = "verify that neither the audit trail nor any case's history was changed"

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken chain."""

    where: str
    what: str


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    verify = actions.add_parser("verify", help="recompute every hash; exit 1 when one does not fit")
    verify.epilog = (
        "Reads the ledger itself, also while a hub runs, and writes nothing: the answer does not depend on the "
        "hub that is verified."
    )
    add_flags(verify, ("data", "database_url"))


def run(args: argparse.Namespace) -> int:
    """Verify all chains."""
    settings = load_settings(vars(args), os.environ)
    ledger = Ledger(_existing(settings), clock=clock)
    try:
        with ledger.read() as conn:
            rows, trail = verify_trail(conn)
            histories, broken = verify_cases(conn)
    finally:
        ledger.close()
    for each in (*trail, *broken):
        print(f"{each.where}: {each.what}")
    state = "broken" if trail or broken else "whole"
    print(f"{state}: audit trail of {rows} rows, histories of {histories} cases")
    return 1 if trail or broken else 0


def verify_trail(conn: Connection) -> tuple[int, list[Finding]]:
    """The audit trail: how many rows, and where it is broken."""
    found: list[Finding] = []
    rows, newer = 0, None
    for row in (*_trail(conn), None):
        if newer is not None:
            at, expected = f"audit row {newer['seq']}", int(str(newer["seq"])) - 1
            before, last = (int(str(row["seq"])), str(row["hash"])) if row else (0, START)
            if before != expected:
                found.append(Finding(at, f"row {expected} before it is missing"))
            elif newer["hash"] != seal(newer, last):
                found.append(Finding(at, "its hash does not fit: it, or the row before, was changed"))
        elif (newest := int(str(row["seq"])) if row else 0) != counters.value(conn, counters.AUDIT):
            found.append(Finding("audit trail", f"rows after {newest} are missing"))
        rows += row is not None
        newer = row
    return rows, found


def verify_cases(conn: Connection) -> tuple[int, list[Finding]]:
    """Every case's history: how many cases, and which are broken."""
    found: list[Finding] = []
    many, cursor = 0, None
    while True:
        page = cases.page(conn, Sight.everything(), now=clock(), limit=PAGE, cursor=cursor)
        for case in page.items:
            at = broken_at(cases.history(conn, str(case["id"])))
            if at is not None:
                found.append(Finding(f"case {case['number']}", f"entry {at + 1} of its history does not fit"))
        many += len(page.items)
        cursor = page.next
        if cursor is None:
            return many, found


def _trail(conn: Connection) -> Iterator[Mapping[str, object]]:
    """The rows of the trail, the newest first."""
    cursor = None
    while True:
        page = audit.page(conn, Sight.everything(), limit=PAGE, cursor=cursor)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


def _existing(settings: Settings) -> str:
    """The ledger's address; NotFound when there is none yet (opening it would make one)."""
    path = Path(settings.database.removeprefix("sqlite:///"))
    if settings.database.startswith("sqlite:///") and not path.exists():
        raise NotFound("there is no ledger", where=str(path), mend="name its folder with --data or HUB_DATA")
    return settings.database
