"""A real mosquitto on a free loopback port, with the limits the hub's own broker has."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGTERM, Signals

import pytest

MOSQUITTO = "/usr/sbin/mosquitto"


class Mosquitto:
    """One broker process with its own persistence folder; killed, hung and restarted at will."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {folder}/\nautosave_on_changes false\nautosave_interval 1\n"
            "max_queued_messages 200000\nmax_inflight_messages 2000\npersistent_client_expiration 1d\n"
            "sys_interval 1\nlog_type all\n" + ("user root\n" if os.geteuid() == 0 else "")
        )
        self._log = (folder / "mosquitto.log").open("ab")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self._config)], stdout=self._log, stderr=self._log
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("mosquitto did not start")

    def signal(self, number: Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self, number: Signals = SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(SIGCONT)
            self._process.send_signal(number)
            self._process.wait(10)
            self._process = None

    def close(self) -> None:
        self.stop(SIGKILL)
        self._log.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "mosquitto"
    folder.mkdir()
    server = Mosquitto(folder)
    server.start()
    yield server
    server.close()


def until(condition: Callable[[], bool], timeout: float = 10.0) -> None:
    """Wait until `condition()` is true; fail after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not true within {timeout} s"
        time.sleep(0.02)


@pytest.fixture
def wait_until() -> Callable[..., None]:
    return until
