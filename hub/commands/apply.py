"""`hub apply FILE`: make the registry say what a file says, all of it or nothing; a sheet is a list of categories."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from config.sheet import as_registry, is_sheet
from config.tree import MAX_BYTES
from hub.commands import _house
from ingest.errors import InvalidInput

HELP = "make the registry say what a YAML, JSON, CSV or XLSX file says, all of it or nothing"

FEW = 30
"""Changes that are listed one by one; more are counted only, unless --verbose."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    parser.add_argument(
        "file",
        metavar="FILE",
        help="registry file, or categories as .csv or .xlsx; - reads stdin",
    )
    parser.add_argument(
        "--prune", action="store_true", help="also delete what the file's sections do not name"
    )
    parser.add_argument("--dry-run", action="store_true", help="tell what would change, change nothing")
    parser.add_argument("--json", action="store_true", help="answer as one line of JSON")
    parser.add_argument("--verbose", action="store_true", help="list every change")
    parser.epilog = (
        "Works on the running hub, or on the data folder when none runs. Every mistake of the file is told "
        "with its line; then nothing is applied and the exit code is 2. A secret written *** stays as it is."
    )
    _house.configure(parser)


def run(args: argparse.Namespace) -> int:
    """Apply, and say what changed."""
    name, text = _read(args.file)
    settings = _house.settings_of(args)
    with _house.registry_of(settings) as registry:
        report = registry.apply(text, name=name, prune=args.prune, dry_run=args.dry_run, who=_house.WHO)
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        _print(report, verbose=args.verbose)
    return 0


def _print(report: Mapping[str, object], *, verbose: bool) -> None:
    changes = cast("list[Mapping[str, object]]", report.get("changes", []))
    shown = changes if verbose or len(changes) <= FEW else []
    for each in shown:
        keys = ", ".join(cast("list[str]", each.get("keys", [])))
        print(f"{each['what']} {each['noun']} {each['id']}" + (f" ({keys})" if keys else ""))
    counts = ", ".join(f"{what} {report[what]}" for what in ("created", "updated", "unchanged", "deleted"))
    print(counts + (" (dry run: nothing was changed)" if report.get("dry_run") else ""))


def _read(file: str) -> tuple[str, str]:
    """The name mistakes are told under, and the text."""
    if file == "-":
        content, name = sys.stdin.buffer.read(MAX_BYTES + 1), "stdin"
    else:
        name = file
        try:
            with Path(file).open("rb") as opened:
                content = opened.read(MAX_BYTES + 1)
        except OSError as wrong:
            what = f"the file cannot be read ({wrong.strerror})"
            raise InvalidInput(what, where=file, mend="name a YAML, JSON, CSV or XLSX file") from wrong
    if is_sheet(name):
        return name, as_registry(content, name)
    try:
        return name, content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = content.count(b"\n", 0, wrong.start) + 1
        raise InvalidInput(
            "not UTF-8", where=f"{name}:{line}", mend="save the file as UTF-8 (not GBK)"
        ) from wrong
