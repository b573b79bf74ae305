"""Sessions: what a real mosquitto that is killed, hung and brought back keeps for a client, and what it repeats."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.mqtt.health import Will

if TYPE_CHECKING:
    from tests.servers.broker import Mosquitto
from tests.ingest.clients import CONSUMER, Inbox, Make, Wait

pytestmark = pytest.mark.slow


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
