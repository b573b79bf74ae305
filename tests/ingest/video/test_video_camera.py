"""Camera: comes back by itself, says what is wrong, and never tells its password."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import av
import pytest

from ingest.errors import EvidenceNone
from ingest.frame import Frame
from ingest.glance import Glance
from ingest.packet import Packet
from ingest.video.camera import Camera
from ingest.video.health import CameraHealth
from ingest.video.original import Original
from tests.servers import nasty
from tests.servers.clips import raw_clip, raw_pictures
from tests.servers.ports import free_port
from tests.servers.rtsp import GstServer
from tests.servers.wait import wait_until

pytestmark = pytest.mark.slow


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def running(
    url: str, *, fps: float = 5, take: bool = True, transport: Literal["tcp", "udp"] = "tcp"
) -> Iterator[tuple[Camera, list[Frame]]]:
    frames: list[Frame] = []

    def on_frame(frame: Frame) -> bool:
        frames.append(frame)
        return take

    camera = Camera("cam", url, fps=fps, transport=transport, on_frame=on_frame, clock=now)
    camera.start()
    try:
        yield camera, frames
    finally:
        camera.stop(8)


def health(camera: Camera) -> CameraHealth:
    return camera.health(now())


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("name", ["h264", "h265", "mjpeg"])
def test_frames_stills_and_clips(rtsp: GstServer, name: str, transport: Literal["tcp", "udp"]) -> None:
    """A running camera hands on its rate, shows its newest keyframe and cuts a clip that plays."""
    with running(rtsp.url(name), transport=transport) as (camera, frames):
        wait_until(lambda: len(frames) >= 15, within=15, what="15 frames")
        seen = health(camera)
        still = camera.latest_keyframe()
        end = now()
        clip = camera.clip(end - timedelta(seconds=2), end)
    assert (seen.state, seen.reason, seen.width) == ("online", None, 320)
    assert seen.codec == {"h265": "hevc"}.get(name, name)
    assert seen.received >= seen.decoded >= 15
    assert (len(frames) - 1) / frames[-1].pts == pytest.approx(5, abs=0.5)
    assert still is not None
    assert still.image.shape == (240, 320, 3)
    assert end - still.at < timedelta(seconds=3)
    with av.open(io.BytesIO(clip), "r") as container:
        assert 45 <= sum(1 for _ in container.decode(video=0)) <= 85


def test_frames_that_nobody_takes_are_counted(rtsp: GstServer) -> None:
    """on_frame that answers false is a dropped frame, and the camera goes on."""
    with running(rtsp.url("h264"), take=False) as (camera, _):
        wait_until(lambda: health(camera).dropped >= 3, within=10, what="3 dropped frames")
        assert health(camera).state == "online"


def test_glances_and_taps(rtsp: GstServer) -> None:
    """Every keyframe is seen small and grey; who taps gets every packet until the tap is off."""
    glances: list[Glance] = []
    camera = Camera(
        "cam", rtsp.url("h264"), fps=5, on_frame=lambda _: True, clock=now, on_glance=glances.append
    )
    tapped: list[Packet] = []
    assert (camera.info, camera.recent_gop()) == (None, ())
    off = camera.tap(tapped.append)
    camera.start()
    try:
        wait_until(lambda: len(glances) >= 3, within=15, what="3 glances")
        wait_until(lambda: len(tapped) >= 50, within=5, what="50 packets")
        info, gop = camera.info, camera.recent_gop()
        off()
        off()
        seen = len(tapped)
        wait_until(lambda: len(glances) >= 5, within=5, what="glances after the tap is off")
    finally:
        camera.stop(8)
    assert len(tapped) <= seen + 1
    assert info is not None
    assert gop[0].keyframe
    assert {each.grey.shape for each in glances} == {(90, 160)}
    assert all(each.grey.std() > 20 for each in glances)  # the test picture, not grey


def test_a_clip_of_another_time_is_none(rtsp: GstServer) -> None:
    """Before the first packet, and for a time that is no longer kept, there is no clip."""
    with running(rtsp.url("h264")) as (camera, frames):
        with pytest.raises(EvidenceNone):
            camera.clip(now() - timedelta(seconds=5), now())
        assert camera.latest_keyframe() is None
        wait_until(lambda: bool(frames), within=10, what="a frame")
        with pytest.raises(EvidenceNone):
            camera.clip(now() + timedelta(seconds=50), now() + timedelta(seconds=60))


def test_the_main_stream_is_kept_for_clips(rtsp: GstServer, tmp_path: Path) -> None:
    """The substream is looked at and the clip is the main stream's; when that is away the substream's stands in."""
    main = raw_pictures(raw_clip(tmp_path / "m.h264", size="640x480", seconds=2))
    with GstServer({"main": main}) as other:
        original = Original("cam", other.url("main"), clock=now, ring_seconds=4.0)
        frames: list[Frame] = []

        def take(frame: Frame) -> bool:
            frames.append(frame)
            return True

        camera = Camera(
            "cam",
            rtsp.url("h265"),
            fps=5,
            ring_seconds=4.0,
            clock=now,
            original=original,
            on_frame=take,
        )
        camera.start()
        try:
            wait_until(lambda: len(frames) >= 12, within=15, what="frames")
            wait_until(lambda: size_of(camera) == ("h264", 640), within=8, what="a clip of the main stream")
            assert camera.original_away(now()) is None
            assert frames[-1].image.shape[:2] == (240, 320)
            other.stop()
            wait_until(
                lambda: camera.original_away(now()) is not None, within=12, what="the main stream's loss"
            )
            assert size_of(camera) == ("hevc", 320)
            assert health(camera).state == "online"
        finally:
            assert camera.stop(8)


def size_of(camera: Camera) -> tuple[str, int]:
    """Codec and width of the clip of the last second."""
    end = now()
    with av.open(io.BytesIO(camera.clip(end - timedelta(seconds=1), end)), "r") as container:
        video = container.streams.video[0]
        return video.codec_context.name, video.width


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_it_says_that_it_is_away_and_comes_back(
    how: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Away for 12 s: offline 10 s after the last packet, frames again within 10 s of the return, no password said."""
    caplog.set_level(logging.DEBUG)
    clip = raw_pictures(raw_clip(tmp_path / "c.h264", seconds=2))
    with (
        GstServer({"cam": clip}) as server,
        running(server.url("cam", "admin:s3cr3t-word")) as (camera, frames),
    ):
        wait_until(lambda: len(frames) > 3, within=10, what="frames")
        if how == "killed":
            server.stop()
        else:
            server.freeze(frozen=True)
        wait_until(lambda: health(camera).state == "offline", within=12, what="offline")
        away = health(camera)
        assert away.reason in {"ended", "refused", "timeout"}
        assert away.last_packet_at is not None
        assert away.since - away.last_packet_at == timedelta(seconds=10)
        if how == "killed":
            server.start()
        else:
            server.freeze(frozen=False)
        back = time.monotonic()
        before = len(frames)
        wait_until(lambda: len(frames) > before, within=10, what="frames after the return")
        assert time.monotonic() - back < 10
        wait_until(lambda: health(camera).state == "online", within=2, what="online")
        assert health(camera).reconnects >= 1
    assert "s3cr3t" not in caplog.text + repr(away)


