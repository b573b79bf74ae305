"""A reader that is cut off again and again, and goes on from the last event it saw, misses and doubles nothing."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.sync.client import ClientConnection, connect

from alerts.ledger import events
from api import accounts
from api.rights import principal
from detectors.signal import SignalState
from tests.servers.house import House
from tests.servers.relay import Relay

CUTS = 100
PLACES = (("school-1", "fridge-1"), ("cross-1", "cam-2"), ("school-9", "fridge-9"))
"""Two of the east, one of the west."""

Seen = list[dict[str, object]]


@contextmanager
def load(house: House) -> Iterator[None]:
    """New conditions that come and go at all three places, as fast as the ledger takes them."""
    stop = threading.Event()

    def flap() -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            place, device = PLACES[turn % 3]
            word = f"word-{turn // 6}"  # never the same again: what flaps is one incident, and no load
            state: SignalState = "active" if turn % 6 < 3 else "inactive"
            house.apply(house.signal(place, device=device, condition=word, state=state))

    thread = threading.Thread(target=flap, name="load")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)


def expected(house: House, name: str, after: int) -> Seen:
    """What the ledger holds after `after` that this reader may see."""
    with house.ledger.read() as conn:
        account = accounts.find(conn, name)
        assert account is not None
        sight = principal(account, house.directory(), expires_at=house.now()).sight
        return [json.loads(each.line()) for each in events.after(conn, after, 1_000_000, sight)]


def head(house: House) -> int:
    """The newest seq."""
    with house.ledger.read() as conn:
        return events.head(conn)


class Reader:
    """A plain client: remembers what it saw, and asks for what comes after that."""

    def __init__(self, house: House, port: int, name: str, after: int) -> None:
        self.seen: Seen = []
        self._after = after
        self._url = f"ws://127.0.0.1:{port}/api/v1/events/ws?after="
        self._headers = {"Authorization": f"Bearer {house.token(name)}"}

    @property
    def last(self) -> int:
        """The last seq it saw."""
        return int(str(self.seen[-1]["seq"])) if self.seen else self._after

    def connect(self) -> ClientConnection:
        """Go on after the last event seen."""
        return connect(
            f"{self._url}{self.last}", additional_headers=self._headers, max_size=None, open_timeout=10
        )

    def take(self, ws: ClientConnection, timeout: float = 10) -> None:
        """One message; heartbeats are passed over."""
        message = json.loads(ws.recv(timeout=timeout))
        if "seq" in message:
            self.seen.append(message)

    def until_cut(self) -> None:
        """Read until somebody else tears the connection, perhaps within the handshake."""
        try:
            with self.connect() as ws:
                while True:
                    self.take(ws)
        except (ConnectionClosed, InvalidHandshake, InvalidMessage, OSError, EOFError):
            return

    def read_some(self, count: int, relay: Relay) -> None:
        """Read some, and leave the rest unread: the connection is torn meanwhile."""
        with suppress(ConnectionClosed), self.connect() as ws:
            for _ in range(count):
                self.take(ws)
            relay.cut_now()


@pytest.mark.parametrize("name", ["olga", "hans"])
def test_cut_off_a_hundred_times(house: House, name: str) -> None:
    """Torn within a frame, within the handshake, or with half of it unread: each visible event once, in order.

    Olga sees what stands in one town, Hans the cases of his unit only.
    """
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # shown when it fails
    dice = random.Random(seed)
    begin = head(house)
    port = int(house.url.rsplit(":", 1)[1])
    with Relay(port) as relay:
        reader = Reader(house, relay.port, name, begin)
        with load(house):
            while relay.cuts < CUTS:
                if dice.random() < 0.7:
                    relay.cut_after(dice.randrange(1, 8_000))
                    reader.until_cut()
                else:
                    relay.cut_after(None)
                    reader.read_some(dice.randrange(5), relay)
        relay.cut_after(None)
        wanted = expected(house, name, begin)
        assert len(wanted) > CUTS, "there was load all the time"
        with reader.connect() as ws:
            while reader.last < int(str(wanted[-1]["seq"])):
                reader.take(ws)
    assert [each["seq"] for each in reader.seen] == [each["seq"] for each in wanted]
    assert reader.seen == wanted
    assert len(wanted) < head(house) - begin, "there were events it may not see"
