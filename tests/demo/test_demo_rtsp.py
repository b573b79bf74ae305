"""The demo's RTSP server as its own process, seen by PyAV, FFmpeg, GStreamer and by hand."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import av
import pytest

from hub.demo.clip import CLOCK, load
from hub.demo.rtsp import PASSWORD_VARIABLE, RtspServer
from hub.demo.rtsp_message import Password, Request
from ingest.video.knock import knock
from tests.servers.clips import jpeg_clip, raw_clip
from tests.servers.wait import wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SECONDS = 2.0  # of a clip: every look of 3 s sees it begin again


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One clip of each codec: raw, and in a container with B-frames."""
    folder = tmp_path_factory.mktemp("clips")
    clips = {
        "h264": raw_clip(folder / "a.h264", seconds=SECONDS, gop=10),
        "h265": raw_clip(folder / "b.h265", seconds=SECONDS, gop=10),
        "bframes": folder / "c.mp4",
        "mjpeg": jpeg_clip(folder / "d.avi", seconds=SECONDS),
    }
    picture = [
        "-f",
        "lavfi",
        "-i",
        f"testsrc2=size=320x240:rate=25:duration={SECONDS}",
        "-pix_fmt",
        "yuv420p",
    ]
    encode = ["-c:v", "libx264", "-profile:v", "high", "-bf", "2", "-g", "25", str(clips["bframes"])]
    subprocess.run(["ffmpeg", "-v", "error", *picture, *encode], check=True, timeout=30)
    return clips


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


@pytest.fixture
def server(clips: dict[str, Path]) -> Iterator[Server]:
    """Without a password."""
    server = Server(clips)
    yield server
    said = server.close()
    assert "Traceback" not in said, said


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


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("name", ["h264", "h265", "bframes", "mjpeg"])
def test_pyav_sees_no_seam(server: Server, name: str, transport: str) -> None:
    """Time goes on evenly through the clip's end, at no more than the real pace."""
    began = time.monotonic()
    times = watch(server.url + name, transport, 75)
    took = time.monotonic() - began
    steps = [later - earlier for earlier, later in pairwise(times)]
    assert all(abs(step - 0.04) < 0.002 for step in steps), [
        step for step in steps if abs(step - 0.04) >= 0.002
    ]
    assert took > 74 * 0.04 - 1.5, "a client may get what led up to its first picture, never the future"


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_ffmpeg_has_nothing_to_say(server: Server, transport: str) -> None:
    """FFmpeg's own programs read the stream without a warning, and know its size and rate."""
    for name, codec in (("h264", "h264"), ("h265", "hevc")):
        url = server.url + name
        look = ["-rtsp_transport", transport, "-i", url, "-t", "3", "-f", "null", "-"]
        done = subprocess.run(
            ["ffmpeg", "-hide_banner", "-nostdin", "-v", "warning", *look],
            capture_output=True, text=True, timeout=30, check=True,
        )  # fmt: skip
        assert done.stderr.strip() == ""
        ask = ["-show_entries", "stream=codec_name,width,height,r_frame_rate", "-of", "csv=p=0", url]
        done = subprocess.run(
            ["ffprobe", "-v", "error", "-rtsp_transport", transport, *ask],
            capture_output=True, text=True, timeout=30, check=True,
        )  # fmt: skip
        assert done.stdout.strip() == f"{codec},320,240,25/1"


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_gstreamer_agrees(server: Server, protocol: str) -> None:
    """A second, independent implementation of RTP takes every picture in order."""
    for name in ("h264", "h265"):
        done = subprocess.run(
            ["/usr/bin/python3", str(Path(__file__).with_name("gst_watch.py")), server.url + name, protocol, name, "3"],
            capture_output=True, text=True, timeout=40, check=True,
        )  # fmt: skip
        found = json.loads(done.stdout)
        assert found["wrong"] == ""
        assert found["back"] == 0
        assert found["pictures"] > 51  # 75 in 3 s, less the time to begin


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


