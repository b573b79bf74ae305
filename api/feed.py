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

    def holds(self, reading: Reading) -> bool:
        """Whether a reading is wanted."""
        return self.device in (None, reading.device) and self.quantity in (None, reading.quantity)


def written(readings: Iterable[Reading]) -> list[str]:
    """Readings as they are sent, each a JSON object; those of one message share their moments."""
    moments: dict[datetime, str] = {}

    def moment(at: datetime) -> str:
        found = moments.get(at)
        if found is None:
            found = moments[at] = format_instant(at)
        return found

    return [
        orjson.dumps(
            {
                "device": each.device,
                "quantity": each.quantity,
                "value": each.value,
                "unit": each.unit,
                "at": moment(each.at),
                "received_at": moment(each.received_at),
                "quality": each.quality,
            }
        ).decode()
        for each in readings
    ]


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
        texts: list[str] = []
        for socket, wanted in tuple(self._sockets.items()):
            seen = {device for device, place in places.items() if socket.who.sight.sees("reading", place)}
            if not seen:
                continue
            texts = texts or written(readings)
            mine = [
                text
                for each, text in zip(readings, texts, strict=True)
                if each.device in seen and wanted.holds(each)
            ]
            if wanted.batch:
                for start in range(0, len(mine), PART):
                    socket.offer(f"[{','.join(mine[start : start + PART])}]")
            else:
                for text in mine:
                    socket.offer(text)
