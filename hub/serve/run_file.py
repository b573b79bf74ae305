"""Run file: `HUB_DATA/run.json`, what a running hub listens on, written whole when it is ready."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from ingest.instant import format_instant


def write_run_file(
    data: Path,
    *,
    http: str,
    mqtt: str,
    rtsp: Mapping[str, str],
    workers: Sequence[int],
    started_at: datetime,
) -> None:
    """Replace the file in one step, so that a reader never sees half of it."""
    content = {
        "pid": os.getpid(),
        "http": http,
        "mqtt": mqtt,
        "rtsp": dict(rtsp),
        "workers": list(workers),
        "started_at": format_instant(started_at),
    }
    path = data / "run.json"
    fresh = path.with_suffix(".json.new")
    fresh.write_text(json.dumps(content, indent=2) + "\n")
    fresh.replace(path)


def remove_run_file(data: Path) -> None:
    """The hub is gone; nobody should look for it."""
    (data / "run.json").unlink(missing_ok=True)
