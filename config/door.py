"""Door: the one way into the registry of an open ledger; the API, the commands and the demo all come through it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from alerts.case import Actor
from alerts.ledger import audit, users
from alerts.ledger.engine import Connection, Ledger
from config.apply import Report, apply, read_registry, read_stored, remove
from config.entries import NOUNS, Stored
from config.export import dump
from config.load import Parsed, parse
from config.registry import Registry
from config.secrets import MASK, Passwords, SecretBox
from ingest.errors import InvalidInput, NotFound

TIMEOUT = 60.0
"""Seconds for one change of the registry; a whole county takes a few."""


class Door:
    """Changes and writes out the registry; every change is one transaction with its line in the audit trail."""

    def __init__(self, ledger: Ledger, box: SecretBox, *, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._box = box
        self._clock = clock

    def apply(self, text: str, *, name: str, prune: bool, dry_run: bool, who: str) -> Mapping[str, object]:
        """Apply a text; `{created, updated, unchanged, deleted, …}`. InvalidRegistry carries every mistake."""
        return self._change(
            parse(text, name), "registry.apply", name, who=who, prune=prune, dry_run=dry_run
        ).as_dict()

    def apply_file(
        self, path: Path, *, who: str, prune: bool = False, placeholders: Mapping[str, str] | None = None
    ) -> Report:
        """Apply a file."""
        parsed = parse(path, placeholders=placeholders)
        return self._change(parsed, "registry.apply", str(path), who=who, prune=prune, dry_run=False)

    def export(self, *, who: str) -> str:
        """The registry as YAML, secrets as `***`."""

        def work(conn: Connection) -> str:
            self._audit(conn, who, "registry.export", subject="", detail={})
            return dump(conn)

        return self._ledger.write(work).result(TIMEOUT)

    def put(self, noun: str, key: str, body: Mapping[str, object], *, who: str) -> Mapping[str, object]:
        """Create or replace one entry; a secret that `body` leaves out stays as it is."""
        section = _section(noun)
        word = "name" if noun == "user" else "id"
        if noun != "contact" and str(body.get(word, key)) != key:
            raise InvalidInput(f"the {word} is {body.get(word)!r}, the address says {key!r}", where=word)
        entry = dict(body) if noun == "contact" else {word: key, **body}
        if noun == "route" and "order" not in entry:
            entry["order"] = self._route_place(key)
        parsed = parse(json.dumps({section: [entry]}, ensure_ascii=False), f"{noun} {key}")
        report = self._change(
            parsed, f"{noun}.put", key, who=who, prune=False, dry_run=False, replace_routes=False
        )
        return report.as_dict()

    def delete(self, noun: str, key: str, *, who: str) -> None:
        """Remove one entry; NotFound, or InvalidRegistry when something would be left hanging."""
        _section(noun)

        def work(conn: Connection) -> None:
            remove(conn, noun, key, now=self._clock())
            self._audit(conn, who, f"{noun}.delete", subject=key, detail={})

        self._ledger.write(work).result(TIMEOUT)

    def registry(self) -> Registry:
        """The registry as of the latest commit, secrets as `***`."""
        with self._ledger.read() as conn:
            return read_registry(conn)

    def stored(self) -> tuple[Stored, ...]:
        """The entries as of the latest commit, secrets sealed."""
        with self._ledger.read() as conn:
            return read_stored(conn)

    def _change(
        self,
        parsed: Parsed,
        action: str,
        subject: str,
        *,
        who: str,
        prune: bool,
        dry_run: bool,
        replace_routes: bool = True,
    ) -> Report:
        passwords = self._passwords(parsed.registry)

        def work(conn: Connection) -> Report:
            now = self._clock()
            report = apply(
                conn,
                parsed,
                prune=prune,
                dry_run=dry_run,
                now=now,
                box=self._box,
                passwords=passwords,
                replace_routes=replace_routes,
            )
            if not dry_run:
                self._audit(conn, who, action, subject=subject, detail=report.changes.counts())
            return report

        if dry_run:  # nothing is written: a reader's view is enough, and no commit waits for it
            with self._ledger.read() as conn:
                return work(conn)
        return self._ledger.write(work).result(TIMEOUT)

    def _passwords(self, registry: Registry) -> Passwords:
        """Hash and compare people's passwords before the transaction: Argon2 is slow on purpose."""
        given = {each.name: each.password for each in registry.users if each.password not in (None, MASK)}
        passwords = Passwords()
        if given:
            kept = {each.key: each.secrets.get("password") for each in self.stored() if each.noun == "user"}
            for name, plain in given.items():
                if plain is not None:
                    passwords.prepare(name, plain, kept.get(name))
        return passwords

    def _route_place(self, key: str) -> int:
        """Where a route without `order` goes: it stays, or a new one comes just before the one without match."""
        routes = self.registry().routes
        present = next((each.order for each in routes if each.id == key), None)
        last = max((each.order or 1 for each in routes), default=1)
        return present or last

    def _audit(
        self, conn: Connection, who: str, action: str, *, subject: str, detail: Mapping[str, object]
    ) -> None:
        user = users.by_name(conn, who)
        actor = Actor(who, str(user.body.get("role")) if user else "system")
        noun = action.partition(".")[0]
        audit.add(conn, at=self._clock(), who=actor, action=action, noun=noun, subject=subject, detail=detail)


def _section(noun: str) -> str:
    if noun not in NOUNS:
        raise NotFound(f"there is no noun {noun!r}")
    return NOUNS[noun]
