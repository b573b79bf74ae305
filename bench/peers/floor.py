"""Floor: decoding and inference at the pace of cameras, and nothing else: what no engine that does both can be below.

    python -m bench.peers.floor MODEL.onnx FPS FILM…

A thread per camera decodes its film's packets out of memory, one every 40 ms, as a camera sends them; of every n-th
picture two workers know that it is there, and look at one that was made before. Nothing is received, scaled, sorted
out or followed. A loop without pauses would cost less than any camera ever can: between two pictures others use the
caches and the processor rests.
"""

from __future__ import annotations

import random
import sys
import time
from itertools import cycle

import av
import numpy as np
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream
from numpy.typing import NDArray

from bench.peers.ssd import SIDE, Counts, Inference, Model, Picture, serve, tensor

RATE = 25.0
"""Pictures a second of every film."""


class Bare(Model):
    """The network alone, on a picture that was made before."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._ready = tensor(np.random.default_rng(1).integers(0, 255, (SIDE, SIDE, 3), np.uint8))

    def boxes(self, rgb: Picture) -> NDArray[np.float32]:  # noqa: ARG002 - not looked at
        """Nothing is made of what it says."""
        self.run(self._ready)
        return np.zeros((0, 5), np.float32)


def opened(film: str) -> tuple[VideoCodecContext, list[Packet[VideoStream]]]:
    """A decoder of one thread, and what it is to decode."""
    with av.open(film) as container:
        video = container.streams.video[0]
        packets = [packet for packet in container.demux(video) if packet.size]
        decoder = VideoCodecContext.create(video.codec_context.name, "r")
        if not isinstance(decoder, VideoCodecContext):
            raise TypeError(f"{film} holds no video")
        decoder.extradata = video.codec_context.extradata
    decoder.thread_count = 1
    return decoder, packets


def main() -> None:
    """Until standard input ends."""
    model, fps, films = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    counts = [Counts() for _ in films]
    inference = Inference(model, counts, model=Bare)
    nothing = np.zeros((0, 0, 3), np.uint8)
    step = max(1, round(RATE / fps))

    def watch(camera: int) -> None:
        decoder, packets = opened(films[camera])
        begun = time.monotonic() + random.uniform(0, 1 / RATE)  # noqa: S311 - cameras do not send in step
        for number, packet in enumerate(cycle(packets)):
            time.sleep(max(0.0, begun + number / RATE - time.monotonic()))
            counts[camera].decoded += len(decoder.decode(packet))
            if number % step == 0:
                inference.put(camera, nothing)

    serve(counts, watch)


if __name__ == "__main__":
    main()
