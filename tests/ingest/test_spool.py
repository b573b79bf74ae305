"""The spool: order, removal only after PUBACK, kill -9, torn lines, bounds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.errors import BrokerAway, InvalidInput
from ingest.mqtt.client import Client
from ingest.mqtt.forwarder import Forwarder
from ingest.mqtt.message import Ack, Message
from ingest.mqtt.spool import Spool

if TYPE_CHECKING:
    from tests.servers.broker import Mosquitto


Open = Callable[..., Spool]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens spools and closes them after the test."""
    spools: list[Spool] = []

    def make(folder: Path, **more: int) -> Spool:
        spools.append(Spool(folder, **more))
        return spools[-1]

    yield make
    for spool in spools:
        spool.close()


class Wire:
    """Publishes into a list; each future is resolved by the test."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.futures: list[Future[None]] = []

    def __call__(self, topic: str, payload: bytes) -> Future[None]:
        self.sent.append((topic, payload))
        self.futures.append(Future())
        return self.futures[-1]


def test_a_record_goes_only_after_its_puback_and_in_order(tmp_path: Path, opened: Open) -> None:
    """An acknowledgement of the second does not remove the first."""
    spool, wire = opened(tmp_path), Wire()
    for n in range(3):
        spool.append("t", b"%d" % n)
    assert spool.drain(wire, timeout=0) == 0
    assert [payload for _, payload in wire.sent] == [b"0", b"1", b"2"]
    wire.futures[1].set_result(None)
    assert spool.drain(wire, timeout=0) == 0
    assert len(spool) == 3
    wire.futures[0].set_result(None)
    assert spool.drain(wire, timeout=0) == 2
    assert len(spool) == 1
    assert len(wire.sent) == 3, "nothing is published twice while its future is open"


def test_a_failed_publish_is_sent_again(tmp_path: Path, opened: Open) -> None:
    """The future's error keeps the record."""
    spool, wire = opened(tmp_path), Wire()
    spool.append("t", b"x")
    spool.drain(wire, timeout=0)
    wire.futures[0].set_exception(BrokerAway("gone"))
    spool.drain(wire, timeout=0)
    assert len(spool) == 1
    spool.drain(wire, timeout=0)
    assert len(wire.sent) == 2


def test_what_waits_is_there_after_a_restart(tmp_path: Path, opened: Open) -> None:
    """Bytes and topics come back as they were, numbers go on."""
    spool = opened(tmp_path, segment=4)
    payloads = [bytes([n, 10, 0, 255]) for n in range(10)]
    for payload in payloads:
        spool.append("hub/v1/学校/x", payload)
    wire = Wire()
    spool.drain(wire, timeout=0, window=5)
    for future in wire.futures:
        future.set_result(None)
    spool.drain(wire, timeout=0)
    spool.close()

    again = opened(tmp_path, segment=4)
    wire = Wire()
    again.drain(wire, timeout=0)
    assert wire.sent == [("hub/v1/学校/x", payload) for payload in payloads[5:]]
    assert again.append("t", b"next") == 11
    for future in wire.futures:
        future.set_result(None)
    again.drain(wire, timeout=0)
    wire.futures[-1].set_result(None)
    again.drain(wire, timeout=0)
    assert len(again) == 0
    assert len(list(tmp_path.glob("*.log"))) <= 2, "segments that are done are removed"


@pytest.mark.parametrize(
    ("damage", "left", "reason"),
    [
        (b'1234 5 dA== dA=="', [b"0", b"1"], "a torn last line"),
        (b"\x00" * 4096, [b"0", b"1"], "zeros that a power cut left"),
        (b"\xff\n\n \n", [b"0", b"1"], "garbage lines"),
    ],
)
def test_damage_at_the_end_costs_nothing_that_was_promised(
    tmp_path: Path, opened: Open, damage: bytes, left: list[bytes], reason: str
) -> None:
    """Whole lines are read, the rest is counted; what is appended later is kept."""
    spool = opened(tmp_path)
    spool.append("t", b"0")
    spool.append("t", b"1")
    spool.close()
    with next(tmp_path.glob("*.log")).open("ab") as file:
        file.write(damage)
    opened(tmp_path).append("t", b"2")
    again, wire = opened(tmp_path), Wire()
    again.drain(wire, timeout=0)
    assert [payload for _, payload in wire.sent] == [*left, b"2"], reason
    assert again.damaged


def test_a_full_spool_drops_the_oldest_and_counts(tmp_path: Path, opened: Open) -> None:
    """Bounded: what is given up is counted, not silent."""
    spool = opened(tmp_path, limit=3)
    for n in range(5):
        spool.append("t", b"%d" % n)
    assert (len(spool), spool.dropped) == (3, 2)
    wire = Wire()
    spool.drain(wire, timeout=0)
    assert [payload for _, payload in wire.sent] == [b"2", b"3", b"4"]


def test_a_topic_with_a_wildcard_is_refused(tmp_path: Path, opened: Open) -> None:
    """Refused when appended, not when it is too late to tell."""
    with pytest.raises(InvalidInput):
        opened(tmp_path).append("a/#", b"")


WRITER = """
import sys
from pathlib import Path
from ingest.mqtt.spool import Spool
spool = Spool(Path(sys.argv[1]))
n = 0
while True:
    spool.append("t", b"%d" % n)
    print(n, flush=True)
    n += 1
"""


@pytest.mark.slow
def test_the_spool_survives_kill_9_and_is_emptied_through_a_real_broker(
    tmp_path: Path, opened: Open, broker: Mosquitto, wait_until: Callable[..., None]
) -> None:
    """Every record whose append() returned arrives, in order, through an outage of the broker."""
    folder = tmp_path / "spool"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    while int(writer.stdout.readline()) < 100:
        pass
    writer.kill()
    promised = [int(line) for line in writer.stdout.read().split("\n")[:-1]]
    writer.stdout.close()
    writer.wait(5)
    last = max([100, *promised])

    came: list[int] = []

    def handle(message: Message, ack: Ack) -> None:
        came.append(int(message.payload))
        ack()

    consumer = Client(broker.url, "consumer", clock=lambda: datetime.now(UTC))
    consumer.subscribe([("t", 1)], handle)
    consumer.start()
    wait_until(lambda: consumer.connected)
    worker = Client(broker.url, "worker", clock=lambda: datetime.now(UTC))
    spool = opened(folder)
    forwarder = Forwarder(spool, worker)
    broker.stop()
    worker.start()
    forwarder.start()
    broker.start()
    try:
        wait_until(lambda: len(set(came)) > last)
        assert list(dict.fromkeys(came))[: last + 1] == list(range(last + 1))
        wait_until(lambda: len(spool) == 0)
        assert forwarder.errors == 0
    finally:
        forwarder.stop()
        worker.stop(2)
        consumer.stop(2)
