"""Peer: one of bench/peers as a running process that tells its counts when asked."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bench.video.contestant import Counted
from bench.video.worker import ROOT

PEERS = {
    "opencv": "opencv_threads",
    "opencv + motion gate": "opencv_motion",
    "pyav": "pyav_full",
}
"""How they are called in tables, and their files."""


class Peer:
    """Implements Contestant. A peer decodes everything it receives, so `received` is what it decoded."""

    def __init__(self, pid: int, ask: IO[str], told: IO[str]) -> None:
        self._pid = pid
        self._ask = ask
        self._told = told

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the process."""
        return (self._pid,)

    def count(self) -> tuple[Counted, ...]:
        """At once."""
        self._ask.write("\n")
        self._ask.flush()
        line = self._told.readline()
        if not line:
            raise RuntimeError("the peer ended by itself; its words are above")
        told = json.loads(line)
        at = time.monotonic()
        return tuple(
            Counted(at, decoded, decoded, analysed)
            for decoded, analysed in zip(told["decoded"], told["analysed"], strict=True)
        )


@contextmanager
def running_peer(name: str, model: Path, fps: float, urls: Sequence[str], log: Path) -> Iterator[Peer]:
    """One of PEERS on these streams."""
    command = [sys.executable, "-m", f"bench.peers.{PEERS[name]}", str(model), str(fps), *urls]
    with (
        log.open("ab") as said,
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
        ) as process,
    ):
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the peer has no pipes")
        try:
            yield Peer(process.pid, process.stdin, process.stdout)
        finally:
            process.kill()
            process.wait(10)
