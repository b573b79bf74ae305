"""Outbound: the network of one sender: HTTP, MQTT and mail, each call with an end.

A receiver that sends one byte now and then keeps every single read alive; so a call as a whole has a deadline, kept by
whatever reads. One Outbound belongs to one thread; its HTTP connection is kept open and used again.
"""

from __future__ import annotations

import secrets
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import TimeoutError as NotInTime
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import lru_cache

import httpcore
import httpx

from alerts.channel import Answer, Broker, NoAnswer, Reason, Security
from config.urls import with_credentials
from ingest.errors import BrokerAway
from ingest.mqtt.client import Client

CONNECT = 5.0
"""Seconds for a connection, encryption included."""
TOTAL = 15.0
"""Seconds for a whole call: Standard Webhooks asks for 15 to 30."""
MAIL = 4
"""So many times as long for a whole mail: servers look for viruses before they answer."""
KEPT = 120.0
"""Seconds that an idle HTTP connection is kept: a receiver that closes it sooner is noticed."""
BODY = 16_384
"""Bytes of an answer that are read; what is longer is not read to its end."""
AWAY: Mapping[str, Reason] = {"refused": "rejected", "queue-full": "busy"}
"""Reasons of BrokerAway that are more than `unreachable`."""


@lru_cache(maxsize=1)
def system_trust() -> ssl.SSLContext:
    """The certificates that this machine trusts (`SSL_CERT_FILE` names others); read once."""
    return ssl.create_default_context()


class Deadline:
    """When the present call ends."""

    def __init__(self, total: float) -> None:
        self._total = total
        self._end = 0.0

    def start(self) -> None:
        """A call begins."""
        self._end = time.monotonic() + self._total

    def left(self, most: float | None) -> float:
        """Seconds that one step may take, at most `most`; raises httpcore.ReadTimeout when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the call took too long")
        return left if most is None else min(left, most)


class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends before the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _Stream(inner, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """httpcore's own sockets, with a deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self._inner = httpcore.SyncBackend()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout)
        inner = self._inner.connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(inner, self._deadline)


