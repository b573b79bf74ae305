"""Lanes: one thread for each receiver, so that one that hangs delays nobody else.

A lane looks what its receiver is due, sends, notes, and sleeps until something may be due again. A commit wakes the
lanes from the writer's own thread, so that nothing stands between it and the sender; or, where there are many receivers
and few messages, it wakes the keeper, which wakes those that something is due for.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ingest.errors import HubError

log = logging.getLogger(__name__)

IDLE = 1.0
"""Seconds between two surveys: another hub on the same ledger may have written, a receiver may be new."""
REST = 3600.0
"""Seconds that a lane sleeps unless it is woken."""
AFTER_ERROR = 2.0
"""Seconds before a lane goes on after an error of the hub itself."""
END = 2.0
"""Seconds that the lanes have to end; what hangs then dies with the process, and was not noted as sent."""


class Lane(Protocol):
    """What one thread does for one receiver."""

    def serve(self) -> float:
        """One piece of work; answers the seconds until the next may be due, 0 when there may be more now."""

    def close(self) -> None:
        """Give back what it holds."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Who is to be served, for whom something waits, and who does not take anything (with the reason)."""

    keys: Iterable[str]
    waiting: Iterable[str] = ()
    degraded: Mapping[str, str] = field(default_factory=dict)


class _Thread:
    """One running lane."""

    def __init__(self, name: str, lane: Lane, failed: Callable[[], object]) -> None:
        self._lane = lane
        self._failed = failed
        self._said = ""
        self.stopping = False
        self.wake = threading.Event()
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """End after the present piece of work."""
        self.stopping = True
        self.wake.set()

    def _run(self) -> None:
        while not self.stopping:
            self.wake.clear()
            wait = self._serve()
            if wait > 0:
                self.wake.wait(wait)
        self._lane.close()

    def _serve(self) -> float:
        try:
            wait = self._lane.serve()
        except Exception as wrong:  # a lane must live: what was not noted as sent is sent again
            if self.stopping:
                return 0.0
            self._failed()
            if self._said != type(wrong).__name__:
                self._said = type(wrong).__name__
                where = self.thread.name
                if isinstance(wrong, HubError):
                    log.warning("%s waits: %s", where, wrong)
                else:
                    log.exception("%s failed", where)
            return AFTER_ERROR
        self._said = ""
        return wait


class Lanes:
    """All lanes of one sort of receiver."""

    def __init__(
        self,
        name: str,
        *,
        survey: Callable[[], Survey],
        lane: Callable[[str], Lane],
        failed: Callable[[], object],
        due: Callable[[], Iterable[str]] | None = None,
    ) -> None:
        self._name = name
        self._survey = survey
        self._due = due
        self._lane = lane
        self._failed = failed
        self._lanes: dict[str, _Thread] = {}
        self._degraded: Mapping[str, str] = {}
        self._woken = threading.Event()
        self._ended = False
        self._said = ""

    def wake(self) -> None:
        """There may be something to send; from any thread, returns at once."""
        if self._due is not None:
            self._woken.set()
            return
        for each in tuple(self._lanes.values()):
            each.wake.set()

    def degraded(self) -> Mapping[str, str]:
        """Who does not take anything now: `webhook-<id>` to the reason."""
        return {f"{self._name}-{key}": reason for key, reason in self._degraded.items()}

    async def run(self) -> None:
        """Keep a lane for every receiver until cancelled."""
        keeper = threading.Thread(target=self._keep, name=self._name, daemon=True)
        keeper.start()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.to_thread(self._stop, keeper)

    def _keep(self) -> None:
        """A survey every second, and between two of them who is due, whenever there was a commit."""
        at = 0.0
        while not self._ended:
            self._woken.clear()
            if time.monotonic() >= at:
                at = time.monotonic() + IDLE
                self._guarded(self._look)
            else:
                self._guarded(self._wake_due)
            self._woken.wait(max(at - time.monotonic(), 0.0))

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as wrong:  # noqa: BLE001 - counted, logged; the ledger that is away is in /readyz itself
            self._failed()
            if self._said != type(wrong).__name__:
                self._said = type(wrong).__name__
                log.warning("%s: nobody can be told: %s", self._name, wrong)
        else:
            self._said = ""

    def _wake_due(self) -> None:
        for key in self._due() if self._due is not None else ():
            if key in self._lanes:
                self._lanes[key].wake.set()

    def _look(self) -> None:
        found = self._survey()
        self._degraded = dict(found.degraded)
        keys = frozenset(found.keys)
        for key in keys - self._lanes.keys():
            self._lanes[key] = _Thread(f"{self._name}-{key}", self._lane(key), self._failed)
        for key in self._lanes.keys() - keys:
            self._lanes.pop(key).stop()
        for key in found.waiting:
            if key in self._lanes:
                self._lanes[key].wake.set()

    def _stop(self, keeper: threading.Thread) -> None:
        self._ended = True
        self._woken.set()
        keeper.join(END)
        lanes = tuple(self._lanes.values())
        for each in lanes:
            each.stop()
        for each in lanes:
            each.thread.join(END / max(len(lanes), 1))
