"""Watch: what cameras did in every window of a run, from the statuses of their workers. No clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from ingest.instant import parse_instant

WINDOW = 10.0
"""Seconds; a status comes every two, so a window begins at each and ends with the first that is so much later."""
SLACK = 0.3
"""Seconds that a window may be shorter: statuses are not sent by a metronome."""

Json = Mapping[str, object]


class Watch:
    """Counters of every camera over time."""

    def __init__(self) -> None:
        self._said: dict[str, list[tuple[float, int, int]]] = {}
        self.newest: dict[str, Json] = {}

    def hear(self, status: Json) -> None:
        """One status of one worker."""
        at = parse_instant(str(status["at"])).timestamp()
        for camera in cast("Sequence[Json]", status["cameras"]):
            device = str(camera["device"])
            counted = at, cast("int", camera["received"]), cast("int", camera["analysed"])
            self._said.setdefault(device, []).append(counted)
            self.newest[device] = camera

    def clear(self) -> None:
        """The run begins now."""
        self._said = {device: said[-1:] for device, said in self._said.items()}

    def worst(self, device: str) -> tuple[float, float]:
        """Received and analysed per second in this camera's worst windows; 0 when it said too little."""
        said = self._said.get(device, [])
        received: list[float] = []
        analysed: list[float] = []
        for number, (begin, packets, looks) in enumerate(said):
            last = next((each for each in said[number + 1 :] if each[0] - begin >= WINDOW - SLACK), None)
            if last is not None:
                received.append((last[1] - packets) / (last[0] - begin))
                analysed.append((last[2] - looks) / (last[0] - begin))
        return min(received, default=0.0), min(analysed, default=0.0)


class Raises:
    """How long it took from the frame that showed something to the signal that tells of it, heard at the broker."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._known: set[tuple[str, str]] = set()

    def clear(self) -> None:
        """The run begins now; what was raised before is not timed when it is told again."""
        self.seconds.clear()

    def hear(self, signal: Json, at: datetime) -> None:
        """A signal that tells of a new raise counts; that it is still so does not."""
        if signal["state"] != "active":
            return
        raised = str(signal["rule"]), str(signal["since"])
        if raised not in self._known:
            self._known.add(raised)
            self.seconds.append((at - parse_instant(raised[1])).total_seconds())
