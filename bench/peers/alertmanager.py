"""Alertmanager: Debian's prometheus-alertmanager, unpacked into build/ when it is not installed; no service starts."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.processes import free_port

PACKAGE = "prometheus-alertmanager"
FOLDER = Path(__file__).parents[2] / "build" / "alertmanager"
CONFIG = """\
route:
  receiver: fast
  group_by: [place, condition]
  group_wait: {wait}
  group_interval: 5m
  repeat_interval: 4h
receivers:
  - name: fast
    webhook_configs: [{{url: "{url}", send_resolved: true}}]
"""


OWN_SHARE = 'mount -t tmpfs none /usr/share && mkdir -p /usr/share/prometheus && \
cp -r "$0" /usr/share/prometheus/ && exec "$@"'
"""It reads its templates from /usr/share by a path that is compiled in: unpacked, it gets a /usr/share of its own."""


def program() -> list[str]:
    """How to start it; RuntimeError says what to install when it cannot be had."""
    found = shutil.which(PACKAGE)
    if found:
        return [found]
    unpacked = FOLDER / "usr" / "bin" / PACKAGE
    if not unpacked.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        got = subprocess.run(
            ["apt-get", "download", PACKAGE],
            cwd=FOLDER,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        packages = sorted(FOLDER.glob(f"{PACKAGE}_*.deb"))
        if not packages:
            raise RuntimeError(f"please install the Debian package {PACKAGE}: {got.stderr.strip()}")
        subprocess.run(["dpkg", "-x", packages[-1], FOLDER], check=True, timeout=60)
    templates = FOLDER / "usr" / "share" / "prometheus" / "alertmanager"
    return ["unshare", "-rm", "sh", "-c", OWN_SHARE, str(templates), str(unpacked)]


def version() -> str:
    """Of the program."""
    said = subprocess.run([*program(), "--version"], capture_output=True, text=True, check=True, timeout=10)
    return (said.stdout or said.stderr).splitlines()[0].split(" (")[0]


@contextmanager
def alertmanager(folder: Path, receiver: str, *, group_wait: str) -> Iterator[str]:
    """Its address, ready, alone in its cluster; one group for each (place, condition)."""
    folder.mkdir(parents=True)
    config = folder / "alertmanager.yml"
    config.write_text(CONFIG.format(wait=group_wait, url=receiver))
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [*program(), f"--config.file={config}", f"--storage.path={folder / 'data'}", "--log.level=error",
               f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]  # fmt: skip
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _wait_ready(address)
            yield address
        finally:
            process.terminate()
            process.wait(20)


def _wait_ready(address: str) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            if httpx.get(f"{address}/-/ready", timeout=1, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise TimeoutError("alertmanager did not become ready")
