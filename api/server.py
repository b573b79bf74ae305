"""Server: uvicorn, set the way this app needs it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

SILENT: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""FastAPI's own telemetry stays off, whatever the environment says: requests name places and devices."""


class Server(uvicorn.Server):
    """Runs in a thread or in the main thread alike: signals belong to the composition root."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None is captured here."""
        yield


def server(app: FastAPI, *, log_level: str = "warning") -> Server:
    """A server for `app`; run it with `run(sockets=[listener])`, end it with `should_exit = True`."""
    config = uvicorn.Config(
        app,
        log_level=log_level,
        access_log=False,
        lifespan="on",
        server_header=False,
        date_header=True,
        ws_max_size=64_000,  # readers have nothing to say
        ws_per_message_deflate=False,  # an event is made into bytes once, not once per socket
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        timeout_graceful_shutdown=3,
        h11_max_incomplete_event_size=64_000,
    )
    return Server(config)


def listener(host: str, port: int) -> socket.socket:
    """A listening socket; raises OSError when the port is taken. Port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio sets TCP_NODELAY only then: without it small answers and pushes wait
    # some 40 ms for the peer's acknowledgement.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # a peer that takes nothing any more is let go (Linux)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000)
        sock.bind((host, port))
        sock.listen(512)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock
