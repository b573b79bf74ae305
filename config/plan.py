"""Plan: what applying entries would change. Pure: nothing is read, written, sealed or hashed here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from config.entries import Entry, Stored
from config.secrets import MASK

Same = Callable[[str, str, str, str], bool]
"""(noun, name of the secret, plain text, stored form): is it the same secret?"""

What = Literal["created", "updated", "unchanged", "deleted"]


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one entry.

    Attributes:
        what: created, updated, unchanged or deleted.
        noun: `device`, …
        key: Unique within the noun.
        body: As it will be stored; None when deleted.
        keep: The stored secrets that stay.
        new: Secrets to be sealed, plain.
        keys: Which keys of the body, and which secrets, differ (for reports; values are not told).
    """

    what: What
    noun: str
    key: str
    body: Mapping[str, object] | None
    keep: Mapping[str, str]
    new: Mapping[str, str]
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that would happen, in the order of the file; deletions last."""

    all: tuple[Change, ...]

    def of(self, what: What) -> tuple[Change, ...]:
        """The changes of one sort."""
        return tuple(each for each in self.all if each.what == what)

    def counts(self) -> dict[str, int]:
        """`{created, updated, unchanged, deleted}`."""
        sorts: tuple[What, ...] = ("created", "updated", "unchanged", "deleted")
        return {what: len(self.of(what)) for what in sorts}


def plan(
    stored: Mapping[tuple[str, str], Stored],
    wanted: Iterable[Entry],
    *,
    gone: frozenset[tuple[str, str]],
    same: Same,
    may_keep: Callable[[Entry, Stored], bool],
) -> Changes:
    """What makes `stored` into `wanted`, with `gone` deleted.

    A secret that an entry does not mention stays, if `may_keep` says so.
    """
    changes = [_change(entry, stored.get((entry.noun, entry.key)), same, may_keep) for entry in wanted]
    kept = {(each.noun, each.key) for each in changes}
    leave = sorted(key for key in gone - kept if key in stored)
    changes.extend(Change("deleted", *key, body=None, keep={}, new={}) for key in leave)
    return Changes(tuple(changes))


def _change(
    entry: Entry, before: Stored | None, same: Same, may_keep: Callable[[Entry, Stored], bool]
) -> Change:
    """What happens to one entry that is wanted."""
    old = dict(before.secrets) if before else {}
    stays = old if before and may_keep(entry, before) else {}
    keep = {name: value for name, value in stays.items() if entry.secrets.get(name, MASK) == MASK}
    new: dict[str, str] = {}
    for name, value in entry.secrets.items():
        if value is None or value == MASK:
            continue
        if name in old and same(entry.noun, name, value, old[name]):
            keep[name] = old[name]
        else:
            new[name] = value
    # An address that was secret and is now written openly is no secret any more.
    keep = {name: value for name, value in keep.items() if name not in entry.body}
    if before is None:
        return Change("created", entry.noun, entry.key, entry.body, keep, new)
    names = sorted({*entry.body, *before.body})
    differ = [name for name in names if entry.body.get(name) != before.body.get(name)]
    differ += sorted(name for name in {*old, *keep, *new} if name in new or keep.get(name) != old.get(name))
    what: What = "updated" if differ else "unchanged"
    return Change(what, entry.noun, entry.key, entry.body, keep, new, tuple(differ))


def pruned(
    stored: Iterable[Stored], wanted: Iterable[Entry], given: frozenset[str], *, prune: bool
) -> frozenset[tuple[str, str]]:
    """The (noun, key) of stored entries that a file makes go away; `given` are the nouns it speaks of.

    The routing table is one thing whose order is its meaning: a file's table replaces it. Other nouns lose what the
    file does not name only with `prune`, and never an administrator: nobody must lock himself out by a file.
    """
    names = {(each.noun, each.key) for each in wanted}
    gone = set()
    for each in stored:
        if (each.noun, each.key) in names or each.noun not in given:
            continue
        if each.noun == "route" or (prune and each.body.get("role") != "administrator"):
            gone.add((each.noun, each.key))
    return frozenset(gone)
