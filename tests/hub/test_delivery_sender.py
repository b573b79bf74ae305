"""Notices to real receivers of every kind: a mail server, a broker, robots that check format and signature."""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import hashlib
import hmac
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import standardwebhooks
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from alerts.channel import REASONS
from alerts.directory import Directory
from alerts.ids import new_id
from alerts.ledger import deliveries, notices, receivers
from alerts.ledger.engine import Ledger
from alerts.ledger.receivers import Figures
from alerts.notice import Notice
from alerts.retry import NOTICE
from alerts.sight import Visibility
from alerts.signature import write_secret
from config.directory import directory
from config.door import Door
from config.secrets import SecretBox
from hub.serve.deliveries import DeliverySender
from hub.serve.outbound import Outbound
from ingest.mqtt.client import Client
from ingest.text import Text
from tests.servers.broker import Mosquitto
from tests.servers.ports import free_port
from tests.servers.receiver import OK, Got, Receiver, Reply, cut, hang, status
from tests.servers.sending import sending
from tests.servers.wait import until

pytestmark = pytest.mark.slow

BOX = SecretBox("s" * 40)
SECRET = write_secret(bytes(range(32)))
COUNTY = """
areas: [{id: county, level: county, name: 县, timezone: Asia/Shanghai}]
sites: [{id: school-1, area: county, kind: canteen-school, name: {zh: 第一小学, en: School 1}}]
"""
PHONE, ADDRESS = "13800138000", "10.0.0.7"


class House:
    """A ledger with a registry, a clock of its own, and the sender when it runs."""

    def __init__(self, folder: Path) -> None:
        self.shift = timedelta(0)
        self.ledger = Ledger.open(f"sqlite:///{folder / 'hub.db'}", clock=self.now)
        self.door = Door(self.ledger, BOX, clock=self.now)
        self.apply(COUNTY)
        self.counted: list[tuple[str, str]] = []
        self.own: Client | None = None
        self.trust: ssl.SSLContext | None = None
        self.n = 0

    def now(self) -> datetime:
        """The shifted time."""
        return datetime.now(UTC) + self.shift

    def apply(self, text: str) -> None:
        """Into the registry."""
        self.door.apply(text, name="test", prune=False, dry_run=False, who="test")

    def directory(self) -> Directory:
        """As of now."""
        return directory(self.door.registry())

    def tell(self, *channels: str, **changes: object) -> str:
        """A notice; its id."""
        self.n += 1
        base: dict[str, object] = {
            "id": new_id(self.now() + timedelta(milliseconds=self.n)),
            "at": self.now(),
            "why": "new-group",
            "addressee": "li-who-is-on-duty",
            "group": f"group-{self.n}",
            "route": "route-1",
            "incidents": ("01INCIDENT",),
            "open": 1,
            "severity": "major",
            "place": Visibility("county", "canteen-school", "school-1"),
            "title": Text("冰箱温度过高 第一小学", "Fridge warm at School 1"),
            "channels": channels,
        }
        notice = Notice(**(base | changes))  # type: ignore[arg-type] # fields by name
        self.ledger.write(lambda conn: notices.add(conn, notice)).result(5)
        return notice.id

    def figures(self, channel: str) -> Figures:
        """What waits for it."""
        with self.ledger.read() as conn:
            found = [each for each in receivers.figures(conn) if (each.kind, each.id) == ("channel", channel)]
        return found[0] if found else Figures("channel", channel, 0, 0, failing=False)

    def reasons(self) -> list[str]:
        """How the attempts went."""
        return [reason for _, reason in self.counted]

    def sending(self) -> AbstractAsyncContextManager[DeliverySender]:
        """The sender runs within the block."""
        sender = DeliverySender(
            self.ledger,
            BOX,
            directory=self.directory,
            public_url="https://hub.example/",
            clock=self.now,
            counted=lambda kind, reason: self.counted.append((kind, reason)),
            outbound=lambda: Outbound(clock=self.now, own=self.own, trust=self.trust, total=1.5),
        )
        return sending(self.ledger, sender)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """One site, no channel yet."""
    made = House(tmp_path)
    yield made
    made.ledger.close()


def nothing_private(text: str) -> None:
    """Least data outwards: neither who is told, nor a phone number, nor an address."""
    assert not [word for word in ("li-who", PHONE, ADDRESS, "jpg", "mp4") if word in text]


# -- robots ------------------------------------------------------------------------------------------------


