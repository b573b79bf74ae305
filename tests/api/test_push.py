"""What is pushed is what was committed: in order, once, filtered, from any position, with a code for every end."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from alerts.ledger import events
from alerts.sight import Visibility
from ingest.reading import Reading
from tests.servers.house import House, default_settings, open_house

EAST = Visibility("east", "canteen-school", "school-1")
WEST = Visibility("west", "canteen-school", "school-9")


@pytest.fixture
def house(tmp_path: Path, template: Path) -> Iterator[House]:
    """A fresh house with a quick heartbeat and short queues."""
    settings = default_settings(tmp_path, guest=True, heartbeat=timedelta(milliseconds=300), queue=100)
    with open_house(tmp_path, settings, template) as opened:
        yield opened


def listen(house: House, name: str, query: str = "", path: str = "events/ws") -> ClientConnection:
    """A websocket of this user."""
    url = f"{house.url.replace('http', 'ws')}/api/v1/{path}{query}"
    return connect(url, additional_headers={"Authorization": f"Bearer {house.token(name)}"})


def write(house: House, place: Visibility, *, count: int = 1, size: int = 10) -> list[int]:
    """So many events, one commit each batch; their seqs."""
    now = house.now()

    def act(tx: object) -> list[int]:
        return [
            events.append(tx, "device.changed", now, {"id": "x", "text": "x" * size}, place)  # type: ignore[arg-type]
            for _ in range(count)
        ]

    return house.ledger.write(act).result(10)


def read(ws: ClientConnection, count: int, within: float = 10) -> list[int]:
    """The seqs of the next `count` events; heartbeats are passed over."""
    end = time.monotonic() + within
    found: list[int] = []
    while len(found) < count:
        message = json.loads(ws.recv(timeout=end - time.monotonic()))
        if "seq" in message:
            found.append(message["seq"])
    return found


def closing(ws: ClientConnection, within: float = 10) -> int:
    """The code a socket is closed with."""
    end = time.monotonic() + within
    try:
        while True:
            ws.recv(timeout=end - time.monotonic())
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 0


def head(house: House) -> int:
    """The newest seq."""
    with house.ledger.read() as conn:
        return events.head(conn)


@pytest.mark.parametrize("name", ["olga", "ines", "kim", "hans", "admin", "guest"])
def test_after_any_position_the_rest_comes_in_order_and_once(house: House, name: str) -> None:
    """From the oldest, from the middle, from a seq the reader never saw, from the end: no gap and no double."""
    start = head(house)
    for place in (EAST, WEST, EAST, WEST, WEST, EAST):
        write(house, place)
    house.raise_at("school-1", "fridge-1")
    house.raise_at("school-9", "fridge-9")
    end = head(house)
    listed = house.client(name).get("/events?limit=1000").json()["items"]
    every = [each["seq"] for each in listed]
    assert every == sorted(set(every))
    for after in (0, start, start + 1, start + 2, start + 3, end - 1, end, end + 5):
        expected = [seq for seq in every if seq > after]
        with listen(house, name, f"?after={after}") as ws:
            assert read(ws, len(expected)) == expected
            fresh = write(house, EAST) if name != "hans" else []
            if name == "hans":
                house.raise_at("school-1", "fridge-1", condition=f"again-{after}")
                fresh = [head(house) - 1, head(house)]
            assert read(ws, len(fresh)) == fresh
            every += fresh


def test_replay_and_live_meet_without_gap_or_double(house: House) -> None:
    """Events written while sockets replay arrive at each of them exactly once, in order."""
    write(house, EAST, count=600)
    goal = 300
    stop = threading.Event()

    def keep_writing() -> None:
        for _ in range(goal):
            write(house, EAST)
            if stop.is_set():
                return

    start = head(house) - 600
    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        for after in (start, start + 250, start + 599):
            with listen(house, "olga", f"?after={after}") as ws:
                wanted = 600 + goal - (after - start)
                found = read(ws, wanted, within=25)
                assert found == list(range(after + 1, after + 1 + wanted))
    finally:
        stop.set()
        writer.join(20)


def test_without_after_it_begins_now(house: House) -> None:
    """The first thing a socket without `after` gets is what comes after it."""
    with listen(house, "olga") as ws:
        json.loads(ws.recv(timeout=5))  # a heartbeat: it is live
        seqs = write(house, EAST, count=3)
        assert read(ws, 3) == seqs


def test_the_heartbeat_names_the_head(house: House) -> None:
    """A heartbeat has no seq, and its head is at least what was sent before it."""
    with listen(house, "olga") as ws:
        first = json.loads(ws.recv(timeout=5))
        assert set(first) == {"type", "head", "at"}
        assert first["type"] == "heartbeat"
        seq = write(house, WEST)[0]  # invisible to olga, and still in the head
        beat = json.loads(ws.recv(timeout=5))
        while beat["head"] < seq:
            beat = json.loads(ws.recv(timeout=5))
        assert "seq" not in beat


def test_older_than_kept_is_4010_and_410(house: House) -> None:
    """What retention took is told: close 4010 on the socket, 410 with `oldest` on the list."""
    seqs = write(house, EAST, count=5)
    house.ledger.write(lambda tx: events.forget(tx, house.now() + timedelta(seconds=1))).result(10)
    with listen(house, "olga", f"?after={seqs[0]}") as ws:
        assert closing(ws) == 4010
    answer = house.client("olga").get(f"/events?after={seqs[0]}")
    assert answer.status_code == 410
    assert answer.json()["oldest"] == seqs[-1]
    with listen(house, "olga", "?after=0") as ws:
        assert read(ws, 1) == [seqs[-1]]


def test_what_went_before_it_was_pushed_closes_with_4010(house: House) -> None:
    """Written and taken by retention in one commit: who listens is told to read on from the list, then all goes on."""

    def act(tx: object) -> int:
        now = house.now()
        seqs = [events.append(tx, "device.changed", now, {"id": "x"}, EAST) for _ in range(5)]  # type: ignore[arg-type]
        events.forget(tx, now + timedelta(seconds=1))  # type: ignore[arg-type]
        return seqs[-1]

    with listen(house, "olga") as ws:
        assert "head" in json.loads(ws.recv(timeout=10))  # it has joined
        last = house.ledger.write(act).result(10)
        assert closing(ws) == 4010
    with listen(house, "olga", "?after=0") as ws:
        assert read(ws, 1) == [last]
        assert write(house, EAST) == read(ws, 1)


def test_a_token_that_ends_closes_with_4001(house: House) -> None:
    """The socket of an expired token is closed, not only refused anew."""
    token = house.token("olga")
    house.shift = house.settings.token_life - timedelta(seconds=1.5)
    url = f"{house.url.replace('http', 'ws')}/api/v1/events/ws"
    with connect(url, additional_headers={"Authorization": f"Bearer {token}"}) as ws:
        assert closing(ws) == 4001


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({}, "nothing"),
        ({"Authorization": "Bearer rubbish"}, "rubbish"),
        ({"Authorization": "Basic x"}, "basic"),
    ],
)
def test_no_good_token_closes_with_4001(house: House, header: dict[str, str], reason: str) -> None:
    """The handshake succeeds, so that a page can read the code, and nothing is sent before it."""
    with connect(
        f"{house.url.replace('http', 'ws')}/api/v1/events/ws?after=0", additional_headers=header
    ) as ws:
        assert closing(ws) == 4001, reason


def test_changed_rights_close_with_4003(house: House) -> None:
    """A user who looks at other areas from now on is cut off at once, and reads anew with the new rights."""
    admin = house.client("admin")
    with listen(house, "olga") as ws, listen(house, "dora") as other:
        ws.recv(timeout=5)
        other.recv(timeout=5)
        body = {"name": "olga", "role": "operator", "areas": ["west"]}
        admin.put("/users/olga", json=body).raise_for_status()
        assert closing(ws) == 4003
        seqs = write(house, EAST)
        assert read(other, 1) == seqs  # nobody else is disturbed
    start = head(house)
    with listen(house, "olga", f"?after={start}") as ws:
        write(house, EAST)
        seqs = write(house, WEST)
        assert read(ws, 1) == seqs


def test_a_deleted_user_or_a_new_password_closes_with_4001(house: House) -> None:
    """Whoever is gone, or has a new password, does not listen on."""
    admin = house.client("admin")
    with listen(house, "dora") as gone, listen(house, "sue") as renewed:
        gone.recv(timeout=5)
        renewed.recv(timeout=5)
        admin.delete("/users/dora").raise_for_status()
        body = {"name": "sue", "role": "supervisor", "areas": ["east"], "password": "another-long-password"}
        admin.put("/users/sue", json=body).raise_for_status()
        assert closing(gone) == 4001
        assert closing(renewed) == 4001


def test_a_role_without_the_right_is_closed_with_4003(house: House) -> None:
    """The auditor reads no readings."""
    with listen(house, "aude", path="readings/ws") as ws:
        assert closing(ws) == 4003


def test_a_slow_reader_is_closed_and_disturbs_nobody(house: House) -> None:
    """A socket that does not read is closed with 4008; another one gets everything meanwhile."""
    host, port = house.url.removeprefix("http://").split(":")
    slow = socket.create_connection((host, int(port)))
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    slow.sendall(
        f"GET /api/v1/events/ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"Sec-WebSocket-Version: 13\r\nAuthorization: Bearer {house.token('olga')}\r\n\r\n".encode()
    )
    assert slow.recv(200).startswith(b"HTTP/1.1 101")
    try:
        with listen(house, "olga") as quick:
            quick.recv(timeout=5)
            for _ in range(18):
                seqs = write(house, EAST, count=20, size=20_000)
                assert read(quick, 20) == seqs
        received = b""
        slow.settimeout(10)
        while chunk := slow.recv(1_000_000):
            received += chunk
    finally:
        slow.close()
    assert received[-40:].find((4008).to_bytes(2, "big")) >= 0
    assert len(received) < 18 * 20 * 20_000


def test_readings_come_live_and_filtered(house: House) -> None:
    """`/readings/ws` gives what is committed from now on, of the wanted device, where the reader looks."""
    now = house.now()

    def reading(device: str, quantity: str) -> Reading:
        return Reading(device, quantity, 4.2, "°C", now, now)

    with listen(house, "olga", "?quantity=temperature", path="readings/ws") as ws:
        ws.recv(timeout=5)
        house.tell([reading("fridge-9", "temperature"), reading("fridge-1", "humidity")])
        house.tell([reading("fridge-1", "temperature")])
        message = json.loads(ws.recv(timeout=5))
        while message.get("type") == "heartbeat":
            message = json.loads(ws.recv(timeout=5))
        assert message["device"] == "fridge-1"
        assert set(message) == {"device", "quantity", "value", "unit", "at", "received_at", "quality"}
