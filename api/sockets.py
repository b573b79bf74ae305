"""Socket: one reader's websocket with a bounded queue: heartbeat, end of token, and a code for every end.

    connecting ──accept──▶ open ──end(code)──▶ closing ──▶ closed
                             └── the reader goes away ──────▶ closed

All methods belong to the event loop's thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from starlette.websockets import WebSocket, WebSocketDisconnect

from api.auth import Auth, subprotocol
from api.hub import Hub
from api.rights import Principal, may
from ingest.errors import NotAuthenticated, Unavailable

log = logging.getLogger(__name__)

TOKEN_ENDED = 4001
RIGHTS_ENDED = 4003
SLOW = 4008
TOO_OLD = 4010
INTERNAL = 1011

CLOSE_TIMEOUT = 10.0
"""Seconds for a reader to take what is under way and then the close; afterwards the connection just ends."""

ROOM_TIMEOUT = 30.0
"""Seconds in which a reader must take half a queue of a replay."""


class Socket:
    """One open websocket; `serve()` returns when it is over.

    Attributes:
        who: Its reader.
        most: Messages that may wait.
        behind: While it replays: the seq up to which it has been offered everything; None once it is live.
    """

    def __init__(self, ws: WebSocket, who: Principal, hub: Hub, *, most: int | None = None) -> None:
        self.who = who
        self.behind: int | None = None
        self._ws = ws
        self._hub = hub
        self.most = hub.settings.queue if most is None else most
        self._queue: deque[str | bytes] = deque()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._ended: tuple[int, str] | None = None
        self._writer: asyncio.Task[None] | None = None

    @property
    def ended(self) -> bool:
        """Whether the end is decided."""
        return self._ended is not None

    @property
    def waiting(self) -> int:
        """Messages that wait to be sent."""
        return len(self._queue)

    def offer(self, message: str | bytes) -> None:
        """Queue one message, text or binary; a reader that lets the queue fill up is closed with 4008."""
        if self.ended:
            return
        if len(self._queue) >= self.most:
            self.end(SLOW, "too slow")
            return
        self._queue.append(message)
        self._idle.clear()
        if len(self._queue) > self.most // 2:
            self._room.clear()
        self._news.set()

    def end(self, code: int, reason: str) -> None:
        """Close with this code; what is queued is dropped (the log still has it)."""
        if not self.ended:
            self._ended = (code, reason)
            self._queue.clear()
            self._news.set()
            self._room.set()
            self._idle.set()
            if self._writer is not None:
                self._writer.cancel()

    async def serve(
        self,
        feed: Callable[[Socket], Awaitable[None]],
        *,
        heartbeat: Callable[[Socket], str] | None,
        recheck: Callable[[Socket], Awaitable[None]],
    ) -> None:
        """Run until the end: `feed` fills the queue once or for ever, `recheck` looks at the rights each beat.

        Without `heartbeat` nothing is sent between what is fed.
        """
        self._writer = asyncio.create_task(self._write(heartbeat, recheck), name="socket writer")
        feeder = asyncio.create_task(self._guarded(feed), name="socket feeder")
        reader = asyncio.create_task(self._read(), name="socket reader")
        try:
            await asyncio.wait({self._writer, reader}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (self._writer, feeder, reader):
                task.cancel()
            await asyncio.gather(self._writer, feeder, reader, return_exceptions=True)
        if self._ended is not None:
            code, reason = self._ended
            with contextlib.suppress(
                TimeoutError, RuntimeError, WebSocketDisconnect
            ):  # it is over either way
                await asyncio.wait_for(self._ws.close(code, reason), CLOSE_TIMEOUT)

    async def room(self) -> None:
        """Wait until half the queue is free, for replays; a reader that takes too long is closed with 4008."""
        try:
            await asyncio.wait_for(self._room.wait(), ROOM_TIMEOUT)
        except TimeoutError:
            self.end(SLOW, "too slow")

    async def drained(self) -> None:
        """Wait until everything that was offered is on its way, for feeds that end; as long as room() does."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), ROOM_TIMEOUT)

    async def _guarded(self, feed: Callable[[Socket], Awaitable[None]]) -> None:
        try:
            await feed(self)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("a websocket's feed failed; the socket is closed")
            self.end(INTERNAL, "internal error")

    async def _read(self) -> None:
        """Nothing is expected from the reader; its going away is."""
        while (await self._ws.receive())["type"] != "websocket.disconnect":
            pass

    async def _write(
        self, heartbeat: Callable[[Socket], str] | None, recheck: Callable[[Socket], Awaitable[None]]
    ) -> None:
        loop = asyncio.get_running_loop()
        every = self._hub.settings.heartbeat.total_seconds()
        beat = loop.time() + every
        ends = loop.time() + (self.who.expires_at - self._hub.now()).total_seconds()
        try:
            while not self.ended:
                while self._queue and not self.ended:
                    message = self._queue.popleft()
                    if isinstance(message, str):
                        await self._ws.send_text(message)
                    else:
                        await self._ws.send_bytes(message)
                    if len(self._queue) <= self.most // 2:
                        self._room.set()
                self._idle.set()
                self._news.clear()
                now = loop.time()
                if now >= ends:
                    self.end(TOKEN_ENDED, "the token has expired")
                elif now >= beat:
                    beat = now + every
                    await recheck(self)
                    if heartbeat is not None:
                        self.offer(heartbeat(self))
                elif not self._queue:
                    with contextlib.suppress(TimeoutError):  # the next beat or the end of the token
                        await asyncio.wait_for(self._news.wait(), min(beat, ends) - now)
        except (WebSocketDisconnect, RuntimeError):
            return  # the reader went away while it was written to


async def accept(ws: WebSocket, auth: Auth, right: str) -> Principal | None:
    """Accept and authenticate; without a good token or the right the socket is closed with its code.

    The handshake is accepted first: a close code is the only answer a browser's page can read.
    """
    who: Principal | None = None
    reason = ""
    try:
        who, _ = await asyncio.to_thread(auth.of_websocket, ws)
    except NotAuthenticated as wrong:
        reason = wrong.message
    except Unavailable as away:
        log.warning("a websocket could not be authenticated: %s", away)
        await ws.accept(subprotocol=subprotocol(ws))
        await ws.close(INTERNAL, away.slug)
        return None
    await ws.accept(subprotocol=subprotocol(ws))
    if who is None:
        await ws.close(TOKEN_ENDED, reason[:120])
        return None
    if not may(who, right):
        await ws.close(RIGHTS_ENDED, f"the role {who.role} may not {right}"[:120])
        return None
    return who
