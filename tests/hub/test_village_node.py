"""The village node: a real process, a real broker, real speech."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import wave
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.broker import Broker
from hub.node.task import parse
from ingest.errors import MalformedPayload
from ingest.mqtt.client import Client
from ingest.mqtt.message import Ack, Message
from tests.servers.wait import wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
BASE = "hub/v1/village-1/village-1-horn"


class Office:
    """The other end of the line: hears everything the node says."""

    def __init__(self, url: str) -> None:
        self.heard: list[tuple[str, dict[str, object] | str]] = []
        self._lock = threading.Lock()
        self.client = Client(url, "office", clock=lambda: datetime.now(UTC))
        self.client.subscribe(
            [(f"{BASE}/{each}", 1) for each in ("state", "status", "telemetry")], self._keep
        )
        self.client.start()

    def _keep(self, message: Message, ack: Ack) -> None:
        text = message.payload.decode()
        with self._lock:
            self.heard.append(
                (message.topic.rpartition("/")[2], json.loads(text) if text[0] == "{" else text)
            )
        ack()

    def order(self, **command: object) -> None:
        """Send a command."""
        self.client.publish(f"{BASE}/command", json.dumps(command).encode()).result(10)

    def states(self, key: str) -> list[str]:
        """What the node has said of this id, `failed(reason)` with its reason."""
        with self._lock:
            said = [body for topic, body in self.heard if topic == "state" and isinstance(body, dict)]
        return [
            f"failed({each['reason']})" if each["state"] == "failed" else str(each["state"])
            for each in said
            if each["id"] == key
        ]

    def said(self, topic: str) -> list[dict[str, object] | str]:
        """Everything heard on status or telemetry."""
        with self._lock:
            return [body for name, body in self.heard if name == topic]

    def values(self, name: str) -> list[object]:
        """The course of one value of the telemetry."""
        return [body["values"][name] for body in self.said("telemetry") if isinstance(body, dict)]  # type: ignore[index] # the node's own shape


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker of its own."""
    broker = Broker(tmp_path / "broker")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def office(broker: Broker) -> Iterator[Office]:
    """Somebody who listens and orders."""
    office = Office(broker.url)
    wait_until(lambda: office.client.connected, within=10, what="the office is connected")
    yield office
    office.client.stop()


Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def start(broker: Broker, office: Office, tmp_path: Path) -> Iterator[Start]:
    """Starts the node; a second call is a second life on the same data."""
    born: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        before = len(office.said("telemetry"))
        command = [sys.executable, "-m", "hub", "node", "--broker", broker.url, "--site", "village-1"]
        node = subprocess.Popen(
            [*command, "--node", "village-1-horn", "--data", str(tmp_path / "node")], cwd=ROOT
        )
        born.append(node)
        wait_until(lambda: len(office.said("telemetry")) > before, within=15, what="the node's health")
        return node

    yield begin
    for node in born:
        node.kill()
        node.wait(5)


def test_it_speaks_and_answers(start: Start, office: Office, tmp_path: Path) -> None:
    """received, playing, done in order; a sound file with sound in it; the same id plays once only."""
    start()
    assert office.said("status") == ["online"]
    assert (office.values("mains")[0], office.values("button")[0]) == (True, False)
    order = {"id": "b1", "action": "play", "text": "河水上涨，请转移。", "level": 2}
    office.order(**order)
    wait_until(lambda: "done" in office.states("b1"), within=15, what="done")
    assert office.states("b1") == ["received", "playing", "done"]
    (sound,) = (tmp_path / "node" / "sound").glob("*.wav")
    with wave.open(str(sound)) as played:
        assert played.getnframes() / played.getframerate() > 0.5
        assert any(played.readframes(played.getnframes()))
    written = sound.stat().st_mtime_ns
    office.order(**order)
    wait_until(lambda: len(office.states("b1")) == 4, within=5, what="the answer again")
    assert office.states("b1")[3] == "done"
    assert sound.stat().st_mtime_ns == written


def test_urgent_first_and_stop(start: Start, office: Office) -> None:
    """A graver text interrupts and the interrupted one begins again; a stopped one has failed, with the reason."""
    start()
    office.order(id="news", action="play", text="今天天气晴，" * 12, priority="scheduled")
    wait_until(lambda: "playing" in office.states("news"), within=10, what="the programme")
    office.order(id="flood", action="play", text="水位上涨。", priority="emergency")
    wait_until(lambda: "done" in office.states("flood"), within=15, what="the warning is over")
    assert "done" not in office.states("news")
    wait_until(lambda: office.states("news").count("playing") == 2, within=10, what="the programme again")
    office.order(id="news", action="stop")
    wait_until(lambda: "failed(stopped)" in office.states("news"), within=5, what="stopped")
    office.order(id="nobody", action="stop")
    wait_until(lambda: office.states("nobody") == ["failed(unknown-task)"], within=5, what="unknown")


