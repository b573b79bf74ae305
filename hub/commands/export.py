"""`hub export`: write the registry out as a file that `hub apply` reads back."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from hub.commands import _house
from ingest.errors import InvalidInput

HELP = "write the registry as YAML, secrets as ***"


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="file to write; default: standard output"
    )
    parser.epilog = "`hub apply` of an export changes nothing: *** keeps the secrets that are stored."
    _house.configure(parser)


def run(args: argparse.Namespace) -> int:
    """Write it."""
    with _house.registry_of(_house.settings_of(args)) as registry:
        text = registry.export(who=_house.WHO)
    if args.output is None:
        print(text, end="")
        return 0
    try:
        handle, name = tempfile.mkstemp(dir=args.output.parent, prefix=f".{args.output.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as out:  # mode 0600: it names people and places
            out.write(text)
        Path(name).replace(args.output)
    except OSError as wrong:
        what = f"cannot be written ({wrong.strerror})"
        raise InvalidInput(what, where=str(args.output), mend="name another with -o") from wrong
    return 0
