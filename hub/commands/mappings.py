"""`hub mappings import|export`: the tables between another platform's codes and ours, from and to CSV files."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

import httpx

from alerts.case import Actor
from alerts.ledger import mappings
from alerts.ledger.engine import Connection
from alerts.mapping import MAPPED, MappedNoun, write
from config.apply import read_registry
from config.directory import directory
from config.mapped import replace
from config.secret_file import load_secret
from config.settings import Settings
from hub.commands import _house
from ingest.errors import DataInUse, InvalidInput

HELP = "read or write the tables of another platform's codes (CSV: theirs,ours,note)"


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    into = actions.add_parser("import", help="replace one table by a file, all of it or nothing")
    out = actions.add_parser("export", help="write one table to standard output")
    for each in (into, out):
        each.add_argument("noun", choices=MAPPED, help="what the codes are of")
        _house.configure(each)
    into.add_argument("file", metavar="FILE", type=Path, help="CSV, UTF-8, first line theirs,ours,note")
    into.epilog = (
        "Every mistake of the file is told with its line; then nothing changes and the exit code is 2."
    )


def run(args: argparse.Namespace) -> int:
    """Write the table out, or replace it and say what changed."""
    settings, noun = _house.settings_of(args), args.noun
    if args.action == "export":
        print(_read(settings, noun), end="")
        return 0
    try:
        content = args.file.read_bytes()
    except OSError as wrong:
        what = f"the file cannot be read ({wrong.strerror})"
        raise InvalidInput(what, where=str(args.file), mend="name a CSV file") from wrong
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = content.count(b"\n", 0, wrong.start) + 1
        raise InvalidInput("not UTF-8", where=f"{args.file}:{line}", mend="save it as CSV UTF-8") from wrong
    counts = _replace(settings, noun, text, str(args.file))
    print(", ".join(f"{what} {counts[what]}" for what in ("created", "updated", "unchanged", "deleted")))
    return 0


def _read(settings: Settings, noun: MappedNoun) -> str:
    try:
        with _house.ledger_of(settings) as ledger, ledger.read() as conn:
            return write(mappings.load(conn, noun))
    except DataInUse:
        return _remote(settings, "GET", noun)


def _replace(settings: Settings, noun: MappedNoun, text: str, name: str) -> Mapping[str, int]:
    def act(conn: Connection) -> Mapping[str, int]:
        known = directory(read_registry(conn), timezone=settings.timezone)
        who = Actor(_house.WHO, "administrator")
        return replace(conn, noun, text, name=name, directory=known, who=who, now=_house.clock())

    try:
        with _house.ledger_of(settings) as ledger:
            return ledger.write(act).result(60)
    except DataInUse:
        found: Mapping[str, int] = json.loads(_remote(settings, "PUT", noun, text=text, name=name))
        return found


def _remote(settings: Settings, method: str, noun: str, *, text: str = "", name: str = "") -> str:
    """Through the running hub; DataInUse again when it cannot be found."""
    address = _house.running_at(settings.data)
    if address is None:
        raise DataInUse(
            "a hub is starting or ending on this data", where=str(settings.data), mend="try again"
        )
    with httpx.Client(base_url=f"{address}/api/v1", timeout=httpx.Timeout(90, connect=5)) as client:
        door = _house.RemoteDoor(client, load_secret(settings))
        return door.text(method, f"/mappings/{noun}", body=text, name=name)