def test_it_survives_a_kill_and_a_broker_that_is_away(start: Start, office: Office, broker: Broker) -> None:
    """Killed while it plays: the last will speaks, and what was unfinished is played after the next start."""
    node = start()
    office.order(id="long", action="play", text="请注意安全，" * 20, level=3)
    wait_until(lambda: "playing" in office.states("long"), within=10, what="playing")
    node.kill()
    node.wait(5)
    wait_until(lambda: office.said("status")[-1] == "offline", within=10, what="the last will")
    office.order(id="while-away", action="play", text="一。", level=1)
    node = start()
    wait_until(lambda: "done" in office.states("while-away"), within=20, what="the command that waited")
    wait_until(
        lambda: office.states("long").count("playing") >= 2, within=20, what="the unfinished one again"
    )
    office.order(id="long", action="stop")
    pid = broker.pid
    assert pid is not None
    subprocess.run(["kill", "-9", str(pid)], check=True)
    wait_until(lambda: broker.restarts == 1 and office.client.connected, within=15, what="the broker is back")
    office.order(id="after", action="play", text="二。", level=3)
    wait_until(lambda: "done" in office.states("after"), within=20, what="done after the outage")
    node.send_signal(signal.SIGTERM)
    assert node.wait(10) == 0
    wait_until(lambda: office.said("status")[-1] == "offline", within=5, what="an orderly goodbye")


def test_button_and_mains(start: Start, office: Office) -> None:
    """One press is true, then false again; without mains the telemetry says so at once."""
    node = start()
    node.send_signal(signal.SIGUSR1)
    wait_until(lambda: True in office.values("button"), within=5, what="pressed")
    wait_until(lambda: office.values("button")[-1] is False, within=8, what="released")
    node.send_signal(signal.SIGUSR2)
    wait_until(lambda: office.values("mains")[-1] is False, within=5, what="on battery")
    node.send_signal(signal.SIGUSR2)
    wait_until(lambda: office.values("mains")[-1] is True, within=5, what="mains are back")


def test_bad_commands_are_answered(start: Start, office: Office) -> None:
    """Whatever has an id is told what was wrong with it; the node goes on."""
    node = start()
    office.order(id="x1", action="sing")
    office.order(id="x2", action="play", text="   ")
    office.client.publish(f"{BASE}/command", b"\xff\x00garbage").result(10)
    office.client.publish(f"{BASE}/command", b"[" * 5000).result(10)
    wait_until(lambda: office.states("x1") == ["failed(unknown-action)"], within=5, what="x1")
    wait_until(lambda: office.states("x2") == ["failed(no-text)"], within=5, what="x2")
    assert node.poll() is None


@pytest.mark.parametrize(
    ("payload", "reason", "why"),
    [
        (b"{", "not-json", "cut in half"),
        (b"[]", "wrong-shape", "an array is no command"),
        (b'{"action":"play","text":"a"}', "no-id", "without an id nobody could be answered"),
        (b'{"id":7,"action":"play","text":"a"}', "no-id", "an id is a text"),
        (b'{"id":"a","action":"play"}', "no-text", "nothing to say"),
        (b'{"id":"a","action":"play","text":7}', "no-text", "a number is no text"),
        (b'{"id":"a","action":"play","text":"a","priority":"vip"}', "unknown-priority", "not in the table"),
        (
            b'{"id":"a","action":"play","text":"' + b"a" * 3000 + b'"}',
            "text-too-long",
            "longer than anybody listens",
        ),
        (b" " * 20_000, "too-large", "not even looked at"),
    ],
)
def test_what_is_no_command(payload: bytes, reason: str, why: str) -> None:
    """Each mistake has its own reason."""
    with pytest.raises(MalformedPayload) as wrong:
        parse(payload)
    assert wrong.value.reason == reason, why


def test_a_drill_says_so() -> None:
    """A drill cannot be taken for real: it says so before and after."""
    spoken = parse(b'{"id":"a","action":"play","text":"turn back","drill":true}').spoken
    assert spoken.startswith("这是演练")
    assert spoken.endswith("以上是演练。")
    assert "演练" not in parse(b'{"id":"a","action":"play","text":"turn back"}').spoken
