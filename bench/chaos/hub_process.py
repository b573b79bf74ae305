"""Hub process: `python -m hub serve` as an operator starts it, and kill -9 as a power cut does it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from bench.chaos.county import PASSWORD
from bench.processes import command_line, kill, tree

ROOT = Path(__file__).parents[2]
READY = 90.0
"""Seconds for a start on a machine that has much else to do."""


class HubProcess:
    """One hub on one data folder, started again and again."""

    def __init__(self, data: Path, port: int, broker_url: str = "") -> None:
        self.data = data
        self.port = port
        self.base = f"http://127.0.0.1:{port}/api/v1"
        self.log = data.parent / f"{data.name}.log"
        self._environment = {
            **os.environ,
            "HUB_DATA": str(data),
            "HUB_ADMIN_PASSWORD": PASSWORD,
            "HUB_BROKER_URL": broker_url,
            "HUB_LOG": "warning",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def apply(self, registry: str) -> None:
        """The registry, into the folder, before the first start."""
        command = [sys.executable, "-m", "hub", "apply", "-"]
        subprocess.run(
            command, cwd=ROOT, env=self._environment, input=registry.encode(), check=True, timeout=60,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def start(self) -> None:
        """Start it; ready() tells when it is."""
        (self.data / "run.json").unlink(missing_ok=True)  # of the life before
        command = [sys.executable, "-m", "hub", "serve", "--port", str(self.port), "--workers", "0"]
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )

    def ready(self) -> bool:
        """Whether it has said so; RuntimeError when it ended by itself."""
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"the hub ended by itself:\n{self.log.read_text(errors='replace')[-3000:]}")
        return (self.data / "run.json").exists()

    def wait_ready(self) -> float:
        """Seconds from now until it is ready."""
        begun = time.monotonic()
        while not self.ready():
            if time.monotonic() - begun > READY:
                raise TimeoutError(f"not ready within {READY:g} s: {self.log}")
            time.sleep(0.02)
        return time.monotonic() - begun

    def broker(self) -> str:
        """The address of the broker it uses; once it is ready."""
        return str(json.loads((self.data / "run.json").read_text())["mqtt"])

    def kill(self) -> None:
        """Kill -9 of it and of everything it started, at once; RuntimeError when something is left."""
        if self._process is None:
            return
        family = tree(self._process.pid)
        kill(family)
        self._process.wait(10)
        end = time.monotonic() + 5
        while left := [pid for pid in family if command_line(pid)]:
            if time.monotonic() > end:
                raise RuntimeError(f"still there after the kill: {left}")
            time.sleep(0.01)

    def kill_broker(self) -> bool:
        """Kill -9 of the hub's own mosquitto alone; False when it had none at this moment."""
        pids = [] if self._process is None else tree(self._process.pid)
        found = [pid for pid in pids if command_line(pid).startswith(("mosquitto", "/usr/sbin/mosquitto"))]
        kill(found)
        return bool(found)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            return self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
