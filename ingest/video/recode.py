"""Recode: a clip becomes pictures, and pictures become a clip; for copies that are shown, never for originals.

Nothing here is in a hurry: one thread decodes and one encodes, in a process of its own (hub/recoder.py).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import cast

import av
import av.error
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from ingest.errors import EvidenceNone

LONGEST = 1280
"""Pixels of a shown clip's longer side: what a person on a screen looks at; a larger camera is made smaller."""
CLOCK = Fraction(1, 90_000)
"""Seconds per unit of the written time stamps."""
ENCODER = {"preset": "veryfast", "crf": "25", "bf": "0", "g": "50", "threads": "1"}
"""Without B-frames, and a keyframe every 50 pictures, so that a browser jumps quickly."""

INDEX_BYTES = 48
"""Room per picture for the index at the front of the file, so that a browser can start before the end and jump."""

Picture = tuple[float, NDArray[np.uint8]]
"""Seconds since the clip's first picture, and the picture: uint8 (height, width, 3), BGR."""


def pictures(clip: bytes, every: float = 0.0, longest: int = LONGEST) -> Iterator[Picture]:
    """The clip's pictures, at most one in `every` seconds; at most `longest` pixels long, sides even.

    Raises EvidenceNone when the clip cannot be decoded at all; damaged pictures inside are left out.
    """
    first: float | None = None
    due = 0.0
    try:
        with av.open(io.BytesIO(clip), "r") as container:
            stream = container.streams.video[0]
            stream.thread_count = 1
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except av.error.FFmpegError:
                    continue
                for frame in frames:
                    if frame.pts is None or frame.time_base is None:
                        continue
                    moment = float(frame.pts * frame.time_base)
                    first = moment if first is None else first
                    seconds = moment - first
                    if seconds >= due:
                        due = max(due + every, seconds + every / 2) if every else 0.0
                        yield seconds, _plain(frame, longest)
    except (av.error.FFmpegError, IndexError, ValueError) as wrong:
        raise EvidenceNone(f"the clip cannot be decoded: {wrong}") from wrong
    if first is None:
        raise EvidenceNone("the clip has no picture that can be decoded")


def _plain(frame: VideoFrame, longest: int) -> NDArray[np.uint8]:
    scale = min(1.0, longest / max(frame.width, frame.height))
    width, height = (max(2, round(side * scale / 2) * 2) for side in (frame.width, frame.height))
    picture = frame.to_ndarray(format="bgr24", width=width, height=height)
    return cast("NDArray[np.uint8]", picture)


def length(clip: bytes) -> int:
    """How many pictures a clip has at most; EvidenceNone when it is none."""
    try:
        with av.open(io.BytesIO(clip), "r") as container:
            return sum(1 for packet in container.demux(video=0) if packet.size)
    except (av.error.FFmpegError, IndexError, ValueError) as wrong:
        raise EvidenceNone(f"the clip cannot be read: {wrong}") from wrong


def encode(shown: Iterable[Picture], at_most: int) -> bytes:
    """An MP4 (H.264) of up to `at_most` pictures of one size; EvidenceNone when there is none."""
    file = io.BytesIO()
    options = {"moov_size": str(8000 + INDEX_BYTES * at_most)}
    last = -1
    with av.open(file, "w", format="mp4", options=options) as out:
        stream = out.add_stream("libx264", rate=25, options=dict(ENCODER))
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = CLOCK
        for seconds, image in shown:
            if last < 0:
                stream.height, stream.width = image.shape[:2]
            frame = VideoFrame.from_ndarray(image, format="bgr24")
            last = max(last + 1, round(seconds / CLOCK))
            frame.pts, frame.time_base = last, CLOCK
            out.mux(stream.encode(frame))
        if last >= 0:
            out.mux(stream.encode(None))
    if last < 0:
        raise EvidenceNone("a clip without pictures")
    return file.getvalue()
