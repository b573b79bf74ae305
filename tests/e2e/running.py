"""A hub demo running as its own process tree, seen only from outside: HTTP, websocket, MQTT, signals."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar, cast

import httpx
import websockets

from bench.processes import command_line, tree
from tests.servers.ports import free_port

ROOT = Path(__file__).parents[2]
ADMIN_PASSWORD = "only-for-this-test"
JSON = dict[str, object]
T = TypeVar("T")


@contextmanager
def frozen(pids: list[int]) -> Iterator[None]:
    """These processes stand still, as a hung machine does; connections stay open and nothing answers."""
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def until(look: Callable[[], T | None], *, seconds: float, what: str, every: float = 0.25) -> T:
    """The first thing `look` finds that is not None; fails after `seconds`, saying what was awaited."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > end:
            message = f"not within {seconds} s: {what}"
            raise AssertionError(message)
        time.sleep(every)


class Running:
    """One hub under test: `hub demo`, or another command that serves."""

    def __init__(
        self,
        data: Path,
        *,
        arguments: tuple[str, ...] = (),
        environment: dict[str, str] | None = None,
        command: tuple[str, ...] = ("demo", "--headless"),
    ) -> None:
        self.data = data
        self.port = free_port()
        self.log = data.parent / f"{data.name}-{self.port}.log"
        self.base = f"http://127.0.0.1:{self.port}/api/v1"
        self._tokens: dict[str, str] = {}
        self._output = self.log.open("wb")
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "hub",
                *command,
                "--port",
                str(self.port),
                "--data",
                str(data),
                *arguments,
            ],
            cwd=ROOT,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "HUB_ADMIN_PASSWORD": ADMIN_PASSWORD, **(environment or {})},
            start_new_session=True,
        )

    def output(self) -> str:
        """What the demo has printed so far."""
        return self.log.read_text(errors="replace")

    def wait_ready(self, seconds: float = 120) -> JSON:
        """Wait for the line `ready http://…`; returns run.json."""

        def ready() -> bool | None:
            if self.process.poll() is not None:
                message = f"the demo ended with {self.process.returncode}:\n{self.output()[-4000:]}"
                raise AssertionError(message)
            return True if "ready http" in self.output() else None

        until(ready, seconds=seconds, what=f"ready\n{self.output()[-2000:]}")
        self.ready_at = time.monotonic()
        return cast("JSON", json.loads((self.data / "run.json").read_text()))

    def token(self, user: str = "admin", password: str = ADMIN_PASSWORD) -> str:
        """A token of the user, fetched once."""
        if user not in self._tokens:
            answer = httpx.post(
                f"{self.base}/auth/login", json={"username": user, "password": password}, timeout=10
            )
            assert answer.status_code == 200, answer.text
            self._tokens[user] = str(answer.json()["access_token"])
        return self._tokens[user]

    def get(self, path: str, user: str = "admin") -> httpx.Response:
        """GET under /api/v1 as this user."""
        return httpx.get(
            f"{self.base}{path}", headers={"Authorization": f"Bearer {self.token(user)}"}, timeout=20
        )

    def items(self, path: str) -> list[JSON]:
        """All items of a list."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return cast("list[JSON]", answer.json()["items"])

    def device(self, name: str) -> JSON:
        """One device as it is now."""
        return cast("JSON", self.get(f"/devices/{name}").json())

    def events(self, after: int, *, seconds: float, enough: Callable[[list[JSON]], bool]) -> list[JSON]:
        """What an independent websocket client is sent after `after`, until it is enough or time is over."""

        async def listen() -> list[JSON]:
            got: list[JSON] = []
            url = f"ws://127.0.0.1:{self.port}/api/v1/events/ws?after={after}"
            headers = {"Authorization": f"Bearer {self.token()}"}
            async with websockets.connect(url, additional_headers=headers, max_size=None) as socket_:
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        async for text in socket_:
                            event = cast("JSON", json.loads(text))
                            if "seq" in event:
                                got.append(event)
                            if enough(got):
                                break
            return got

        return asyncio.run(listen())

    def pids(self, word: str) -> list[int]:
        """The processes of this demo whose command line holds `word`."""
        return [
            pid for pid in tree(self.process.pid) if word in command_line(pid) and pid != self.process.pid
        ]

    def kill_tree(self) -> None:
        """Kill -9 of everything, at once."""
        for pid in tree(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM; the exit code. Whatever is left after 15 s is killed and the code says so."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill_tree()
        self._output.close()
        return self.process.returncode


@contextmanager
def demo(data: Path, *arguments: str, environment: dict[str, str] | None = None) -> Iterator[Running]:
    """A demo that is ready, ended afterwards whatever happens."""
    running = Running(data, arguments=arguments, environment=environment)
    try:
        running.wait_ready()
        yield running
    finally:
        running.stop()
