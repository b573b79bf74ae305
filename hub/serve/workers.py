"""Workers: the camera worker processes of this machine, started, watched and restarted by `serve`."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

BACK_OFF = (0.2, 5.0)
"""Seconds before the first and the slowest restart of a worker that keeps dying."""
CALM = 30.0
"""A worker that lived this many seconds is restarted at once again."""
GRACE = 6.0
"""Seconds a worker has for a clean end; less than serve's own 10 s."""


class WorkerProcess:
    """One worker process. It holds a pipe from us: when we die, however, the pipe closes and it exits."""

    def __init__(self, name: str, *, serve_url: str, environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.restarts = 0
        self.pid: int | None = None
        self._serve_url = serve_url
        self._environment = dict(environment)
        self._folder = folder

    async def run(self) -> None:
        """Keep the process alive until this task is cancelled; then end it within GRACE seconds."""
        loop = asyncio.get_running_loop()
        pause = BACK_OFF[0]
        while True:
            started = loop.time()
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "hub",
                "worker",
                "--serve-url",
                self._serve_url,
                "--name",
                self.name,
                "--data",
                str(self._folder / self.name),
                stdin=asyncio.subprocess.PIPE,
                env={**os.environ, **self._environment},
                start_new_session=True,
            )
            self.pid = process.pid
            try:
                code = await process.wait()
            except asyncio.CancelledError:
                await _end(process)
                raise
            finally:
                self.pid = None
            self.restarts += 1
            if loop.time() - started > CALM:
                pause = BACK_OFF[0]
            log.warning("worker %s ended with %s; restarted in %.1f s", self.name, code, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, BACK_OFF[1])


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask the process to end, then make it."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), GRACE)
    except TimeoutError:
        log.warning("worker process %s did not end in %.0f s; killed", process.pid, GRACE)
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
