"""Hub: the hub's own engine under test: its worker processes, a broker, and a stand-in for `serve`.

The workers are `python -m hub worker` as an operator's `serve` starts them; broker and assignment server are other
processes and do not count. Every camera has a rule, so that pictures become tracks, levels and signals.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from bench.video.assignments import AssignmentServer
from bench.video.contestant import Counted
from bench.video.worker import WorkerProcess
from hub.broker import Broker
from hub.cores import cores
from hub.worker.crew import AT_ONCE
from ingest.instant import parse_instant
from ingest.mqtt.client import Client
from ingest.mqtt.message import Ack, Message
from ingest.video.turns import LASTS

Json = Mapping[str, object]
SIGNALS = "hub/internal/v1/signals/+"
STATUS = "hub/internal/v1/status/+"
WITHIN = 20.0
"""Seconds within which a worker must say how it is; it does so every 2 s."""
RULE: Json = {
    "id": "somebody-there",
    "kind": "presence",
    "condition": "person-after-hours",
    "classes": ["person"],
    "raise_after": "500ms",
    "clear_after": "5s",
    "severity": "major",
}


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def begun(cameras: int, workers: int = 1) -> float:
    """Seconds after which so many have had their turn to begin open, and an empty scene is quiet."""
    at_once = workers * AT_ONCE * max(1, cores() // workers)
    return (math.ceil(cameras / at_once) + 1) * LASTS.total_seconds()


def camera(device: str, url: str, fps: float, rules: Sequence[Json] = (RULE,)) -> Json:
    """One camera as an assignment has it."""
    return {
        "device": device,
        "site": device,
        "url": url,
        "fps": fps,
        "model": "coco-ssd",
        "rules": [{**rule, "id": f"{device}-{rule['id']}"} for rule in rules],
    }


class Hub:
    """Implements Contestant; workers, each with its share of the cameras."""

    def __init__(self, workers: Sequence[WorkerProcess], devices: Sequence[str]) -> None:
        self._workers = workers
        self._devices = devices
        self._heard = threading.Condition()
        self._newest: dict[str, tuple[float, Json]] = {}
        self.on_status: Callable[[Json], None] = lambda _: None
        self.on_signal: Callable[[Json, datetime], None] = lambda _signal, _at: None

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the workers."""
        return tuple(each.process.pid for each in self._workers)

    def hear(self, message: Message, ack: Ack) -> None:
        """What a worker says over the broker."""
        at = now()
        told: Json = json.loads(message.payload)
        if "/signals/" in message.topic:
            self.on_signal(told, at)
        else:
            self.on_status(told)
            with self._heard:
                self._newest[str(told["worker"])] = (time.monotonic(), told)
                self._heard.notify_all()
        ack()

    def count(self) -> tuple[Counted, ...]:
        """From the next status of every worker."""
        for each in self._workers:
            if each.process.poll() is not None:
                raise RuntimeError(f"a worker ended by itself:\n{each.text()[-2000:]}")
        asked = time.monotonic()
        with self._heard:
            if not self._heard.wait_for(lambda: self._all_after(asked), WITHIN):
                raise TimeoutError(f"the workers said nothing for {WITHIN:.0f} s")
            statuses = [told for _, told in self._newest.values()]
        found: dict[str, Counted] = {}
        for status in statuses:
            at = parse_instant(str(status["at"])).timestamp()
            for told in cast("Sequence[Mapping[str, int]]", status["cameras"]):
                found[str(told["device"])] = Counted(at, told["received"], told["decoded"], told["analysed"])
        return tuple(found.get(device, Counted(0.0, 0, 0, 0)) for device in self._devices)

    def _all_after(self, asked: float) -> bool:
        return len(self._newest) == len(self._workers) and all(at > asked for at, _ in self._newest.values())


@contextmanager
def running_hub(cameras: Sequence[Json], folder: Path, workers: int = 1) -> Iterator[Hub]:
    """The hub's engine on these cameras, dealt out in turn among so many workers."""
    folder.mkdir(parents=True)
    broker = Broker(folder / "broker")
    with ExitStack() as stack:
        broker.start()
        stack.callback(broker.stop)
        processes: list[WorkerProcess] = []
        for number in range(workers):
            share = list(cameras[number::workers])
            told = {"epoch": 1, "version": 1, "broker": broker.url, "cameras": share}
            serve = stack.enter_context(AssignmentServer(told))
            name = f"w{number + 1}"
            worker = WorkerProcess(serve.url, folder / name, name=name, threads=max(1, cores() // workers))
            processes.append(stack.enter_context(worker))
        hub = Hub(processes, [str(each["device"]) for each in cameras])
        ear = Client(broker.url, "bench-video", clock=now)
        ear.subscribe([(SIGNALS, 1), (STATUS, 0)], hub.hear)
        ear.start()
        stack.callback(ear.stop, 3)
        yield hub
