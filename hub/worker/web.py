"""Web: the worker's HTTP app on a free loopback port, in a thread."""

from __future__ import annotations

import threading

import uvicorn
from fastapi import FastAPI

from api.server import listener


class WebServer:
    """One uvicorn server; `announce` is the name by which `serve` reaches `host`, where the two differ."""

    def __init__(self, app: FastAPI, *, host: str = "127.0.0.1", port: int = 0, announce: str = "") -> None:
        self._socket = listener(host, port)
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="web", daemon=True
        )
        self.address = f"http://{announce or host}:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self, timeout: float = 3.0) -> None:
        """Let running answers end, within `timeout` seconds."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(timeout)
        self._socket.close()