def test_packets_by_hand(server: Server, clips: dict[str, Path]) -> None:
    """Sequence without a gap and time without a step back through the seam; RTP-Info and sender reports agree."""
    with server.connect() as link, link.makefile("rb") as reader:
        said = play(link, server.url + "h264")
        info = re.search(r"RTP-Info: url=.*;seq=(\d+);rtptime=(\d+)", said)
        assert info is not None
        found = packets(reader, 6.5)
    media = [struct.unpack(">BBHII", packet[:12]) for channel, packet in found if channel == 4]
    assert (media[0][2], media[0][3]) == (int(info[1]), int(info[2]))
    sequence, stamps = [each[2] for each in media], [each[3] for each in media]
    assert all((later - earlier) & 0xFFFF == 1 for earlier, later in pairwise(sequence))
    steps = {(later - earlier) & 0xFFFFFFFF for earlier, later in pairwise(stamps)}
    assert steps == {0, CLOCK // 25}
    assert len(media) > load(clips["h264"]).packets, "the clip has begun again"
    (source,) = {each[4] for each in media}
    reports = [packet for channel, packet in found if channel == 5]
    assert len(reports) >= 2
    for report in reports:
        first, kind, _, who, high, low, stamp, sent, octets = struct.unpack(">BBHIIIIII", report[:28])
        assert (first, kind, who) == (0x80, 200, source)
        wall = high - 2_208_988_800 + low / (1 << 32)
        assert abs(wall - time.time()) < 15
        assert abs((stamp - stamps[-1] + 2**31) % 2**32 - 2**31) < 15 * CLOCK
        assert sent > 0
        assert octets > 0
    walls = [struct.unpack(">II", each[8:16]) for each in reports]
    rtp = [struct.unpack(">I", each[16:20])[0] for each in reports]
    passed = walls[-1][0] - walls[0][0] + (walls[-1][1] - walls[0][1]) / (1 << 32)
    assert ((rtp[-1] - rtp[0]) & 0xFFFFFFFF) / CLOCK == pytest.approx(passed, abs=0.05), (
        "both clocks run alike"
    )


@pytest.mark.parametrize("schemes", [("Digest",), ("Basic",), ("SHA-256",), ("SHA-256", "Digest", "Basic")])
def test_a_password_by_scheme(schemes: tuple[str, ...]) -> None:
    """Only the right password in an offered scheme is taken, and a nonce of somebody else is not."""
    door = Password("viewer", "secret:with/colon", schemes=schemes)

    def opens(authorization: str) -> bool:
        return door.accepts(Request("DESCRIBE", "rtsp://x/a", {"authorization": authorization}))

    basic = "Basic dmlld2VyOnNlY3JldDp3aXRoL2NvbG9u"
    assert opens(basic) == ("Basic" in schemes)
    digest = f'Digest username="viewer", realm="{door.realm}", nonce="{door.nonce}", uri="rtsp://x/a", response="%s"'
    right = door._digest("DESCRIBE", {"uri": "rtsp://x/a"})
    assert opens(digest % right) == ("Digest" in schemes)
    newer = door._digest("DESCRIBE", {"uri": "rtsp://x/a", "algorithm": "SHA-256"})
    assert opens(digest % newer + ", algorithm=SHA-256") == ("SHA-256" in schemes)
    assert not opens(digest % ("0" * 32))
    assert not opens((digest % right).replace(door.nonce, "f" * 32))
    assert not any(map(opens, ("", "Basic", "Basic !!", "Digest", "Bearer x", "Basic " + "A" * 9999)))
    assert "secret" not in repr(door)


def test_passwords(clips: dict[str, Path]) -> None:
    """FFmpeg and GStreamer get in with the password, nobody without; it is never repeated."""
    server = Server({"a": clips["h264"]}, "--user", "viewer", password="s3cret")
    try:
        inside = server.url.replace("rtsp://", "rtsp://viewer:s3cret@") + "a"
        for transport in ("tcp", "udp"):
            assert len(watch(inside, transport, 5)) == 5
        knock(inside, patience=5)  # as the hub asks a camera that was away
        script = str(Path(__file__).with_name("gst_watch.py"))
        done = subprocess.run(
            ["/usr/bin/python3", script, inside, "tcp", "h264", "2"],
            capture_output=True, text=True, timeout=30, check=True,
        )  # fmt: skip
        assert json.loads(done.stdout)["pictures"] > 10
        for outside in (server.url + "a", inside.replace("s3cret", "wrong")):
            with pytest.raises(av.error.HTTPUnauthorizedError):
                watch(outside, "tcp", 1)
        with server.connect() as link:
            for cseq, method in enumerate(("DESCRIBE", "SETUP", "PLAY", "TEARDOWN", "GET_PARAMETER")):
                status, said = ask(link, method, server.url + "a", cseq)
                assert status == 401, method
                assert said.count("WWW-Authenticate") == 3
    finally:
        said = server.close()
    assert "s3cret" not in said


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


def test_it_stands_still_and_goes_on(server: Server) -> None:
    """After a stop of 3 s the same connection goes on: no gap in sequence, no burst of what was missed."""
    with server.connect() as link, link.makefile("rb") as reader:
        play(link, server.url + "h264")
        before = packets(reader, 1.0)
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        server.process.send_signal(signal.SIGCONT)
        after = packets(reader, 2.0)
    found = [packet for channel, packet in before + after if channel == 4]
    sequence = [struct.unpack(">H", packet[2:4])[0] for packet in found]
    assert all((later - earlier) & 0xFFFF == 1 for earlier, later in pairwise(sequence))
    stamps = {packet[4:8] for channel, packet in after if channel == 4}
    assert 20 <= len(stamps) <= 60 + 15, "about 50 pictures in 2 s, never the 75 missed ones as well"


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
        except ConnectionError:
            pass  # shown out while still talking
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
