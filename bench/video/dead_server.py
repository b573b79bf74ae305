"""Dead server: ports behind which there is no camera, each in its own way; a process that is nobody's here.

    python -m bench.video.dead_server

It prints one JSON line, kind → address: `refuse` (nothing listens), `hang` (takes connections and never answers),
`nothing` (plays and sends nothing), `bytes`, `frames` and `payload` (play and send 2 Mbit/s of garbage: without
framing, in interleaved frames, in RTP packets with good headers), and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
import sys
from contextlib import suppress

SDP = (
    b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n"
    b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n"
)
EVERY = 0.04
"""Seconds between two bursts, as of 25 pictures a second."""
PER_BURST = 8
SIZE = 1200


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hear everything and answer nothing."""
    with suppress(OSError):
        while await reader.read(65_536):
            pass
    writer.close()


async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say yes to everything; what is sent after PLAY is the last word of the address."""
    kind = ""
    with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode(errors="replace")
            method, address = head.split(maxsplit=2)[:2]
            sequence = next((row for row in head.split("\r\n") if row.lower().startswith("cseq")), "CSeq: 0")
            if method == "DESCRIBE":
                kind = address.rstrip("/").rpartition("/")[2]
            body = SDP if method == "DESCRIBE" else b""
            more = (
                "Content-Type: application/sdp" if body else "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
            )
            answer = f"RTSP/1.0 200 OK\r\n{sequence}\r\nSession: 1\r\n{more}\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(answer.encode() + body)
            if method == "PLAY":
                break
        if kind == "nothing":
            await hang(reader, writer)
        number = 0
        while True:
            writer.write(b"".join(garbage(kind, number + n) for n in range(PER_BURST)))
            number += PER_BURST
            await writer.drain()
            await asyncio.sleep(EVERY)
    writer.close()


def garbage(kind: str, number: int) -> bytes:
    """One packet's worth."""
    content = os.urandom(SIZE)
    if kind == "bytes":
        return content
    head = struct.pack(">BBHII", 0x80, 0x80 | 96, number & 0xFFFF, number * 450 & 0xFFFFFFFF, 7)
    packet = (head if kind == "payload" else os.urandom(12)) + content
    return b"$\0" + len(packet).to_bytes(2, "big") + packet


async def main() -> None:
    """Serve until standard input ends."""
    closed = socket.socket()  # bound and not listening: refused, and nobody else can take it
    closed.bind(("127.0.0.1", 0))
    hanging = await asyncio.start_server(hang, "127.0.0.1", 0, backlog=1024)
    playing = await asyncio.start_server(play, "127.0.0.1", 0, backlog=1024)
    ports = {"refuse": closed.getsockname()[1], "hang": hanging.sockets[0].getsockname()[1]}
    ports |= dict.fromkeys(("nothing", "bytes", "frames", "payload"), playing.sockets[0].getsockname()[1])
    print(json.dumps({kind: f"rtsp://127.0.0.1:{port}/{kind}" for kind, port in ports.items()}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    closed.close()


if __name__ == "__main__":
    asyncio.run(main())