def test_stopping_takes_no_longer_than_the_timeouts(rtsp: GstServer) -> None:
    """While packets come it ends at the next one; facing a silent server, when the open times out."""
    with running(rtsp.url("h264")) as (camera, frames):
        wait_until(lambda: bool(frames), within=10, what="a frame")
        begun = time.monotonic()
        assert camera.stop(5)
        assert time.monotonic() - begun < 1
    with nasty.server(nasty.silent) as port, running(f"rtsp://127.0.0.1:{port}/x") as (camera, _):
        time.sleep(0.5)
        assert camera.stop(7)


REASONS = [(nasty.html, "not-rtsp"), (nasty.unauthorized, "unauthorized"), (nasty.closes, "refused")]


@pytest.mark.parametrize(("behave", "reason"), REASONS, ids=[row[1] for row in REASONS])
def test_health_gives_the_reason(behave: nasty.Behaviour, reason: str) -> None:
    """Health shows what read() found out, in a slug and in words."""
    with nasty.server(behave) as port, running(f"rtsp://admin:s3cr3t@127.0.0.1:{port}/x") as (camera, _):
        wait_until(lambda: health(camera).state == "offline", within=5, what="offline")
        seen = health(camera)
    assert seen.reason == reason
    assert seen.message
    assert "s3cr3t" not in seen.message


def test_a_closed_port_is_tried_again_without_hurry(caplog: pytest.LogCaptureFixture) -> None:
    """Attempts pause longer and longer, and the log says the cause once, not once per attempt."""
    with running(f"rtsp://127.0.0.1:{free_port()}/x") as (camera, _):
        wait_until(lambda: health(camera).reason == "refused", within=5, what="refused")
        time.sleep(2.5)
    assert sum("nothing listens there" in record.message for record in caplog.records) == 1
