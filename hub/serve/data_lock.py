"""Data lock: one hub at a time on one data folder, kept by the kernel so that a killed hub leaves no lock."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from ingest.errors import DataInUse


class DataLock:
    """An exclusive lock on `HUB_DATA/hub.lock`, held until release() or the end of the process."""

    def __init__(self, data: Path) -> None:
        self._path = data / "hub.lock"
        self._file = -1

    def __enter__(self) -> Self:
        """Take the lock; raises DataInUse, naming the process that holds it, when another hub has it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._file, 32).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            raise DataInUse(
                f"another hub (process {holder}) works on this data",
                where=str(self._path.parent),
                mend="stop it, or name another folder with --data or HUB_DATA",
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lock back."""
        os.close(self._file)
