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


PACKETS = [
    (0x30, b""),
    (0x40, b"\0\7"),
    (0x32, bytes(127)),
    (0x32, bytes(128)),
    (0x3A, bytes(range(256)) * 80),
]
"""First byte, and what follows the length; lengths of one, two and three bytes."""


def on_the_wire(command: int, rest: bytes) -> bytes:
    """With its length as MQTT writes it: seven bits a byte, the lowest first (1.5.5)."""
    length, digits = len(rest), bytearray()
    while not digits or length:
        digits.append(length % 128 | (0x80 if length > 127 else 0))
        length //= 128
    return bytes([command]) + bytes(digits) + rest


@pytest.mark.parametrize(("command", "rest"), PACKETS, ids=[str(len(rest)) for _, rest in PACKETS])
def test_a_packet_is_there_when_its_last_byte_is(
    ends: tuple[BufferedSocket, socket.socket], command: int, rest: bytes
) -> None:
    """Not before, wherever it was cut; what follows it stays."""
    buffered, there = ends
    packet = on_the_wire(command, rest)
    buffered.fill()
    assert buffered.packet() is None
    for cut in {1, 2, 3, 4, len(packet) // 2, len(packet) - 1}:
        if cut < len(packet):
            there.sendall(packet[:cut])
            buffered.fill()
            assert buffered.packet() is None, cut
            assert buffered.recv(cut) == packet[:cut]
    there.sendall(packet + b"\x30")
    buffered.fill()
    assert buffered.packet() == (command, rest, len(packet))
    buffered.skip(len(packet))
    assert (buffered.pending(), buffered.recv(1)) == (1, b"\x30")


def test_a_length_that_never_ends_is_no_packet(ends: tuple[BufferedSocket, socket.socket]) -> None:
    """Four bytes are the most; paho says what is wrong with the fifth."""
    buffered, there = ends
    there.sendall(b"\x30" + b"\xff" * 10)
    buffered.fill()
    assert buffered.packet() is None


def test_an_end_that_was_met_reading_ahead_is_told(ends: tuple[BufferedSocket, socket.socket]) -> None:
    """fill() says nothing; the next recv() does."""
    buffered, there = ends
    there.close()
    buffered.fill()
    assert buffered.recv(1) == b""
