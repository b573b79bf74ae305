"""Web: the worker's HTTP app on a free loopback port, in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import uvicorn
from fastapi import FastAPI

from api.server import listener


class _Calm(uvicorn.Server):
    """Sleeps until it is asked or told to end.

    As it comes it wakes ten times a second to look whether it shall end: as dear as a quarter of a quiet camera.
    """

    _wake: Callable[[], object] | None = None

    async def main_loop(self) -> None:
        """Until `end`."""
        await self.on_tick(0)  # the headers of every answer
        loop, ending = asyncio.get_running_loop(), asyncio.Event()
        self._wake = partial(loop.call_soon_threadsafe, ending.set)
        if not self.should_exit:
            await ending.wait()

    def end(self) -> None:
        """From any thread."""
        self.should_exit = True
        if self._wake is not None:
            with suppress(RuntimeError):  # it has ended already
                self._wake()


class WebServer:
    """One uvicorn server; `announce` is the name by which `serve` reaches `host`, where the two differ."""

    def __init__(self, app: FastAPI, *, host: str = "127.0.0.1", port: int = 0, announce: str = "") -> None:
        self._socket = listener(host, port)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="off",
            date_header=False,  # told once, it would grow old
            timeout_graceful_shutdown=2,
        )
        self._server = _Calm(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="web", daemon=True
        )
        self.address = f"http://{announce or host}:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self, timeout: float = 3.0) -> None:
        """Let running answers end, within `timeout` seconds."""
        self._server.end()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        self._socket.close()
