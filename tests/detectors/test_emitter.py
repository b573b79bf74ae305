"""Emitter: on change, every 10 s while active, numbered; no clock of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from detectors.emitter import Emitter, Source, source
from detectors.rule import Level
from detectors.rules.silence import Params
from detectors.signal import SignalState
from ingest.text import Text

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
HERE = Source("after-hours", "school-1/store", "cam", "presence", "person-after-hours", "major")
THERE = Source("after-hours", "school-2/store", "cam-2", "presence", "person-after-hours", "major")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def level(state: SignalState) -> Level:
    return Level(state, START, 1.0, 0.0, 0.8, Text("句", "sentence"))


def ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"id-{next(numbers)}"


def emitter() -> Emitter:
    return Emitter(epoch=3, new_id=ids())


ROWS: list[tuple[str, list[tuple[float, SignalState]], list[float]]] = [
    ("the first level is told, even when nothing is wrong", [(0, "inactive"), (1, "inactive")], [0]),
    ("the first level is told, even when nothing is known", [(0, "unknown"), (1, "unknown")], [0]),
    ("changes are told at once", [(0, "inactive"), (1, "active"), (2, "inactive")], [0, 1, 2]),
    ("an active level is renewed every 10 s", [(s, "active") for s in range(25)], [0, 10, 20]),
    ("not a moment earlier", [(0, "active"), (9.999, "active"), (10, "active")], [0, 10]),
    ("another level is told once more", [(s, "inactive") for s in range(0, 60, 5)], [0, 10]),
    ("unknown is a change too", [(0, "active"), (4, "unknown"), (5, "active")], [0, 4, 5]),
    (
        "renewal counts from the latest signal",
        [(0, "inactive"), (7, "active"), (16, "active"), (17, "active")],
        [0, 7, 17],
    ),
]


@pytest.mark.parametrize(("reason", "levels", "told"), ROWS, ids=[row[0] for row in ROWS])
def test_when_it_is_told(reason: str, levels: list[tuple[float, SignalState]], told: list[float]) -> None:
    """Levels at seconds, and the seconds at which a signal goes out, numbered without a hole."""
    made = emitter()
    signals = [signal for seconds, state in levels if (signal := made.step(HERE, level(state), at(seconds)))]
    assert [(signal.at - START).total_seconds() for signal in signals] == told, reason
    assert [signal.n for signal in signals] == list(range(1, len(told) + 1))


def test_a_signal_carries_all() -> None:
    """What the router needs, out of source, level and epoch."""
    signal = emitter().step(HERE, level("active"), at(5), evidence_ref="e-1")
    assert signal is not None
    assert (signal.id, signal.epoch, signal.n, signal.evidence_ref) == ("id-1", 3, 1, "e-1")
    assert (signal.rule, signal.place, signal.device) == HERE.key
    assert (signal.kind, signal.condition, signal.severity) == ("presence", "person-after-hours", "major")
    assert (signal.state, signal.since, signal.at) == ("active", START, at(5))
    assert (signal.value, signal.limit, signal.certainty) == (1.0, 0.0, 0.8)
    assert signal.explanation.zh == "句"


def test_sources_count_separately() -> None:
    """Each (rule, place, device) has its own n."""
    made = emitter()
    first, second = made.step(HERE, level("active"), at(0)), made.step(THERE, level("active"), at(0))
    assert first is not None
    assert second is not None
    assert (first.n, second.n) == (1, 1)


def test_after_a_restart_it_goes_on() -> None:
    """With the stored n, the next level is told whatever it is, as n + 1."""
    made = emitter()
    made.resume(HERE, 41)
    signal = made.step(HERE, level("inactive"), at(0))
    assert signal is not None
    assert signal.n == 42
    assert made.step(HERE, level("inactive"), at(1)) is None


def test_what_is_no_longer_assigned_is_forgotten() -> None:
    """Assigned again, it begins anew."""
    made = emitter()
    made.step(HERE, level("active"), at(0))
    made.step(THERE, level("active"), at(0))
    made.forget([THERE])
    assert made.last(HERE) is None
    assert made.last(THERE) is not None


def test_asking_changes_nothing() -> None:
    """is_due() says what step() would do."""
    made = emitter()
    assert made.is_due(HERE, level("active"), at(0))
    assert made.is_due(HERE, level("active"), at(0))
    made.step(HERE, level("active"), at(0))
    assert not made.is_due(HERE, level("active"), at(9))
    assert made.is_due(HERE, level("active"), at(10))


def test_where_a_rules_signals_come_from() -> None:
    """The place is the site, or the zone in it; the condition is the rule's id when none is named."""
    plain = Params.model_validate({"id": "quiet", "kind": "silence", "longer_than": "5m", "severity": "info"})
    assert source(plain, site="school-1", device="probe") == Source(
        "quiet", "school-1", "probe", "silence", "quiet", "info"
    )
    named = plain.model_copy(update={"zone_name": "store", "condition": "sensor-silent"})
    found = source(named, site="school-1", device="probe")
    assert (found.place, found.condition) == ("school-1/store", "sensor-silent")
