"""Child: a process that this one starts, watches and starts again when it dies; it ends with its parent.

The child holds the reading end of a pipe as its standard input and ends when the pipe closes, so that it never
outlives a parent that was killed (hub/parent.py).
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress

log = logging.getLogger(__name__)

BACK_OFF = (0.2, 5.0)
"""Seconds before the first and the slowest restart of a child that keeps dying."""
CALM = 30.0
"""A child that lived this many seconds is restarted at once again."""
GRACE = 6.0
"""Seconds a child has for a clean end; less than the hub's own 10 s."""


class Child:
    """One process, for as long as run() is not cancelled; `quiet`: what it prints is thrown away, errors are not."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        quiet: bool = False,
    ) -> None:
        self.name = name
        self.restarts = 0
        self.pid: int | None = None
        self._command = tuple(command)
        self._environment = dict(environment or {})
        self._output = asyncio.subprocess.DEVNULL if quiet else None

    async def run(self) -> None:
        """Keep the process alive until this task is cancelled; then end it within GRACE seconds."""
        loop = asyncio.get_running_loop()
        pause = BACK_OFF[0]
        while True:
            started = loop.time()
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=self._output,
                env={**os.environ, **self._environment},
                start_new_session=True,  # Ctrl-C is for the hub, which ends its children in order
            )
            self.pid = process.pid
            try:
                code = await process.wait()
            except asyncio.CancelledError:
                await end(process)
                raise
            finally:
                self.pid = None
            self.restarts += 1
            if loop.time() - started > CALM:
                pause = BACK_OFF[0]
            log.warning("%s ended with %s; started again in %.1f s", self.name, code, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, BACK_OFF[1])


async def end(process: asyncio.subprocess.Process) -> None:
    """Ask the process to end, then make it."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), GRACE)
    except TimeoutError:
        log.warning("process %s did not end in %.0f s; killed", process.pid, GRACE)
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
