"""Push: one tailer for all event websockets. What is pushed is what was committed, in the order of commits.

The tailer is woken by each commit of this process (and looks once a second, for commits of others), reads the new
rows once, makes each into text once, and offers it to every socket whose reader may see it. A new socket replays
from the log until it has caught up with the tailer, and joins it in the same step of the event loop: no gap, no
double.

All of it belongs to the event loop's thread, but wake() and room(), which any thread may call.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from collections.abc import Sequence

from starlette.websockets import WebSocket

from alerts.event import Event
from alerts.ledger import events
from alerts.presence import STAFF, Here
from alerts.sight import Sight
from api import accounts
from api.auth import Auth
from api.hub import Hub
from api.rights import Account, Principal, principal
from api.sockets import INTERNAL, RIGHTS_ENDED, TOKEN_ENDED, TOO_OLD, Socket, accept
from ingest.errors import NotAuthenticated, TooOld, Unavailable
from ingest.instant import format_instant

log = logging.getLogger(__name__)

PAGE = 500
POLL = 1.0
"""Seconds between two looks at the log without a wake-up."""

EVERYTHING = Sight.everything()


class Tailer:
    """Reads the log as it grows and offers it to the joined sockets."""

    def __init__(self, hub: Hub, auth: Auth) -> None:
        self._hub = hub
        self._auth = auth
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._sockets: set[Socket] = set()
        self._staff: set[Socket] = set()
        self._staff_lock = threading.Lock()
        hub.on_room(self.room)
        self._task: asyncio.Task[None] | None = None
        self.head = 0
        self.pushed = 0
        self.failures = 0

    @property
    def sockets(self) -> int:
        """Sockets that have joined."""
        return len(self._sockets)

    def room(self) -> tuple[Here, ...]:
        """Operators and dispatchers who listen now, each once per window; from any thread.

        The demo's guest is nobody: who may change nothing acknowledges nothing.
        """
        with self._staff_lock:
            readers = [each.who for each in self._staff]
        return tuple(Here(who.name, who.role, who.sight) for who in readers)

    async def start(self) -> None:
        """Begin at the present head; from the event loop that serves the sockets."""
        self._loop = asyncio.get_running_loop()
        self.head = await asyncio.to_thread(self._read_head)
        self._task = asyncio.create_task(self._run(), name="event tailer")

    async def stop(self) -> None:
        """End; joined sockets are closed by the server."""
        self._loop = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        """Something was committed; from any thread."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop ended between the two lines: nobody listens
                loop.call_soon_threadsafe(self._news.set)

    async def serve(self, ws: WebSocket, after: int | None) -> None:
        """One reader of `/events/ws`, until it ends."""
        who = await accept(ws, self._auth, "event.read")
        if who is None:
            return
        if after is not None and after > 0:
            try:
                await asyncio.to_thread(self._page, after, 1, who.sight)
            except TooOld as gone:
                await ws.close(TOO_OLD, f"oldest {gone.oldest}")
                return
            except Unavailable as away:
                await ws.close(INTERNAL, away.slug)
                return
        socket = Socket(ws, who, self._hub)
        socket.behind = self.head if after is None else after

        async def feed(mine: Socket) -> None:
            await self._replay(mine)

        async def again(mine: Socket) -> None:
            await recheck(self._hub, mine)

        if who.role in STAFF and not who.read_only:
            with self._staff_lock:
                self._staff.add(socket)
        try:
            await socket.serve(feed, heartbeat=self.heartbeat, recheck=again)
        finally:
            self._sockets.discard(socket)
            with self._staff_lock:
                self._staff.discard(socket)

    def heartbeat(self, socket: Socket) -> str:
        """`{"type":"heartbeat","head","at"}`: everything up to `head` was sent before it, as far as visible."""
        head = self.head if socket.behind is None else socket.behind
        return json.dumps({"type": "heartbeat", "head": head, "at": format_instant(self._hub.now())})

    async def _replay(self, socket: Socket) -> None:
        position = socket.behind or 0
        page = min(PAGE, socket.most // 2)
        while not socket.ended:
            goal = self.head
            while position < goal and not socket.ended:
                try:
                    found = await asyncio.to_thread(self._page, position, page, socket.who.sight)
                except TooOld as gone:
                    socket.end(TOO_OLD, f"oldest {gone.oldest}")
                    return
                for event in found:
                    if event.seq <= goal:
                        socket.offer(event.line())
                position = min(found[-1].seq, goal) if len(found) == page else goal
                socket.behind = position
                await socket.room()
            if self.head == goal and not socket.ended:
                socket.behind = None
                self._sockets.add(socket)  # no await since the comparison: the tailer cannot have moved
                return

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):  # the poll for commits of other processes
                await asyncio.wait_for(self._news.wait(), POLL)
            self._news.clear()
            try:
                await self._step()
            except Exception:
                self.failures += 1
                log.exception("the event log could not be read; trying again")
                await asyncio.sleep(POLL)

    async def _step(self) -> None:
        # no more at once than a socket has room for: who is not slow is not to be taken for it
        most = max(min(PAGE, self._hub.settings.queue // 2), 1)
        while True:
            try:
                found = await asyncio.to_thread(self._page, self.head, most, EVERYTHING)
            except TooOld as gone:  # taken before it was pushed: who listens is to read on from the list
                self.failures += 1
                log.warning("events up to %d went before they were pushed", gone.oldest - 1)
                for each in tuple(self._sockets):
                    each.end(TOO_OLD, f"oldest {gone.oldest}")
                self.head = gone.oldest - 1
                continue
            if not found:
                return
            changed = False
            for event in found:
                self._offer(event)
                changed = changed or event.type == "registry.changed"
            self.head = found[-1].seq
            if changed:
                await asyncio.gather(*(recheck(self._hub, each) for each in tuple(self._sockets)))

    def _offer(self, event: Event) -> None:
        readers = [each for each in self._sockets if sees(each.who.sight, event)]
        if readers:
            text = event.line()
            for each in readers:
                each.offer(text)
            self.pushed += len(readers)

    def _page(self, after: int, limit: int, sight: Sight) -> Sequence[Event]:
        with self._hub.ledger.read() as conn:
            return events.after(conn, after, limit, sight)

    def _read_head(self) -> int:
        with self._hub.ledger.read() as conn:
            return events.head(conn)


def sees(sight: Sight, event: Event) -> bool:
    """Whether this reader may see this event, by the visibility stored with it."""
    return "event" in sight.nouns and sight.sees(event.noun, event.visibility)


def _scope(who: Principal) -> tuple[object, ...]:
    account = who.account
    return (account.role, account.areas, account.site_kinds, account.sites, account.units, who.rights)


async def recheck(hub: Hub, socket: Socket) -> None:
    """End a socket whose user is gone (4001) or whose rights were changed (4003)."""
    try:
        now_is = await asyncio.to_thread(_again, hub, socket.who)
    except NotAuthenticated:
        socket.end(TOKEN_ENDED, "the user is gone or has a new password")
        return
    except Unavailable:
        return  # no ledger, no events either: the tailer reports it, and the next beat asks again
    if _scope(now_is) != _scope(socket.who):
        socket.end(RIGHTS_ENDED, "rights were changed")
    else:
        socket.who = now_is  # the same rights over a changed county


def _again(hub: Hub, who: Principal) -> Principal:
    account: Account | None = who.account
    if not who.account.everywhere:
        with hub.ledger.read() as conn:
            account = accounts.find(conn, who.name)
    if account is None or account.password != who.account.password:
        raise NotAuthenticated("the user is gone or has a new password")
    return principal(account, hub.directory(), expires_at=who.expires_at, read_only=who.read_only)
