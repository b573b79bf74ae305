"""A socket that reads ahead gives exactly what came, says what it holds, and ends as a socket does."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from ingest.mqtt.buffered import BufferedSocket


@pytest.fixture
def ends() -> Iterator[tuple[BufferedSocket, socket.socket]]:
    """A buffered end that does not block, and the other one."""
    here, there = socket.socketpair()
    buffered = BufferedSocket(here)
    buffered.setblocking(False)
    yield buffered, there
    buffered.close()
    there.close()


def test_bytes_in_order(ends: tuple[BufferedSocket, socket.socket]) -> None:
    """Read in small pieces, everything comes once and in order; what is held is told."""
    buffered, there = ends
    there.sendall(bytes(range(200)))
    got = buffered.recv(1)
    assert buffered.pending() == 199
    while buffered.pending():
        got += buffered.recv(7)
    assert got == bytes(range(200))


def test_nothing_there_and_the_end(ends: tuple[BufferedSocket, socket.socket]) -> None:
    """Without bytes it would block; what came before the end is given before the end."""
    buffered, there = ends
    with pytest.raises(BlockingIOError):
        buffered.recv(1)
    there.sendall(b"last")
    there.close()
    assert buffered.recv(100) == b"last"
    assert buffered.recv(100) == b""


def test_writing_and_waiting(ends: tuple[BufferedSocket, socket.socket]) -> None:
    """It writes as a socket does, and can be waited for."""
    buffered, there = ends
    assert buffered.send(b"ping") == 4
    assert there.recv(10) == b"ping"
    assert buffered.fileno() > 0
