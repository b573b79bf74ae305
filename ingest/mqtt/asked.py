"""Asked: what the broker is asked for, kept in step with what is wanted, and what it answered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from paho.mqtt.reasoncodes import ReasonCode

from ingest.mqtt.mishaps import Mishaps
from ingest.mqtt.subscriptions import Wish
from ingest.mqtt.wire import EnduringPaho, options_of

FILTERS_AT_ONCE = 200  # in one SUBSCRIBE packet


class Asked:
    """The subscriptions of one client at its broker; for any thread."""

    def __init__(self, wire: EnduringPaho, wanted: Callable[[], dict[str, Wish]], mishaps: Mishaps) -> None:
        self._wire = wire
        self._wanted = wanted
        self._mishaps = mishaps
        self._asking = threading.RLock()  # one thread at a time tells the broker what is wanted
        self._lock = threading.Lock()  # guards what follows; never held while paho is called
        self._open = False
        self._asked: dict[str, Wish] = {}
        self._opening: set[int] = (
            set()
        )  # packets of this connection's first question that are not answered yet
        self._unanswered: dict[int, tuple[str, ...]] = {}
        self._early: dict[int, list[ReasonCode]] = {}
        self._refused: set[str] = set()

    @property
    def answered(self) -> bool:
        """Whether every subscription that was asked for has its answer."""
        return not self._unanswered

    @property
    def refused(self) -> tuple[str, ...]:
        """The filters that the broker refused."""
        with self._lock:
            return tuple(sorted(self._refused))

    def begin(self) -> bool:
        """A connection is there: ask for everything; whether there is nothing to wait for. On the network thread."""
        with self._asking:  # whoever subscribes meanwhile is told to the broker after this
            with self._lock:
                self._asked = {}
                self._unanswered.clear()  # what an earlier connection was asked is asked again
                self._early.clear()
                self._open = True
            opening = self.ask()
            with self._lock:
                self._opening = opening
        return not opening

    def end(self) -> None:
        """The connection is over; what it was asked stays without an answer until the next one is asked."""
        with self._lock:
            self._open = False
            self._opening = set()

    def forget(self, filters: Sequence[str]) -> None:
        """Nobody wants these any more: that they were refused is of no interest."""
        with self._lock:
            self._refused -= set(filters)

    def ask(self) -> set[int]:
        """Bring what the broker is asked for in step with what is wanted; gives the packets to be answered."""
        with self._asking:
            with self._lock:
                if not self._open:
                    return set()
            wanted = self._wanted()
            with self._lock:
                fresh = {name: wish for name, wish in wanted.items() if self._asked.get(name) != wish}
                gone = [name for name in self._asked if name not in wanted]
                self._asked = wanted
            names = list(fresh)
            asked = {
                self._subscribe(names[start : start + FILTERS_AT_ONCE], fresh)
                for start in range(0, len(names), FILTERS_AT_ONCE)
            }
            if gone:
                self._wire.unsubscribe(gone)
            return {packet_id for packet_id in asked if packet_id is not None}

    def answer(self, packet_id: int, reasons: list[ReasonCode]) -> bool:
        """What SUBACK says; whether with it the connection's first question is answered whole."""
        with self._lock:
            if packet_id not in self._unanswered:  # faster than the thread that asked
                self._early[packet_id] = reasons
                return False
            self._settle(self._unanswered.pop(packet_id), reasons)
            opened = self._opening == {packet_id}
            self._opening.discard(packet_id)
            return opened

    # -- inside -------------------------------------------------------------------------------------------

    def _subscribe(self, names: Sequence[str], wishes: Mapping[str, Wish]) -> int | None:
        _, packet_id = self._wire.subscribe([(name, options_of(wishes[name])) for name in names])
        if packet_id is not None:
            with self._lock:
                early = self._early.pop(packet_id, None)
                if early is None:
                    self._unanswered[packet_id] = tuple(names)
                else:
                    self._settle(names, early)
        return packet_id

    def _settle(self, names: Sequence[str], reasons: Sequence[ReasonCode]) -> None:
        for name, reason in zip(names, reasons, strict=False):
            if reason.is_failure:
                self._refused.add(name)
                self._mishaps.refused(f"subscription to {name} refused: {reason}")
            else:
                self._refused.discard(name)
