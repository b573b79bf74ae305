"""`python -m hub COMMAND`: each command is one file of the shelf hub/commands.

A command file exports HELP (one sentence), configure(parser) and run(args) -> exit code.
Errors end with one line on stderr and exit code 2; a registry with mistakes prints a line for each.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import pkgutil
import re
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

import hub.commands
from ingest.errors import HubError, InvalidRegistry


class Parser(argparse.ArgumentParser):
    """Says a wrong command line in one line."""

    def error(self, message: str) -> NoReturn:
        """Print the mistake with the mend, end with 2."""
        choice = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        if choice:
            known = re.findall(r"'([^']*)'", choice.group(2))
            near = difflib.get_close_matches(choice.group(1), known, 1)
            message = f"there is no {choice.group(1)!r} here; "
            message += f"did you mean {near[0]}?" if near else f"one of: {', '.join(known)}"
        else:
            message += f"; see {self.prog} --help"
        self.exit(2, f"{self.prog}: {message}\n")


def main(argv: Sequence[str]) -> int:
    """Run one command; the exit code."""
    shelf = pkgutil.iter_modules(hub.commands.__path__)
    names = sorted(found.name for found in shelf if not found.name.startswith("_"))
    parser = Parser(
        prog="hub",
        description="Xianshao 县哨: a county's video and sensor hub.",
        epilog="hub COMMAND --help says more of each. Settings come from flags, HUB_… variables, hub.toml.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    wanted = next((each for each in argv if not each.startswith("-")), None)
    if wanted is not None and wanted.replace("-", "_") not in names:
        choices = ", ".join(repr(each.replace("_", "-")) for each in names)
        parser.error(f"invalid choice: {wanted!r} (choose from {choices})")
    for name in names if wanted is None else [wanted.replace("-", "_")]:
        # Only the command that runs is imported: `hub check` must not need what `hub worker` needs.
        _add(commands, name.replace("_", "-"), importlib.import_module(f"hub.commands.{name}"))
    args = parser.parse_args(argv)
    try:
        code: int = args.run(args)
    except InvalidRegistry as wrong:
        for mistake in wrong.mistakes:
            print(mistake, file=sys.stderr)
        print(f"hub {args.command}: {wrong.message}", file=sys.stderr)
        return 2
    except HubError as wrong:
        print(f"hub {args.command}: {wrong}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `hub export | head` is no error
        return 0
    return code


def _add(
    commands: argparse._SubParsersAction[Parser],
    name: str,
    module: ModuleType,
) -> None:
    """Put one command on the shelf's parser."""
    parser = commands.add_parser(name, help=module.HELP, description=module.HELP)
    module.configure(parser)
    parser.set_defaults(run=module.run)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
