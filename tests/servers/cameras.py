"""Cameras: the demo's RTSP server in a thread of the test, so that the test can count its sessions."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from hub.demo.clip import load
from hub.demo.rtsp import RtspServer


class Cameras:
    """Serves `files` (name → video file) on one port; use as a context manager."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cameras")
        self._server = RtspServer({name: load(path) for name, path in files.items()})

    def url(self, name: str) -> str:
        """`rtsp://127.0.0.1:PORT/NAME`."""
        return f"{self._server.url}{name}"

    def sessions(self, name: str) -> int:
        """How many read this stream now."""
        return self._server.streams[name].viewers

    def stop(self) -> None:
        """End all sessions and listen no more."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)

    async def _close(self) -> None:
        await self._server.close()
        players = asyncio.all_tasks() - {asyncio.current_task()}
        for task in players:
            task.cancel()
        await asyncio.gather(*players, return_exceptions=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._server.start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
