"""The MQTT client against a real mosquitto that is killed, hung, and brought back."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.errors import BrokerAway, InvalidInput, InvalidSetting
from ingest.mqtt.client import Client
from ingest.mqtt.health import Will
from ingest.mqtt.message import Ack, Message

if TYPE_CHECKING:
    from tests.servers.broker import Mosquitto

pytestmark = pytest.mark.slow

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


@pytest.fixture
def client(broker: Mosquitto) -> Iterator[Make]:
    made: list[Client] = []

    def make(client_id: str, url: str = "", will: Will | None = None, **more: int) -> Client:
        made.append(Client(url or broker.url, client_id, clock=now, will=will, **more))
        return made[-1]

    yield make
    for each in made:
        each.stop(2)


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


@pytest.mark.parametrize("sort", ["killed", "hung"])
def test_messages_sent_while_the_broker_was_away_arrive(
    broker: Mosquitto, client: Make, wait_until: Wait, sort: str
) -> None:
    """A broker killed or hung is noticed within 8 s; what QoS 1 publishers sent meanwhile comes, in order."""
    inbox, consumer, publisher = Inbox(), client("hub"), client("publisher")
    states: list[tuple[bool, str]] = []
    consumer.on_state(lambda connected, reason: states.append((connected, reason)))
    consumer.subscribe([("t", 1)], inbox)
    consumer.start()
    publisher.start()
    wait_until(lambda: consumer.connected and publisher.connected)
    publisher.publish("t", b"before").result(5)
    wait_until(lambda: inbox.payloads == [b"before"])
    time.sleep(2.5)  # mosquitto saves the session once a second

    if sort == "killed":
        broker.stop(signal.SIGKILL)
    else:
        broker.signal(signal.SIGSTOP)
    wait_until(lambda: not consumer.connected and not publisher.connected, 8)
    assert consumer.health().reason
    waiting = [publisher.publish("t", b"%d" % n) for n in range(50)]
    time.sleep(1)
    assert not any(each.done() for each in waiting)
    if sort == "killed":
        broker.start()
    else:
        broker.signal(signal.SIGCONT)
    for each in waiting:
        each.result(10)
    wait_until(lambda: len(set(inbox.payloads)) == 51)
    distinct = list(dict.fromkeys(inbox.payloads))
    assert distinct == [b"before", *(b"%d" % n for n in range(50))]
    # what the session kept may come before the subscriptions are answered
    wait_until(lambda: [connected for connected, _ in states] == [True, False, True])
    assert states[1][1]


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
    wait_until(lambda: good == [b"good"])
    health = consumer.health()
    assert (health.handler_errors, health.acknowledged) == (1, 1)
    assert "KeyError" in health.last_error


def test_retained_messages_are_marked_and_not_repeated_on_reconnect(
    broker: Mosquitto, client: Make, wait_until: Wait
) -> None:
    """A kept copy is marked; a reconnect of a living session does not bring it again, unless asked to."""
    publisher = client("publisher")
    publisher.start()
    publisher.publish("kept/a", b"1", retain=True).result(5)
    publisher.publish("config/a", b"2", retain=True).result(5)
    inbox, configs, consumer = Inbox(), Inbox(), client("hub")
    consumer.subscribe([("kept/#", 1)], inbox)
    consumer.subscribe([("config/#", 1)], configs, retained="always")
    consumer.start()
    wait_until(lambda: len(inbox.messages) == 1 and len(configs.messages) == 1)
    assert inbox.messages[0].retain
    broker.stop(signal.SIGTERM)
    wait_until(lambda: not consumer.connected)
    broker.start()
    wait_until(lambda: len(configs.messages) == 2)
    assert len(inbox.messages) == 1


def test_the_last_will_is_published_when_the_process_vanishes(
    broker: Mosquitto, client: Make, wait_until: Wait, tmp_path: Path
) -> None:
    """Killed: the will comes. Stopped in order: it does not."""
    script = CONSUMER.replace(
        "clock=", "will=__import__('ingest.mqtt.health').mqtt.health.Will('gone', b'offline'), clock="
    )
    inbox, consumer = Inbox(), client("watcher")
    consumer.subscribe([("gone", 1)], inbox)
    consumer.start()
    wait_until(lambda: consumer.connected)
    polite = client("polite", will=Will("gone", b"wrong"))
    polite.start()
    wait_until(lambda: polite.connected)
    polite.stop(2)
    process = subprocess.Popen([sys.executable, "-c", script, broker.url, str(tmp_path / "a")])
    probe = client("probe")
    probe.start()
    try:
        deadline = time.monotonic() + 15
        while not (tmp_path / "a").exists() or not (tmp_path / "a").read_bytes():
            probe.publish("t", b"x").result(5)
            time.sleep(0.1)
            assert time.monotonic() < deadline
    finally:
        process.kill()
        process.wait(5)
    wait_until(lambda: inbox.payloads == [b"offline"])


def test_messages_without_a_handler_wait_for_one(client: Make, wait_until: Wait) -> None:
    """What the session kept may come before the handler is there; it is neither lost nor acknowledged."""
    first, publisher = client("hub"), client("publisher")
    first.subscribe([("t/#", 1)], Inbox())
    first.start()
    publisher.start()
    wait_until(lambda: first.connected)
    publisher.publish("t/0", b"0").result(5)
    wait_until(lambda: first.health().received == 1)
    first.stop(2)
    publisher.publish("t/1", b"1").result(5)
    second = client("hub")
    second.start()
    wait_until(lambda: second.health().received == 1)
    assert second.health().acknowledged == 0
    inbox = Inbox()
    second.subscribe([("t/+", 1)], inbox)
    wait_until(lambda: inbox.payloads == [b"1"])
    wait_until(lambda: second.health().acknowledged == 1)


def test_overlapping_filters_bring_a_message_once(client: Make, wait_until: Wait) -> None:
    """Mosquitto delivers once per matching subscription: what another filter covers is not subscribed to."""
    shelf, device, publisher = Inbox(), Inbox(), client("publisher")
    earlier = client("hub")  # an earlier run of the same session asked for the device's topic alone
    earlier.subscribe([("zigbee2mqtt/a", 1)], device)
    earlier.start()
    publisher.start()
    wait_until(lambda: earlier.connected and publisher.connected)
    publisher.publish("zigbee2mqtt/a", b"0").result(5)
    wait_until(lambda: device.payloads == [b"0"])
    earlier.stop(2)
    hub = client("hub")
    hub.subscribe([("zigbee2mqtt/#", 1)], shelf)
    hub.subscribe([("zigbee2mqtt/a", 1), ("z2m/b", 1)], device)
    hub.start()
    wait_until(lambda: hub.connected)
    hub.subscribe([("zigbee2mqtt/+/state", 1)], device)
    time.sleep(0.3)
    for topic in ("zigbee2mqtt/a", "zigbee2mqtt/a/state", "z2m/b"):
        publisher.publish(topic, topic.encode()).result(5)
    wait_until(lambda: device.payloads == [b"0", b"z2m/b"])
    assert shelf.payloads == [b"zigbee2mqtt/a", b"zigbee2mqtt/a/state"]
    hub.unsubscribe(["zigbee2mqtt/#"])
    time.sleep(0.3)
    publisher.publish("zigbee2mqtt/a", b"again").result(5)
    wait_until(lambda: device.payloads[-1] == b"again")
    assert hub.health().received == 4


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
