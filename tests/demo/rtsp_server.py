"""The demo's RTSP server as its own process, and ways to talk to it: by PyAV and by hand."""

from __future__ import annotations

import os
import re
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

import av

from hub.demo.rtsp import PASSWORD_VARIABLE

ROOT = Path(__file__).parents[2]
SECONDS = 2.0  # of a clip: every look of 3 s sees it begin again


class Server:
    """The process."""

    def __init__(self, clips: dict[str, Path], *more: str, password: str = "") -> None:
        streams = [part for name, path in clips.items() for part in ("--stream", f"{name}={path}")]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hub.demo.rtsp", *streams, *more],
            cwd=ROOT,
            env={**os.environ, PASSWORD_VARIABLE: password},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        self.port = int(self.url.strip("/").rpartition(":")[2])

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), 5)

    def close(self) -> str:
        """End it in order; what it said on stderr."""
        self.process.terminate()
        _, said = self.process.communicate(timeout=10)
        assert self.process.returncode == 0, said
        return said


def watch(url: str, transport: str, pictures: int) -> list[float]:
    """The times of so many pictures, decoded by PyAV."""
    options = {"rtsp_transport": transport, "probesize": "100000", "analyzeduration": "500000"}
    with av.open(url, options=options, timeout=(5, 5)) as container:
        times = []
        for frame in container.decode(video=0):
            times.append(float(frame.time or 0))
            if len(times) == pictures:
                break
        return times


def ask(link: socket.socket, method: str, url: str, cseq: int, *headers: str) -> tuple[int, str]:
    """One request by hand: status and the whole answer."""
    lines = [f"{method} {url} RTSP/1.0", f"CSeq: {cseq}", *headers]
    link.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    return answer(link)


def answer(link: socket.socket) -> tuple[int, str]:
    """The next answer on a connection."""
    text = b""
    while b"\r\n\r\n" not in text:
        some = link.recv(1)
        if not some:
            raise ConnectionError("closed")
        text += some
    head = text.decode()
    length = re.search(r"Content-Length: (\d+)", head)
    body = b""
    while length and len(body) < int(length.group(1)):
        body += link.recv(int(length.group(1)) - len(body))
    return int(head.split()[1]), head + body.decode()


def play(link: socket.socket, url: str) -> str:
    """SETUP interleaved and PLAY; the answer to PLAY."""
    status, said = ask(link, "SETUP", f"{url}/trackID=0", 1, "Transport: RTP/AVP/TCP;unicast;interleaved=4-5")
    assert status == 200
    assert "interleaved=4-5" in said
    status, said = ask(link, "PLAY", url, 2)
    assert status == 200
    return said


def packets(reader: BinaryIO, seconds: float) -> list[tuple[int, bytes]]:
    """(channel, packet) of everything that comes interleaved in this time."""
    end, found = time.monotonic() + seconds, []
    while time.monotonic() < end:
        dollar, channel, size = struct.unpack(">BBH", reader.read(4))
        assert dollar == ord("$")
        found.append((channel, reader.read(size)))
    return found
