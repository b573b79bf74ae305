"""Peer: PyAV, a thread per camera that decodes everything, every n-th picture to two onnxruntime workers.

    python -m bench.peers.pyav_full MODEL.onnx FPS URL…

Pictures that are looked at go straight from the decoder's planes to the model's size and colours.
"""

from __future__ import annotations

import sys
import time

import av
import av.error

from bench.peers.ssd import SIDE, Counts, Inference, framed, serve

OPTIONS = {"rtsp_transport": "tcp", "probesize": "100000", "analyzeduration": "500000"}
RECONNECT = 0.5


def main() -> None:
    """Until standard input ends."""
    model, fps, urls = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    counts = [Counts() for _ in urls]
    inference = Inference(model, counts)

    def read(camera: int) -> None:
        with av.open(urls[camera], options=OPTIONS, timeout=(5.0, 5.0)) as container:
            video = container.streams.video[0]
            video.thread_type, video.codec_context.thread_count = "NONE", 1
            scale = SIDE / max(video.width, video.height)
            width, height = round(video.width * scale), round(video.height * scale)
            step = max(1, round(float(video.average_rate or video.guessed_rate or 25) / fps))
            for number, frame in enumerate(container.decode(video)):
                counts[camera].decoded += 1
                if number % step == 0:
                    small = frame.reformat(width, height, "rgb24", interpolation="BILINEAR")
                    inference.put(camera, framed(small.to_ndarray()))

    def watch(camera: int) -> None:
        while True:
            try:
                read(camera)
            except av.error.FFmpegError as wrong:
                print(f"camera {camera}: {wrong}", file=sys.stderr, flush=True)
            time.sleep(RECONNECT)

    serve(counts, watch)


if __name__ == "__main__":
    main()
