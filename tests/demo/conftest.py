"""Clips of every codec, and the demo's RTSP server that shows them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.rtsp_server import SECONDS, Server
from tests.servers.clips import jpeg_clip, raw_clip


@pytest.fixture(scope="session")
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


@pytest.fixture
def server(clips: dict[str, Path]) -> Iterator[Server]:
    """Without a password."""
    server = Server(clips)
    yield server
    said = server.close()
    assert "Traceback" not in said, said
