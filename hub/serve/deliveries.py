"""Delivery sender: takes notices to their channels, until each is taken or given up.

Nothing is sent twice on purpose; a receiver may get a notice twice (the answer was lost, the hub was killed before it
was noted), with the same message id.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime

from alerts import shelf
from alerts.channel import ChannelParams, Outcome
from alerts.directory import Directory
from alerts.ledger import deliveries, receivers, registry
from alerts.ledger.deliveries import Due
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.registry import RegistryEntry
from alerts.message import Message
from alerts.retry import notice_is_dead, pause, room_in
from config.nouns.channel import CHANNEL_KINDS
from config.secrets import SecretBox
from hub.serve.lanes import REST, Lanes, Survey
from hub.serve.outbound import Outbound
from ingest.errors import HubError

log = logging.getLogger(__name__)

COMMIT = 30.0
"""Seconds that a note waits for its commit."""


class DeliverySender:
    """A lane for each channel."""

    def __init__(
        self,
        ledger: Ledger,
        box: SecretBox,
        *,
        directory: Callable[[], Directory],
        public_url: str,
        clock: Callable[[], datetime],
        counted: Callable[[str, str], object],
        outbound: Callable[[], Outbound],
        failed: Callable[[], object] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._box = box
        self._directory = directory
        self._public_url = public_url
        self._clock = clock
        self._counted = counted
        self._outbound = outbound
        self._lanes = Lanes("channel", survey=self._survey, lane=self._lane, failed=failed, due=self._due)
        self.wake = self._lanes.wake
        self.degraded = self._lanes.degraded
        self.run = self._lanes.run

    def _survey(self) -> Survey:
        with self._ledger.read() as conn:
            known = frozenset(each.id for each in registry.load(conn, "channel"))
            bad = {key: why for key, why in receivers.failing(conn, "channel").items() if key in known}
            waiting = deliveries.channels(conn)
            return Survey(known.union(waiting), waiting, bad)

    def _due(self) -> list[str]:
        with self._ledger.read() as conn:
            return deliveries.channels(conn, self._clock())

    def _lane(self, channel: str) -> _ChannelLane:
        return _ChannelLane(self, channel)

    # What a lane needs of the sender.

    def params(self, entry: RegistryEntry) -> ChannelParams:
        """The channel with its secrets opened; HubError when it cannot be read."""
        kind = str(entry.body.get("kind"))
        if kind not in CHANNEL_KINDS:
            raise HubError(f"the channel {entry.id} is of kind {kind!r}, which is not there any more")
        plain = {name: self._box.open(sealed) for name, sealed in entry.secrets.items()}
        return CHANNEL_KINDS[kind].model_validate({**entry.body, **plain})

    def message(self, due: Due) -> Message:
        """What the channel is told."""
        return message_of(due, self._directory(), self._public_url)


class _ChannelLane:
    """One channel, on its own thread."""

    def __init__(self, sender: DeliverySender, channel: str) -> None:
        self._sender = sender
        self._ledger = sender._ledger  # noqa: SLF001 - one module
        self._clock = sender._clock  # noqa: SLF001 - one module
        self._counted = sender._counted  # noqa: SLF001 - one module
        self._out = sender._outbound()  # noqa: SLF001 - one module
        self._channel = channel
        self._read: tuple[RegistryEntry, ChannelParams] | None = None
        self._sent: deque[datetime] = deque(maxlen=100)
        self._failures = 0
        self._not_before: datetime | None = None
        self._busy = False

    def serve(self) -> float:
        """Send what is due first."""
        now = self._clock()
        with self._ledger.read() as conn:
            due = deliveries.next_of(conn, self._channel, now)
            if due is None:
                at = deliveries.next_at(conn, self._channel)
                return REST if at is None else max((at - now).total_seconds(), 0.01)
            entry = registry.get(conn, "channel", self._channel)
        if entry is None:
            return self._removed()
        params = self._params(entry)
        wait = room_in(self._sent, params.PER_MINUTE, now).total_seconds()
        # What is new and about life does not wait for a receiver that was away a moment ago.
        if self._not_before is not None and (self._busy or due.severity != "life" or due.attempts):
            wait = max(wait, (self._not_before - now).total_seconds())
        if wait > 0:
            return wait
        outcome = shelf.send(self._out, params, self._sender.message(due), now)
        self._sent.append(now)
        self._counted(params.kind, outcome.reason)
        self._ledger.write(self._note(due, outcome)).result(COMMIT)
        return 0.0

    def close(self) -> None:
        """End its connections."""
        self._out.close()

    def _params(self, entry: RegistryEntry) -> ChannelParams:
        if self._read is None or self._read[0] != entry:
            self._read = (entry, self._sender.params(entry))
            self._failures, self._not_before = 0, None  # it was mended, perhaps
        return self._read[1]

    def _removed(self) -> float:
        now = self._clock()

        def act(conn: Connection) -> None:
            deliveries.dead_all(conn, self._channel, "removed", now)
            receivers.forget(conn, "channel", self._channel)

        self._ledger.write(act).result(COMMIT)
        return REST

    def _note(self, due: Due, outcome: Outcome) -> Callable[[Connection], None]:
        now = self._clock()
        away = not outcome.ok and outcome.retry
        # A receiver that is away is asked less and less often, whatever waits for it.
        self._failures = self._failures + 1 if away else 0
        self._not_before = now + pause(self._failures, outcome) if away else None
        self._busy = outcome.reason == "busy"
        if not outcome.ok:
            log.info("channel %s did not take notice %s: %s", self._channel, due.notice, outcome)

        def act(conn: Connection) -> None:
            receivers.note(conn, "channel", self._channel, outcome, now)
            if outcome.ok:
                deliveries.sent(conn, due, outcome, now)
            elif notice_is_dead(outcome, at=due.at, now=now):
                deliveries.dead(conn, due, str(outcome), now)
            else:
                deliveries.failed(conn, due, outcome, now + pause(due.attempts + 1, outcome))

        return act


def message_of(due: Due, directory: Directory, public_url: str) -> Message:
    """A notice as its channel is told of it."""
    site = directory.sites.get(due.site or "")
    link = None
    if public_url:
        link = public_url.rstrip("/") + (f"/incidents/{due.incidents[0]}" if due.incidents else "/")
    return Message(
        id=due.message_id,
        at=due.at,
        why=due.why,
        severity=due.severity,
        title=due.title,
        site=None if site is None else site.name,
        open=due.open,
        link=link,
        zone=directory.zone(due.area),
    )
