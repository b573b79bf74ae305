"""Server: the demo's RTSP server as a process of its own, whose processor time is nobody's here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.video.films import FPS, GOP
from bench.video.worker import ROOT


class Server:
    """A running server.

    Attributes:
        url: `rtsp://127.0.0.1:PORT/`; the streams are below it by name.
        pid: Of the process.
    """

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self.pid = pid


@contextmanager
def serving(streams: Mapping[str, Path]) -> Iterator[Server]:
    """Name → film, each an endless camera; their keyframes are spread over a GOP, as those of real cameras are."""
    command = [sys.executable, "-m", "hub.demo.rtsp", "--with-parent", "--spread", str(GOP / FPS)]
    for name, path in streams.items():
        command += ["--stream", f"{name}={path}"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the RTSP server has no pipes")
        try:
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError("the RTSP server did not start")
            yield Server(url, process.pid)
        finally:
            process.stdin.close()
            process.terminate()
            process.wait(10)
