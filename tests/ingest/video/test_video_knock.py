"""knock(): a camera that was away is judged without FFmpeg, within limits of time, bytes and work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.demo.clip import load
from hub.demo.rtsp import RtspServer
from hub.demo.rtsp_message import Password
from ingest.errors import CameraUnreachable
from ingest.video.knock import knock
from ingest.video.login import answer_to, is_known
from ingest.video.read import read
from ingest.video.rtp import begins_picture, is_rtp, plausible
from tests.servers import nasty
from tests.servers.clips import raw_clip
from tests.servers.ports import free_port
from tests.servers.rtsp import GstServer

WORD = "s3cr3t-word"


@pytest.mark.slow
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", ["h264", "h265", "mjpeg"])
def test_a_camera_that_plays_is_let_through(rtsp: GstServer, name: str, strict: bool) -> None:
    """At its first packet, or at its next keyframe when it sent garbage before."""
    knock(rtsp.url(name), strict=strict, patience=5)


NASTY = [
    (nasty.silent, "timeout", "never answers"),
    (nasty.drip, "timeout", "does not come to an end of its answer"),
    (nasty.html, "not-rtsp", "a web page"),
    (nasty.garbage, "not-rtsp", "random bytes instead of an answer"),
    (nasty.closes, "refused", "hangs up at once"),
    (nasty.unauthorized, "unauthorized", "no password is right"),
    (nasty.audio_only, "no-video", "sound only"),
    (nasty.endless_headers, "garbage", "a head without end"),
    (nasty.endless_body, "garbage", "a body of gigabytes"),
    (nasty.playing(nasty.silent), "timeout", "plays and sends nothing"),
    (nasty.playing(nasty.random_bytes), "garbage", "plays and sends random bytes"),
    (nasty.playing(nasty.random_frames), "garbage", "frames with random content"),
    (nasty.playing(nasty.random_payload), "garbage", "RTP with random pictures"),
    (nasty.playing(nasty.closes), "ended", "hangs up after PLAY"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("behave", "reason", "why"), NASTY, ids=[row[2] for row in NASTY])
def test_what_sends_no_video_has_its_reason(behave: nasty.Behaviour, reason: str, why: str) -> None:
    """Each within its time, with next to no work, and without the password in any word."""
    with nasty.server(behave) as port:
        begun, spent = time.monotonic(), time.thread_time()
        with pytest.raises(CameraUnreachable) as caught:
            knock(f"rtsp://admin:{WORD}@127.0.0.1:{port}/live", strict=True, patience=1.5)
        assert time.monotonic() - begun < 6
        assert time.thread_time() - spent < 0.5  # endless answers are not read to the end
    assert caught.value.reason == reason, why
    assert WORD not in f"{caught.value} {caught.value.args} {caught.value.__cause__}"


def test_nothing_listens() -> None:
    """A closed port and an unknown name are refused at once."""
    for host in (f"127.0.0.1:{free_port()}", "no-such-host.invalid"):
        with pytest.raises(CameraUnreachable) as caught:
            knock(f"rtsp://{host}/x")
        assert caught.value.reason == "refused"


def test_what_cannot_be_judged_is_let_through() -> None:
    """TLS is FFmpeg's business."""
    knock(f"rtsps://127.0.0.1:{free_port()}/x")


@pytest.mark.slow
def test_it_stops_when_told() -> None:
    """A camera that is taken away while it is waited for does not keep its thread."""
    with nasty.server(nasty.playing(nasty.silent)) as port:
        begun = time.monotonic()
        knock(f"rtsp://127.0.0.1:{port}/x", stop=lambda: time.monotonic() - begun > 0.5, patience=30)
        assert time.monotonic() - begun < 4


def test_the_answer_to_a_digest_is_that_of_the_standard() -> None:
    """The example of RFC 2617, without qop as RTSP cameras ask."""
    challenge = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc"'
    login = answer_to([challenge, 'Basic realm="x"'], "Mufasa", "Circle Of Life")
    assert login is not None
    said = login("GET", "/dir/index.html")
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in said
    assert 'opaque="5ccc"' in said


def test_what_no_user_or_no_known_scheme_can_answer() -> None:
    """Without a user, and for a digest that FFmpeg has not, there is no answer."""
    assert answer_to(['Basic realm="x"'], "", "") is None
    assert answer_to([SHA], "a", "b") is None


def watch(url: str) -> None:
    """FFmpeg's attempt, until the first packet."""
    come: list[object] = []
    read(url, on_stream=come.append, on_packet=lambda _, raw: come.append(raw), stop=lambda: len(come) > 1)


