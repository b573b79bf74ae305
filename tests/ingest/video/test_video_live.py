"""What live views are made of: addresses of past times, names of codecs, what cannot be remuxed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ingest.errors import CameraUnreachable, StreamEnded
from ingest.packet import Packet
from ingest.video.codecs import in_mp4, parameter_sets
from ingest.video.live import Remuxed
from ingest.video.recorder import address, mistake
from ingest.video.stream import StreamInfo

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("rtsp://nvr/a?s={start}&e={end}", "rtsp://nvr/a?s=20261122T080000Z&e=20261122T080500Z"),
        ("rtsp://nvr/a?s={start_local}", "rtsp://nvr/a?s=2026_11_22_16_00_00"),
        ("rtsp://nvr/a?s={start:%Y%m%dt%H%M%Sz}", "rtsp://nvr/a?s=20261122t080000z"),
        ("rtsp://nvr/{start_local:%Y-%m-%d}/{start_local:%H}", "rtsp://nvr/2026-11-22/16"),
    ],
)
def test_the_address_of_a_past_time(template: str, expected: str) -> None:
    """UTC or the area's time, in the form that the recorder's maker uses."""
    assert mistake(template) is None
    assert address(template, AT, AT + timedelta(minutes=5), SHANGHAI) == expected


@pytest.mark.parametrize(
    ("template", "word"),
    [
        ("rtsp://nvr/a", "from when"),  # always the same time
        ("rtsp://nvr/a?e={end}", "from when"),
        ("rtsp://nvr/a?s={start}&u={user}", "braces"),
        ("rtsp://nvr/a?s={start.__class__}", "braces"),
        ("rtsp://nvr/a?s={start:%A %d}", "form"),  # the name of a day depends on the machine
        ("http://nvr/a?s={start}", "rtsp://"),
        ("file:///etc/{start}", "rtsp://"),
        ("{start}", "rtsp://"),
    ],
)
def test_a_template_with_a_mistake(template: str, word: str) -> None:
    """Each is told."""
    assert word in str(mistake(template))


def box(name: bytes, record: bytes) -> bytes:
    """An MP4 box among others."""
    return b"\0\0\0\x08free" + (len(record) + 8).to_bytes(4, "big") + name + record


@pytest.mark.parametrize(
    ("init", "codec"),
    [
        (box(b"avcC", bytes.fromhex("0164001fffe1")), "avc1.64001f"),
        (box(b"avcC", bytes.fromhex("0142c01effe1")), "avc1.42c01e"),
        (b"hvc1" + box(b"hvcC", bytes.fromhex("01016000000090000000000078f000")), "hvc1.1.6.L120.90"),
        (b"hev1" + box(b"hvcC", bytes.fromhex("012220000000b0000000000099f000")), "hev1.2.4.H153.B0"),
        (box(b"avcC", b"\x01"), ""),  # cut off
        (box(b"mp4v", b"\x01"), ""),
        (b"", ""),
    ],
)
def test_the_name_of_a_codec(init: bytes, codec: str) -> None:
    """As RFC 6381 and ISO 14496-15 annex E write it; empty where there is none."""
    assert in_mp4(init) == codec


@pytest.mark.parametrize(
    ("codec", "data", "has"),
    [
        ("h264", b"\0\0\0\1\x09\x10\0\0\0\1\x67\x64\0\0\1\x65", True),  # delimiter, then the set
        ("h264", b"\0\0\0\1\x65\x88", False),
        ("hevc", b"\0\0\0\1\x40\1\0\0\0\1\x42\1", True),
        ("hevc", b"\0\0\0\1\x26\1\xaf", False),
        ("mjpeg", b"\xff\xd8", False),
    ],
)
def test_parameter_sets_are_seen(codec: str, data: bytes, *, has: bool) -> None:
    """Whether a keyframe brings its own, so that they are not written twice."""
    assert parameter_sets(codec, data) == has


def test_there_is_no_view_without_a_keyframe() -> None:
    """And none of a codec that no MP4 holds."""
    info = StreamInfo("h264", 320, 240, 1 / 90000, b"")
    with pytest.raises(CameraUnreachable):
        Remuxed(info, ())
    packet = Packet(b"\xff\xd8", 0, 0, 1 / 90000, keyframe=True, at=AT)
    with pytest.raises(StreamEnded):
        Remuxed(StreamInfo("rawvideo-of-nobody", 320, 240, 1 / 90000, b""), (packet,))
