"""Users: the registry's user entries, looked up by name at login."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from alerts.ledger import registry
from alerts.ledger.registry import RegistryEntry

NOUN = "user"


def by_name(conn: Connection, name: str) -> RegistryEntry | None:
    """The user of that name, None when there is none; the password's hash is among the secrets."""
    return registry.get(conn, NOUN, name)


def everyone(conn: Connection) -> list[RegistryEntry]:
    """All users, by name."""
    return registry.load(conn, NOUN)
