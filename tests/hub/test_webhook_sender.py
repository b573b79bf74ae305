"""Webhooks to real receivers that answer well, badly, slowly, twice or not at all: each ends right, in order."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import standardwebhooks

from alerts.channel import REASONS
from alerts.ledger import events, outbox, receivers, webhooks
from alerts.ledger.engine import Ledger
from alerts.ledger.receivers import Standing
from alerts.retry import AWAY, REFUSED_TRIES
from alerts.sight import Sight, Visibility
from alerts.signature import write_secret
from config.secrets import SecretBox
from hub.serve.outbound import Outbound
from hub.serve.webhooks import WebhookSender
from tests.servers.ports import free_port
from tests.servers.receiver import (
    OK,
    Receiver,
    Reply,
    cut,
    drip,
    half_a_body,
    half_a_head,
    hang,
    noise,
    status,
)
from tests.servers.sending import sending
from tests.servers.wait import until, wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SECRET = write_secret(bytes(range(32)))
BOX = SecretBox("s" * 40)
"""As in sends_until_killed.py."""


class House:
    """A ledger with a clock of its own, and the sender when it runs."""

    def __init__(self, folder: Path) -> None:
        self.shift = timedelta(0)
        self.ledger = Ledger.open(f"sqlite:///{folder / 'hub.db'}", clock=self.now)
        self.counted: list[str] = []
        self.trust: ssl.SSLContext | None = None
        self.total = 1.5

    def now(self) -> datetime:
        """The shifted time."""
        return datetime.now(UTC) + self.shift

    def hook(self, name: str, url: str) -> None:
        """A webhook that is told everything."""
        self.ledger.write(
            lambda conn: webhooks.add(
                conn, id=name, url=url, secret=BOX.seal(SECRET), types=[], sight=Sight.everything(), who="a",
                now=self.now(),
            )
        ).result(5)  # fmt: skip

    def happen(self, number: int = 1) -> None:
        """Events, one commit each."""
        for _ in range(number):
            self.ledger.write(
                lambda conn: events.append(conn, "device.changed", self.now(), {"id": "d"}, Visibility())
            ).result(5)

    def waiting(self, state: str = "pending") -> int:
        """Rows of the outbox in this state."""
        with self.ledger.read() as conn:
            return outbox.count(conn, state)

    def refused(self, hook: str) -> int:
        """How often the first event of a hook was refused for good."""
        with self.ledger.read() as conn:
            waiting = outbox.pending_of(conn, hook)
        return waiting[0].refusals if waiting and waiting[0].seq == 1 else REFUSED_TRIES

    def standing(self, name: str) -> Standing | None:
        """How a hook stands."""
        with self.ledger.read() as conn:
            return receivers.standing(conn, "webhook", name)

    def sender(self) -> WebhookSender:
        """Not running yet."""
        return WebhookSender(
            self.ledger,
            BOX,
            clock=self.now,
            counted=self.counted.append,
            outbound=lambda: Outbound(clock=self.now, trust=self.trust, total=self.total),
        )

    def sending(self) -> AbstractAsyncContextManager[WebhookSender]:
        """The sender runs within the block, woken by commits."""
        return sending(self.ledger, self.sender())


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An empty one."""
    made = House(tmp_path)
    yield made
    made.ledger.close()


Later = Callable[[House], Awaitable[None]]

ENDS: list[tuple[str, list[Reply], str, int]] = [
    # what it does first, how, the reason that is noted, how often it is asked for the first event
    ("it answers 500 for a while", [status(500), status(503), OK], "server-error", 3),
    ("it answers 429", [status(429), OK], "busy", 2),
    ("it processed, and its acknowledgement is lost", [cut, OK], "cut", 2),
    ("it ends within the head of its answer", [half_a_head, OK], "cut", 2),
    ("it says 2xx and ends within the body", [half_a_body, OK], "sent", 1),
    ("it hangs", [hang, OK], "timeout", 2),
    ("it drips", [drip, OK], "timeout", 2),
    ("it speaks no HTTP", [noise, OK], "cut", 2),
]


@pytest.mark.parametrize(("what", "replies", "reason", "asked"), ENDS, ids=[row[0] for row in ENDS])
async def test_each_ends_right(
    house: House, what: str, replies: list[Reply], reason: str, asked: int
) -> None:
    """The event comes again with the same id until 2xx, what is behind it waits; nobody else is delayed."""
    with Receiver(*replies) as bad, Receiver() as good:
        house.hook("bad", bad.url)
        house.hook("good", good.url)
        async with house.sending():
            house.happen(3)
            await until(lambda: len(good.got) == 3, "the other one has everything")
            await until(lambda: house.waiting() == 0, "everything is taken")
    assert bad.ids() == ["1.bad"] * asked + ["2.bad", "3.bad"], what
    assert good.ids() == ["1.good", "2.good", "3.good"]
    assert reason in house.counted
    assert set(house.counted) <= set(REASONS)
    for each in bad.got:
        standardwebhooks.Webhook(SECRET).verify(each.body, dict(each.headers))
    standing = house.standing("bad")
    assert standing is not None
    assert (standing.reason, standing.failing_since) == ("sent", None)