def test_a_packet_tells_what_it_carries() -> None:
    """RTP by its version and type; keyframes by the first bytes of the payload, behind an extension too."""
    head = bytes([0x80, 96]) + bytes(10)
    longer = bytes([0x91, 96]) + bytes(10) + bytes(4) + bytes([0, 0, 0, 1]) + bytes(4)
    idr, part, later, inter = b"\x65\x88\0\0\0", b"\x7c\x85\x88\0\0", b"\x7c\x05\x88\0\0", b"\x41\x9a\0\0\0"
    assert is_rtp(head + idr, 96)
    assert not is_rtp(head + idr, 97)
    assert not is_rtp(b"\x00" + head[1:] + idr, 96)
    assert [begins_picture(head + unit, "H264") for unit in (idr, part, later, inter)] == [
        True,
        True,
        False,
        False,
    ]
    assert begins_picture(longer + idr, "H264")
    assert begins_picture(head + b"\x40\x01\0\0\0", "H265")  # a video parameter set
    assert not begins_picture(head + b"\x02\x01\0\0\0", "H265")
    assert plausible(head + inter, "H264")
    assert not plausible(head + b"\xff\xff\xff", "H264")
    assert not plausible(head + b"\xff\xff\xff", "H265")


ATTEMPTS: tuple[Callable[[str], None], ...] = (knock, watch)

SHA = 'Digest realm="x", nonce="y", qop="auth", algorithm=SHA-256'
MD5 = 'Digest realm="x", nonce="y", qop="auth", algorithm=MD5'
BASIC = 'Basic realm="x"'
LOGINS = [
    ("the only one, and FFmpeg has it not", [SHA], False),
    ("Basic beside it: FFmpeg takes Digest all the same", [SHA, BASIC], False),
    ("of two digests FFmpeg takes the last, as RFC 7616 orders them", [SHA, MD5], True),
    ("in the other order it takes the one it has not", [MD5, SHA], False),
    ("without an algorithm it is MD5", ['Digest realm="x", nonce="y"'], True),
    ("with a session", ['Digest realm="x", nonce="y", algorithm=MD5-sess'], True),
    ("Basic alone", [BASIC], True),
    ("nothing that is known", ["Bearer"], False),
]


@pytest.mark.parametrize(("why", "challenges", "known"), LOGINS, ids=[row[0] for row in LOGINS])
def test_which_login_ffmpeg_can_answer(why: str, challenges: list[str], known: bool) -> None:
    """The choice among several challenges is FFmpeg's."""
    assert is_known(challenges) == known, why
    assert (answer_to(challenges, "admin", WORD) is not None) == known


@pytest.mark.slow
@pytest.mark.parametrize(("why", "challenges", "known"), LOGINS, ids=[row[0] for row in LOGINS])
def test_the_reason_of_a_refused_login(why: str, challenges: list[str], known: bool) -> None:
    """Knocking and FFmpeg say alike: the login is not known, or user and password are not accepted."""
    reason = "unauthorized" if known else "login-unknown"
    with nasty.server(nasty.asking(*challenges)) as port:
        url = f"rtsp://admin:{WORD}@127.0.0.1:{port}/live"
        for attempt in ATTEMPTS:
            with pytest.raises(CameraUnreachable) as caught:
                attempt(url)
            assert caught.value.reason == reason, why
            assert WORD not in f"{caught.value} {caught.value.args}"
        with pytest.raises(CameraUnreachable) as caught:
            knock(f"rtsp://127.0.0.1:{port}/live")
        assert caught.value.reason == "unauthorized", "no user is set"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("schemes", "opens"),
    [(("SHA-256", "Digest"), True), (("Digest", "SHA-256"), False), (("SHA-256",), False)],
)
async def test_the_right_password_where_sha_256_is_offered(
    tmp_path: Path, schemes: tuple[str, ...], opens: bool
) -> None:
    """A real server: in the order of RFC 7616 it plays by MD5; else the reason is the login, not the password."""
    clip = load(raw_clip(tmp_path / "a.h264", seconds=2))
    server = RtspServer({"cam": clip}, password=Password("admin", WORD, schemes=schemes))
    await server.start()
    try:
        url = f"rtsp://admin:{WORD}@127.0.0.1:{server.port}/cam"
        for attempt in ATTEMPTS:
            if opens:
                await asyncio.to_thread(attempt, url)
                continue
            with pytest.raises(CameraUnreachable) as caught:
                await asyncio.to_thread(attempt, url)
            assert caught.value.reason == "login-unknown"
    finally:
        await server.close()
