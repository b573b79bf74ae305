"""Acknowledgements: by hand, after a commit, on the connection that brought the message; a real mosquitto."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.mqtt.message import Ack, Message

if TYPE_CHECKING:
    from tests.servers.broker import Mosquitto
from tests.ingest.clients import CONSUMER, Inbox, Make, Wait

pytestmark = pytest.mark.slow


def test_no_puback_while_the_commit_is_held(client: Make, wait_until: Wait) -> None:
    """A handler that holds its commit sends no PUBACK: the session's next connection gets it again."""
    held, consumer, publisher = Inbox(ack=False), client("hub"), client("publisher")
    consumer.subscribe([("t", 1)], held)
    consumer.start()
    publisher.start()
    wait_until(lambda: consumer.connected)
    publisher.publish("t", b"1").result(5)
    wait_until(lambda: held.payloads == [b"1"])
    time.sleep(0.5)  # were a PUBACK coming, it would have come
    assert consumer.health().acknowledged == 0

    again = Inbox()
    successor = client("hub")  # takes the session over, as after a crash of the process
    successor.subscribe([("t", 1)], again)
    consumer.stop(2)
    successor.start()
    wait_until(lambda: again.payloads == [b"1"])
    assert again.messages[0].duplicate
    wait_until(lambda: successor.health().acknowledged == 1)
    successor.stop(2)

    last = Inbox()
    third = client("hub")
    third.subscribe([("t", 1)], last)
    third.start()
    wait_until(lambda: third.connected)
    publisher.publish("t", b"2").result(5)
    wait_until(lambda: last.payloads == [b"2"])  # 1 was acknowledged: it does not come a third time


def test_an_acknowledgement_of_the_old_connection_is_dropped(
    broker: Mosquitto, client: Make, wait_until: Wait
) -> None:
    """Packet identifiers are reused: a late ack must not acknowledge another message of a new connection."""
    inbox, consumer, publisher = Inbox(ack=False), client("hub"), client("publisher")
    consumer.subscribe([("t", 1)], inbox)
    consumer.start()
    publisher.start()
    wait_until(lambda: consumer.connected)
    publisher.publish("t", b"1").result(5)
    wait_until(lambda: len(inbox.acks) == 1)
    broker.stop(signal.SIGTERM)
    wait_until(lambda: not consumer.connected)
    broker.start()
    wait_until(lambda: consumer.connected, 10)
    wait_until(lambda: len(inbox.acks) == 2)  # the same message again
    inbox.acks[0]()
    time.sleep(0.2)
    assert consumer.health().acknowledged == 0
    inbox.acks[1]()
    inbox.acks[1]()
    assert consumer.health().acknowledged == 1


def test_unacknowledged_messages_come_again_after_kill_9(
    broker: Mosquitto, client: Make, wait_until: Wait, tmp_path: Path
) -> None:
    """A consumer killed with -9 before its acknowledgement gets everything again when it is back."""
    publisher = client("publisher")
    publisher.start()

    def lines(name: str) -> list[bytes]:
        path = tmp_path / name
        return path.read_bytes().split() if path.exists() else []

    first = subprocess.Popen([sys.executable, "-c", CONSUMER, broker.url, str(tmp_path / "a")])
    try:
        wait_until(lambda: publisher.connected)
        seen = 0
        while not lines("a"):  # until the consumer has subscribed
            publisher.publish("t", b"%d" % seen).result(5)
            seen += 1
            time.sleep(0.2)
            assert seen < 60
        start = int(lines("a")[0])
        for n in range(seen, seen + 300):
            publisher.publish("t", b"%d" % n).result(5)
        wait_until(lambda: len(lines("a")) >= 200)
    finally:
        first.kill()
        first.wait(5)
    publisher.publish("t", b"meanwhile").result(5)
    second = subprocess.Popen([sys.executable, "-c", CONSUMER, broker.url, str(tmp_path / "b"), "ack"])
    try:
        expected = {b"%d" % n for n in range(start, seen + 300)} | {b"meanwhile"}
        wait_until(lambda: set(lines("b")) >= expected, 15)
    finally:
        second.kill()
        second.wait(5)


def test_receive_maximum_bounds_what_is_unacknowledged(client: Make, wait_until: Wait) -> None:
    """The broker holds the rest back, and sends on with every acknowledgement."""
    inbox, consumer, publisher = Inbox(ack=False), client("hub", receive_maximum=10), client("publisher")
    consumer.subscribe([("t", 1)], inbox)
    consumer.start()
    publisher.start()
    wait_until(lambda: consumer.connected)
    for n in range(30):
        publisher.publish("t", b"%d" % n).result(5)
    time.sleep(0.3)
    assert len(inbox.messages) == 10
    for index in range(30):
        wait_until(lambda index=index: len(inbox.acks) > index)
        inbox.acks[index]()
    wait_until(lambda: inbox.payloads == [b"%d" % n for n in range(30)])


def test_a_handler_that_raises_is_counted_and_disturbs_nothing(client: Make, wait_until: Wait) -> None:
    """The exception is in health, its message stays unacknowledged, the next one is delivered."""
    good: list[bytes] = []

    def handle(message: Message, ack: Ack) -> None:
        if message.payload == b"bad":
            raise KeyError("no such device")
        good.append(message.payload)
        ack()

    consumer, publisher = client("hub"), client("publisher")
    consumer.subscribe([("t", 1)], handle)
    consumer.start()
    publisher.start()
    wait_until(lambda: consumer.connected)
    for payload in (b"bad", b"good"):
        publisher.publish("t", payload).result(5)
    wait_until(lambda: consumer.health().acknowledged == 1)
    health = consumer.health()
    assert (health.handler_errors, good) == (1, [b"good"])
    assert "KeyError" in health.last_error
