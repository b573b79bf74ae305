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
from hub.serve.lanes import IDLE, Lanes, Survey
from hub.serve.outbound import Outbound

log = logging.getLogger(__name__)

AT_ONCE = 50
"""Events read at a time; they are sent one after the other."""
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
            return Survey(outbox.hooks_on(conn), receivers.failing(conn, "webhook"))

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

    def serve(self) -> float:
        """Send what is pending, in order, until one fails."""
        with self._ledger.read() as conn:
            due = outbox.pending_of(conn, self._hook, AT_ONCE if self._takes else 1)
        if not due:
            return IDLE
        wait = (due[0].next_at - self._clock()).total_seconds()
        if wait > 0:
            return wait
        # Sent one after the other, noted without waiting in between: a hub that is killed sends a few again.
        notes: list[Future[None]] = []
        for each in due:
            outcome = attempt(self._out, self._box, each, self._clock())
            self._counted(outcome.reason)
            notes.append(self._ledger.write(self._note(each, outcome, told=self._takes and outcome.ok)))
            self._takes = outcome.ok
            if not outcome.ok:
                log.info("webhook %s did not take event %d: %s", self._hook, each.seq, outcome)
                break
        for note in notes:
            note.result(COMMIT)
        return 0.0

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
