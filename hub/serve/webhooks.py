"""Webhook sender: takes what the outbox holds to its receivers, in order per hook, until each says 2xx.

A receiver may get an event twice (the acknowledgement was lost, the hub was killed before it was noted), with the same
`webhook-id`; it never gets a later event before an earlier one was taken, or given up as a dead letter.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime

from alerts.channel import Outcome, Transport
from alerts.channels.webhook import post
from alerts.ledger import outbox, receivers, webhooks
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.outbox import Delivery
from alerts.retry import event_is_dead, pause
from config.secrets import SecretBox
from hub.serve.lanes import REST, Lanes, Survey
from hub.serve.outbound import Outbound

log = logging.getLogger(__name__)

AT_ONCE = 50
"""Events read at a time; they are sent one after the other."""
MOST_NOTES = 200
"""Events that may be sent and not yet noted: as many come again after a kill."""
COMMIT = 30.0
"""Seconds that a note waits for its commit."""


class WebhookSender:
    """A lane for each hook that is on."""

    def __init__(
        self,
        ledger: Ledger,
        box: SecretBox,
        *,
        clock: Callable[[], datetime],
        counted: Callable[[str], object],
        failed: Callable[[], object] = lambda: None,
        outbound: Callable[[], Outbound] | None = None,
    ) -> None:
        self._ledger = ledger
        self._box = box
        self._clock = clock
        self._counted = counted
        self._outbound = outbound or (lambda: Outbound(clock=clock))
        self._lanes = Lanes("webhook", survey=self._survey, lane=self._lane, failed=failed)
        self.wake = self._lanes.wake
        self.degraded = self._lanes.degraded
        self.run = self._lanes.run

    def _survey(self) -> Survey:
        with self._ledger.read() as conn:
            return Survey(
                outbox.hooks_on(conn), outbox.hooks_waiting(conn), receivers.failing(conn, "webhook")
            )

    def _lane(self, hook: str) -> _HookLane:
        return _HookLane(
            hook, self._ledger, self._box, self._outbound(), clock=self._clock, counted=self._counted
        )


class _HookLane:
    """One hook, on its own thread."""

    def __init__(
        self,
        hook: str,
        ledger: Ledger,
        box: SecretBox,
        out: Outbound,
        *,
        clock: Callable[[], datetime],
        counted: Callable[[str], object],
    ) -> None:
        self._hook = hook
        self._ledger = ledger
        self._box = box
        self._out = out
        self._clock = clock
        self._counted = counted
        self._takes = False  # the last attempt was taken, and that is noted
        self._notes: dict[int, Future[None]] = {}  # by seq: sent, and not yet known to be noted

    def serve(self) -> float:
        """Send what is pending, in order, until one fails.

        What was sent is noted while the next is on its way; a hub that is killed sends those few again.
        """
        self._settle()  # before the look: what is noted by now is not seen as pending any more
        with self._ledger.read() as conn:
            found = outbox.pending_of(conn, self._hook, (AT_ONCE if self._takes else 1) + len(self._notes))
        due = [each for each in found if each.seq not in self._notes]
        if not due:
            return REST
        wait = (due[0].next_at - self._clock()).total_seconds()
        if wait > 0:
            return wait
        for each in due:
            outcome = attempt(self._out, self._box, each, self._clock())
            self._counted(outcome.reason)
            told = self._takes and outcome.ok
            self._notes[each.seq] = self._ledger.write(self._note(each, outcome, told=told))
            self._takes = outcome.ok
            if not outcome.ok:
                log.info("webhook %s did not take event %d: %s", self._hook, each.seq, outcome)
                self._settle(everything=True)
                break
        if len(self._notes) > MOST_NOTES:
            self._settle(everything=True)
        return 0.0

    def _settle(self, *, everything: bool = False) -> None:
        """Forget the notes that are committed; one that was not raises, and its event is sent again."""
        for seq, note in tuple(self._notes.items()):
            if everything or note.done():
                del self._notes[seq]
                note.result(COMMIT)

    def close(self) -> None:
        """End its connections."""
        self._out.close()

    def _note(self, each: Delivery, outcome: Outcome, *, told: bool) -> Callable[[Connection], None]:
        """What the ledger is told; `told`: it knows already that the receiver takes what it gets."""
        now = self._clock()

        def act(conn: Connection) -> None:
            if outcome.ok:
                outbox.delivered(conn, each.hook, each.seq)
            if told or not webhooks.is_there(conn, each.hook):
                return
            stands = receivers.note(conn, "webhook", each.hook, outcome, now)
            if outcome.ok:
                return
            refusals = each.refusals + (not outcome.retry)
            since = stands.failing_since or now
            if outcome.reason == "gone":
                webhooks.set_state(conn, each.hook, "off", str(outcome))
                outbox.drop_all(conn, each.hook, reason=str(outcome), now=now)
            elif event_is_dead(outcome, refusals=refusals, at=each.event.at, failing_since=since, now=now):
                outbox.dropped(conn, each.hook, each.seq, reason=str(outcome), now=now)
            else:
                tries = each.attempts + 1 if outcome.retry else refusals
                next_at = now + pause(tries, outcome)
                refused = not outcome.retry
                outbox.failed(
                    conn, each.hook, each.seq, reason=str(outcome), next_at=next_at, refused=refused
                )

        return act


def attempt(out: Transport, box: SecretBox, each: Delivery, now: datetime) -> Outcome:
    """One POST of one event."""
    body = each.event.line().encode()
    return post(out, each.url, box.open(each.secret), f"{each.seq}.{each.hook}", body, now)
