"""`hub offers`: unknown devices that were heard: adopted or dismissed; mappings tried before they are saved."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import httpx

from alerts.case import Actor
from alerts.ledger import audit, offers
from alerts.ledger.engine import Connection, Ledger
from config.apply import read_registry
from config.directory import directory
from config.door import Door
from config.secret_file import load_secret
from config.secrets import SecretBox
from config.settings import Settings
from config.tree import MAX_BYTES, UnreadableText, read_tree
from hub.commands import _house
from hub.serve.adoption import Adoption
from ingest.errors import DataInUse, InvalidInput

HELP = "unknown devices that were heard: list, adopt or dismiss them; try a mapping before it is saved"
Json = Mapping[str, object]
SHOWN = 20
"""Kept messages that are shown with an offer."""
COMMIT = 30.0
"""Seconds that a change waits for its commit."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="those that wait, one a line")
    listing.add_argument("--dismissed", action="store_true", help="those that were dismissed instead")
    one = actions.add_parser(
        "show", help="one as JSON, with the entry that would bind it and its last messages"
    )
    take = actions.add_parser(
        "accept", help="register it as guessed, and read what was kept of its last hour"
    )
    take.add_argument("--id", dest="device", metavar="ID", help="its id in the registry")
    take.add_argument("--site", metavar="ID", help="where it stands")
    take.add_argument("--name", metavar="NAME", help="what people call it")
    take.add_argument(
        "--set", dest="more", action="append", default=[], metavar="KEY=JSON",
        help="any other key of the device; KEY= takes one out",
    )  # fmt: skip
    away = actions.add_parser("dismiss", help="show it no more, and keep nothing of it")
    for each in (one, take, away):
        each.add_argument("offer", metavar="OFFER", help="its id in the list")
    test = actions.add_parser("try", help="what a device's entry would read in a message; nothing is changed")
    test.add_argument(
        "file", metavar="FILE", type=Path, help="YAML of one device, with its mapping or payload"
    )
    source = test.add_mutually_exclusive_group(required=True)
    source.add_argument("--offer", metavar="OFFER", help="on the messages kept of this offer")
    source.add_argument("--rejected", metavar="N", type=int, help="on this payload of GET /rejected")
    source.add_argument("--topic", metavar="TOPIC", help="on a message on this topic, with --payload")
    test.add_argument("--payload", metavar="TEXT", default="", help="what the message says")
    for each in (listing, one, take, away, test):
        _house.configure(each)


def run(args: argparse.Namespace) -> int:
    """Ask the running hub, or the ledger where none runs."""
    settings = _house.settings_of(args)
    with _offers_of(settings) as known:
        return _act(known, args)


def _act(known: Offers, args: argparse.Namespace) -> int:
    if args.action == "list":
        for each in known.all("dismissed" if args.dismissed else "open"):
            print(_line(each))
    elif args.action == "show":
        _print(known.one(args.offer))
    elif args.action == "accept":
        done = known.accept(args.offer, _changes(args))
        print(f"adopted {done['device']}: {done['replayed']} readings of its kept messages")
    elif args.action == "dismiss":
        known.dismiss(args.offer)
        print(f"dismissed {args.offer}")
    else:
        message = None if args.topic is None else {"topic": args.topic, "payload": args.payload}
        _print(known.try_out(_device(args.file), offer=args.offer, kept=args.rejected, message=message))
    return 0


class Offers(Protocol):
    """The offers of a running hub, or of the ledger itself."""

    def all(self, state: str) -> Sequence[Json]:
        """Those in this state."""

    def one(self, key: str) -> Json:
        """One with its latest messages."""

    def accept(self, key: str, changes: Json) -> Json:
        """Adopt it."""

    def dismiss(self, key: str) -> None:
        """Show it no more."""

    def try_out(self, entry: Json, *, offer: str | None, kept: int | None, message: Json | None) -> Json:
        """What an entry would read."""


