"""Nasty: TCP servers that are not what a camera should be, each in one way."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Behaviour = Callable[[socket.socket], None]

VIDEO = (
    b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n"
    b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n"
)
"""A session description that promises H.264."""


def silent(line: socket.socket) -> None:
    """Takes the connection and everything said, and never answers."""
    while line.recv(4096):
        pass


def html(line: socket.socket) -> None:
    """A web server."""
    line.recv(4096)
    body = b"<html><body>It works!</body></html>"
    line.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )


def garbage(line: socket.socket) -> None:
    """Random bytes."""
    line.recv(4096)
    line.sendall(os.urandom(50_000))


def closes(line: socket.socket) -> None:
    """Hangs up."""
    del line


def asking(*challenges: str) -> Behaviour:
    """RTSP that asks for a login in these ways, and accepts none."""

    def behave(line: socket.socket) -> None:
        while data := line.recv(4096):
            for request in data.decode(errors="replace").split("\r\n\r\n"):
                sequence = next((row for row in request.split("\r\n") if row.startswith("CSeq")), None)
                if sequence:
                    rows = ["RTSP/1.0 401 Unauthorized", sequence]
                    rows += [f"WWW-Authenticate: {each}" for each in challenges]
                    line.sendall(("\r\n".join(rows) + "\r\n\r\n").encode())

    return behave


def unauthorized(line: socket.socket) -> None:
    """RTSP that accepts no password."""
    asking('Basic realm="x"')(line)


def audio_only(line: socket.socket) -> None:
    """RTSP whose description has sound and no picture."""
    sdp = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\na=control:track1\r\n"
    while data := line.recv(4096):
        request = data.decode(errors="replace")
        sequence = next(row for row in request.split("\r\n") if row.startswith("CSeq"))
        body = sdp if request.startswith("DESCRIBE") else b""
        kind = "Content-Type: application/sdp\r\n" if body else "Transport: RTP/AVP/TCP;interleaved=0-1\r\n"
        head = f"RTSP/1.0 200 OK\r\n{sequence}\r\nSession: 1\r\n{kind}Content-Length: {len(body)}\r\n\r\n"
        line.sendall(head.encode() + body)


def endless_headers(line: socket.socket) -> None:
    """An answer whose head never ends."""
    line.recv(4096)
    line.sendall(b"RTSP/1.0 200 OK\r\n")
    while True:
        line.sendall(b"X-More: and more\r\n" * 100)


def endless_body(line: socket.socket) -> None:
    """An answer that announces gigabytes."""
    line.recv(4096)
    line.sendall(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 4000000000\r\n\r\n")
    while True:
        line.sendall(bytes(4096))
        time.sleep(0.01)


def drip(line: socket.socket) -> None:
    """One byte of an answer every half second."""
    line.recv(4096)
    for byte in b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n" + b"X-Slow: yes\r\n" * 20:
        line.sendall(bytes([byte]))
        time.sleep(0.5)


def playing(act: Behaviour, *, sdp: bytes = VIDEO) -> Behaviour:
    """RTSP that says yes to everything; once it plays, the connection meets `act`."""

    def behave(line: socket.socket) -> None:
        while data := line.recv(4096):
            request = data.decode(errors="replace")
            sequence = next((row for row in request.split("\r\n") if row.startswith("CSeq")), None)
            if sequence is None:  # a receiver report
                continue
            body = sdp if request.startswith("DESCRIBE") else b""
            kind = (
                "Content-Type: application/sdp" if body else "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
            )
            head = f"RTSP/1.0 200 OK\r\n{sequence}\r\nSession: 1\r\n{kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            line.sendall(head.encode() + body)
            if request.startswith("PLAY"):
                act(line)
                return

    return behave


def random_bytes(line: socket.socket) -> None:
    """2 Mbit/s of random bytes without any framing."""
    while True:
        line.sendall(os.urandom(10_000))
        time.sleep(0.04)


def random_frames(line: socket.socket) -> None:
    """2 Mbit/s of random bytes in interleaved frames."""
    while True:
        for _ in range(8):
            line.sendall(b"$\0" + (1212).to_bytes(2, "big") + os.urandom(1212))
        time.sleep(0.04)


def random_payload(line: socket.socket) -> None:
    """2 Mbit/s of RTP packets with good headers and random pictures."""
    number = 0
    while True:
        for _ in range(8):
            head = struct.pack(">BBHII", 0x80, 0x80 | 96, number & 0xFFFF, number * 450, 7)
            line.sendall(b"$\0" + (1212).to_bytes(2, "big") + head + os.urandom(1200))
            number += 1
        time.sleep(0.04)


@contextmanager
def server(behave: Behaviour) -> Iterator[int]:
    """A port on loopback whose every connection meets `behave`."""
    listener = socket.create_server(("127.0.0.1", 0))
    lines: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def meet(line: socket.socket) -> None:
        try:
            behave(line)
        except OSError:
            pass  # the client is allowed to leave in the middle of a nasty answer
        finally:
            line.close()

    def accept() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            lines.append(line)
            threads.append(threading.Thread(target=meet, args=(line,), daemon=True))
            threads[-1].start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for line in lines:
            with suppress(OSError):  # closed by its own thread
                line.shutdown(socket.SHUT_RDWR)
        for thread in [acceptor, *threads]:
            thread.join(5)
