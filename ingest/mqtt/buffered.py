"""Buffered: a socket that reads far ahead, so that a message costs a look into memory instead of three system calls.

Each system call lets other threads have the interpreter, and a thread that computes gives it back after milliseconds
only: under load a network thread that reads byte by byte takes in a hundred messages a second instead of thousands.
"""

from __future__ import annotations

import contextlib
import socket

AHEAD = 65_536
"""Bytes asked for at once."""
LENGTH_BYTES = 4
"""That the length of a packet takes at most."""


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

    def fill(self) -> None:
        """Read ahead what has come, if nothing is held; what is wrong with the socket, the next recv() says."""
        if not self._held:
            with contextlib.suppress(OSError):
                self._held = memoryview(self._sock.recv(AHEAD))

    def packet(self) -> tuple[int, bytes, int] | None:
        """The next MQTT packet, if all of it is held: its first byte, what follows its length (2.1.4), and its size.

        It stays until it is passed over with skip().
        """
        held, length = self._held, 0
        for at in range(1, min(len(held), LENGTH_BYTES + 1)):
            length |= (held[at] & 0x7F) << 7 * (at - 1)
            if held[at] < 0x80:
                end = at + 1 + length
                return (held[0], bytes(held[at + 1 : end]), end) if end <= len(held) else None
        return None

    def skip(self, size: int) -> None:
        """Let go of so many bytes that are held."""
        self._held = self._held[size:]

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