def robot(checked: Callable[[Got], int], receiver: list[Receiver]) -> Reply:
    """A robot as documented: JSON with errcode, whatever is wrong, inside HTTP 200."""

    def status_reply(sock: socket.socket, end: threading.Event) -> None:
        code = checked(receiver[0].got[-1])
        status(200, json.dumps({"errcode": code, "errmsg": "x"}).encode())(sock, end)

    return status_reply


def wecom(got: Got) -> int:
    """What 群机器人配置说明 asks for."""
    if parse_qs(urlsplit(got.path).query) != {"key": ["the-key"]}:
        return 93000
    body = json.loads(got.body)
    if set(body) != {"msgtype", "text"} or body["msgtype"] != "text" or set(body["text"]) != {"content"}:
        return 40008
    return 0 if 0 < len(body["text"]["content"].encode()) <= 2048 else 40058


def dingtalk(got: Got) -> int:
    """What 自定义机器人 and its 加签 ask for."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(got.path).query).items()}
    if set(query) != {"access_token", "timestamp", "sign"} or query["access_token"] != "the-token":
        return 300005
    text = f"{query['timestamp']}\nSEC-of-the-robot"
    sign = base64.b64encode(hmac.new(b"SEC-of-the-robot", text.encode(), hashlib.sha256).digest()).decode()
    late = abs(datetime.now(UTC).timestamp() * 1000 - int(query["timestamp"])) > 3_600_000
    body = json.loads(got.body)
    right = body.get("msgtype") == "text" and "application/json" in got.headers["content-type"]
    return 0 if right and sign == query["sign"] and not late else 310000


ROBOTS = [
    ("wecom", wecom, "?key=the-key", ""),
    ("dingtalk", dingtalk, "?access_token=the-token", ", secret: SEC-of-the-robot"),
]


@pytest.mark.parametrize(("kind", "check", "query", "more"), ROBOTS, ids=["wecom", "dingtalk"])
async def test_a_robot_takes_it(
    house: House, kind: str, check: Callable[[Got], int], query: str, more: str
) -> None:
    """Format, key and signature are those of the platform's documents; nobody is called by a crafted name."""
    me: list[Receiver] = []
    with Receiver(robot(check, me)) as receiver:
        me.append(receiver)
        house.apply(f'channels: [{{id: r, kind: {kind}, url: "{receiver.url}{query}"{more}}}]')
        async with house.sending():
            house.tell("r")
            house.tell("r", title=Text("<@all>" + "长" * 3000, "x"))
            await until(lambda: house.figures("r").pending == 0, "taken")
    assert house.reasons() == ["sent", "sent"]
    first, second = (json.loads(each.body)["text"]["content"] for each in receiver.got)
    assert first.startswith("县哨 [重要] 冰箱温度过高 第一小学 (新报警)\n地点: 第一小学\n时间: ")
    assert first.endswith("\nhttps://hub.example/incidents/01INCIDENT")
    nothing_private(first)
    assert "<" not in second


ERRCODES = [
    ("wecom", 45009, "busy", 1, 0),
    ("wecom", -1, "server-error", 1, 0),
    ("wecom", 93000, "rejected", 0, 1),
    ("wecom", 40058, "rejected", 0, 1),
    ("dingtalk", 130101, "busy", 1, 0),
    ("dingtalk", 410100, "busy", 1, 0),
    ("dingtalk", 310000, "rejected", 0, 1),
]


@pytest.mark.parametrize(("kind", "code", "reason", "pending", "dead"), ERRCODES, ids=str)
async def test_a_robots_no(house: House, kind: str, code: int, reason: str, pending: int, dead: int) -> None:
    """An errcode inside HTTP 200 is no success: a limit is waited for, a refusal is a dead letter at once."""
    me: list[Receiver] = []
    with Receiver(robot(lambda _: code, me)) as receiver:
        me.append(receiver)
        house.apply(f'channels: [{{id: r, kind: {kind}, url: "{receiver.url}?key=k&access_token=t"}}]')
        async with house.sending() as sender:
            house.tell("r")
            await until(lambda: sender.degraded() == {"channel-r": f"{reason} ({code})"}, "shown")
            found = house.figures("r")
    assert (found.pending, found.dead) == (pending, dead)
    assert house.counted[0] == (kind, reason)
    assert len(receiver.got) <= 2


