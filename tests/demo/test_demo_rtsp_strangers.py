"""What the demo's RTSP server does with whoever is slow, wrong or no client at all, and how it ends."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from hub.demo.clip import load
from hub.demo.rtsp import RtspServer
from tests.demo.rtsp_server import ROOT, Server, ask, play, watch
from tests.servers.wait import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """Two seconds that cannot be compressed: more than the kernel's buffers hold."""
    path = tmp_path / "noise.mp4"
    picture = ["-f", "lavfi", "-i", "nullsrc=size=640x480:rate=25:duration=2,geq=random(1)*255:128:128"]
    encode = [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-pix_fmt",
        "yuv420p",
        "-g",
        "25",
        "-bf",
        "0",
        str(path),
    ]
    subprocess.run(["ffmpeg", "-v", "error", *picture, *encode], check=True, timeout=60)
    return path


async def test_a_slow_reader_is_cut_off(noise: Path) -> None:
    """A client that does not read is dropped and counted; another one sees every picture meanwhile."""
    server = RtspServer({"a": load(noise)}, slow_limit=500_000)
    await server.start()
    try:
        link = socket.socket()
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.to_thread(link.connect, ("127.0.0.1", server.port))
        with link:
            await asyncio.to_thread(play, link, server.url + "a")
            other = asyncio.create_task(asyncio.to_thread(watch, server.url + "a", "tcp", 100))
            await asyncio.to_thread(wait_until, lambda: server.slow == 1, within=15, what="it is dropped")
            times = await other
        assert all(later - earlier < 0.05 for earlier, later in pairwise(times))
        assert server.slow == 1
    finally:
        await server.close()
    assert not server.streams["a"].viewers


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "a browser"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + bytes(300) + b"\r\n\r\n", "TLS"),
        (os.urandom(3000) + b"\r\n\r\n", "noise"),
        (b"DESCRIBE rtsp://x RTSP/1.0\r\nContent-Length: -4\r\n\r\n", "a negative body"),
        (b"DESCRIBE rtsp://x RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n", "a body without end"),
        (b"A" * 200_000, "a head without end"),
        (b"$\x00\xff\xff", "half an interleaved packet, then nothing"),
    ],
)
def test_strangers_are_shown_out(server: Server, sent: bytes, why: str) -> None:
    """Whatever is no RTSP ends that connection and nothing else."""
    with server.connect() as link:
        link.settimeout(3)
        try:
            link.sendall(sent)
            link.shutdown(socket.SHUT_WR)
            while link.recv(4096):
                pass
        except OSError as wrong:
            if not isinstance(wrong, ConnectionError) and wrong.errno != errno.ENOTCONN:
                raise  # else it was shown out while still talking
    assert len(watch(server.url + "h264", "tcp", 3)) == 3, why


def test_answers(server: Server) -> None:
    """Each wrong request has its status; a stream's name is exact."""
    with server.connect() as link:
        url = server.url + "h264"
        assert ask(link, "OPTIONS", "*", 1)[0] == 200
        assert ask(link, "DESCRIBE", server.url + "nobody", 2)[0] == 404
        assert ask(link, "DESCRIBE", server.url, 3)[0] == 404
        assert ask(link, "PLAY", url, 4)[0] == 455
        assert ask(link, "SETUP", url, 5, "Transport: RTP/AVP;multicast")[0] == 461
        assert ask(link, "SETUP", url, 6, "Transport: RTP/AVP;unicast;client_port=0-99999")[0] == 461
        assert ask(link, "SETUP", url, 7, "Transport: RTP/AVP/TCP;unicast;interleaved=255-256")[0] == 461
        assert ask(link, "RECORD", url, 8)[0] == 501
        status, said = ask(link, "DESCRIBE", url + "/?user=x", 9)
        assert status == 200
        assert "a=rtpmap:96 H264/90000" in said
        assert ask(link, "TEARDOWN", url, 10)[0] == 200
        link.settimeout(3)
        assert link.recv(1) == b"", "TEARDOWN closes the connection"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--stream", "a=/nowhere.mp4"], "no such file"),
        (["--stream", f"a={ROOT / 'LICENSE'}"], "no video"),
        (["--stream", "a"], "no file named"),
        (["--stream", "../a=x.mp4"], "a name that is no name"),
        ([], "nothing to serve"),
    ],
)
def test_bad_arguments(arguments: list[str], why: str) -> None:
    """One line that names the mistake, exit code 2."""
    done = subprocess.run(
        [sys.executable, "-m", "hub.demo.rtsp", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 2, why
    assert "Traceback" not in done.stderr


def test_it_ends_with_its_parent(clips: dict[str, Path]) -> None:
    """With --with-parent the end of standard input is the end, a viewer or not."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hub.demo.rtsp", "--stream", f"a={clips['h264']}", "--with-parent"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().startswith("rtsp://")
        process.stdin.close()
        wait_until(lambda: process.poll() is not None, within=5, what="the server ends")
    assert process.returncode == 0
