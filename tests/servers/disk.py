"""Small disks: real file systems of a few megabytes, so that "disk full" is what the kernel says."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

SmallDisk = Callable[[int], Path]
"""`small_disk(bytes)`: the folder of a fresh one."""


@contextmanager
def small_disks(folder: Path) -> Iterator[SmallDisk]:
    """Makes them below `folder`, and takes them away at the end; skips the test where mounting is not allowed."""
    with ExitStack() as stack:
        count = 0

        def make(size: int) -> Path:
            nonlocal count
            count += 1
            at = folder / f"disk-{count}"
            at.mkdir()
            command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(at)]
            if subprocess.run(command, capture_output=True, timeout=20, check=False).returncode:
                pytest.skip("a small disk of one's own needs the right to mount")
            stack.callback(subprocess.run, ["umount", "-l", str(at)], timeout=20, check=True)
            return at

        yield make
