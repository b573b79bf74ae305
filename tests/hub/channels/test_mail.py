"""Notices by mail, to a real mail server."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from alerts.channel import REASONS
from ingest.text import Text
from tests.hub.channels.house import House, nothing_private
from tests.servers.ports import free_port
from tests.servers.wait import until

pytestmark = pytest.mark.slow


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
