"""Buffered: a socket that reads far ahead, so that a message costs a look into memory instead of three system calls.

Each system call lets other threads have the interpreter, and a thread that computes gives it back after milliseconds
only: under load a network thread that reads byte by byte takes in a hundred messages a second instead of thousands.
"""

from __future__ import annotations

import socket

AHEAD = 65_536
"""Bytes asked for at once."""


class BufferedSocket:
    """What paho needs of a socket: recv, send, fileno, pending and the end of it; not for TLS, which buffers itself."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._held = memoryview(b"")

    def recv(self, buffer_size: int) -> bytes:
        """Up to `buffer_size` bytes; raises BlockingIOError when there are none, answers b"" at the end."""
        if not self._held:
            self._held = memoryview(self._sock.recv(AHEAD))
        taken, self._held = bytes(self._held[:buffer_size]), self._held[buffer_size:]
        return taken

    def pending(self) -> int:
        """Bytes that a select() on the socket does not see."""
        return len(self._held)

    def send(self, buffer: bytes | bytearray) -> int:
        """As a socket's."""
        return self._sock.send(buffer)

    def fileno(self) -> int:
        """As a socket's."""
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        """As a socket's."""
        self._sock.setblocking(flag)

    def close(self) -> None:
        """Ends the connection; what was read ahead is forgotten."""
        self._held = memoryview(b"")
        self._sock.close()
