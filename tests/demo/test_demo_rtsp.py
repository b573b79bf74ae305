"""The demo's RTSP server as its own process, seen by PyAV, FFmpeg, GStreamer and by hand."""

from __future__ import annotations

import json
import re
import signal
import struct
import subprocess
import time
from itertools import pairwise
from pathlib import Path

import pytest

from hub.demo.clip import CLOCK, load
from tests.demo.rtsp_server import Server, packets, play, watch

pytestmark = pytest.mark.slow


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
