"""Assignments: a tiny HTTP server that stands where `serve` would, and tells workers what to do."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

TOKEN = "only-for-tests-and-benches"  # noqa: S105 - of a worker that is thrown away


class AssignmentServer:
    """Answers GET /api/v1/internal/assignment with `assignment`; use as a context manager.

    Attributes:
        assignment: What is answered; set it to change what the worker does.
        status: HTTP status of every answer.
        asked: The query of every poll.
    """

    def __init__(self, assignment: Mapping[str, object]) -> None:
        self.assignment = assignment
        self.status = 200
        self.asked: list[dict[str, list[str]]] = []
        self._connections: list[socket.socket] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"  # as serve: one connection for all polls
            timeout = 30

            def setup(self) -> None:
                super().setup()
                outer._connections.append(self.connection)

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                status = outer.status
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    status = 401
                elif url.path != "/api/v1/internal/assignment":
                    status = 404
                body = json.dumps(outer.assignment if status == 200 else {}).encode()
                outer.asked.append(parse_qs(url.query))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1})
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(10)
        for each in self._connections:  # they would go on to be answered
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
