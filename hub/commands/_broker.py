"""Broker limits: whether a foreign broker keeps what a hub that is away for a while must get afterwards.

MQTT tells a client nothing about how many messages a broker queues for an absent session, so it is tried: a
session goes away, more messages than mosquitto's default of 1,000 are published for it, and it comes back.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Literal

from hub.commands._house import clock
from ingest.errors import HubError
from ingest.mqtt.client import Client
from ingest.mqtt.message import Message

MANY = 1_500
"""Messages that wait: more than mosquitto's defaults keep (1,000 and 20 in flight)."""
PATIENCE = 10.0
"""Seconds for the broker to answer at each step."""
QUIET = 1.5
"""Seconds without a message after which no more will come."""

Line = tuple[Literal["ok", "warning", "error"], str, str]


def limits(url: str) -> Iterator[Line]:
    """Lines about the broker at `url`: reached or not, and how much it keeps."""
    word = secrets.token_hex(6)
    topic = f"hub/internal/v1/check/{word}"
    got: set[bytes] = set()

    def take(message: Message, ack: Callable[[], None]) -> None:
        got.add(message.payload)
        ack()

    def away(expiry: int) -> Client:
        client = Client(url, f"hub-check-{word}", clock=clock, session_expiry=expiry)
        client.subscribe([(topic, 1)], take)
        return client

    first = away(60)
    first.start()
    try:
        if not _wait(lambda: first.connected):
            reason = first.health().reason
            yield (
                "error",
                f"{first.address} does not let us in ({reason})",
                "check address, user and password",
            )
            return
        time.sleep(0.3)  # the subscription's acknowledgement; without it the session would keep nothing
    finally:
        first.stop()
    sender = Client(url, f"hub-check-{word}-s", clock=clock, session_expiry=0, inflight=100)
    sender.start()
    try:
        yield from _send(sender, topic)
    finally:
        sender.stop()
    second = away(0)
    second.start()
    before = -1
    while before < len(got) < MANY:  # until it is whole, or nothing more comes
        before = len(got)
        _wait(lambda: len(got) >= MANY, QUIET)
    second.stop()
    if len(got) < MANY:
        what = f"{second.address} kept {len(got)} of {MANY} messages for a session that was away"
        yield "warning", what, "raise its queue: mosquitto max_queued_messages 200000, persistence true"
    else:
        yield "ok", f"{second.address} kept {MANY} messages for a session that was away", ""


def _send(sender: Client, topic: str) -> Iterator[Line]:
    futures = [sender.publish(topic, str(number).encode(), qos=1) for number in range(MANY)]
    end = time.monotonic() + PATIENCE
    refused = 0
    for future in futures:
        try:
            future.result(max(0.0, end - time.monotonic()))
        except (HubError, FutureTimeout):
            refused += 1
    if refused:
        mend = "look at its rights and limits for hub/internal/v1/#"
        yield "warning", f"{sender.address} did not take {refused} of {MANY} messages", mend


def _wait(true: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
