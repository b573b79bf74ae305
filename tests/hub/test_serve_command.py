"""`hub serve` as a person starts and stops it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from bench.processes import tree
from tests.e2e.running import ROOT

pytestmark = pytest.mark.slow


def start(data: Path, *flags: str) -> subprocess.Popen[str]:
    """`hub serve` with one worker on a free port."""
    return subprocess.Popen(
        [sys.executable, "-m", "hub", "serve", "--data", str(data), "--workers", "1", *flags],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "HUB_ADMIN_PASSWORD": "only-for-this-test"},
    )


@contextmanager
def hub(data: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A hub that is ready, and its address."""
    process = start(data, "--port", "0")
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready http://"), line
        yield process, line.split()[1]
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=15)


def test_ready_stop_and_what_it_leaves(tmp_path: Path) -> None:
    """It says where it is, writes run.json, ends with 0 within 10 s of SIGTERM, and leaves nothing running."""
    with hub(tmp_path) as (process, address):
        run = json.loads((tmp_path / "run.json").read_text())
        assert run["http"] == address
        assert run["pid"] == process.pid
        assert len(run["workers"]) == 1
        assert httpx.get(f"{address}/readyz", timeout=10).status_code == 200
        family = tree(process.pid)
        assert len(family) >= 3, "the hub, its broker and its worker"
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert time.monotonic() - asked < 10
        assert not [pid for pid in family if Path(f"/proc/{pid}").exists()]
        assert not (tmp_path / "run.json").exists()


def test_second_hub_on_the_same_data(tmp_path: Path) -> None:
    """A second hub on the same data is refused in one line that says what to do; the first goes on."""
    with hub(tmp_path) as (process, address):
        second = start(tmp_path, "--port", "0")
        _, said = second.communicate(timeout=30)
        assert second.returncode == 2
        assert str(process.pid) in said
        assert "--data" in said
        assert httpx.get(f"{address}/healthz", timeout=10).status_code == 200


def test_taken_port(tmp_path: Path) -> None:
    """A taken HTTP port is an error that names it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = start(tmp_path, "--port", port)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert port in said
    assert len(said.strip().splitlines()) == 1, said


def test_a_dead_worker_comes_back(tmp_path: Path) -> None:
    """A worker that is killed is started again, under a new process id."""
    with hub(tmp_path) as (_, address):
        before = json.loads((tmp_path / "run.json").read_text())["workers"][0]
        os.kill(before, signal.SIGKILL)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            text = httpx.get(f"{address}/metrics", timeout=10).text
            if 'hub_worker_restarts_total{worker="w1"} 1.0' in text:
                break
            time.sleep(0.2)
        else:
            pytest.fail("the worker was not started again")
        parts = httpx.get(f"{address}/readyz", timeout=10)
        assert parts.status_code == 200, "a worker's death never makes 503"
