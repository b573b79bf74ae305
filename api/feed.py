"""Feed: readings to `/readings/ws` as they are committed; readings are never in the event log.

What is offered here is live only: a socket that was away asks `/readings?since=` for what it missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from starlette.websockets import WebSocket

from alerts.directory import Directory
from alerts.sight import Visibility
from api.auth import Auth
from api.hub import Hub
from api.push import recheck
from api.sockets import Socket, accept
from ingest.instant import format_instant
from ingest.reading import Reading

MOST = 20_000
"""Messages that may wait for one slow socket: readings come in hundreds, and one commit must not end it."""
PART = 1_000
"""Readings of one array at most."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one socket listens to; None is every one it may see.

    `batch`: as one array for each commit, instead of one message for each reading.
    """

    device: str | None
    quantity: str | None
    batch: bool = False

    @property
    def everything(self) -> bool:
        """Whether every reading is wanted."""
        return self.device is None and self.quantity is None

    def holds(self, reading: Reading) -> bool:
        """Whether a reading is wanted."""
        return self.device in (None, reading.device) and self.quantity in (None, reading.quantity)


class _Moments(dict[datetime, str]):
    """Each moment as it is sent, written once: the readings of a message share theirs."""

    def __missing__(self, at: datetime) -> str:
        found = self[at] = format_instant(at)
        return found


def shown(readings: Iterable[Reading]) -> list[dict[str, str | float]]:
    """Readings as they are sent."""
    moments = _Moments()
    return [
        {
            "device": device,
            "quantity": quantity,
            "value": value,
            "unit": unit,
            "at": moments[at],
            "received_at": moments[received_at],
            "quality": quality,
        }
        for device, quantity, value, unit, at, received_at, quality, _ in readings
    ]


def written(some: Sequence[Mapping[str, str | float]], *, batch: bool) -> list[str]:
    """What was shown() as messages: each by itself, or as arrays of at most PART."""
    if not batch:
        return [orjson.dumps(each).decode() for each in some]
    return [orjson.dumps(some[start : start + PART]).decode() for start in range(0, len(some), PART)]


class ReadingFeed:
    """Takes committed readings from any thread and offers them to the sockets that want and may see them."""

    def __init__(self, hub: Hub, auth: Auth) -> None:
        self._hub = hub
        self._auth = auth
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sockets: dict[Socket, Wanted] = {}
        self._directory: Directory | None = None
        self._known: dict[str, Visibility] = {}
        hub.on_readings(self.publish)

    def start(self) -> None:
        """From the event loop that serves the sockets."""
        self._loop = asyncio.get_running_loop()

    def stop(self) -> None:
        """Nothing is offered any more."""
        self._loop = None

    def publish(self, readings: Sequence[Reading]) -> None:
        """Readings were committed; from any thread."""
        loop = self._loop
        if loop is not None and self._sockets:
            with contextlib.suppress(RuntimeError):  # the loop ended between the two lines: nobody listens
                loop.call_soon_threadsafe(self._offer, tuple(readings))

    async def serve(self, ws: WebSocket, wanted: Wanted) -> None:
        """One reader of `/readings/ws`, until it ends."""
        who = await accept(ws, self._auth, "reading.read")
        if who is None:
            return
        socket = Socket(ws, who, self._hub, most=max(MOST, self._hub.settings.queue))

        async def feed(mine: Socket) -> None:
            self._sockets[mine] = wanted

        async def again(mine: Socket) -> None:
            await recheck(self._hub, mine)

        try:
            await socket.serve(feed, heartbeat=self._heartbeat, recheck=again)
        finally:
            self._sockets.pop(socket, None)

    def _places(self, devices: Iterable[str]) -> Mapping[str, Visibility]:
        """Where these devices stand; looked up once for each until the registry changes."""
        directory = self._hub.directory()
        if directory is not self._directory:
            self._directory, self._known = directory, {}
        for device in devices:
            if device not in self._known:
                self._known[device] = directory.visibility(device)
        return {device: self._known[device] for device in devices}

    def _heartbeat(self, _: Socket) -> str:
        return json.dumps({"type": "heartbeat", "at": format_instant(self._hub.now())})

    def _offer(self, readings: Sequence[Reading]) -> None:
        places = self._places({each.device for each in readings})
        every: list[dict[str, str | float]] = []
        texts: dict[
            tuple[frozenset[str], Wanted], list[str]
        ] = {}  # who sees and wants the same gets the same
        for socket, wanted in tuple(self._sockets.items()):
            sees = socket.who.sight.sees
            seen = frozenset(device for device, place in places.items() if sees("reading", place))
            if not seen:
                continue
            mine = texts.get((seen, wanted))
            if mine is None:
                every = every or shown(readings)
                some = every
                if not wanted.everything or len(seen) < len(places):
                    some = [
                        row
                        for each, row in zip(readings, every, strict=True)
                        if each.device in seen and wanted.holds(each)
                    ]
                mine = texts[seen, wanted] = written(some, batch=wanted.batch)
            for text in mine:
                socket.offer(text)
