"""Apply: a registry into the ledger, inside one transaction of the caller: all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from alerts.directory import Directory
from alerts.ledger import registry as table
from alerts.ledger.engine import Connection
from alerts.sight import Visibility
from config.directory import directory
from config.entries import NOUNS, Entry, Stored, entries, item_of, registry_of
from config.hidden import keeps_place
from config.load import Parsed, check_rest, merge
from config.plan import Change, Changes, plan, pruned
from config.registry import SECTIONS, Registry
from config.secrets import Passwords, SecretBox
from ingest.errors import NotFound

HASHED = frozenset({("user", "password")})
"""Secrets nobody ever needs in plain again."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was done, or would be done."""

    changes: Changes
    dry_run: bool

    def as_dict(self) -> dict[str, object]:
        """`{created, updated, unchanged, deleted, dry_run, changes: [{noun, id, what, keys}]}`; counts first."""
        return {
            **self.changes.counts(),
            "dry_run": self.dry_run,
            "changes": [
                {"noun": each.noun, "id": each.key, "what": each.what, "keys": list(each.keys)}
                for each in self.changes.all
                if each.what != "unchanged"
            ],
        }


def read_stored(conn: Connection) -> tuple[Stored, ...]:
    """Every entry of the ledger, secrets sealed."""
    return tuple(
        Stored(each.noun, each.id, each.body, {name: str(value) for name, value in each.secrets.items()})
        for each in table.load_all(conn)
    )


def read_registry(conn: Connection) -> Registry:
    """The registry of the ledger, secrets as `***`."""
    return registry_of(read_stored(conn))


def apply(
    conn: Connection,
    wanted: Parsed | Registry,
    *,
    prune: bool,
    dry_run: bool,
    now: datetime,
    box: SecretBox,
    passwords: Passwords | None = None,
    replace_routes: bool = True,
) -> Report:
    """Make the ledger's registry say what `wanted` says.

    A Parsed is first held against what is stored, and InvalidRegistry raised with all its mistakes; a Registry
    is taken as load() gave it. `passwords` may have been prepared before the transaction; `replace_routes`: a
    file's routing table replaces the stored one.
    """
    people = passwords or Passwords()
    stored = read_stored(conn)
    registry = wanted.registry if isinstance(wanted, Parsed) else wanted
    new = entries(registry)
    given = frozenset(SECTIONS[section] for section in registry.given)
    if not replace_routes:
        given -= {"route"}
    gone = pruned(stored, new, given, prune=prune)
    known, leave = registry_of(stored), by_section(gone)
    if isinstance(wanted, Parsed):
        wanted.resolve(known, gone=leave)

    def same(noun: str, name: str, plain: str, kept: str) -> bool:
        return people.same(plain, kept) if (noun, name) in HASHED else box.open(kept) == plain

    by_key = {(each.noun, each.key): each for each in stored}
    changes = plan(by_key, new, gone=gone, same=same, may_keep=_may_keep)
    if not dry_run:
        after = directory(merge(known, registry, leave))
        seal = partial(_seal, box=box, people=people)
        _write(conn, changes, before=directory(known), after=after, now=now, seal=seal)
    return Report(changes, dry_run)


def remove(conn: Connection, noun: str, key: str, *, now: datetime) -> None:
    """Delete one entry; NotFound, or InvalidRegistry when something would be left hanging."""
    stored = read_stored(conn)
    if not any((each.noun, each.key) == (noun, key) for each in stored):
        raise NotFound(f"there is no {noun} {key!r}")
    known = registry_of(stored)
    check_rest(known, by_section([(noun, key)]), f"{noun} {key}")
    body = next(each.body for each in stored if (each.noun, each.key) == (noun, key))
    table.delete(conn, noun, key, now=now, visibility=place_of(directory(known), noun, key, body))


def _write(
    conn: Connection,
    changes: Changes,
    *,
    before: Directory,
    after: Directory,
    now: datetime,
    seal: Callable[[Change], dict[str, str]],
) -> None:
    """Carry the changes out; each becomes an event that stands where its entry stands."""
    new = [
        table.Put(each.noun, each.key, each.body, seal(each), place_of(after, each.noun, each.key, each.body))
        for each in changes.all
        if each.what in ("created", "updated") and each.body is not None
    ]
    if new:
        table.put_all(conn, new, now=now)
    gone = [(each.noun, each.key) for each in changes.of("deleted")]
    table.delete_all(conn, [each for each in gone if each[0] in table.CATALOGUES], now=now)
    # Deleted from the leaves up: nothing ever stands at a place that is gone.
    order = list(NOUNS)
    for each in sorted(changes.of("deleted"), key=lambda change: -order.index(change.noun)):
        if each.noun in table.CATALOGUES:
            continue
        place = place_of(before, each.noun, each.key, each.body or {})
        table.delete(conn, each.noun, each.key, now=now, visibility=place)


def place_of(directory: Directory, noun: str, key: str, body: Mapping[str, object]) -> Visibility:
    """Where an entry stands: who may hear of its change."""
    if noun in {"site", "device", "area"}:
        return directory.visibility(key)
    if noun == "contact":
        return directory.visibility(str(body.get("site")))
    if noun == "unit":
        return Visibility(area=str(body["area"])) if body.get("area") else Visibility()
    return Visibility()


def _seal(change: Change, *, box: SecretBox, people: Passwords) -> dict[str, str]:
    """The secrets of one entry as they are stored."""
    new = {
        name: people.hash(change.key, value) if (change.noun, name) in HASHED else box.seal(value)
        for name, value in change.new.items()
    }
    return {**change.keep, **new}


def _may_keep(entry: Entry, before: Stored) -> bool:
    """Whether the stored secrets of an entry may stay with what it becomes."""
    hidden = {name: "" for name in {*before.secrets, *entry.secrets} if name not in entry.body}
    return keeps_place(item_of(Stored(entry.noun, entry.key, entry.body, hidden)), item_of(before))


def by_section(keys: Iterable[tuple[str, str]]) -> Mapping[str, frozenset[str]]:
    """(noun, key) pairs as section to keys."""
    found: dict[str, set[str]] = {}
    for noun, key in keys:
        found.setdefault(NOUNS[noun], set()).add(key)
    return {section: frozenset(names) for section, names in found.items()}
