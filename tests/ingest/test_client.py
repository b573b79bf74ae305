"""The MQTT client: publishing, stopping, a server that is no broker, addresses and topics that are wrong."""

from __future__ import annotations

import signal
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from ingest.errors import BrokerAway, InvalidInput, InvalidSetting
from ingest.mqtt.client import Client

if TYPE_CHECKING:
    from tests.servers.broker import Mosquitto
from tests.ingest.clients import Inbox, Make, Wait, now

pytestmark = pytest.mark.slow


def test_a_small_message_goes_out_at_once(client: Make, wait_until: Wait) -> None:
    """It does not wait until the broker has acknowledged the one before."""
    one = client("prompt")
    one.start()
    wait_until(lambda: one.connected)
    sock = one._paho.socket()
    assert sock is not None
    with socket.fromfd(sock.fileno(), socket.AF_INET, socket.SOCK_STREAM) as same:
        assert same.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_published_message_arrives_whole_and_its_future_resolves(client: Make, wait_until: Wait) -> None:
    """Topic, bytes and arrival time are kept; the publisher learns of the PUBACK."""
    inbox, consumer, publisher = Inbox(), client("consumer"), client("publisher")
    consumer.subscribe([("hub/v1/+/+/telemetry", 1)], inbox)
    consumer.start()
    publisher.start()
    wait_until(lambda: consumer.connected and publisher.connected)
    wait_until(lambda: consumer.health().connections == 1)
    before = now()
    publisher.publish("hub/v1/school-1/fridge/telemetry", b"\x00\xff{").result(5)
    wait_until(lambda: len(inbox.messages) == 1)
    [message] = inbox.messages
    assert (message.topic, message.payload, message.qos) == (
        "hub/v1/school-1/fridge/telemetry",
        b"\x00\xff{",
        1,
    )
    assert before <= message.received_at <= now()
    assert not message.retain
    assert publisher.health().published == 1
    assert publisher.health().pending == 0


def test_stop_returns_while_the_broker_hangs(broker: Mosquitto, client: Make, wait_until: Wait) -> None:
    """What waits fails; nothing blocks longer than told."""
    publisher = client("publisher")
    publisher.start()
    wait_until(lambda: publisher.connected)
    broker.signal(signal.SIGSTOP)
    try:
        waiting = publisher.publish("t", b"1")
        began = time.monotonic()
        publisher.stop(3)
        assert time.monotonic() - began < 4
        with pytest.raises(BrokerAway):
            waiting.result(1)
    finally:
        broker.signal(signal.SIGCONT)


def test_publish_while_away_is_bounded_and_says_so(client: Make) -> None:
    """QoS 0 fails at once; QoS 1 waits until the queue is full; stop() fails what waits, in time."""
    away = client("lonely", url="mqtt://127.0.0.1:1", max_queued=3)
    away.start()
    with pytest.raises(BrokerAway) as lost:
        away.publish("t", b"0", qos=0).result(1)
    assert lost.value.reason == "not-connected"
    waiting = [away.publish("t", b"%d" % n) for n in range(3)]
    with pytest.raises(BrokerAway) as full:
        away.publish("t", b"3").result(1)
    assert full.value.reason == "queue-full"
    began = time.monotonic()
    away.stop(4)
    assert time.monotonic() - began < 5
    for each in waiting:
        with pytest.raises(BrokerAway):
            each.result(1)
    with pytest.raises(BrokerAway):
        away.publish("t", b"").result(1)


def test_a_server_that_is_no_broker_is_survived(client: Make) -> None:
    """Bytes that are no MQTT end the connection with a reason, never the client."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    peer, _ = server.accept()
                except TimeoutError:
                    continue
                with peer:
                    peer.sendall(b"\x20\xff\xff\xff\xff\xff\xff HTTP/1.1 400 Bad Request\r\n\r\n" * 20)

        thread = threading.Thread(target=serve)
        thread.start()
        odd = client("odd", url=f"mqtt://127.0.0.1:{server.getsockname()[1]}")
        odd.start()
        try:
            time.sleep(4)
            health = odd.health()
            assert not health.connected
            assert odd._paho._thread is not None, "the network thread must live on"
        finally:
            ended.set()
            thread.join()
            odd.stop(4)


@pytest.mark.parametrize("url", ["", "http://x", "mqtt://", "mqtt://h:notaport", "mqtt://u:secret@:1"])
def test_a_wrong_address_is_said_without_the_password(url: str) -> None:
    """The mistake is named at construction."""
    with pytest.raises(InvalidSetting) as wrong:
        Client(url, "x", clock=now)
    assert "secret" not in str(wrong.value)


@pytest.mark.parametrize("topic", ["", "a/+", "a/#", "a\0b"])
def test_a_topic_that_cannot_be_published_to_is_refused(client: Make, topic: str) -> None:
    """Wildcards and NUL belong in no topic."""
    with pytest.raises(InvalidInput):
        client("x").publish(topic, b"")
