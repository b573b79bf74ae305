"""Worker: `python -m hub worker` as a real process, started and ended from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

from bench.video.assignments import TOKEN

ROOT = Path(__file__).parents[2]


class WorkerProcess:
    """One worker; its standard input is a pipe that the caller holds, as `serve` would."""

    def __init__(
        self, serve_url: str, data: Path, *, models: Path | None = None, name: str = "w1", threads: int = 0
    ) -> None:
        command = [sys.executable, "-m", "hub", "worker", "--serve-url", serve_url, "--name", name]
        command += ["--data", str(data), "--threads", str(threads)]
        if models is not None:
            command += ["--models", str(models)]
        self.log = data / "worker.log"
        data.mkdir(parents=True, exist_ok=True)
        self._out = self.log.open("ab")
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "HUB_WORKER_TOKEN": TOKEN},
            stdin=subprocess.PIPE,
            stdout=self._out,
            stderr=self._out,
        )

    def text(self) -> str:
        """Everything it logged."""
        return self.log.read_text()

    def close_pipe(self) -> None:
        """What happens when the parent dies."""
        if self.process.stdin is not None:
            self.process.stdin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        self.close_pipe()
        self._out.close()
