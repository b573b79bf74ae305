"""`hub purge`: delete what has been kept long enough; `hub purge --report`: what was deleted, and what would be now."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from alerts.ledger import schema
from alerts.ledger.engine import Ledger
from config.settings import Settings, add_flags, load_settings
from hub.commands._house import clock, ledger_of
from hub.commands.audit import existing
from hub.serve.evidence_store import EvidenceStore
from hub.serve.purge_report import report
from hub.serve.retention import GIGABYTE, Limits, Retention
from ingest.duration import parse_duration
from ingest.errors import LedgerAway
from ingest.instant import format_instant, parse_instant

HELP = "delete what has been kept long enough, or report what was deleted and what is due"

LIMITS = (
    "keep_readings",
    "keep_minutes",
    "keep_hours",
    "readings_gigabytes",
    "minutes_gigabytes",
    "hours_gigabytes",
    "keep_events",
    "keep_evidence",
    "keep_originals",
    "keep_case_evidence",
    "keep_reports",
    "evidence_gigabytes",
    "keep_free_gigabytes",
)

Json = Mapping[str, object]


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    parser.add_argument(
        "--report", action="store_true", help="delete nothing; say what was deleted and what would be now"
    )
    parser.add_argument(
        "--since",
        default="30d",
        metavar="WHEN",
        help="the report goes back to the day (UTC) of this moment: RFC 3339, or so long ago (default 30d)",
    )
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    parser.epilog = (
        "A running hub deletes by itself every ten minutes; this command does while none runs. The report reads the "
        "ledger itself, also while a hub runs. Bytes of readings are an estimate."
    )
    add_flags(parser, ("data", "database_url", *LIMITS))


def run(args: argparse.Namespace) -> int:
    """Delete unless only a report is wanted, and report."""
    settings = load_settings(vars(args), os.environ)
    since = _when(args.since, clock())
    url = existing(settings)
    if not args.report:
        with ledger_of(settings) as ledger:
            Retention(ledger, _store(settings), Limits.of(settings), clock=clock).once()
    ledger = Ledger(url, clock=clock)
    try:
        said = _report(ledger, settings, since)
    finally:
        ledger.close()
    print(json.dumps(said, ensure_ascii=False) if args.json else _text(said))
    return 0


def _report(ledger: Ledger, settings: Settings, since: datetime) -> Json:
    now = clock()
    with ledger.read() as conn:
        if schema.revision(conn) != schema.head():
            raise LedgerAway(
                "the ledger is of another version", reason="schema", mend="start this version's hub once"
            )
        kinds = report(conn, Limits.of(settings), room=_store(settings).room(), since=since, now=now)
    return {"since": format_instant(since), "at": format_instant(now), "kinds": kinds}


def _store(settings: Settings) -> EvidenceStore:
    reserve = round(settings.keep_free_gigabytes * GIGABYTE)
    # without a key: nothing is opened to be deleted or counted
    return EvidenceStore(settings.data / "evidence", "", reserve=reserve)


def _when(text: str, now: datetime) -> datetime:
    try:
        return now - parse_duration(text)
    except ValueError:
        return parse_instant(text)


def _text(said: Json) -> str:
    kinds = cast("Sequence[Json]", said["kinds"])
    wide = max(len(str(each["kind"])) for each in kinds)
    lines = [f"deleted since {said['since']}; due at {said['at']}"]
    for each in kinds:
        gone, due = _some(each["deleted"]), _some(each["due"])
        lines.append(f"{each['kind']:<{wide}}  kept {each['kept']}; deleted {gone}; due {due}")
    return "\n".join(lines)


def _some(found: object) -> str:
    """`1,234 (2.1 MB) of 2026-05-01 to 2026-08-24`."""
    if found is None:
        return "nothing"
    some = cast("Json", found)
    size = "" if some["bytes"] is None else f" ({_bytes(int(str(some['bytes'])))})"
    return f"{some['number']:,}{size} of {str(some['since'])[:10]} to {str(some['until'])[:10]}"


def _bytes(size: int) -> str:
    """In the unit that leaves few digits."""
    for unit, each in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= each:
            return f"{size / each:.1f} {unit}"
    return f"{size} B"
