"""Webhook sender: takes what the outbox holds to its receivers, in order per hook, until each says 2xx."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from alerts.channel import Outcome
from alerts.channels import webhook
from alerts.ledger import outbox
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.outbox import Delivery
from alerts.retry import pause
from config.secrets import SecretBox
from hub.serve.outbound import Outbound
from ingest.errors import HubError

log = logging.getLogger(__name__)

IDLE = 1.0
"""Seconds between two looks without a commit: retries become due by time alone."""


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
        self._out = Outbound(clock=clock)

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
            self._out.close()

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
        secret = self._box.open(each.secret)
        body = each.event.line().encode()
        return webhook.post(self._out, each.url, secret, f"{each.seq}.{each.hook}", body, self._clock())

    def _note(self, each: Delivery, outcome: Outcome) -> Callable[[Connection], None]:
        def act(conn: Connection) -> None:
            if outcome.ok:
                outbox.delivered(conn, each.hook, each.seq)
                return
            next_at = self._clock() + pause(each.attempts + 1, outcome)
            outbox.failed(conn, each.hook, each.seq, reason=str(outcome), next_at=next_at)

        return act