async def test_it_waits_as_long_as_it_is_asked_to(house: House) -> None:
    """Retry-After is kept to; the pause without it doubles."""
    with Receiver(status(429, retry_after="3"), OK) as slow:
        house.hook("slow", slow.url)
        async with house.sending():
            house.happen()
            await until(lambda: len(slow.got) == 2, "asked again")
    assert slow.got[1].at - slow.got[0].at >= 2.9


async def test_one_that_hangs_delays_nobody(house: House) -> None:
    """While five receivers take connections and say nothing, another gets fifty events at its own pace."""
    house.total = 30.0
    hanging = [Receiver(hang) for _ in range(5)]
    with Receiver() as good:
        for number, each in enumerate(hanging):
            each.__enter__()
            house.hook(f"hanging-{number}", each.url)
        house.hook("good", good.url)
        async with house.sending():
            house.happen(50)
            await until(lambda: len(good.got) == 50, "it has everything")
            assert [len(each.got) for each in hanging] == [1] * 5
            for each in hanging:
                each.__exit__()
    assert [each.seq for each in good.got] == list(range(1, 51))


async def test_a_connection_is_used_again(house: House) -> None:
    """Twenty events, one after the other, go over one connection."""
    with Receiver() as receiver:
        house.hook("h", receiver.url)
        async with house.sending():
            for number in range(20):
                house.happen()
                await until(lambda number=number: len(receiver.got) > number, "it came")  # type: ignore[misc] # bound now
    assert receiver.connections == 1


async def test_nothing_listens(house: House) -> None:
    """A closed port is tried again and again, and shown; when it opens everything comes in order."""
    port = free_port()
    house.hook("h", f"http://127.0.0.1:{port}/")
    async with house.sending() as sender:
        house.happen(3)
        await until(lambda: "webhook-h" in sender.degraded(), "it is shown")
        assert sender.degraded()["webhook-h"] == "refused"
        with Receiver() as receiver:
            house.ledger.write(lambda conn: _move(conn, receiver.url)).result(5)
            house.shift += timedelta(minutes=6)
            await until(lambda: house.waiting() == 0, "everything is taken")
            assert [each.seq for each in receiver.got] == [1, 2, 3]
            await until(lambda: not sender.degraded(), "it is well again")


def _move(conn: object, url: str) -> None:
    """The receiver is at another address now."""
    conn.exec_driver_sql("UPDATE webhooks SET url = ?", (url,))  # type: ignore[attr-defined] # sqlalchemy's connection


async def test_a_refusal_for_good_is_a_dead_letter_and_the_order_goes_on(house: House) -> None:
    """An event that is refused (422) is tried for an hour, then set aside; what is behind it is sent."""
    with Receiver(*[status(422)] * REFUSED_TRIES, OK) as picky:
        house.hook("picky", picky.url)
        async with house.sending():
            house.happen(3)
            for tries in range(1, REFUSED_TRIES + 1):
                # noted, not only asked: the next try counts from the moment of the note
                await until(lambda tries=tries: house.refused("picky") == tries, "tried again")  # type: ignore[misc] # bound now
                if tries < REFUSED_TRIES:
                    assert house.waiting() == 3
                house.shift += timedelta(minutes=15)
            await until(lambda: house.waiting() == 0, "the rest is sent")
    assert picky.ids() == ["1.picky"] * REFUSED_TRIES + ["2.picky", "3.picky"]
    assert house.waiting("dropped") == 1
    assert house.waiting("delivered") == 2


async def test_a_redirect_is_not_followed(house: House) -> None:
    """What was meant for one receiver never reaches another one by its word."""
    with Receiver() as other, Receiver(status(307, location=other.url), OK) as receiver:
        house.hook("h", receiver.url)
        async with house.sending():
            house.happen()
            await until(lambda: len(receiver.got) == 1 and house.standing("h") is not None, "asked")
            house.shift += timedelta(minutes=2)
            await until(lambda: house.waiting() == 0, "taken at last")
    assert not other.got
    assert "redirect" in house.counted


async def test_gone_turns_the_hook_off(house: House) -> None:
    """410: nothing is sent any more, what waited are dead letters, and it is shown."""
    with Receiver(status(410)) as receiver:
        house.hook("h", receiver.url)
        house.happen(3)
        async with house.sending() as sender:
            await until(lambda: house.waiting("dropped") == 3, "set aside")
            await until(lambda: sender.degraded().get("webhook-h") == "gone (410)", "shown")
            house.happen(2)
            await asyncio.sleep(0.3)
    assert len(receiver.got) == 1
    with house.ledger.read() as conn:
        hook = webhooks.get(conn, Sight.everything(), "h")
    assert (hook["state"], hook["reason"]) == ("off", "gone (410)")


