"""One GStreamer RTSP server with all streams for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.clips import jpeg_pictures, raw_clip, raw_pictures
from tests.servers.rtsp import GstServer


@pytest.fixture(scope="session")
def rtsp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GstServer]:
    """Streams `h264`, `h265`, `mjpeg` (rising stamps, 320×240, 25 fps, a keyframe a second) and `still-stamps`."""
    folder = tmp_path_factory.mktemp("clips")
    h264, h265 = raw_clip(folder / "a.h264"), raw_clip(folder / "a.h265")
    streams = {"h264": raw_pictures(h264), "h265": raw_pictures(h265), "still-stamps": h264}
    streams["mjpeg"] = jpeg_pictures(folder / "a.jpeg")
    with GstServer(streams) as server:
        yield server
