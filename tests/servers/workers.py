"""Workers: `python -m hub worker` as a real process, seen from outside; benches start it in the same way."""

from __future__ import annotations

from typing import cast

import httpx

from bench.video.worker import ROOT, WorkerProcess
from tests.servers.assignments import TOKEN

__all__ = ["ROOT", "Json", "WorkerProcess", "camera_of", "get"]

Json = dict[str, object]


def get(address: str, path: str) -> httpx.Response:
    """One answer of the worker's own HTTP."""
    return httpx.get(
        address + path, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10, trust_env=False
    )


def camera_of(status: Json, device: str) -> Json:
    """One camera's part of a status message, empty when it is not in it."""
    cameras = cast("list[Json]", status.get("cameras", []))
    return next((each for each in cameras if each["device"] == device), {})
