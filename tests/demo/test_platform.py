"""The sample receiver: a real process, sent to by the hub's own webhook channel."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from alerts.channels.webhook import post
from alerts.signature import write_secret
from hub.demo.platform import SECRET_VARIABLE, line_of
from hub.serve.outbound import Outbound

ROOT = Path(__file__).parents[2]
SECRET = write_secret(bytes(range(32)))
CASE = {
    "id": "01J0", "number": "2026-000001", "severity": "life", "category": "gas-level", "site": "school-1",
    "unit": "fire-rescue", "state": "open", "step": "accept", "change": {"action": "open", "who": "hub"},
}  # fmt: skip


def body(seq: int, kind: str = "case.opened", **changes: object) -> bytes:
    """An event as the hub sends it."""
    event = {"seq": seq, "type": kind, "at": "2026-11-22T08:00:00.000Z", "data": {**CASE, **changes}}
    return json.dumps(event).encode()


Start = Callable[[], tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts the receiver on the same folder; gives the process and its address."""
    born: list[subprocess.Popen[str]] = []

    def begin() -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "hub.demo.platform",
                "--data",
                str(tmp_path / "platform"),
                "--with-parent",
            ],
            cwd=ROOT,
            env={**os.environ, SECRET_VARIABLE: SECRET},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        born.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield begin
    for process in born:
        process.kill()
        process.wait(5)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def counts(url: str) -> dict[str, int]:
    """What it says of itself."""
    report: dict[str, int] = httpx.get(url.replace("/events", "/report"), timeout=5).json()
    return report


def test_each_event_once_in_order_signed(start: Start) -> None:
    """Takes what is signed, once; sees a double, a break of the order, a forgery and a replay; survives a kill."""
    process, url = start()
    now = datetime.now(UTC)

    def sent(seq: int, content: bytes, *, at: datetime = now, secret: str = SECRET) -> int | None:
        """What the receiver answers."""
        return post(out, url, secret, f"{seq}.hook1", content, at).code

    with closing(Outbound(clock=lambda: datetime.now(UTC))) as out:
        assert sent(5, body(5)) == 204
        assert sent(5, body(5)) == 204, "a retry is answered like the first"
        assert sent(7, body(7, "case.changed", step="dispatch")) == 204
        assert sent(6, body(6, "case.changed")) == 204
        assert sent(8, body(8), secret=write_secret(bytes(32))) == 401
        assert sent(9, body(9), at=now - timedelta(hours=1)) == 401, "an old request is a replay"
        assert sent(10, b"[]") == 400
    assert httpx.post(url, content=b"{}", timeout=5).status_code == 401
    assert counts(url) == {
        "taken": 3, "doubles": 1, "late": 1, "forged": 3, "malformed": 1, "last_seq": 7, "cases": 1,
    }  # fmt: skip
    process.kill()
    assert process.stdout is not None
    printed = process.stdout.read()
    assert "case 2026-000001 opened open [life] gas-level at school-1 to fire-rescue" in printed
    process, url = start()
    with closing(Outbound(clock=lambda: datetime.now(UTC))) as out:
        assert sent(7, body(7)) == 204
        assert sent(11, body(11, "incident.raised")) == 204
    found = counts(url)
    assert (found["taken"], found["doubles"], found["last_seq"], found["cases"]) == (4, 1, 11, 1)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(5) == 0, "it ends when its parent's pipe closes"


def test_a_line_cannot_move_the_cursor() -> None:
    """Control characters from the wire are not printed."""
    line = line_of(
        {"type": "case.opened", "seq": 1, "data": {**CASE, "site": "a\x1b[2J\nb", "category": "燃气"}}
    )
    assert line is not None
    assert "\x1b" not in line
    assert "\n" not in line
    assert "燃气" in line


def test_no_secret_is_a_clear_error(tmp_path: Path) -> None:
    """Without a secret it says which variable to set and ends with 2."""
    done = subprocess.run(
        [sys.executable, "-m", "hub.demo.platform", "--data", str(tmp_path)],
        cwd=ROOT, env={**os.environ, SECRET_VARIABLE: ""}, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert SECRET_VARIABLE in done.stderr


def test_half_a_request_is_nothing(start: Start) -> None:
    """A sender that is killed while it sends: nothing is taken, nothing counts as forged."""
    process, url = start()
    address = httpx.URL(url)
    with socket.create_connection((address.host, address.port or 80), timeout=5) as sender:
        sender.sendall(b"POST /events HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf")
        sender.shutdown(socket.SHUT_WR)
        assert sender.recv(100) == b""
    counts = httpx.get(url.replace("/events", "/report")).json()
    assert (counts["taken"], counts["forged"], counts["malformed"]) == (0, 0, 0)
    assert process.poll() is None