@dataclass(frozen=True, slots=True)
class _Here:
    """In the ledger, while no hub runs."""

    ledger: Ledger
    adoption: Adoption
    timezone: str

    def all(self, state: str) -> Sequence[Json]:
        with self.ledger.read() as conn:
            known = directory(read_registry(conn), timezone=self.timezone)
            return [offers.shown(each, known) for each in offers.everyone(conn) if each.state == state]

    def one(self, key: str) -> Json:
        with self.ledger.read() as conn:
            known = directory(read_registry(conn), timezone=self.timezone)
            kept = [offers.shown_message(each) for each in offers.messages(conn, key, newest=SHOWN)]
            return {**offers.shown(offers.get(conn, key), known), "messages": kept}

    def accept(self, key: str, changes: Json) -> Json:
        done = self.adoption.accept(key, changes, who=_house.WHO)
        self._note("offer.accept", key, {"device": done["device"], "replayed": done["replayed"]})
        return done

    def dismiss(self, key: str) -> None:
        def act(conn: Connection) -> None:
            offers.dismiss(conn, key, who=_house.WHO, now=_house.clock())

        self.ledger.write(act).result(COMMIT)
        self._note("offer.dismiss", key, {})

    def try_out(self, entry: Json, *, offer: str | None, kept: int | None, message: Json | None) -> Json:
        return self.adoption.try_out(entry, offer=offer, kept=kept, message=message)

    def _note(self, action: str, key: str, detail: Json) -> None:
        who = Actor(_house.WHO, "administrator")

        def act(conn: Connection) -> None:
            audit.add(
                conn, at=_house.clock(), who=who, action=action, noun="offer", subject=key, detail=detail
            )

        self.ledger.write(act).result(COMMIT)


@dataclass(frozen=True, slots=True)
class _There:
    """Of the running hub, through its API."""

    door: _house.RemoteDoor

    def all(self, state: str) -> Sequence[Json]:
        found = self.door.json("GET", f"/offers?limit=1000&state={state}")
        return cast("Sequence[Json]", found["items"])

    def one(self, key: str) -> Json:
        return self.door.json("GET", f"/offers/{key}")

    def accept(self, key: str, changes: Json) -> Json:
        return self.door.json("POST", f"/offers/{key}/accept", changes)

    def dismiss(self, key: str) -> None:
        self.door.json("POST", f"/offers/{key}/dismiss", {})

    def try_out(self, entry: Json, *, offer: str | None, kept: int | None, message: Json | None) -> Json:
        given = {"device": entry, "offer": offer, "rejected": kept, **(message or {})}
        return self.door.json("POST", "/offers/try", {k: v for k, v in given.items() if v is not None})


@contextmanager
def _offers_of(settings: Settings) -> Iterator[Offers]:
    try:
        with _house.ledger_of(settings) as ledger:
            door = Door(ledger, SecretBox(load_secret(settings)), clock=_house.clock)
            adoption = Adoption(ledger, door, timezone=settings.timezone, clock=_house.clock)
            yield _Here(ledger, adoption, settings.timezone)
            return
    except DataInUse:
        address = _house.running_at(settings.data)
        if address is None:
            raise
    with httpx.Client(base_url=f"{address}/api/v1", timeout=httpx.Timeout(90, connect=5)) as client:
        yield _There(_house.RemoteDoor(client, load_secret(settings)))


def _line(each: Json) -> str:
    values = cast("Mapping[str, Mapping[str, object]]", each["values"])
    said = ", ".join(f"{word} {one['value']} {one['unit']}".strip() for word, one in values.items())
    place = cast("Json", each["guess"]).get("site") or "-"
    return f"{each['id']}\t{each['convention']}\t{each['name']}\t{place}\t{each['heard']}\t{said}"


def _print(body: Json) -> None:
    print(json.dumps(body, ensure_ascii=False, indent=2))


def _changes(args: argparse.Namespace) -> dict[str, object]:
    given = {"id": args.device, "site": args.site, "name": args.name}
    changes: dict[str, object] = {key: value for key, value in given.items() if value is not None}
    for each in args.more:
        key, equals, text = each.partition("=")
        if not equals or not key:
            raise InvalidInput(
                f"{each!r} is no KEY=JSON", where="--set", mend="write --set gateway=school-1-hub"
            )
        try:
            changes[key] = json.loads(text) if text else None
        except ValueError:
            changes[key] = text
    return changes


def _device(file: Path) -> dict[str, object]:
    """The one device of a file: its entry alone, or a registry file that holds nothing else."""
    try:
        content = file.read_bytes()[:MAX_BYTES]
    except OSError as wrong:
        what = f"the file cannot be read ({wrong.strerror})"
        raise InvalidInput(what, where=str(file), mend="name a YAML file") from wrong
    try:
        root, wrongs = read_tree(content)
    except UnreadableText as found:
        raise InvalidInput(
            found.wrong.what, where=f"{file}:{found.wrong.line}", mend=found.wrong.mend
        ) from None
    if wrongs:
        raise InvalidInput(wrongs[0].what, where=f"{file}:{wrongs[0].line}", mend=wrongs[0].mend)
    body = root.plain()
    if isinstance(body, dict) and isinstance(body.get("devices"), list):
        body = body["devices"]
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if not isinstance(body, dict):
        raise InvalidInput(
            "not one device", where=str(file), mend="write {payload: mapped, topic: …, mapping: …}"
        )
    return cast("dict[str, object]", body)
