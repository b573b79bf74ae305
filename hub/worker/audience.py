"""Audience: everybody who watches one stream, each with a bounded queue of its own.

All of it belongs to one event loop's thread.
"""

from __future__ import annotations

import asyncio
from collections import deque

from ingest.errors import HubError, TooSlow

MOST_MESSAGES = 250
"""Pictures that may wait for one viewer: 10 s at 25 a second."""
MOST_BYTES = 16_000_000


class Viewer:
    """One of them: takes what it is offered in order, or is told why it ends."""

    def __init__(self) -> None:
        self._waiting: deque[str | bytes] = deque()
        self._bytes = 0
        self._news = asyncio.Event()
        self._over = False
        self._why: HubError | None = None

    def offer(self, message: str | bytes) -> None:
        """Queue one message; a viewer that lets its queue fill up ends with TooSlow and keeps nothing."""
        if self._over:
            return
        if len(self._waiting) >= MOST_MESSAGES or self._bytes + len(message) > MOST_BYTES:
            self.end(TooSlow("the viewer is too slow"))
            return
        self._waiting.append(message)
        self._bytes += len(message)
        self._news.set()

    def end(self, why: HubError) -> None:
        """Let take() raise at once; what waits is dropped."""
        self._waiting.clear()
        self._bytes = 0
        self.finish(why)

    def finish(self, why: HubError | None = None) -> None:
        """Let take() raise, or return None, once it has given what waits."""
        if not self._over:
            self._over, self._why = True, why
            self._news.set()

    async def take(self) -> str | bytes | None:
        """The next message; None after the last, or raises why it ended."""
        while not self._waiting:
            if self._over:
                if self._why is not None:
                    raise self._why
                return None
            self._news.clear()
            await self._news.wait()
        message = self._waiting.popleft()
        self._bytes -= len(message)
        return message


class Audience:
    """The viewers of one stream; `over` once it has ended for all of them."""

    def __init__(self) -> None:
        self.over = False
        self._viewers: set[Viewer] = set()

    def __len__(self) -> int:
        return len(self._viewers)

    def join(self) -> Viewer:
        """One more."""
        viewer = Viewer()
        self._viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """One less; twice is fine."""
        self._viewers.discard(viewer)

    def offer(self, message: bytes) -> None:
        """The same bytes to each; one that is slow delays nobody."""
        if message:
            for each in self._viewers:
                each.offer(message)

    def end(self, why: HubError) -> None:
        """End each, and let nobody join this stream any more."""
        self.over = True
        for each in self._viewers:
            each.end(why)
