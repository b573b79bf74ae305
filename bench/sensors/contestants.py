"""Contestants: what reads the same broker, judges by the same rule and hands on to a websocket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.chaos.county import PASSWORD
from bench.peers import node_red
from bench.processes import free_port
from bench.sensors.county import topic

ROOT = Path(__file__).parents[2]
READY = 60.0
STORED, UNSTORED, LOOP, PUSHING, NODE_RED = (
    "hub", "hub, nothing stored", "bare paho loop", "bare paho loop and websocket", "Node-RED",
)  # fmt: skip
NAMES = (STORED, UNSTORED, LOOP, PUSHING, NODE_RED)
"""In the order of the tables."""
EVERY = topic(0).replace("bench-0", "+")
ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Running:
    """One that is ready.

    Attributes:
        pid: Of its process.
        websocket: Where readings are pushed; empty: nowhere.
        token: To be shown there.
    """

    pid: int
    websocket: str = ""
    token: str = ""


@contextmanager
def started(name: str, folder: Path, broker: str, registry: str) -> Iterator[Running]:
    """The contestant of this name, in this folder."""
    makers: dict[str, Callable[[Path, str, str], Iterator[Running]]] = {
        STORED: _hub, UNSTORED: _unstored, LOOP: _loop, PUSHING: _pushing, NODE_RED: _node_red,
    }  # fmt: skip
    yield from makers[name](folder, broker, registry)


def _hub(folder: Path, broker: str, registry: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "hub", "serve", "--workers", "0", "--port", "0"]
    yield from _serving(command, folder, broker, registry)


def _unstored(folder: Path, broker: str, registry: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "bench.sensors.unstored", broker, str(folder)]
    yield from _serving(command, folder, broker, registry)


def _serving(command: list[str], folder: Path, broker: str, registry: str) -> Iterator[Running]:
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("HUB_")},
        "HUB_DATA": str(folder),
        "HUB_BROKER_URL": broker,
        "HUB_ADMIN_PASSWORD": PASSWORD,
        "HUB_LOG": "warning",
    }
    apply = [sys.executable, "-m", "hub", "apply", "-"]
    subprocess.run(
        apply, cwd=ROOT, env=environment, input=registry.encode(), check=True, timeout=60, stdout=subprocess.DEVNULL
    )  # fmt: skip
    with _process(command, environment) as process:
        line = _line(process)
        while not line.startswith("ready "):  # its own first lines come before
            line = _line(process)
        base = f"{line.split()[1].rstrip('/')}/api/v1"
        login = {"username": ADMIN, "password": PASSWORD}
        answer = httpx.post(f"{base}/auth/login", json=login, timeout=20).raise_for_status().json()
        time.sleep(2.5)  # the session of life safety has changed over
        yield Running(
            process.pid,
            f"{base.replace('http', 'ws', 1)}/readings/ws?batch=true",
            str(answer["access_token"]),
        )


def _loop(_folder: Path, broker: str, _registry: str) -> Iterator[Running]:
    with _process([sys.executable, "-m", "bench.peers.bare_paho", broker, EVERY]) as process:
        _line(process)
        yield Running(process.pid)


def _pushing(_folder: Path, broker: str, _registry: str) -> Iterator[Running]:
    port = free_port()
    with _process([sys.executable, "-m", "bench.peers.bare_paho", broker, EVERY, str(port)]) as process:
        _line(process)
        yield Running(process.pid, f"ws://127.0.0.1:{port}")


def _node_red(folder: Path, broker: str, _registry: str) -> Iterator[Running]:
    port = free_port()
    with _process(node_red.command(folder, broker, EVERY, port)) as process:
        end = time.monotonic() + READY
        while time.monotonic() < end:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        time.sleep(1.5)  # its flows start after its server
        yield Running(process.pid, f"ws://127.0.0.1:{port}/readings")


@contextmanager
def _process(
    command: list[str], environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment or dict(os.environ), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        if process.stdout:
            process.stdout.close()


def _line(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError(f"a contestant ended at its start, with {process.wait(5)}")
    return line.strip()