async def test_a_page_is_no_robot(house: House) -> None:
    """Something between that answers 200 with a page is not taken for success."""
    with Receiver(status(200, b"<html>log in to the guest net</html>")) as receiver:
        house.apply(f'channels: [{{id: r, kind: wecom, url: "{receiver.url}?key=k"}}]')
        async with house.sending() as sender:
            house.tell("r")
            await until(lambda: bool(sender.degraded()), "shown")
    assert house.figures("r").pending == 1
    assert house.reasons()[0] == "malformed"


async def test_no_more_than_twenty_a_minute(house: House) -> None:
    """A robot's limit is kept to: the 21st waits for the minute to pass."""
    with Receiver(status(200, b'{"errcode":0}')) as receiver:
        house.apply(f'channels: [{{id: r, kind: wecom, url: "{receiver.url}?key=k"}}]')
        async with house.sending():
            for _ in range(25):
                house.tell("r")
            await until(lambda: len(receiver.got) == 20, "twenty at once")
            await asyncio.sleep(0.5)
            assert len(receiver.got) == 20
            house.shift += timedelta(seconds=62)
            await until(lambda: len(receiver.got) == 25, "the rest a minute later")


# -- webhook, order, time ----------------------------------------------------------------------------------


async def test_a_webhook_is_signed_and_its_id_is_stable(house: House) -> None:
    """The lost acknowledgement brings the same webhook-id again; the JSON carries no more than the text."""
    with Receiver(cut, status(503), OK) as receiver:
        house.apply(f'channels: [{{id: platform, kind: webhook, url: "{receiver.url}", secret: {SECRET}}}]')
        async with house.sending():
            key = house.tell("platform")
            await until(lambda: house.figures("platform").pending == 0, "taken")
    assert receiver.ids() == [f"{key}.platform"] * 3
    for each in receiver.got:
        standardwebhooks.Webhook(SECRET).verify(each.body, dict(each.headers))
    body = json.loads(receiver.got[0].body)
    assert set(body) == {"id", "type", "at", "why", "severity", "title", "site", "open", "link"}
    nothing_private(receiver.got[0].body.decode())


async def test_a_hanging_channel_delays_no_other(house: House) -> None:
    """While one hangs and one is not there, the third has all its notices."""
    with Receiver(hang) as bad, Receiver() as good:
        house.apply(f"""channels:
          - {{id: bad, kind: webhook, url: "{bad.url}", secret: {SECRET}}}
          - {{id: none, kind: webhook, url: "http://127.0.0.1:{free_port()}/", secret: {SECRET}}}
          - {{id: good, kind: webhook, url: "{good.url}", secret: {SECRET}}}""")
        async with house.sending():
            for _ in range(10):
                house.tell("bad", "none", "good")
            await until(lambda: len(good.got) == 10, "the good one has them")
            assert len(bad.got) <= 3
            assert house.figures("none").pending == 10


async def test_life_goes_first_and_a_group_keeps_its_order(house: House) -> None:
    """What waits when a channel comes back: life safety first, then the oldest; of one group the earlier first."""
    with Receiver() as receiver:
        a1 = house.tell("w", group="a")
        b1 = house.tell("w", group="b")
        a2 = house.tell("w", group="a", why="resolved", open=0)
        life = house.tell("w", severity="life")
        house.apply(f'channels: [{{id: w, kind: webhook, url: "{receiver.url}", secret: {SECRET}}}]')
        async with house.sending():
            await until(lambda: len(receiver.got) == 4, "all came")
    assert receiver.ids() == [f"{each}.w" for each in (life, a1, b1, a2)]


async def test_over_is_never_told_before_begun(house: House) -> None:
    """The first notice of a group fails once; its end is not told before it."""
    with Receiver(status(500), OK) as receiver:
        house.apply(f'channels: [{{id: w, kind: webhook, url: "{receiver.url}", secret: {SECRET}}}]')
        first = house.tell("w", group="a")
        last = house.tell("w", group="a", why="resolved")
        async with house.sending():
            await until(lambda: house.figures("w").pending == 0, "all came")
    assert receiver.ids() == [f"{first}.w"] * 2 + [f"{last}.w"]


async def test_given_up_after_a_day(house: House) -> None:
    """A notice that nobody took for a day is a dead letter."""
    house.apply(
        f'channels: [{{id: w, kind: webhook, url: "http://127.0.0.1:{free_port()}/", secret: {SECRET}}}]'
    )
    async with house.sending():
        house.tell("w")
        await until(lambda: house.figures("w").failing, "tried")
        house.shift += NOTICE
        await until(lambda: house.figures("w").dead == 1, "given up")


