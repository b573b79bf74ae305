"""read() against real RTSP and against servers that are none."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

import pytest

from ingest.errors import CameraUnreachable, StreamEnded
from ingest.packet import Packet
from ingest.video.knock import knock
from ingest.video.read import read
from ingest.video.stream import StreamInfo, Transport
from tests.servers import nasty
from tests.servers.clips import raw_clip
from tests.servers.ports import free_port
from tests.servers.rtsp import GstServer

pytestmark = pytest.mark.slow

TRANSPORTS: tuple[Transport, ...] = ("tcp", "udp")


def collect(
    url: str,
    count: int,
    *,
    transport: Literal["tcp", "udp"] = "tcp",
    after: Callable[[int], None] = lambda _: None,
) -> tuple[StreamInfo, list[Packet]]:
    """The stream and its first `count` packets; `after(n)` is called after the n-th."""
    infos: list[StreamInfo] = []
    packets: list[Packet] = []

    def take(packet: Packet, _: object) -> None:
        packets.append(packet)
        after(len(packets))

    read(
        url,
        transport=transport,
        on_stream=infos.append,
        on_packet=take,
        stop=lambda: len(packets) >= count,
        open_timeout=2.0,
        read_timeout=2.0,
    )
    return infos[0], packets


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize(("name", "codec"), [("h264", "h264"), ("h265", "hevc"), ("mjpeg", "mjpeg")])
def test_packets_come_over_both_transports(
    rtsp: GstServer, name: str, codec: str, transport: Literal["tcp", "udp"]
) -> None:
    """Every codec over every transport gives keyframes and media time that starts at 0 at the real pace."""
    info, packets = collect(rtsp.url(name), 60, transport=transport)
    assert (info.codec, info.width, info.height) == (codec, 320, 240)
    assert any(packet.keyframe for packet in packets)
    stamps = [packet.dts for packet in packets]
    assert stamps[0] == 0
    assert stamps == sorted(set(stamps))
    media = (stamps[-1] - stamps[0]) * info.time_base
    assert media == pytest.approx(59 / 25, abs=0.5)
    assert all(packet.at.tzinfo is not None and packet.data for packet in packets)


def test_stamps_that_stand_still_are_replaced_by_the_wall_clock(rtsp: GstServer) -> None:
    """A server that stamps every picture with 0 still gives media time that goes on at the real pace."""
    info, packets = collect(rtsp.url("still-stamps"), 75)
    stamps = [packet.dts for packet in packets]
    assert stamps == sorted(set(stamps))
    assert 1.5 < (stamps[-1] - stamps[0]) * info.time_base < 6


def test_a_loop_that_sends_time_back_does_not_go_back(rtsp: GstServer) -> None:
    """After the clip's end the server starts over; dts go on rising."""
    _, packets = collect(rtsp.url("still-stamps"), 170)
    stamps = [packet.dts for packet in packets]
    assert stamps == sorted(set(stamps))


CREDENTIALS = "admin:s3cr3t-word"

NASTY = [
    (nasty.silent, {"timeout"}, "takes the connection and never answers"),
    (nasty.html, {"not-rtsp"}, "a web page"),
    (nasty.garbage, {"not-rtsp", "garbage"}, "random bytes"),
    (nasty.closes, {"refused"}, "hangs up at once"),
    (nasty.unauthorized, {"unauthorized"}, "no password is right"),
    (nasty.audio_only, {"no-video"}, "sound only"),
]


@pytest.mark.parametrize(("behave", "reasons", "why"), NASTY, ids=[row[0].__name__ for row in NASTY])
def test_what_is_no_camera_has_a_clear_reason(behave: nasty.Behaviour, reasons: set[str], why: str) -> None:
    """Each wrong server gets its reason within the timeout, and no error carries the password."""
    with nasty.server(behave) as port:
        begun = time.monotonic()
        with pytest.raises(CameraUnreachable) as caught:
            collect(f"rtsp://{CREDENTIALS}@127.0.0.1:{port}/live", 1)
    assert caught.value.reason in reasons, why
    assert time.monotonic() - begun < 8
    assert "s3cr3t" not in f"{caught.value} {caught.value.args} {caught.value.where}"
    assert caught.value.__cause__ is None  # FFmpeg's own error carries the whole URL


ADDRESSES = [
    ("/etc/passwd", "not-rtsp", "a file is not a camera"),
    ("file:///etc/passwd", "not-rtsp", "a file is not a camera"),
    ("http://127.0.0.1:1/", "not-rtsp", "another protocol"),
    ("rtsp://", "not-rtsp", "no host"),
    ("rtsp://127.0.0.1:nonsense/", "not-rtsp", "a port that is no number"),
    ("rtsp://no-such-host.invalid/x", "refused", "a name that nobody knows"),
]


@pytest.mark.parametrize(("url", "reason", "why"), ADDRESSES, ids=[row[0] for row in ADDRESSES])
def test_addresses_that_cannot_be_cameras(url: str, reason: str, why: str) -> None:
    """An address that is not RTSP to a host is refused before FFmpeg sees it."""
    with pytest.raises(CameraUnreachable) as caught:
        collect(url, 1)
    assert caught.value.reason == reason, why


def test_a_closed_port_is_refused() -> None:
    """Nothing listens: refused, with what to check."""
    with pytest.raises(CameraUnreachable) as caught:
        collect(f"rtsp://{CREDENTIALS}@127.0.0.1:{free_port()}/", 1)
    assert caught.value.reason == "refused"
    assert "s3cr3t" not in str(caught.value)
    assert "check host and port" in str(caught.value)


def test_an_unknown_path_is_not_found(rtsp: GstServer) -> None:
    """The server is there, the stream is not."""
    with pytest.raises(CameraUnreachable) as caught:
        collect(rtsp.url("no-such-stream"), 1)
    assert caught.value.reason == "not-found"


@pytest.mark.parametrize("digest", [False, True], ids=["basic", "digest"])
def test_user_and_password_open_a_guarded_stream(
    tmp_path_factory: pytest.TempPathFactory, digest: bool
) -> None:
    """The right password gives packets over both transports, the wrong one and none give `unauthorized`."""
    clip = raw_clip(tmp_path_factory.mktemp("guarded") / "g.h264", seconds=2)
    with GstServer({"cam": clip}, user="admin", password="s3cr3t-word", digest=digest) as server:
        for transport in TRANSPORTS:
            _, packets = collect(server.url("cam", CREDENTIALS), 5, transport=transport)
            assert len(packets) >= 5
        knock(server.url("cam", CREDENTIALS), strict=True, patience=5)
        for wrong in ("", "admin:wr0ng"):
            with pytest.raises(CameraUnreachable) as caught:
                collect(server.url("cam", wrong), 1)
            assert caught.value.reason == "unauthorized"
            assert "wr0ng" not in str(caught.value)
            with pytest.raises(CameraUnreachable) as caught:
                knock(server.url("cam", wrong))
            assert caught.value.reason == "unauthorized"


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_a_stream_that_stops_raises_within_the_timeout(
    how: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Killed: ended at once; frozen: timeout after read_timeout."""
    clip = raw_clip(tmp_path_factory.mktemp("stopped") / "s.h264", seconds=2)
    with GstServer({"cam": clip}) as server:
        act = server.stop if how == "killed" else lambda: server.freeze(frozen=True)
        with pytest.raises(StreamEnded) as caught:
            collect(server.url("cam"), 10_000, after=lambda n: act() if n == 30 else None)
    assert caught.value.reason == ("ended" if how == "killed" else "timeout")
