"""Camera faults: which fault of which camera began, as the signals of its health say. No clock, no thread, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from config.watched import KIND
from detectors.fault import faults
from detectors.signal import Signal


@lru_cache(maxsize=1)
def _words() -> Mapping[str, str]:
    """By condition, the word of the fault: the metric's label."""
    return {each.condition: word for word, each in faults().items()}


class CameraFaults:
    """The faults that are there; one thread at a time.

    A level is said again and again while it lasts: it counts once. What nobody knows (`unknown`: the camera is away)
    ends nothing.
    """

    def __init__(self) -> None:
        self._there: set[tuple[str, str]] = set()

    def began(self, signals: Iterable[Signal]) -> list[tuple[str, str]]:
        """(device, fault) of each that these signals, in their order, say for the first time since it was gone."""
        found: list[tuple[str, str]] = []
        for each in signals:
            if each.kind != KIND or each.condition not in _words():
                continue
            fault = (each.device, _words()[each.condition])
            if each.state == "inactive":
                self._there.discard(fault)
            elif each.state == "active" and fault not in self._there:
                self._there.add(fault)
                found.append(fault)
        return found
