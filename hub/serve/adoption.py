"""Adoption: an unknown device becomes one of the registry, and what was kept of it becomes its first readings."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime

from alerts.directory import Directory
from alerts.ledger import announcements, episodes, offers, readings, rejected
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.offers import Kept
from alerts.offer import Offer, guess
from api.hub import Json, RegistryDoor
from config.apply import read_registry
from config.directory import directory
from config.load import merge, parse
from config.registry import Registry
from hub.serve.replay import Heard, replay
from hub.serve.sensors import bindings_of
from hub.serve.understand import nothing_newer, understand
from ingest.bindings import Bindings
from ingest.errors import InvalidInput
from ingest.instant import format_instant
from ingest.mqtt.message import Message
from ingest.payload import Described

log = logging.getLogger(__name__)

COMMIT = 30.0
"""Seconds that a replay waits for its commit."""
TRIED = 20
"""Kept messages that one trial reads."""
TRIAL = "try-out"
"""Id of the device and site of a trial that names none."""


class Adoption:
    """Offers accepted, tried and settled; any thread may ask."""

    def __init__(
        self, ledger: Ledger, registry: RegistryDoor, *, timezone: str, clock: Callable[[], datetime]
    ) -> None:
        self._ledger = ledger
        self._registry = registry
        self._timezone = timezone
        self._clock = clock
        self._settled: dict[str, int] = {}

    def accept(self, key: str, changes: Json, *, who: str) -> Json:
        """Register the device of an offer as it was guessed, with changes (None takes a key out).

        `{device, created, updated, …, replayed}`; `replayed` is the number of readings that its kept messages
        became. Raises NotFound, InvalidRegistry with what the entry still lacks.
        """
        with self._ledger.read() as conn:
            offer = offers.get(conn, key)
            known = directory(read_registry(conn), timezone=self._timezone)
        body = {**guess(offer, known), **changes}
        entry = {name: value for name, value in body.items() if value is not None}
        device = str(entry.pop("id", ""))
        if not device:
            raise InvalidInput("the device has no id", where="id", mend="give one")
        self._settled.pop(key, None)
        report = self._registry.put("device", device, entry, who=who)
        self.settle()  # a running hub has done so when it took the change in; then nothing is left to do
        return {
            "device": device,
            **{name: report[name] for name in ("created", "updated", "unchanged") if name in report},
            "replayed": self._settled.pop(key, 0),
        }

    def settle(self) -> None:
        """After a change of the registry: what is no longer unknown is replayed, and is no offer any more."""
        with self._ledger.read() as conn:
            waiting = offers.everyone(conn)
            if not waiting:
                return
            registry = read_registry(conn)
            described = announcements.load_all(conn)
        bindings = bindings_of(registry)
        known = directory(registry, timezone=self._timezone)
        told = Described(described, bindings.mapped)
        for offer in waiting:
            device = _bound(offer, bindings)
            if device is not None:
                self._replay(offer, device, bindings, known, told)

    def try_out(self, entry: Json, *, offer: str | None, kept: int | None, message: Json | None) -> Json:
        """What an entry of the registry would read in a message; nothing is changed.

        The message is one that is kept (of an offer, or the rejected one of this number), or `{topic, payload}`.
        """
        with self._ledger.read() as conn:
            registry = read_registry(conn)
            described = announcements.load_all(conn)
            if offer is not None:
                offers.get(conn, offer)
                found = offers.messages(conn, offer, newest=TRIED)
            elif kept is not None:
                found = [rejected.message(conn, kept)]
            elif message is not None:
                found = [_given(message, self._clock())]
            else:
                raise InvalidInput(
                    "there is nothing to try it on", mend="give offer, rejected, or topic and payload"
                )
        device, registry = _with(registry, entry)
        bindings = bindings_of(registry)
        known = directory(registry, timezone=self._timezone)
        told = Described(described, bindings.mapped)
        return {"messages": [_tried(each, device, bindings, known, told) for each in found]}

    def _replay(
        self, offer: Offer, device: str, bindings: Bindings, known: Directory, told: Described
    ) -> None:
        with self._ledger.read() as conn:
            kept = offers.messages(conn, offer.id)
            over = list(episodes.load_all(conn))
        heard = [
            Heard(
                each.at,
                understand(
                    _message(each), bindings=bindings, directory=known, described=told, newest=nothing_newer
                ),
                each.retain,
            )
            for each in kept
        ]
        found = [
            one.as_history()  # what was said before anybody knew the device raises nothing
            for one in replay(heard, over, self._clock())
            if offer.mapping is not None or one.device == device
        ]

        def act(conn: Connection) -> int:
            offers.remove(conn, offer.id)
            return readings.add(conn, found)

        if len(self._settled) > offers.MOST:
            self._settled.clear()
        self._settled[offer.id] = self._ledger.write(act).result(COMMIT)
        log.info("%s is known as %s: %d kept messages were read", offer.name, device, len(kept))


def _bound(offer: Offer, bindings: Bindings) -> str | None:
    """The device that this offer has become."""
    found = bindings.resolve(offer.convention, offer.topic, offer.name)
    if found is None and offer.mapping is not None and bindings.conventions(offer.topic):
        return offer.name
    return found


def _message(each: Kept) -> Message:
    return Message(each.topic, each.payload, 1, each.retain, each.at, packet_id=each.packet)


def _given(message: Json, now: datetime) -> Kept:
    payload = message.get("payload")
    text = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
    return Kept(str(message.get("topic", "")), text.encode(errors="replace"), False, now, 0)


def _with(registry: Registry, entry: Json) -> tuple[str, Registry]:
    """The registry with this device in it, as far as the device itself is right; raises InvalidRegistry."""
    site = str(entry.get("site") or (registry.sites[0].id if registry.sites else TRIAL))
    key = str(entry.get("id") or TRIAL)
    body = {"kind": "sensor", **entry, "site": site, "id": key}
    wanted = parse(json.dumps({"devices": [body]}, ensure_ascii=False), "device")
    gone = {"devices": frozenset({key})}
    return key, merge(registry, wanted.resolve(registry, gone=gone), gone)


def _tried(
    each: Kept, device: str, bindings: Bindings, known: Directory, told: Described
) -> dict[str, object]:
    said = understand(
        _message(each), bindings=bindings, directory=known, described=told, newest=nothing_newer
    )
    return {
        **offers.shown_message(each),
        "convention": said.convention,
        "readings": [
            {
                "quantity": one.quantity,
                "value": one.value,
                "unit": one.unit,
                "at": format_instant(one.at),
                "quality": one.quality,
            }
            for one in said.readings
            if one.device == device
        ],
        "refused": [{"reason": one.reason, "message": one.message} for one in said.refused],
    }