async def test_a_channel_that_was_removed(house: House) -> None:
    """What still waits for it is a dead letter; nothing waits for ever."""
    async with house.sending():
        house.tell("never-there")
        await until(lambda: house.figures("never-there").dead == 1, "set aside")


# -- MQTT --------------------------------------------------------------------------------------------------


@dataclass
class Listener:
    """What a subscriber heard."""

    heard: list[tuple[str, dict[str, object]]] = field(default_factory=list)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A real one."""
    with Mosquitto(tmp_path) as running:
        yield running


@pytest.fixture
def listener(broker: Mosquitto) -> Iterator[Listener]:
    """Subscribed to everything."""
    found = Listener()
    client = Client(broker.url, "listener", clock=lambda: datetime.now(UTC), session_expiry=0)

    def handle(message: object, ack: Callable[[], None]) -> None:
        found.heard.append((message.topic, json.loads(message.payload)))  # type: ignore[attr-defined] # a Message
        ack()

    client.subscribe([("#", 1)], handle)
    client.start()
    for _ in range(200):
        if client.connected:
            break
        threading.Event().wait(0.05)
    yield found
    client.stop()


async def test_mqtt_on_the_own_broker_and_on_another(
    house: House, broker: Mosquitto, listener: Listener
) -> None:
    """Acknowledged by the broker, on the topic of the channel, with the message id inside."""
    house.own = Client(broker.url, "hub", clock=house.now)
    house.own.start()
    house.apply(f"""channels:
      - {{id: screen, kind: mqtt}}
      - {{id: city, kind: mqtt, url: "{broker.url}", topic: county/notices}}""")
    async with house.sending():
        key = house.tell("screen", "city")
        await until(lambda: len(listener.heard) == 2, "heard")
        await until(lambda: house.figures("city").pending == house.figures("screen").pending == 0, "noted")
    house.own.stop()
    topics = dict(listener.heard)
    assert set(topics) == {"hub/notices/screen", "county/notices"}
    assert topics["county/notices"]["id"] == f"{key}.city"
    nothing_private(json.dumps(listener.heard))


async def test_mqtt_waits_for_its_broker(house: House, tmp_path: Path) -> None:
    """A broker that is away is an outcome; when it is there the notice comes once."""
    broker = Mosquitto(tmp_path)
    house.own = Client(broker.url, "hub", clock=house.now)
    house.own.start()
    house.apply("channels: [{id: screen, kind: mqtt}]")
    async with house.sending() as sender:
        house.tell("screen")
        await until(lambda: sender.degraded() == {"channel-screen": "unreachable"}, "shown")
        with broker:
            house.shift += timedelta(minutes=6)
            await until(lambda: house.figures("screen").pending == 0, "taken")
    house.own.stop()


# -- mail --------------------------------------------------------------------------------------------------


def _bytes(envelope: Envelope) -> bytes:
    """What came after DATA."""
    content = envelope.content
    assert isinstance(content, bytes)
    return content


@dataclass
class Post:
    """A mail server's other side.

    Attributes:
        mails: What was taken.
        reply: What DATA is answered; empty: taken.
        refuse: Addresses to their reply.
    """

    mails: list[EmailMessage] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    reply: str = ""
    refuse: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """One address."""
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """The mail."""
        if self.reply:
            return self.reply
        found = email.message_from_bytes(_bytes(envelope), policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        self.mails.append(found)
        self.encrypted.append(session.ssl is not None)
        return "250 OK"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the mail server, for localhost."""
    folder = tmp_path_factory.mktemp("mail")
    words = [
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
    words += ["-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=localhost"]
    words += ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=30)
    return folder


@pytest.fixture
def post() -> Post:
    """Takes everything."""
    return Post()


def login(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object) -> AuthResult:
    """One user may."""
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"hub", b"right")
    return AuthResult(success=right, handled=False) if not right else AuthResult(success=True)


