"""A process that sends what the outbox of a ledger holds, until it is killed: `sends_until_killed.py LEDGER`."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from alerts.ledger.engine import Ledger
from config.secrets import SecretBox
from hub.serve.webhooks import WebhookSender


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


ledger = Ledger.open(f"sqlite:///{sys.argv[1]}", clock=now)
asyncio.run(WebhookSender(ledger, SecretBox("s" * 40), clock=now, counted=lambda _: None).run())
