"""Live: camera streams on their way from a worker to a viewer: rights first, then the trail, then the stream.

    viewer ◀── websocket or HTTP ── serve ◀── websocket, worker token ── worker ◀── RTSP, once for all ── camera

Nothing is shown before its line stands in the audit chain. `serve` always takes what a worker sends and keeps a
bounded queue for each websocket, so a slow viewer is found out here (4008) and delays nobody.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast
from urllib.parse import quote, urlencode

from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from alerts.ledger.engine import Connection
from api.auth import Auth
from api.changes import commit
from api.close_codes import DONE, error_of, told
from api.devices import camera_seen
from api.hub import Hub
from api.push import recheck
from api.rights import Principal, may
from api.sockets import RIGHTS_ENDED, Socket, accept
from api.trail import note
from api.worker_app import Form
from ingest.errors import HubError, NotFound, WorkerAway
from ingest.instant import format_instant

log = logging.getLogger(__name__)

OPEN_TIMEOUT = 3.0
"""Seconds for a worker to take the connection."""
FIRST_TIMEOUT = 15.0
"""Seconds for the first message: a recorder may take its time to find the place."""
LARGEST = 40_000_000
"""Bytes of one message of a worker: the newest GOP at most."""
WAITING = 250
"""Messages that may wait for one viewer: 10 s at 25 pictures a second."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a worker.

    Attributes:
        device: The camera.
        what: Last word of the worker's path.
        query: Its parameters.
        detail: What the audit chain says of it.
    """

    device: str
    what: Literal["live", "playback"]
    query: Mapping[str, str]
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Span:
    """A time of the past, and why somebody looks at it."""

    start: datetime
    end: datetime
    reason: str | None

    def of(self, device: str) -> Wanted:
        """The playback of one camera."""
        since, until = str(format_instant(self.start)), str(format_instant(self.end))
        detail = {"from": since, "to": until, "reason": (self.reason or "").strip()}
        return Wanted(device, "playback", {"start": since, "end": until}, detail)


class LiveProxy:
    """The live views and playbacks of one `serve`."""

    def __init__(self, hub: Hub, auth: Auth) -> None:
        self._hub = hub
        self._auth = auth

    async def live(self, ws: WebSocket, device: str, wanted: Literal["jpeg"] | None) -> None:
        """One viewer of `/cameras/{device}/live`, until it ends."""
        who = await accept(ws, self._auth, "camera.picture")
        if who is None:
            return
        form: Form = "shown"
        if may(who, "camera.live"):
            form = wanted or "fmp4"
        await self._pass(ws, who, Wanted(device, "live", {"form": form}, {"as": form}))

    async def playback(self, ws: WebSocket, device: str, span: Span) -> None:
        """One viewer of `/cameras/{device}/playback`, until the time that was asked for has been shown."""
        who = await accept(ws, self._auth, "camera.playback")
        if who is not None:
            await self._pass(ws, who, span.of(device))

    async def recording(self, who: Principal, device: str, span: Span) -> AsyncGenerator[bytes]:
        """The same as one MP4, for an HTTP answer; raises what the worker says before the first byte."""
        wanted = span.of(device)
        stream = self._upstream(wanted)
        try:
            await anext(stream)  # the head: from here on there is a stream
            await asyncio.to_thread(self._note, who, wanted)
        except BaseException:
            await stream.aclose()
            raise

        async def content() -> AsyncGenerator[bytes]:
            async with aclosing(stream):
                try:
                    async for message in stream:
                        if isinstance(message, bytes):
                            yield message
                except HubError as wrong:  # the answer has begun: it can only end here
                    log.warning("a playback breaks off: %s", wrong)

        return content()

    async def _pass(self, ws: WebSocket, who: Principal, wanted: Wanted) -> None:
        """From the worker to one websocket."""
        stream = self._upstream(wanted)
        async with aclosing(stream):
            try:
                await asyncio.to_thread(camera_seen, self._hub, who, wanted.device)
                head = await anext(stream)
                await asyncio.to_thread(self._note, who, wanted)
            except HubError as wrong:
                await ws.close(*told(wrong))
                return
            socket = Socket(ws, who, self._hub, most=WAITING)
            socket.offer(head)

            async def feed(mine: Socket) -> None:
                try:
                    async for message in stream:
                        if wanted.what == "playback":
                            await mine.room()  # a recording can wait for its viewer, the present cannot
                        mine.offer(message)
                except HubError as wrong:
                    mine.end(*told(wrong))
                    return
                await mine.drained()
                mine.end(DONE, "over")

            async def again(mine: Socket) -> None:
                await recheck(self._hub, mine)
                try:
                    await asyncio.to_thread(camera_seen, self._hub, mine.who, wanted.device)
                except NotFound:
                    mine.end(RIGHTS_ENDED, "the camera is not visible any more")

            await socket.serve(feed, heartbeat=None, recheck=again)

    def _note(self, who: Principal, wanted: Wanted) -> None:
        """One line in the audit chain, committed."""
        area = self._hub.directory().visibility(wanted.device).area

        def act(tx: Connection) -> None:
            note(tx, self._hub, who, f"camera.{wanted.what}", wanted.device, area=area, detail=wanted.detail)

        commit(self._hub, act)

    async def _upstream(self, wanted: Wanted) -> AsyncGenerator[str | bytes]:
        """The worker's messages, the head first; raises what its close code says."""
        device = wanted.device
        address = self._hub.workers.address(device)
        if address is None:
            raise WorkerAway("no worker has this camera now", reason="worker-lost", where=device)
        url = f"ws{address.removeprefix('http').rstrip('/')}/cameras/{quote(device, safe='')}/{wanted.what}?"
        try:
            line = await connect(
                url + urlencode(wanted.query),
                additional_headers={"Authorization": f"Bearer {self._hub.settings.worker_token}"},
                compression=None,
                max_size=LARGEST,
                max_queue=64,
                open_timeout=OPEN_TIMEOUT,
                close_timeout=1.0,
                proxy=None,  # workers are neighbours
            )
        except TimeoutError:
            raise WorkerAway("the worker does not answer in time", reason="timeout", where=device) from None
        except (OSError, InvalidHandshake) as wrong:
            raise WorkerAway(
                f"the worker cannot be reached: {type(wrong).__name__}", reason="unreachable", where=device
            ) from None
        async with line:
            yield _head(await self._first(line, device), device)
            try:
                async for message in line:
                    yield message
                closed = line.close_code, line.close_reason
            except ConnectionClosed:
                closed = line.close_code, line.close_reason
        ended = error_of(closed[0] or 0, closed[1] or "", device)
        if ended is not None:
            raise ended

    async def _first(self, line: ClientConnection, device: str) -> str | bytes:
        try:
            return await asyncio.wait_for(line.recv(), FIRST_TIMEOUT)
        except TimeoutError:
            raise WorkerAway("the worker shows nothing in time", reason="timeout", where=device) from None
        except ConnectionClosed:
            raise (
                error_of(line.close_code or 0, line.close_reason or "", device)
                or WorkerAway("the worker shows nothing", reason="worker-error", where=device)
            ) from None


def _head(message: str | bytes, device: str) -> str:
    """The first message, which must be the JSON that a viewer understands."""
    try:
        if isinstance(message, str) and "codec" in cast("dict[str, object]", json.loads(message)):
            return message
    except ValueError:
        pass
    raise WorkerAway("the worker does not say what it shows", reason="worker-error", where=device)
