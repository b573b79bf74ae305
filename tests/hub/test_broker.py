"""The hub's own broker: restarted where it was, keeps what it was given, ends with the hub."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.broker import Broker
from ingest.errors import BrokerAway
from ingest.mqtt.client import Client
from ingest.mqtt.message import Ack, Message
from tests.servers.wait import wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker that runs."""
    broker = Broker(tmp_path / "broker")
    broker.start()
    yield broker
    broker.stop()


def listener(broker: Broker, got: list[bytes], name: str = "listener") -> Client:
    """A persistent session on `t/#` that is connected."""
    client = Client(broker.url, name, clock=now)
    lock = threading.Lock()

    def keep(message: Message, ack: Ack) -> None:
        with lock:
            got.append(message.payload)
        ack()

    client.subscribe([("t/#", 1)], keep)
    client.start()
    wait_until(lambda: client.connected, within=10, what="connected")
    return client


def test_it_runs_and_stops(broker: Broker) -> None:
    """start() returns when it answers; health says ok, and failed after the stop."""
    assert broker.answers()
    assert (broker.health().state, broker.health().reason) == ("ok", "")
    assert broker.url == f"mqtt://127.0.0.1:{broker.port}"
    broker.stop()
    assert not broker.answers(0.2)
    assert broker.health().state == "failed"
    broker.stop()


def test_it_comes_back_on_the_same_port(broker: Broker) -> None:
    """Killed again and again, it is there again under the same address, and the restarts are counted."""
    port = broker.port
    for count in (1, 2):
        pid = broker.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda n=count: broker.restarts == n and broker.answers(), within=10, what="back")  # type: ignore[misc] # bound now
        assert broker.port == port


def test_a_frozen_broker_is_shown(broker: Broker) -> None:
    """A process that is there and does not answer is degraded, and is not killed for it."""
    pid = broker.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        assert (broker.health().state, broker.health().reason) == ("degraded", "no-answer")
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: broker.health().state == "ok", within=5, what="ok again")
    assert broker.restarts == 0


def test_a_queue_outlives_kill_9(broker: Broker) -> None:
    """What was queued for a session that is away is all there after the broker was killed two seconds later."""
    got: list[bytes] = []
    away = listener(broker, got)
    away.stop()
    sender = Client(broker.url, "sender", clock=now)
    sender.start()
    futures = [sender.publish("t/x", str(number).encode()) for number in range(300)]
    for future in futures:
        future.result(20)
    time.sleep(2.5)  # mosquitto writes once a second
    pid = broker.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: broker.restarts == 1 and broker.answers(), within=10, what="back")
    again = listener(broker, got)
    wait_until(lambda: len(set(got)) == 300, within=20, what="all messages")
    sender.stop()
    again.stop()


def test_the_next_run_takes_the_port_and_the_sessions(tmp_path: Path) -> None:
    """A second run on the same folder listens where the first did and still has the queued messages."""
    first = Broker(tmp_path)
    first.start()
    got: list[bytes] = []
    listener(first, got).stop()
    sender = Client(first.url, "sender", clock=now)
    sender.start()
    sender.publish("t/x", b"kept").result(10)
    sender.stop()
    first.stop()
    second = Broker(tmp_path)
    second.start()
    try:
        assert second.port == first.port
        client = listener(second, got)
        wait_until(lambda: got == [b"kept"], within=10, what="the kept message")
        client.stop()
    finally:
        second.stop()


def test_a_taken_port_of_the_last_run_is_no_error(tmp_path: Path) -> None:
    """When somebody else listens on the last run's port, another one is taken."""
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        taken = somebody.getsockname()[1]
        (tmp_path / "port").write_text(f"{taken}\n")
        broker = Broker(tmp_path)
        broker.start()
        assert broker.port != taken
        broker.stop()


def test_a_taken_fixed_port_is_an_error(tmp_path: Path) -> None:
    """A port that was asked for and is taken: the error names it, nothing stays behind."""
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        taken = somebody.getsockname()[1]
        broker = Broker(tmp_path, port=taken)
        with pytest.raises(BrokerAway, match=str(taken)) as wrong:
            broker.start(timeout=3)
    assert wrong.value.reason == "not-started"
    assert broker.pid is None


def test_a_password_is_asked_for(tmp_path: Path) -> None:
    """With a password only the one who knows it gets in; the file does not hold it in clear."""
    broker = Broker(tmp_path, username="hub", password="pass:word")
    broker.start()
    try:
        good = Client(broker.url.replace("mqtt://", "mqtt://hub:pass%3Aword@"), "good", clock=now)
        bad = Client(broker.url.replace("mqtt://", "mqtt://hub:wrong@"), "bad", clock=now)
        good.start()
        bad.start()
        wait_until(lambda: good.connected, within=10, what="the right password")
        assert not bad.connected
        good.stop()
        bad.stop()
    finally:
        broker.stop()
    assert not any(b"pass:word" in path.read_bytes() for path in tmp_path.iterdir())
    assert (tmp_path / "passwords").stat().st_mode & 0o077 == 0


def test_it_ends_with_the_hub(tmp_path: Path) -> None:
    """When the process that started it is killed -9, the broker goes too."""
    code = (
        "import sys, time; from pathlib import Path; from hub.broker import Broker;"
        "b = Broker(Path(sys.argv[1])); b.start(); print(b.pid, b.port, flush=True); time.sleep(60)"
    )
    hub = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with hub:
        assert hub.stdout is not None
        pid, port = map(int, hub.stdout.readline().split())
        hub.kill()
        hub.wait(5)

    def gone() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            return True
        return False

    wait_until(gone, within=5, what=f"mosquitto {pid} is gone")


def test_without_mosquitto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setattr("hub.broker.shutil.which", lambda *_a, **_k: None)
    with pytest.raises(BrokerAway, match="make setup") as wrong:
        Broker(tmp_path).start()
    assert wrong.value.reason == "not-installed"
