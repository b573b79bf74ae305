"""Relay: a TCP connection in between that is torn off after so many bytes, wherever in a frame that is."""

from __future__ import annotations

import select
import socket
import struct
import threading
from typing import Self

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: close with RST, and throw away what was not sent."""


def tear(sock: socket.socket) -> None:
    """End a connection as a pulled cable with a router behind it does: no goodbye, RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    sock.close()


class Relay:
    """Takes one connection after the other to `port`; use as a context manager.

    Attributes:
        port: Where to connect to instead.
        cuts: Connections that it has torn off.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._left: int | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cuts = 0
        self._end = threading.Event()
        self._now = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay")

    def cut_after(self, count: int | None) -> None:
        """The next connection is torn off after so many bytes of the server; None: never."""
        self._left = count

    def cut_now(self) -> None:
        """The present connection is torn off, with whatever is under way in it."""
        self._now.set()

    def _run(self) -> None:
        self._listener.settimeout(0.1)
        while not self._end.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
            try:
                self._pass(client, server)
            except OSError:
                pass  # one of both has gone: so does the other
            finally:
                tear(client)
                tear(server)

    def _pass(self, client: socket.socket, server: socket.socket) -> None:
        left = self._left
        self._now.clear()
        while not self._end.is_set():
            ready, _, _ = select.select([client, server], [], [], 0.02)
            if self._now.is_set():
                self.cuts += 1
                return
            if client in ready:
                sent = client.recv(65_536)
                if not sent:
                    return
                server.sendall(sent)
            if server in ready:
                got = server.recv(65_536 if left is None else min(65_536, max(left, 1)))
                if not got:
                    return
                if left is not None and len(got) >= left:
                    client.sendall(got[:left])
                    self.cuts += 1
                    return
                client.sendall(got)
                left = None if left is None else left - len(got)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(10)
        self._listener.close()
