"""Raw: what decoding, a look for motion and inference cost alone, on one thread: no engine that does them is below.

    python -m bench.video.raw MODEL FILM

It works while an engine is measured beside it: on a machine with neighbours the same work costs half as much again
a minute later, and two busy cores are slower than one. One picture is decoded every 40 ms, as a camera sends them:
decoded in a row they cost a fifth to two fifths less, because all that a decoder needs is still in the caches, and no
camera can be decoded so. It begins with the first line of standard input; when that ends, one line of JSON says what
a picture and a look cost in the mean.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path

import av
import numpy as np
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from bench.peers.opencv_motion import Motion
from bench.peers.ssd import SIDE, Model, tensor
from bench.video.worker import ROOT

EVERY = 0.04
"""Seconds between two pictures."""
MOVES_EVERY, LOOKS_EVERY = 5, 25
"""Pictures between two looks of the motion gate, as of a peer, and between samples of the network: a tenth of a core
all together."""
WARM = 25
"""Pictures at the beginning that are not counted."""
WARM_LOOKS, LOOKS = 1, 2
"""Of a sample of the network, which looks at several cameras in a row; the first one is not counted."""
INFERENCES = 60
POLITE = 10
"""Who is measured goes first."""


@dataclass(frozen=True, slots=True)
class Alone:
    """What was found.

    Attributes:
        decode_ms: Milliseconds of processor time for one picture, by PyAV.
        inference_ms: The same for one look of the network, its input ready.
        motion_ms: The same for one look of the peer's motion gate, the picture's conversion included.
    """

    decode_ms: float
    inference_ms: float
    motion_ms: float = 0.0


class _Decoding:
    """A film, decoded again and again."""

    def __init__(self, film: Path) -> None:
        with av.open(str(film)) as container:
            video = container.streams.video[0]
            self._packets: Iterator[Packet[VideoStream]] = cycle(
                [packet for packet in container.demux(video) if packet.size]
            )
            decoder = VideoCodecContext.create(video.codec_context.name, "r")
            if not isinstance(decoder, VideoCodecContext):
                raise TypeError(f"{film} holds no video")
            decoder.extradata = video.codec_context.extradata
        decoder.thread_count = 1
        self._decoder = decoder

    def step(self, pictures: int) -> tuple[int, float]:
        """So many pictures more; how many came, and the seconds of processor time."""
        begun, came = time.thread_time(), 0
        while came < pictures:
            came += len(self._decoder.decode(next(self._packets)))
        return came, time.thread_time() - begun


class _Looking:
    """The network on one picture."""

    def __init__(self, model: Path) -> None:
        self._network = Model(str(model))
        self._picture = tensor(np.random.default_rng(1).integers(0, 255, (SIDE, SIDE, 3), np.uint8))

    def step(self, times: int) -> tuple[int, float]:
        """So many looks; the seconds of processor time."""
        begun = time.thread_time()
        for _ in range(times):
            self._network.run(self._picture)
        return times, time.thread_time() - begun


class _Moving:
    """The peer's motion gate on one picture of the film."""

    def __init__(self, film: Path) -> None:
        with av.open(str(film)) as container:
            self._picture = next(container.decode(video=0))
        self._motion = Motion()

    def step(self, times: int) -> tuple[int, float]:
        """So many looks; the seconds of processor time."""
        begun = time.thread_time()
        for _ in range(times):
            # OpenCV converts with the same library; a reformatter of its own would make its tables each time.
            picture = self._picture.reformat(format="bgr24", threads=1).to_ndarray()
            self._motion.seen(np.asarray(picture, np.uint8))
        return times, time.thread_time() - begun


def inference_ms(model: Path, times: int = INFERENCES) -> float:
    """Milliseconds of processor time for one look of the network now, its input ready."""
    looking = _Looking(model)
    looking.step(WARM_LOOKS)
    return 1000 * looking.step(times)[1] / times


def main() -> None:
    """Sample until standard input ends."""
    os.nice(POLITE)
    film = Path(sys.argv[2])
    decoding, looking, moving = _Decoding(film), _Looking(Path(sys.argv[1])), _Moving(film)
    ended = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        ended.set()

    print("ready", flush=True)
    sys.stdin.readline()
    threading.Thread(target=listen, daemon=True).start()
    decoding.step(WARM)
    looking.step(WARM_LOOKS)
    moving.step(WARM_LOOKS)
    pictures = looks = moves = 0
    decoded = looked = moved = 0.0
    due = time.monotonic()
    while not (ended.is_set() and looks):
        came, took = decoding.step(1)
        pictures, decoded = pictures + came, decoded + took
        if pictures % MOVES_EVERY == 0:
            came, took = moving.step(1)
            moves, moved = moves + came, moved + took
        if pictures % LOOKS_EVERY == 0:
            looking.step(WARM_LOOKS)
            came, took = looking.step(LOOKS)
            looks, looked = looks + came, looked + took
        due += EVERY
        ended.wait(max(0.0, due - time.monotonic()))
    found = Alone(1000 * decoded / pictures, 1000 * looked / looks, 1000 * moved / moves)
    print(json.dumps(asdict(found)), flush=True)


class Sampling:
    """The process that samples."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def begin(self) -> None:
        """From now on."""
        if self._process.stdin is None:
            raise RuntimeError("no pipe to the sampling process")
        self._process.stdin.write("begin\n")
        self._process.stdin.flush()

    def end(self) -> Alone:
        """What was found since."""
        told, _ = self._process.communicate(timeout=30)
        return Alone(**json.loads(told.splitlines()[-1]))


@contextmanager
def sampling(model: Path, film: Path) -> Iterator[Sampling]:
    """A process of its own, ready to begin."""
    command = [sys.executable, "-m", "bench.video.raw", str(model), str(film)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            if process.stdout is None or not process.stdout.readline():
                raise RuntimeError("the sampling process did not start")
            yield Sampling(process)
        finally:
            if process.poll() is None:
                process.kill()


if __name__ == "__main__":
    main()
