"""Views: what cameras usually show, kept over a restart of the worker: one small file for each.

Without it the view of a camera that was turned away meanwhile would be taken for the usual one. A file holds
averaged outlines of a place at 160x90, in which nobody who passes can be seen; it is used again only for the same
address and the same rules, and deleted with its camera.
"""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import datetime, timedelta
from pathlib import Path

from detectors.usual import Usual
from detectors.usual_file import pack, unpack
from hub.worker.assignment import CameraTask
from ingest.errors import InvalidInput
from ingest.video.address import shown

log = logging.getLogger(__name__)

SUFFIX = ".view"
UNWRITTEN = timedelta(days=7)


def same_view(task: CameraTask) -> str:
    """Differs where what is usual must be learned anew: another address, other rules (zones)."""
    told = json.dumps([task.device, shown(task.url), task.rules], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()


class Views:
    """The files below `folder`; one thread at a time.

    Attributes:
        errors: Files that could not be read or written; the first one is logged.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: dict[str, Usual] = {}
        self.errors = 0

    def read(self, task: CameraTask) -> Usual:
        """What is kept of this camera; nothing is usual when there is no such file."""
        try:
            usual, of = unpack(self._path(task.device).read_bytes())
        except FileNotFoundError:
            return Usual()
        except (OSError, InvalidInput) as wrong:
            self._count("read", task.device, wrong)
            return Usual()
        if of != same_view(task):
            return Usual()
        self._written[task.device] = usual
        return usual

    def write(self, task: CameraTask, usual: Usual) -> None:
        """Keep it, if it is known and another one than what is kept."""
        if not usual.known or self._written.get(task.device) is usual:
            return
        path = self._path(task.device)
        part = path.with_suffix(".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_bytes(pack(usual, of=same_view(task)))
            part.replace(path)
        except OSError as wrong:
            self._count("written", task.device, wrong)
            return
        self._written[task.device] = usual

    def forget(self, device: str) -> None:
        """The camera is no longer ours."""
        self._written.pop(device, None)
        self._path(device).unlink(missing_ok=True)

    def tidy(self, now: datetime) -> None:
        """Delete files that nobody has written for so long: their cameras went while no worker ran."""
        for path in self._folder.glob(f"*{SUFFIX}"):
            if now.timestamp() - path.stat().st_mtime > UNWRITTEN.total_seconds():
                path.unlink(missing_ok=True)

    def _path(self, device: str) -> Path:
        return self._folder / (hashlib.sha256(device.encode()).hexdigest()[:32] + SUFFIX)

    def _count(self, what: str, device: str, wrong: Exception) -> None:
        self.errors += 1
        if self.errors == 1:
            log.warning(
                "camera %s: its usual view could not be %s: %s (further ones are only counted)",
                device,
                what,
                wrong,
            )
