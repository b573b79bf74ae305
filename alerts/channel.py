"""Channel: one way to tell somebody outside the hub; a file on the shelf alerts/channels is one kind.

A file exports `Params` (its ChannelParams with `kind: Literal[...]`, the word is the file's name) and
`send(transport, params, message, now) -> Outcome`: one attempt, which never raises for what the network or the receiver
does. It holds no socket: what it needs of the network is a Transport, handed in. When to try again is decided by
alerts/retry.py, what a message may say by alerts/message.py.
"""

from __future__ import annotations

import smtplib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal, Protocol, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ingest.masked import MASK

Reason = Literal[
    "sent",
    "partly",
    "refused",
    "unreachable",
    "timeout",
    "tls",
    "cut",
    "busy",
    "server-error",
    "malformed",
    "redirect",
    "login",
    "rejected",
    "gone",
]
"""How an attempt went; also the metric's label:

sent          the receiver took it
partly        a mail server took it for some of the addresses, and refused the others for good
refused       nothing listens there
unreachable   no such host, no way there, or the broker is away
timeout       it did not answer in time
tls           no encrypted connection that can be trusted
cut           the connection ended before there was an answer
busy          it asks to come again later (408, 425, 429; a robot's limit of messages; SMTP 4xx)
server-error  it failed by itself (5xx)
malformed     it answered something that is no answer of its kind
redirect      it sends elsewhere; nothing is followed
login         it does not accept user and password
rejected      it refuses this message, or us, for good
gone          it says that it is gone (410)
"""

REASONS: tuple[Reason, ...] = get_args(Reason)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt went.

    Attributes:
        ok: The receiver took it.
        retry: Trying again may help.
        reason: Word of Reason.
        code: What the receiver answered: HTTP status, a robot's errcode, SMTP reply; None without an answer.
        retry_after: Seconds the receiver asked for, or None.
    """

    ok: bool
    retry: bool
    reason: Reason
    code: int | None = None
    retry_after: int | None = None

    def __str__(self) -> str:
        """`busy (429)`."""
        return self.reason if self.code is None else f"{self.reason} ({self.code})"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP receiver said.

    Attributes:
        status: HTTP status.
        retry_after: Its Retry-After header, empty without one.
        body: Its first bytes, at most 16 kB; empty when they did not come whole.
    """

    status: int
    retry_after: str = ""
    body: bytes = b""


class NoAnswer(Exception):
    """There was no answer; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


Security = Literal["tls", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class Broker:
    """An MQTT broker that is not the hub's own; `url` carries neither user nor password."""

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


class Transport(Protocol):
    """The network, as channels use it; every call ends within its own limit of time."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One POST; redirects are not followed. Raises NoAnswer."""

    def publish(self, broker: Broker | None, topic: str, payload: bytes) -> None:
        """One MQTT message of QoS 1, acknowledged by `broker` (None: the hub's own). Raises NoAnswer."""

    def smtp(self, host: str, port: int, security: Security) -> AbstractContextManager[smtplib.SMTP]:
        """An open, greeted connection to a mail server, encrypted as `security` says.

        Raises NoAnswer, and what smtplib raises for a reply.
        """


class ChannelParams(BaseModel):
    """What every channel of the registry carries, whatever its kind."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    SECRETS: ClassVar[frozenset[str]] = frozenset()
    """Keys that are encrypted and never shown; they may hold `***`."""
    PER_MINUTE: ClassVar[int | None] = None
    """Messages in a minute that the receiver takes; None: no limit is known."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    kind: str
    language: Literal["zh", "en"] = "zh"

    def place(self) -> tuple[object, ...]:
        """Where user and password are sent; a stored password never follows to another place."""
        return ()


def http_url(url: str) -> str:
    """`url` if it can be posted to, or `***`; the ValueError never repeats it, an address is often a key."""
    parts = urlsplit(url)
    if url != MASK and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise ValueError("not an http or https address; write https://host/path")
    if parts.username or parts.password:
        raise ValueError("a password in the address; leave it out, the receiver must know us otherwise")
    return url


HttpUrl = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(http_url)]
"""Where to post to; always a secret: who knows a robot's address may write in its group."""
