"""Receiver: a real HTTP server that takes POSTs as a script says: well, badly, slowly, or not at all."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

LONGEST = 30.0
"""Seconds after which a hanging answer ends by itself."""


@dataclass(frozen=True, slots=True)
class Got:
    """One request: its headers (lower-case names), its body, the path with the query."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def id(self) -> str:
        """The webhook-id."""
        return self.headers.get("webhook-id", "")

    @property
    def seq(self) -> int:
        """The event's number."""
        return int(json.loads(self.body)["seq"])


Reply = Callable[[socket.socket, threading.Event], None]
"""Answers a request whose body was read; the event is set when the receiver ends. The socket is closed after it."""


def status(code: int, body: bytes = b"", **headers: str) -> Reply:
    """A whole answer."""

    def reply(sock: socket.socket, _end: threading.Event) -> None:
        lines = [f"HTTP/1.1 {code} Word", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        sock.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    return reply


def hang(_sock: socket.socket, end: threading.Event) -> None:
    """The request is taken, and nothing is said."""
    end.wait(LONGEST)


def cut(_sock: socket.socket, _end: threading.Event) -> None:
    """The request is worked on, and the connection ends before the answer: the acknowledgement is lost."""


def half_a_head(sock: socket.socket, _end: threading.Event) -> None:
    """The connection ends within the head of the answer."""
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")


def half_a_body(sock: socket.socket, _end: threading.Event) -> None:
    """2xx was said; the connection ends within the body, which says nothing."""
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")


def drip(sock: socket.socket, end: threading.Event) -> None:
    """A byte now and then, each in time, and never an end."""
    until = time.monotonic() + LONGEST
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"s" * 10_000:
        if end.wait(0.2) or time.monotonic() > until:
            return
        with suppress(OSError):
            sock.sendall(bytes([byte]))


def noise(sock: socket.socket, _end: threading.Event) -> None:
    """Something that is no HTTP."""
    sock.sendall(b"220 mail.example ESMTP\r\n")


OK = status(204)


class Receiver:
    """On a free port of loopback until the end of the block.

    Attributes:
        got: Every request that came, whatever was answered.
        script: What the next requests are answered; the last one stays. Set it anew at any time.
    """

    def __init__(self, *script: Reply, tls: ssl.SSLContext | None = None) -> None:
        self.got: list[Got] = []
        self.connections = 0
        self._script = list(script or (OK,))
        self._tls = tls
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.1)
        self.port = int(self._server.getsockname()[1])
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/hook"
        self._threads: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._accept, name="receiver")

    def script(self, *replies: Reply) -> None:
        """Answer so from now on; the last one stays."""
        with self._lock:
            self._script = list(replies)

    def ids(self) -> list[str]:
        """The webhook-ids that came, in order, doubles among them."""
        return [each.id for each in self.got]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(5)
        for each in self._threads:
            each.join(5)
        self._server.close()

    def _accept(self) -> None:
        while not self._end.is_set():
            try:
                sock, _ = self._server.accept()
            except TimeoutError:
                continue
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, raw: socket.socket) -> None:
        raw.settimeout(LONGEST)
        with suppress(OSError):
            sock = raw if self._tls is None else self._tls.wrap_socket(raw, server_side=True)
            with sock:
                self._requests(sock)
        raw.close()

    def _requests(self, sock: socket.socket) -> None:
        waiting = b""
        while not self._end.is_set():
            while b"\r\n\r\n" not in waiting:
                sock.settimeout(0.1)
                try:
                    some = sock.recv(65536)
                except TimeoutError:
                    if self._end.is_set():
                        return
                    continue
                if not some:
                    return
                waiting += some
                if waiting.startswith(b"\x16"):  # the beginning of TLS: answered as plain servers do
                    sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    return
            sock.settimeout(LONGEST)
            head, _, waiting = waiting.partition(b"\r\n\r\n")
            first, *lines = head.decode().split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            length = int(headers.get("content-length", "0"))
            while len(waiting) < length:
                waiting += sock.recv(65536)
            body, waiting = waiting[:length], waiting[length:]
            with self._lock:
                reply = self._script.pop(0) if len(self._script) > 1 else self._script[0]
                self.got.append(Got(first.split(" ")[1], headers, body))
            reply(sock, self._end)
            if not getattr(reply, "__qualname__", "").startswith("status"):
                return
