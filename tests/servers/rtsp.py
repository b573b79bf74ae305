"""GstServer: the GStreamer RTSP server as a subprocess that a test can stop, freeze and start again."""

from __future__ import annotations

import select
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.servers.ports import free_port

SCRIPT = Path(__file__).with_name("gst_rtsp.py")


class GstServer:
    """Serves `streams` (name → path) on one port; use as a context manager."""

    def __init__(
        self, streams: Mapping[str, Path], *, user: str = "", password: str = "", digest: bool = False
    ) -> None:
        self.port = free_port()
        self._args = [f"{name}={path}" for name, path in streams.items()]
        if user:
            self._args += ["--user", user, "--password", password, *(["--digest"] if digest else [])]
        self._process: subprocess.Popen[str] | None = None

    def url(self, name: str, credentials: str = "") -> str:
        """`rtsp://[credentials@]127.0.0.1:PORT/NAME`."""
        return f"rtsp://{credentials + '@' if credentials else ''}127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Start and wait until it takes clients."""
        self._process = subprocess.Popen(
            ["/usr/bin/python3", str(SCRIPT), str(self.port), *self._args], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], 20)
        assert ready, "the RTSP server did not start within 20 s"
        assert self._process.stdout.readline().startswith("rtsp://")

    def freeze(self, frozen: bool) -> None:
        """Stop the process where it stands, or let it go on: connections stay, packets do not come."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)

    def stop(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
