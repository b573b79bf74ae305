"""Registry: the entries of the county's registry: noun, id, body and secrets; each change is an event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Row, select
from sqlalchemy import delete as sql_delete
from sqlalchemy.engine import Connection

from alerts.ledger import counters, events
from alerts.ledger.tables import entries
from alerts.ledger.upsert import CHUNK
from alerts.ledger.upsert import put as upsert
from alerts.ledger.upsert import put_all as upsert_all
from alerts.sight import Visibility
from ingest.errors import NotFound

VERSION = "registry"
"""Counter that rises with every change of any entry: whoever caches the registry compares it."""

NOWHERE = Visibility()


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """One entry.

    Attributes:
        noun: area, unit, site, contact, device, rule, together, channel, route, user, workflow.
        id: Within its noun.
        body: Everything but secrets, JSON-like.
        secrets: Name → encrypted text; the ledger never sees the plain one.
        version: Rises with every change of this entry.
        updated_at: UTC.
    """

    noun: str
    id: str
    body: Mapping[str, object]
    secrets: Mapping[str, str] = field(default_factory=dict)
    version: int = 1
    updated_at: datetime | None = None


def load_all(conn: Connection) -> list[RegistryEntry]:
    """Every entry, by noun and id."""
    return [_entry(row) for row in conn.execute(select(entries).order_by(entries.c.noun, entries.c.id))]


def load(conn: Connection, noun: str) -> list[RegistryEntry]:
    """Every entry of one noun, by id."""
    rows = conn.execute(select(entries).where(entries.c.noun == noun).order_by(entries.c.id))
    return [_entry(row) for row in rows]


def get(conn: Connection, noun: str, id: str) -> RegistryEntry | None:  # noqa: A002 - the word of the contract
    """One entry, None when it is not there."""
    row = conn.execute(select(entries).where(entries.c.noun == noun, entries.c.id == id)).one_or_none()
    return None if row is None else _entry(row)


def put(
    conn: Connection,
    noun: str,
    id: str,  # noqa: A002 - the word of the contract
    body: Mapping[str, object],
    secrets: Mapping[str, str] | None = None,
    *,
    now: datetime,
    visibility: Visibility | None = None,
) -> RegistryEntry:
    """Writes an entry and a `registry.changed` event; `visibility` is where the thing stands."""
    before = get(conn, noun, id)
    version = 1 if before is None else before.version + 1
    row = {
        "noun": noun,
        "id": id,
        "body": dict(body),
        "secrets": dict(secrets or {}),
        "version": version,
        "updated_at": now,
    }
    upsert(conn, entries, row)
    _changed(conn, noun, id, "created" if before is None else "updated", now=now, place=visibility)
    return RegistryEntry(noun, id, dict(body), dict(secrets or {}), version, now)


@dataclass(frozen=True, slots=True)
class Put:
    """One entry that is to be written; attributes as of RegistryEntry, `place` is where it stands."""

    noun: str
    id: str
    body: Mapping[str, object]
    secrets: Mapping[str, str] = field(default_factory=dict)
    place: Visibility = NOWHERE


CATALOGUES = frozenset({"category", "plan"})
"""Nouns whose entries come by the thousand and stand nowhere: their changes at one time are one event."""


def put_all(conn: Connection, new: Iterable[Put], *, now: datetime) -> None:
    """Writes many entries as put() does, in few statements; each is an event, but see CATALOGUES."""
    wanted = list(new)
    nouns = sorted({each.noun for each in wanted})
    known = {
        (row.noun, row.id): row.version
        for row in conn.execute(
            select(entries.c.noun, entries.c.id, entries.c.version).where(entries.c.noun.in_(nouns))
        )
    }
    rows = [
        {
            "noun": each.noun,
            "id": each.id,
            "body": dict(each.body),
            "secrets": dict(each.secrets),
            "version": known.get((each.noun, each.id), 0) + 1,
            "updated_at": now,
        }
        for each in wanted
    ]
    upsert_all(conn, entries, rows)
    counters.take(conn, VERSION, len(wanted))
    said = [(each, "created" if (each.noun, each.id) not in known else "updated") for each in wanted]
    alone = [(each, what) for each, what in said if each.noun not in CATALOGUES]
    events.append_all(
        conn,
        "registry.changed",
        now,
        [({"id": each.id, "noun": each.noun, "change": what}, each.place, each.noun) for each, what in alone],
    )
    for noun in sorted(CATALOGUES & set(nouns)):
        many = [(each.id, what) for each, what in said if each.noun == noun]
        _many_changed(conn, noun, many, now=now)


def delete_all(conn: Connection, gone: Iterable[tuple[str, str]], *, now: datetime) -> None:
    """Removes entries of CATALOGUES, given as (noun, id); those that are not there are left out."""
    by_noun: dict[str, list[str]] = {}
    for noun, key in gone:
        by_noun.setdefault(noun, []).append(key)
    for noun, keys in sorted(by_noun.items()):
        for start in range(0, len(keys), CHUNK):
            some = keys[start : start + CHUNK]
            conn.execute(sql_delete(entries).where(entries.c.noun == noun, entries.c.id.in_(some)))
        counters.take(conn, VERSION, len(keys))
        _many_changed(conn, noun, [(key, "deleted") for key in keys], now=now)


def _many_changed(conn: Connection, noun: str, changes: list[tuple[str, str]], *, now: datetime) -> None:
    """One event for all: of one entry as always, of many without an id and with their number."""
    if len(changes) == 1:
        data: dict[str, object] = {"id": changes[0][0], "noun": noun, "change": changes[0][1]}
    else:
        number = Counter(what for _, what in changes)
        data = {"id": "", "noun": noun, "change": "many", "number": dict(sorted(number.items()))}
    events.append(conn, "registry.changed", now, data, NOWHERE, noun=noun)


def delete(
    conn: Connection,
    noun: str,
    id: str,  # noqa: A002 - the word of the contract
    *,
    now: datetime,
    visibility: Visibility | None = None,
) -> None:
    """Removes an entry; raises NotFound."""
    if not conn.execute(sql_delete(entries).where(entries.c.noun == noun, entries.c.id == id)).rowcount:
        raise NotFound(f"no {noun} {id}")
    _changed(conn, noun, id, "deleted", now=now, place=visibility)


def version(conn: Connection) -> int:
    """How many changes there were, over all entries."""
    return counters.value(conn, VERSION)


def _changed(
    conn: Connection, noun: str, key: str, change: str, *, now: datetime, place: Visibility | None
) -> None:
    counters.take(conn, VERSION)
    data = {"id": key, "noun": noun, "change": change}
    events.append(conn, "registry.changed", now, data, place or Visibility(), noun=noun)


def _entry(row: Row[tuple[object, ...]]) -> RegistryEntry:
    return RegistryEntry(row.noun, row.id, row.body, row.secrets, row.version, row.updated_at)
