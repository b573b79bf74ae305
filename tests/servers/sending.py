"""Sending: a sender of the hub that runs within a block, woken by the commits of its ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

from alerts.ledger.engine import Ledger


class Sender(Protocol):
    """What webhooks and deliveries are sent by."""

    def wake(self) -> None:
        """There may be something to send."""

    def run(self) -> Coroutine[object, object, None]:
        """Send until cancelled."""


S = TypeVar("S", bound=Sender)


@asynccontextmanager
async def sending(ledger: Ledger, sender: S) -> AsyncIterator[S]:
    """The sender runs within the block."""
    off = ledger.on_commit(lambda _head: sender.wake())
    task = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        off()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
