"""Load: workers' signals and sensors' readings over MQTT, and a book of what the broker acknowledged, and when.

Every signal is about a zone of its own: it is raised once and cleared once, so that one that is lost, and one that
counts twice, both show in the ledger. Every reading has an instant of its own.
"""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime

from alerts.ids import new_id
from bench.chaos.county import SENSORS, SITES
from detectors.signal import Signal, SignalState
from detectors.signal_json import to_json
from ingest.instant import format_instant
from ingest.mqtt.client import Client
from ingest.text import Text

TICK = 0.05
"""Seconds; each tick raises one zone, clears an older one and sends two readings."""
LATER = 30
"""Ticks between a raise and its clear."""
WARM = 100
"""Readings in a row above the limit, then as many below: the sensor rule works too."""
TOPIC = "hub/internal/v1/signals/chaos"
CONDITION = "chaos"

Key = tuple[str, str]
"""(place, `active` or `inactive`) of a signal, (device, instant) of a reading."""


def now() -> datetime:
    """The wall clock, in the whole milliseconds that the ledger keeps."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


@dataclass
class Book:
    """What was published, and when its PUBACK came (monotonic seconds); guarded by `lock`."""

    sent: int = 0
    acknowledged: dict[Key, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def expect(self, key: Key, published: Future[None]) -> None:
        """Note the PUBACK of this one when it comes."""

        def done(finished: Future[None]) -> None:
            if finished.exception() is None:
                with self.lock:
                    self.acknowledged[key] = time.monotonic()

        self.sent += 1
        published.add_done_callback(done)


class Load:
    """Publishes until stopped; messages wait in memory while the broker is away, as a worker's spool does."""

    def __init__(self, url: str) -> None:
        self.book = Book()
        self._clients = [Client(url, name, clock=now, max_queued=50_000) for name in ("chaos-w", "chaos-s")]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load")
        for each in self._clients:
            each.start()
        self._thread.start()

    def stop(self) -> None:
        """Publish no more, but send what waits."""
        self._stop.set()
        self._thread.join(10)
        end = time.monotonic() + 30
        while len(self.book.acknowledged) < self.book.sent and time.monotonic() < end:
            time.sleep(0.05)
        for each in self._clients:
            each.stop(5)

    def _run(self) -> None:
        tick = 0
        while not self._stop.wait(TICK):
            self._signal(tick, "active")
            if tick >= LATER:
                self._signal(tick - LATER, "inactive")
            for device in SENSORS:
                self._reading(device, warm=tick // WARM % 2 == 1)
            tick += 1
        for left in range(max(tick - LATER, 0), tick):
            self._signal(left, "inactive")

    def _signal(self, zone: int, state: SignalState) -> None:
        at = now()
        site = SITES[zone % len(SITES)]
        place = f"{site}/z{zone}"
        signal = Signal(
            id=new_id(at), rule="chaos", kind="presence", condition=CONDITION, place=place, device=site,
            state=state, since=at, at=at, severity="major", value=None, limit=None, certainty=1.0, epoch=1,
            n=1 if state == "active" else 2, explanation=Text("混沌", "chaos"),
        )  # fmt: skip
        self.book.expect((place, state), self._clients[0].publish(TOPIC, to_json(signal)))

    def _reading(self, device: str, *, warm: bool) -> None:
        at = format_instant(now())
        body = json.dumps({"ts": at, "values": {"temperature": 9.5 if warm else 4.0}}).encode()
        site = device.removesuffix("-t")
        self.book.expect((device, at), self._clients[1].publish(f"hub/v1/{site}/{device}/telemetry", body))
