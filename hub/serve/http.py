"""HTTP server: uvicorn on a socket that was taken before anything else starts."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from ingest.errors import InvalidSetting

GRACE = 3
"""Seconds that open requests and websockets have at the end."""


def take_port(host: str, port: int) -> socket.socket:
    """A socket bound to host:port; raises InvalidSetting naming the port when somebody has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen(2048)
    except OSError as wrong:
        taken.close()
        raise InvalidSetting(
            f"port {port} on {host} cannot be taken ({wrong.strerror})",
            where="--port",
            mend="end the program that has it, or choose another with --port or HUB_PORT",
        ) from wrong
    taken.setblocking(False)
    return taken


def address_of(taken: socket.socket) -> str:
    """`http://127.0.0.1:8000`: where a person on this machine finds it."""
    host, port = taken.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class HttpServer(uvicorn.Server):
    """uvicorn, whose signals are the composition root's business."""

    def __init__(self, app: FastAPI, *, lifespan: bool = True) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="on" if lifespan else "off",
                ws="websockets-sansio",
                ws_max_size=1_000_000,
                timeout_graceful_shutdown=GRACE,
                server_header=False,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: SIGTERM and SIGINT end the whole hub in order, not the HTTP server first."""
        yield

    async def wait_started(self) -> bool:
        """Whether it takes requests; returns early when it gave up. Bound the wait with asyncio.timeout()."""
        while not self.started and not self.should_exit:  # noqa: ASYNC110 - uvicorn has a flag, no event
            await asyncio.sleep(0.02)
        return self.started
