"""HTTP: the port that `serve` listens on, taken before anything else starts."""

from __future__ import annotations

import socket

from api.server import listener
from ingest.errors import InvalidSetting


def take_port(host: str, port: int) -> socket.socket:
    """A listening socket; raises InvalidSetting naming the port when somebody has it."""
    try:
        return listener(host, port)
    except OSError as wrong:
        raise InvalidSetting(
            f"port {port} on {host} cannot be taken ({wrong.strerror})",
            where="--port",
            mend="end the program that has it, or choose another with --port or HUB_PORT",
        ) from wrong


def address_of(taken: socket.socket) -> str:
    """`http://127.0.0.1:8000`: where a person on this machine finds it."""
    host, port = taken.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
