"""Glance: a keyframe becomes a small grey picture through a decoder that lives only for it."""

from __future__ import annotations

from typing import cast

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from ingest.glance import HEIGHT, WIDTH, Glance
from ingest.packet import Packet
from ingest.video.decode import Decoder
from ingest.video.stream import StreamInfo


def small(frame: VideoFrame) -> NDArray[np.uint8]:
    """uint8 (90, 160), grey: each pixel the mean of those it stands for."""
    grey = frame.reformat(WIDTH, HEIGHT, "gray", interpolation=Interpolation.AREA)
    return cast("NDArray[np.uint8]", grey.to_ndarray())


def glance(device: str, info: StreamInfo, keyframe: Packet) -> Glance | None:
    """`keyframe` seen small; None when it cannot be decoded."""
    decoder = Decoder(info)
    frames = [frame for frame, _ in decoder.feed(keyframe)] + decoder.drain()
    if not frames:
        return None
    return Glance(device, keyframe.pts * keyframe.time_base, keyframe.at, small(frames[0]))
