"""Accounts: the users of the registry, as authentication knows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from alerts.directory import Directory
from alerts.ledger import users
from alerts.ledger.engine import Connection
from alerts.sight import Sight
from api.rights import Account, principal


def find(conn: Connection, name: str) -> Account | None:
    """The user of that name, or None."""
    entry = users.by_name(conn, name)
    return None if entry is None else account(name, entry.body, entry.secrets)


def platforms(conn: Connection, directory: Directory, now: datetime) -> list[Sight]:
    """How far each user of role `platform` sees."""
    found = [account(each.id, each.body, each.secrets) for each in users.everyone(conn)]
    return [principal(each, directory, expires_at=now).sight for each in found if each.role == "platform"]


def account(name: str, body: Mapping[str, object], secrets: Mapping[str, object]) -> Account:
    """The account of one registry entry; a part of another shape counts as empty, which denies."""
    return Account(
        name=name,
        role=str(body.get("role", "")),
        areas=_words(body.get("areas")),
        site_kinds=_words(body.get("site_kinds")),
        sites=_words(body.get("sites")),
        units=_words(body.get("units")),
        password=str(secrets.get("password") or ""),
    )


def _words(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list | tuple) else ()
