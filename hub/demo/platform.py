"""Platform: a sample receiver of a command platform: what somebody writes who is told by the hub's webhooks.

    HUB_DEMO_PLATFORM_SECRET=whsec_… python -m hub.demo.platform --data FOLDER

It prints the address to give to `POST /api/v1/webhooks` when it listens, then a line per case. The three things
that every receiver has to do are here in full: check the signature (Standard Webhooks), take an event once
however often it comes (`webhook-id`), and notice when one is missing or comes too late (`seq` rises). It writes
an event down before it answers 2xx, so that being killed loses nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from hub.os_signals import on_signals
from hub.parent import on_parent_gone

SECRET_VARIABLE = "HUB_DEMO_PLATFORM_SECRET"  # noqa: S105 - the variable's name, not its value
PATH = "/events"
_MAX_BODY = 1_000_000
_SOCKET_TIMEOUT = 30.0

Verdict = Literal["taken", "double", "late", "forged", "malformed"]
STATUS: Mapping[Verdict, int] = {"taken": 204, "double": 204, "late": 204, "forged": 401, "malformed": 400}
"""A double and a late one are answered like any other: the sender has done its part."""


@dataclass(slots=True)
class Counts:
    """What came, since the folder was begun.

    Attributes:
        taken: Events written down, each once.
        doubles: Events that came again.
        late: New events with a lower `seq` than one before them: the order was broken.
        forged: Requests whose signature or time is wrong.
        malformed: Requests that are signed, and no event.
        last_seq: The highest `seq`.
        cases: Different cases.
    """

    taken: int = 0
    doubles: int = 0
    late: int = 0
    forged: int = 0
    malformed: int = 0
    last_seq: int = 0
    cases: int = 0


class Inbox:
    """What was received, on disk; thread-safe."""

    def __init__(self, folder: Path, secret: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "received.jsonl"
        self._webhook = Webhook(secret)
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self._cases: set[str] = set()
        self.counts = Counts()
        for line in self._path.read_text().splitlines() if self._path.exists() else ():
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # cut off by a kill: it was not acknowledged, so it comes again
            self._note(entry["id"], entry["seq"], entry["case"], late=entry["late"])
        self._file = self._path.open("a")

    def receive(self, headers: Mapping[str, str], body: bytes) -> tuple[Verdict, Mapping[str, object]]:
        """Check one request and write its event down; the event is empty when it is not taken."""
        plain = {name.lower(): value for name, value in headers.items()}
        with self._lock:
            try:
                self._webhook.verify(body, plain)
            except (WebhookVerificationError, ValueError):  # ValueError: a header that is no base64
                self.counts.forged += 1
                return "forged", {}
            event = _event(body)
            if event is None:
                self.counts.malformed += 1
                return "malformed", {}
            key = plain["webhook-id"]
            if key in self._seen:
                self.counts.doubles += 1
                return "double", {}
            seq = int(str(event["seq"]))
            late = seq <= self.counts.last_seq
            case = _case_of(event)
            self._file.write(json.dumps({"id": key, "seq": seq, "case": case, "late": late}) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._note(key, seq, case, late=late)
            return "late" if late else "taken", event

    def close(self) -> None:
        """No more is taken."""
        self._file.close()

    def _note(self, key: str, seq: int, case: str, *, late: bool) -> None:
        self._seen.add(key)
        if case:
            self._cases.add(case)
        self.counts.taken += 1
        self.counts.late += late
        self.counts.last_seq = max(self.counts.last_seq, seq)
        self.counts.cases = len(self._cases)


def _event(body: bytes) -> Mapping[str, object] | None:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    whole = (
        isinstance(event, dict) and isinstance(event.get("seq"), int) and isinstance(event.get("data"), dict)
    )
    return event if whole else None


def _case_of(event: Mapping[str, object]) -> str:
    data = event["data"]
    if not str(event.get("type", "")).startswith("case.") or not isinstance(data, dict):
        return ""
    return str(data.get("id", ""))


def line_of(event: Mapping[str, object]) -> str | None:
    """One line for people about a case; None for events about anything else."""
    data = event.get("data")
    if not str(event.get("type", "")).startswith("case.") or not isinstance(data, dict):
        return None
    change = data.get("change") if isinstance(data.get("change"), dict) else {}
    words = [
        f"case {data.get('number', '?')}",
        str(event["type"]).removeprefix("case."),
        str(change.get("action", "")) if isinstance(change, dict) else "",
        f"[{data.get('severity', '?')}]",
        str(data.get("category") or data.get("kind") or ""),
        f"at {data.get('site') or data.get('area') or '?'}",
        f"to {data.get('unit') or '?'}",
        f"state {data.get('state', '?')}, due {data.get('step') or 'nothing'}",
        f"seq {event.get('seq')}",
    ]
    # Names come over the wire: nothing of them may move the terminal's cursor.
    return re.sub(r"[^\x20-\x7e\u00a0-\uffff]", "?", " ".join(word for word in words if word))


class Receiver(ThreadingHTTPServer):
    """The HTTP side: POST /events takes, GET /report tells the counts."""

    daemon_threads = True

    def __init__(self, inbox: Inbox, host: str, port: int) -> None:
        super().__init__((host, port), _Handler)
        self.inbox = inbox

    @property
    def url(self) -> str:
        """Where the hub's webhook should point to."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}{PATH}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _SOCKET_TIMEOUT

    def do_POST(self) -> None:
        """One event."""
        inbox = self._inbox()
        length = self.headers.get("content-length", "")
        if self.path != PATH or not length.isascii() or not length.isdigit() or int(length) > _MAX_BODY:
            self.close_connection = True  # its body is not read
            self._answer(404 if self.path != PATH else 413)
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):  # the sender was killed meanwhile: half a request is no forgery
            self.close_connection = True
            return
        verdict, event = inbox.receive(dict(self.headers.items()), body)
        line = line_of(event)
        if line is not None:
            print(line, flush=True)
        if verdict in ("late", "forged", "malformed"):
            print(f"{verdict}: {self.headers.get('webhook-id', 'no id')[:60]!r}", flush=True)
        self._answer(STATUS[verdict])

    def do_GET(self) -> None:
        """The counts."""
        if self.path != "/report":
            self._answer(404)
            return
        self._answer(200, json.dumps(asdict(self._inbox().counts)).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server calls
        """Nothing: the cases are the log."""

    def _inbox(self) -> Inbox:
        if not isinstance(self.server, Receiver):
            raise TypeError("this handler belongs to a Receiver")
        return self.server.inbox

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        if body:
            self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(body)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m hub.demo.platform", description="A sample receiver of the hub's webhooks."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of what was received")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    parser.epilog = f"The environment holds the secret both sides know in {SECRET_VARIABLE} (whsec_…)."
    args = parser.parse_args(arguments)
    secret = os.environ.get(SECRET_VARIABLE, "")
    if not secret:
        print(f"platform: no secret; set {SECRET_VARIABLE} to the webhook's whsec_…", file=sys.stderr)
        return 2
    try:
        inbox = Inbox(args.data, secret)
        receiver = Receiver(inbox, args.host, args.port)
    except (OSError, ValueError) as wrong:  # ValueError: the secret is no base64
        print(f"platform: {wrong}", file=sys.stderr)
        return 2
    on_signals({signal.SIGTERM: receiver.shutdown, signal.SIGINT: receiver.shutdown})
    if args.with_parent:
        on_parent_gone(receiver.shutdown)
    print(receiver.url, flush=True)
    receiver.serve_forever(poll_interval=0.2)
    receiver.server_close()
    inbox.close()
    print(json.dumps(asdict(inbox.counts)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
