"""`hub user`: the people and machines that log in."""

from __future__ import annotations

import argparse
import getpass
import secrets
import sys
from collections.abc import Mapping

from alerts.signature import secret_of
from config.load import parse
from config.nouns.user import ROLES
from config.secret_file import load_secret
from hub.commands import _house
from ingest.errors import InvalidInput

HELP = "add, list or remove the people and machines that log in"

SHORT = 10
"""Passwords below this many characters are warned of."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="add a user, or give one a new role, scope or password")
    add.add_argument("name", metavar="NAME", help="what the user logs in with")
    add.add_argument("--role", required=True, choices=ROLES, help="what the user may do")
    add.add_argument(
        "--area", action="append", default=[], metavar="ID", help="area the user sees, with all below"
    )
    add.add_argument("--site", action="append", default=[], metavar="ID", help="own site (site-keeper)")
    add.add_argument(
        "--site-kind", action="append", default=[], metavar="KIND", help="only sites of this kind"
    )
    add.add_argument("--unit", action="append", default=[], metavar="ID", help="own unit (handler)")
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    add.epilog = (
        "Asks for the password on a terminal; without one and without --password-stdin a password is made up and "
        "printed once. Adding a user that exists gives him this role and scope; his old tokens end."
    )
    listing = actions.add_parser("list", help="list the users")
    remove = actions.add_parser("remove", help="remove a user; his tokens end at once")
    remove.add_argument("name", metavar="NAME")
    signing = actions.add_parser(
        "signing-secret", help="print the key with which a platform signs its signals (POST /api/v1/signals)"
    )
    signing.add_argument("name", metavar="NAME")
    for each in (add, listing, remove, signing):
        _house.configure(each)


def run(args: argparse.Namespace) -> int:
    """Add, list or remove."""
    if args.action == "list":
        return _list(args)
    if args.action == "signing-secret":
        print(secret_of(load_secret(_house.settings_of(args)), args.name))
        return 0
    if args.action == "remove":
        with _house.registry_of(_house.settings_of(args)) as registry:
            registry.delete("user", args.name, who=_house.WHO)
        print(f"removed user {args.name}")
        return 0
    return _add(args)


def _list(args: argparse.Namespace) -> int:
    with _house.registry_of(_house.settings_of(args)) as registry:
        text = registry.export(who=_house.WHO)
    for user in parse(text, "export").registry.users:
        scope = " ".join((*user.areas, *user.site_kinds, *user.sites, *user.units))
        print(f"{user.name}\t{user.role}\t{scope or '-'}")
    return 0


def _add(args: argparse.Namespace) -> int:
    settings = _house.settings_of(args)
    password, told = _password(args)
    body: Mapping[str, object] = {
        "name": args.name,
        "role": args.role,
        "areas": args.area,
        "sites": args.site,
        "site_kinds": args.site_kind,
        "units": args.unit,
        "password": password,
    }
    with _house.registry_of(settings) as registry:
        report = registry.put("user", args.name, body, who=_house.WHO)
    what = "created" if report["created"] else "updated" if report["updated"] else "unchanged"
    print(f"{what} user {args.name} ({args.role})")
    if told:
        print(f"password: {password}")
    _warn(args, password)
    return 0


def _password(args: argparse.Namespace) -> tuple[str, bool]:
    """The password, and whether it was made up here and must be told."""
    if args.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = getpass.getpass(f"password of {args.name}: ")
        if password != getpass.getpass("again: "):
            raise InvalidInput("the two passwords differ", mend="try again")
    else:
        return secrets.token_urlsafe(12), True
    if not password:
        raise InvalidInput("the password is empty", mend="write one")
    return password, False


def _warn(args: argparse.Namespace, password: str) -> None:
    """What is allowed and yet probably not meant."""
    if len(password) < SHORT:
        print(f"warning: the password is shorter than {SHORT} characters", file=sys.stderr)
    needs = {"site-keeper": ("--site", args.site), "handler": ("--unit", args.unit)}
    flag, given = needs.get(args.role, ("--area", args.area))
    if not given and args.role not in {"administrator", "auditor"}:
        print(f"warning: without {flag} this {args.role} sees nothing", file=sys.stderr)
