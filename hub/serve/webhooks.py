"""Webhook sender: takes what the outbox holds to its receivers, in order per hook, until each says 2xx."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx

from alerts.channels.webhook import Outcome, Webhook, send
from alerts.ledger import outbox
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.outbox import Delivery
from config.secrets import SecretBox
from ingest.errors import HubError

log = logging.getLogger(__name__)

IDLE = 1.0
"""Seconds between two looks without a commit: retries become due by time alone."""
SLOWEST = timedelta(minutes=5)
"""Between two tries of a receiver that stays away."""
NO_USE = timedelta(minutes=1)
"""Before the second try of an event that the receiver refuses (4xx): a person has to mend something."""


def pause(attempts: int, outcome: Outcome) -> timedelta:
    """How long to wait after this many failed attempts (from 1): doubling from 1 s, or as the receiver asks."""
    grown = timedelta(seconds=min(2.0 ** (attempts - 1), SLOWEST.total_seconds()))
    if outcome.retry_after is not None:
        grown = max(grown, timedelta(seconds=outcome.retry_after))
    return min(grown if outcome.retry else max(grown, NO_USE), SLOWEST)


class WebhookSender:
    """One task; each hook is served by its own thread at a time, so a hanging receiver delays nobody else."""

    def __init__(
        self,
        ledger: Ledger,
        box: SecretBox,
        *,
        clock: Callable[[], datetime],
        counted: Callable[[str], object],
    ) -> None:
        self._ledger = ledger
        self._box = box
        self._clock = clock
        self._counted = counted
        self._wake = asyncio.Event()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._client = httpx.Client(trust_env=False)

    def wake(self) -> None:
        """There may be something to send; call it on the event loop."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                self._wake.clear()
                try:
                    for hook in await asyncio.to_thread(self._due):
                        if hook not in self._busy:
                            task = asyncio.create_task(self._serve(hook), name=f"webhook-{hook}")
                            self._busy[hook] = task
                except HubError as wrong:
                    log.warning("webhooks wait: %s", wrong)
                try:
                    async with asyncio.timeout(IDLE):
                        await self._wake.wait()
                except TimeoutError:
                    continue
        finally:
            for task in self._busy.values():
                task.cancel()
            self._client.close()

    def _due(self) -> list[str]:
        with self._ledger.read() as conn:
            return outbox.hooks_due(conn, self._clock())

    async def _serve(self, hook: str) -> None:
        try:
            while await asyncio.to_thread(self._send_some, hook):
                pass
        except HubError as wrong:
            log.warning("webhook %s waits: %s", hook, wrong)
        finally:
            self._busy.pop(hook, None)

    def _send_some(self, hook: str) -> bool:
        """Send what is pending, in order, until one fails; whether there may be more."""
        with self._ledger.read() as conn:
            deliveries = outbox.pending_of(conn, hook)
        for each in deliveries:
            outcome = self._attempt(each)
            self._counted(outcome.reason)
            self._ledger.write(self._note(each, outcome)).result(timeout=30)
            if not outcome.ok:
                return False
        return bool(deliveries)

    def _attempt(self, each: Delivery) -> Outcome:
        receiver = Webhook(each.hook, each.url, self._box.open(each.secret))
        return send(self._client, receiver, each.seq, each.event.line().encode(), self._clock())

    def _note(self, each: Delivery, outcome: Outcome) -> Callable[[Connection], None]:
        def act(conn: Connection) -> None:
            if outcome.ok:
                outbox.delivered(conn, each.hook, each.seq)
                return
            reason = outcome.reason if outcome.status is None else f"{outcome.reason} ({outcome.status})"
            next_at = self._clock() + pause(each.attempts + 1, outcome)
            outbox.failed(conn, each.hook, each.seq, reason=reason, next_at=next_at)

        return act