class _HttpTransport(httpx.HTTPTransport):
    """httpx's transport over connections with a deadline."""

    def __init__(self, trust: ssl.SSLContext, total: float) -> None:
        super().__init__(verify=trust, trust_env=False)
        self._deadline = Deadline(total)
        self._pool = httpcore.ConnectionPool(
            ssl_context=trust,
            max_connections=2,
            max_keepalive_connections=1,
            keepalive_expiry=KEPT,
            network_backend=_Backend(self._deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._deadline.start()
        return super().handle_request(request)


class Outbound:
    """Implements alerts.channel.Transport for one sender."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        own: Client | None = None,
        trust: ssl.SSLContext | None = None,
        total: float = TOTAL,
    ) -> None:
        self._clock = clock
        self._own = own
        self._trust = trust or system_trust()
        self._total = total
        transport = _HttpTransport(self._trust, total)
        timeout = httpx.Timeout(total, connect=CONNECT)
        self._http = httpx.Client(transport=transport, timeout=timeout, follow_redirects=False)
        self._broker: tuple[Broker, Client] | None = None

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One POST; raises NoAnswer."""
        try:
            with self._http.stream("POST", url, content=body, headers=dict(headers)) as answer:
                return Answer(answer.status_code, answer.headers.get("retry-after", ""), _body(answer))
        except httpx.ConnectError as wrong:
            raise NoAnswer(_why(wrong)) from None
        except httpx.TimeoutException:
            raise NoAnswer("timeout") from None
        except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError) as wrong:
            raise NoAnswer("tls" if _is_tls(wrong) else "cut") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise NoAnswer("unreachable") from None

    def publish(self, broker: Broker | None, topic: str, payload: bytes) -> None:
        """One MQTT message; raises NoAnswer."""
        client = self._own if broker is None else self._client(broker)
        if client is None or not self._there(client):
            raise NoAnswer("unreachable")
        try:
            client.publish(topic, payload, qos=1).result(self._total)
        except NotInTime:
            raise NoAnswer("timeout") from None
        except BrokerAway as away:
            raise NoAnswer(AWAY.get(away.reason, "unreachable")) from None

    @contextmanager
    def smtp(self, host: str, port: int, security: Security) -> Iterator[smtplib.SMTP]:
        """A greeted, encrypted connection to a mail server, cut at the deadline; raises NoAnswer."""
        server: smtplib.SMTP | None = None
        try:
            server = self._mail_server(host, port, security)
        except ConnectionRefusedError:
            raise NoAnswer("refused") from None
        except ssl.SSLError:
            raise NoAnswer("tls") from None
        except TimeoutError:
            raise NoAnswer("timeout") from None
        except OSError as wrong:  # smtplib's own are among them: a reply keeps its meaning
            if isinstance(wrong, smtplib.SMTPException):
                raise
            raise NoAnswer("unreachable") from None
        watch = threading.Timer(MAIL * self._total, _cut, args=(server.sock,))
        watch.daemon = True
        watch.start()
        try:
            yield server
        finally:
            watch.cancel()
            _leave(server)

    def close(self) -> None:
        """End every connection."""
        self._http.close()
        if self._broker is not None:
            self._broker[1].stop(1.0)
            self._broker = None

    def _mail_server(self, host: str, port: int, security: Security) -> smtplib.SMTP:
        if security == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=self._total, context=self._trust)
        server = smtplib.SMTP(host, port, timeout=self._total)
        try:
            server.ehlo_or_helo_if_needed()
            if security == "starttls":
                try:
                    server.starttls(context=self._trust)
                except smtplib.SMTPNotSupportedError:
                    raise NoAnswer("tls") from None
        except BaseException:
            server.close()
            raise
        return server

    def _client(self, broker: Broker) -> Client:
        """The connection to a foreign broker; another address or user makes another one."""
        if self._broker is not None and self._broker[0] != broker:
            self._broker[1].stop(1.0)
            self._broker = None
        if self._broker is None:
            url = with_credentials(broker.url, broker.user, broker.password)
            name = f"hub-notices-{secrets.token_hex(6)}"
            client = Client(url, name, clock=self._clock, session_expiry=0)
            client.start()
            self._broker = (broker, client)
        return self._broker[1]

    @staticmethod
    def _there(client: Client) -> bool:
        """Whether it is connected, or becomes so within the time of a connection."""
        end = time.monotonic() + CONNECT
        while not client.connected and time.monotonic() < end:
            time.sleep(0.02)
        return client.connected


def _body(answer: httpx.Response) -> bytes:
    """The first bytes of an answer; nothing when they do not come: what counts was in its head."""
    found = b""
    try:
        for some in answer.iter_bytes():
            found += some
            if len(found) >= BODY:
                break
    except (httpx.HTTPError, httpx.StreamError):
        return b""
    return found[:BODY]


def _why(wrong: BaseException) -> Reason:
    """Why there was no connection."""
    if _is_tls(wrong):
        return "tls"
    step: BaseException | None = wrong
    while step is not None:
        if isinstance(step, ConnectionRefusedError):
            return "refused"
        step = step.__cause__ or step.__context__
    return "unreachable"


def _is_tls(wrong: BaseException) -> bool:
    step: BaseException | None = wrong
    while step is not None:
        if isinstance(step, ssl.SSLError):
            return True
        step = step.__cause__ or step.__context__
    return False


def _cut(sock: socket.socket | None) -> None:
    """End a connection under the hands of the thread that reads from it."""
    with suppress(OSError):
        if sock is not None:
            sock.shutdown(socket.SHUT_RDWR)


def _leave(server: smtplib.SMTP) -> None:
    """Say good-bye; what was sent is sent, whatever the server says now."""
    with suppress(OSError):
        if server.sock is not None:
            server.quit()
    server.close()
