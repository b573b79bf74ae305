"""Clients of a broker under test: a handler that keeps what came, and a consumer in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from ingest.mqtt.client import Client
from ingest.mqtt.message import Ack, Message

Wait = Callable[..., None]
Make = Callable[..., Client]


def now() -> datetime:
    return datetime.now(UTC)


class Inbox:
    """A handler that keeps what came, and acknowledges only where it is told to."""

    def __init__(self, *, ack: bool = True) -> None:
        self.messages: list[Message] = []
        self.acks: list[Ack] = []
        self._ack = ack

    def __call__(self, message: Message, ack: Ack) -> None:
        self.messages.append(message)
        self.acks.append(ack)
        if self._ack:
            ack()

    @property
    def payloads(self) -> list[bytes]:
        return [each.payload for each in self.messages]


CONSUMER = """
import sys, time
from datetime import UTC, datetime
from ingest.mqtt.client import Client
kept = open(sys.argv[2], "ab", buffering=0)
def handle(message, ack):
    kept.write(message.payload + b"\\n")
    if len(sys.argv) > 3:
        ack()
client = Client(sys.argv[1], "hub", clock=lambda: datetime.now(UTC))
client.subscribe([("t", 1)], handle)
client.start()
time.sleep(60)
"""
