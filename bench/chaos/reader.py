"""Reader: a websocket client that goes on from the last event it saw, whatever happens to the hub."""

from __future__ import annotations

import json
import threading
import time

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect


class Reader:
    """Reads in a thread of its own until stopped.

    Attributes:
        seen: Seqs in the order they came.
        connections: How often it had to connect.
    """

    def __init__(self, port: int, token: str) -> None:
        self.seen: list[int] = []
        self.connections = 0
        self._url = f"ws://127.0.0.1:{port}/api/v1/events/ws?after="
        self._headers = {"Authorization": f"Bearer {token}"}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reader")
        self._thread.start()

    @property
    def last(self) -> int:
        """The last seq it saw."""
        return self.seen[-1] if self.seen else 0

    def stop(self) -> None:
        """End it."""
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with connect(
                    f"{self._url}{self.last}", additional_headers=self._headers, max_size=None, proxy=None
                ) as ws:
                    self.connections += 1
                    while not self._stop.is_set():
                        try:
                            message = json.loads(ws.recv(timeout=0.5))
                        except TimeoutError:
                            continue
                        if "seq" in message:
                            self.seen.append(int(message["seq"]))
            except (OSError, EOFError, WebSocketException):
                time.sleep(0.05)  # the hub is away: that is what this is about
