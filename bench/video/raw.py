"""Raw: what decoding and inference cost alone, on one thread: below that no engine that does them can be."""

from __future__ import annotations

import time
from pathlib import Path

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from bench.peers.ssd import SIDE, Model, tensor

PICTURES = 500
INFERENCES = 60


def decode_ms(film: Path, pictures: int = PICTURES) -> float:
    """Milliseconds of processor time to decode one picture of a film, by PyAV."""
    with av.open(str(film)) as container:
        video = container.streams.video[0]
        packets = [packet for packet in container.demux(video) if packet.size][:pictures]
        decoder = VideoCodecContext.create(video.codec_context.name, "r")
        if not isinstance(decoder, VideoCodecContext):
            raise TypeError(f"{film} holds no video")
        decoder.extradata = video.codec_context.extradata
        decoder.thread_count = 1
        begun = time.thread_time()
        decoded = 0
        for packet in (*packets, None):
            decoded += len(decoder.decode(packet))
        return 1000 * (time.thread_time() - begun) / max(decoded, 1)


def inference_ms(model: Path, times: int = INFERENCES) -> float:
    """Milliseconds of processor time for one look of the network, its input ready."""
    network = Model(str(model))
    picture = tensor(np.random.default_rng(1).integers(0, 255, (SIDE, SIDE, 3), np.uint8))
    network.run(picture)
    begun = time.thread_time()
    for _ in range(times):
        network.run(picture)
    return 1000 * (time.thread_time() - begun) / times
