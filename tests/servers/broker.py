"""Mosquitto: a real broker on a free loopback port, for tests, with the limits the hub's own broker has."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGTERM, Signals
from typing import Self

from tests.servers.ports import free_port, taken

PROGRAM = "/usr/sbin/mosquitto"


class Mosquitto:
    """Keeps sessions and queues in `folder`; use as a context manager, kill, hang and restart it at will."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {folder}/\nautosave_on_changes true\nautosave_interval 1\n"
            "max_queued_messages 200000\nmax_inflight_messages 2000\npersistent_client_expiration 1d\n"
            f"sys_interval 1\nlog_type all\nlog_dest file {folder}/mosquitto.log\n"
            + ("user root\n" if os.geteuid() == 0 else "")
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it takes clients."""
        self._process = subprocess.Popen([PROGRAM, "-c", str(self._config)], stderr=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            if taken(self.port):
                return
            time.sleep(0.02)
        raise AssertionError("mosquitto did not start within 10 s")

    def signal(self, number: Signals) -> None:
        """SIGSTOP hangs it with its connections open, SIGCONT lets it go on."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self, number: Signals = SIGTERM) -> None:
        """End it in order, or with SIGKILL as a power cut would; a hung one, too."""
        if self._process is not None:
            self._process.send_signal(SIGCONT)
            self._process.send_signal(number)
            self._process.wait(10)
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(SIGKILL)