async def test_away_for_a_week(house: House) -> None:
    """A receiver that took nothing for seven days: what is older is set aside, what is younger still waits."""
    house.hook("h", f"http://127.0.0.1:{free_port()}/")
    async with house.sending():
        house.happen(2)
        await until(lambda: house.standing("h") is not None, "tried")
        house.shift += AWAY - timedelta(hours=1)
        house.happen()
        await until(lambda: house.counted.count("refused") > 1, "tried again")
        assert house.waiting() == 3
        house.shift += timedelta(hours=2)
        await until(lambda: house.waiting("dropped") == 2, "the old ones are set aside")
        assert house.waiting() == 1


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, and certificates of it for 127.0.0.1 and for another host."""
    folder = tmp_path_factory.mktemp("tls")

    def run(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=30)

    new = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    leaf = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:FALSE"]
    authority = ["-subj", "/CN=County CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    run(*new, "-keyout", "ca.key", "-out", "ca.pem", *authority)
    for name, alt in (("right", "IP:127.0.0.1"), ("wrong", "DNS:elsewhere.example")):
        files = ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
        run(*new, *files, "-subj", f"/CN={name}", "-addext", f"subjectAltName={alt}", *leaf)
    return folder


def server_tls(folder: Path, name: str) -> ssl.SSLContext:
    """What a receiver shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


async def test_encrypted(house: House, certificates: Path) -> None:
    """A certificate of a trusted authority for this host is taken, with the connection used again."""
    house.trust = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
    with Receiver(tls=server_tls(certificates, "right")) as receiver:
        house.hook("h", receiver.url)
        async with house.sending():
            house.happen(3)
            await until(lambda: house.waiting() == 0, "taken")
    assert receiver.connections == 1


UNTRUSTED: list[tuple[str, str, bool]] = [
    ("a certificate for another host", "wrong", True),
    ("a certificate of an unknown authority", "right", False),
]


@pytest.mark.parametrize(("why", "name", "known"), UNTRUSTED, ids=[row[0] for row in UNTRUSTED])
async def test_not_trusted(house: House, certificates: Path, why: str, name: str, known: bool) -> None:
    """Nothing is sent, it is said, and tried again: somebody may mend the certificate."""
    if known:
        house.trust = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
    with Receiver(tls=server_tls(certificates, name)) as receiver:
        house.hook("h", receiver.url)
        async with house.sending() as sender:
            house.happen()
            await until(lambda: sender.degraded() == {"webhook-h": "tls"}, why)
        assert house.waiting() == 1
    assert not receiver.got


async def test_no_encryption_where_some_is_expected(house: House) -> None:
    """A receiver that speaks plain HTTP at an https address gets nothing."""
    with Receiver() as receiver:
        house.hook("h", receiver.url.replace("http://", "https://"))
        async with house.sending() as sender:
            house.happen()
            await until(lambda: sender.degraded() == {"webhook-h": "tls"}, "shown")
    assert not receiver.got


def test_killed_between_the_answer_and_the_note(house: House, tmp_path: Path) -> None:
    """A sender process is killed (-9) as it is answered, again and again: every event comes, in order, ids stable."""
    killed: list[subprocess.Popen[bytes]] = []

    def answer_and_kill(sock: socket.socket, _end: threading.Event) -> None:
        process.kill()
        process.wait(5)
        sock.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with Receiver(OK, OK, answer_and_kill) as receiver:
        house.hook("h", receiver.url)
        house.happen(12)
        house.ledger.close()
        command = [
            sys.executable,
            str(Path(__file__).parent / "sends_until_killed.py"),
            str(tmp_path / "hub.db"),
        ]
        for _ in range(3):
            process = subprocess.Popen(command, cwd=ROOT)
            killed.append(process)
            process.wait(30)
            receiver.script(OK, OK, answer_and_kill)
        receiver.script(OK)
        process = subprocess.Popen(command, cwd=ROOT)
        wait_until(lambda: receiver.got[-1].seq == 12, within=30, what="the last one came")
        process.kill()
        process.wait(5)
    seen = [each.seq for each in receiver.got]
    assert [each.returncode for each in killed] == [-9] * 3
    assert list(dict.fromkeys(seen)) == list(range(1, 13)), "each for the first time in order"
    assert len(seen) > 12, "what was not noted comes again"
    assert receiver.ids() == [f"{seq}.h" for seq in seen]


async def test_a_hook_that_is_removed_is_left_alone(house: House) -> None:
    """Its thread ends, nothing is noted about it."""
    with Receiver(hang) as receiver:
        house.hook("h", receiver.url)
        async with house.sending():
            house.happen()
            await until(lambda: len(receiver.got) == 1, "asked")
            house.ledger.write(lambda conn: webhooks.remove(conn, "h")).result(5)
            await until(
                lambda: not any(each.name == "webhook-h" for each in threading.enumerate()), "its thread ends"
            )
    assert house.standing("h") is None
