"""Remux: packets become an MP4 file without being decoded: the picture bits are the camera's own."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import av.error

from ingest.errors import EvidenceNone
from ingest.packet import Packet
from ingest.video.stream import StreamInfo
from ingest.video.timeline import Timeline

INDEX_BYTES = 32
"""Room per picture for the index at the front of the file, so that a browser can start before the end."""


def remux(info: StreamInfo, packets: tuple[Packet, ...]) -> bytes:
    """An MP4 of `packets` (whole GOPs, the first a keyframe) that starts at 0.

    Raises EvidenceNone when there are no packets or the codec cannot stand in an MP4.
    """
    if not packets:
        raise EvidenceNone("nothing of that time is kept")
    time_base = Fraction(info.time_base).limit_denominator(1_000_000)
    timeline = Timeline(info.time_base)
    file = io.BytesIO()
    try:
        with av.open(
            file, "w", format="mp4", options={"moov_size": str(8000 + INDEX_BYTES * len(packets))}
        ) as out:
            stream = out.add_mux_stream(info.codec, rate=25, width=info.width, height=info.height)
            stream.time_base = time_base
            for i, packet in enumerate(packets):
                # The muxer reads the parameter sets from the first packet where the stream has none.
                data = info.extradata + packet.data if i == 0 else packet.data
                raw = av.Packet(data)
                raw.pts, raw.dts = timeline.place(packet.pts, packet.dts, packet.at)
                raw.time_base = time_base
                raw.is_keyframe = packet.keyframe
                raw.stream = stream
                out.mux(raw)
    except (av.error.FFmpegError, ValueError) as wrong:
        raise EvidenceNone(f"{info.codec} cannot be written as MP4: {wrong}") from wrong
    return file.getvalue()