@pytest.fixture
def mail_port(post: Post, certificate: Path) -> Iterator[int]:
    """A server that wants STARTTLS and a login."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    controller = Controller(
        post, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True,
        auth_required=True, auth_require_tls=True, authenticator=login,
    )  # fmt: skip
    controller.start()
    yield int(controller.port)
    controller.stop()


def mail_channel(port: int, **changes: str) -> str:
    """As in the registry."""
    password, to = changes.get("password", "right"), changes.get("to", "room@county.example")
    return f"""channels: [{{id: mail, kind: smtp, host: localhost, port: {port}, user: hub, password: {password},
      sender: hub@county.example, to: [{to}]}}]"""


async def test_a_mail_arrives(house: House, post: Post, mail_port: int, certificate: Path) -> None:
    """Over STARTTLS with a login: plain text, one subject line, a Message-ID that stays."""
    house.trust = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    house.apply(mail_channel(mail_port))
    async with house.sending():
        key = house.tell("mail", title=Text("冰箱\r\nBcc: all@evil.example", "x"))
        await until(lambda: house.figures("mail").pending == 0, "taken")
    assert house.reasons() == ["sent"]
    [mail] = post.mails
    assert post.encrypted == [True]
    assert mail["Message-ID"] == f"<{key}.mail@county.example>"
    assert mail["To"] == "room@county.example"
    assert mail["Bcc"] is None
    assert mail["Subject"] == "[重要] 冰箱 Bcc: all@evil.example (新报警)"
    assert mail.get_content_type() == "text/plain"
    assert "第一小学" in mail.get_content()
    nothing_private(mail.as_string())


REPLIES: list[tuple[str, dict[str, object], dict[str, str], str, int, int]] = [
    # why, what the server says, the channel, reason, pending, dead
    ("for now not", {"reply": "451 try again later"}, {}, "busy", 1, 0),
    ("for good not", {"reply": "554 no such thing here"}, {}, "rejected", 0, 1),
    ("no such mailbox", {"refuse": {"room@county.example": "550 nobody"}}, {}, "rejected", 0, 1),
    ("a mailbox that is full", {"refuse": {"room@county.example": "452 full"}}, {}, "busy", 1, 0),
    ("one of two does not exist", {"refuse": {"b@county.example": "550 nobody"}},
     {"to": "room@county.example, b@county.example"}, "partly", 0, 0),
    ("another password", {}, {"password": "wrong"}, "login", 0, 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("why", "says", "channel", "reason", "pending", "dead"), REPLIES, ids=[row[0] for row in REPLIES]
)
async def test_a_mail_servers_no(
    house: House, post: Post, mail_port: int, certificate: Path, why: str, says: dict[str, object],
    channel: dict[str, str], reason: str, pending: int, dead: int,
) -> None:  # fmt: skip
    """4yz is tried again, 5yz is a dead letter with its reply; what went to some is not sent to them again."""
    for name, value in says.items():
        setattr(post, name, value)
    house.trust = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    house.apply(mail_channel(mail_port, **channel))
    async with house.sending():
        house.tell("mail")
        await until(lambda: bool(house.counted), why)
        await until(lambda: house.figures("mail").dead == dead, "noted")
    found = house.figures("mail")
    assert (house.reasons()[0], found.pending, found.dead) == (reason, pending, dead)
    assert set(house.reasons()) <= set(REASONS)


async def test_a_mail_server_nobody_knows(house: House, post: Post, mail_port: int) -> None:
    """A certificate that is not trusted: neither mail nor password is sent."""
    house.apply(mail_channel(mail_port))
    async with house.sending() as sender:
        house.tell("mail")
        await until(lambda: sender.degraded() == {"channel-mail": "tls"}, "shown")
    assert not post.mails


async def test_a_mail_server_without_encryption(house: House, post: Post) -> None:
    """STARTTLS is not offered: nothing is sent in plain."""
    controller = Controller(post, hostname="127.0.0.1", port=free_port())
    controller.start()
    house.apply(mail_channel(int(controller.port)))
    async with house.sending() as sender:
        house.tell("mail")
        await until(lambda: sender.degraded() == {"channel-mail": "tls"}, "shown")
    controller.stop()
    assert not post.mails


async def test_a_mail_server_that_hangs(house: House) -> None:
    """It takes the connection and says nothing; nothing listens at another one."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        house.apply(mail_channel(int(silent.getsockname()[1])))
        async with house.sending() as sender:
            house.tell("mail")
            await until(lambda: sender.degraded() == {"channel-mail": "timeout"}, "shown")
    house.apply(mail_channel(free_port()).replace("hub, password: right", "hub, password: right2"))
    async with house.sending() as sender:
        house.shift += timedelta(minutes=6)
        await until(lambda: sender.degraded() == {"channel-mail": "refused"}, "shown")


def test_nothing_waits_in_an_empty_ledger(house: House) -> None:
    """No channel, no notice."""
    with house.ledger.read() as conn:
        assert deliveries.channels(conn) == []
        assert deliveries.next_at(conn, "x") is None
        assert deliveries.next_of(conn, "x", house.now()) is None
