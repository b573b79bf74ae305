"""DemoCameras: the demo's RTSP server inside the test, so that its sessions can be counted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from hub.demo.clip import load
from hub.demo.rtsp import RtspServer


class DemoCameras:
    """Serves `streams` (name → file) from a thread of its own; use as a context manager."""

    def __init__(self, streams: Mapping[str, Path]) -> None:
        self._server = RtspServer({name: load(path) for name, path in streams.items()})
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="demo-cameras", daemon=True)

    def url(self, name: str) -> str:
        """Of one stream."""
        return self._server.url + name

    def played(self, name: str) -> int:
        """How many sessions ever began to play it."""
        return self._server.played[name]

    def watching(self, name: str) -> int:
        """How many play it now."""
        return self._server.streams[name].viewers

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._server.start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._server.close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
