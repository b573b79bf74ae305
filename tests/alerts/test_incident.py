"""Folding signals into incidents: tables, and the property that the order of sources does not matter."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.incident import Change, Incident, age, fold
from detectors.signal import SEVERITIES, Severity, Signal, SignalState
from tests.alerts.county import NOW, signal


def run(*signals: Signal, start: Incident | None = None) -> tuple[Incident | None, list[Change]]:
    """Folds signals in order; a cleared incident makes room for the next."""
    incident, changes = start, []
    for each in signals:
        done = fold(incident, each, now=each.at, new_id=f"id-{each.n}")
        changes.append(done.change)
        incident = done.incident if done.incident is None or done.incident.state == "open" else None
    return incident, changes


@pytest.mark.parametrize(
    ("signals", "changes"),
    [
        pytest.param([signal(1)], ["raised"], id="active raises"),
        pytest.param([signal(1, state="inactive")], ["none"], id="inactive alone is nothing"),
        pytest.param([signal(1, state="unknown")], ["none"], id="no data is no alarm"),
        pytest.param([signal(1), signal(2)], ["raised", "renewed"], id="renewing is no news"),
        pytest.param([signal(1), signal(1)], ["raised", "none"], id="the same twice"),
        pytest.param([signal(1), signal(2, state="inactive")], ["raised", "cleared"], id="and over"),
        pytest.param(
            [signal(2), signal(1, state="inactive")], ["raised", "none"], id="an older level changes nothing"
        ),
        pytest.param(
            [signal(1), signal(2, state="unknown"), signal(3, state="unknown")],
            ["raised", "updated", "renewed"],
            id="unknown makes stale, once",
        ),
        pytest.param(
            [signal(1), signal(2, state="unknown"), signal(3)],
            ["raised", "updated", "updated"],
            id="and active takes it back",
        ),
        pytest.param(
            [signal(1), signal(2, state="unknown"), signal(3, state="inactive")],
            ["raised", "updated", "cleared"],
            id="unknown may clear when known again",
        ),
        pytest.param(
            [signal(1), signal(1, rule="b"), signal(2, state="inactive")],
            ["raised", "updated", "renewed"],
            id="one of two let go: still open",
        ),
        pytest.param(
            [signal(1), signal(1, rule="b", state="inactive"), signal(2, state="inactive")],
            ["raised", "renewed", "cleared"],
            id="a second rule that never held does not keep it open",
        ),
        pytest.param([signal(1), signal(2, severity="life")], ["raised", "updated"], id="it got worse"),
        pytest.param([signal(1), signal(2, severity="info")], ["raised", "renewed"], id="never talked down"),
        pytest.param(
            [signal(5, epoch=1), signal(1, epoch=2, state="inactive")],
            ["raised", "cleared"],
            id="a new assignment counts from 1 again",
        ),
        pytest.param(
            [signal(1), signal(2, state="inactive"), signal(3)], ["raised", "cleared", "raised"], id="again"
        ),
    ],
)
def test_what_each_signal_changes(signals: list[Signal], changes: list[Change]) -> None:
    """One row per sequence: what a reader is told after each signal."""
    assert run(*signals)[1] == changes


def test_the_worst_that_holds_speaks() -> None:
    """Value, limit and explanation come from the leading source, and move on when it lets go."""
    gas = signal(2, rule="gas", severity="life", value=30.0, limit=25.0)
    incident, _ = run(signal(1), gas)
    assert incident is not None
    assert (incident.lead.rule, incident.lead.value, incident.severity) == ("gas", 30.0, "life")
    incident, _ = run(replace(gas, n=3, state="inactive"), start=incident)
    assert incident is not None
    assert (incident.lead.rule, incident.lead.value, incident.severity) == ("fridge-warm", 9.5, "life")


def test_a_cleared_incident_keeps_its_last_bad_value() -> None:
    """Not the harmless value at which it cleared."""
    done = fold(run(signal(1))[0], signal(2, state="inactive", value=6.0), now=NOW, new_id="x")
    assert done.incident is not None
    assert (done.incident.lead.value, done.incident.cleared_at) == (9.5, NOW + timedelta(seconds=2))


@pytest.mark.parametrize(
    ("heard", "stale"),
    [
        pytest.param([0], True, id="the only source is silent"),
        pytest.param([0, 50], False, id="another still speaks"),
        pytest.param([0, 10], True, id="both are silent"),
        pytest.param([31], False, id="exactly 30 s is not too long"),
    ],
)
def test_silence_makes_stale(heard: list[int], stale: bool) -> None:
    """61 s after the start; each source was last heard at the given second."""
    incident, _ = run(*(signal(each, rule=f"r{each}") for each in heard))
    assert incident is not None
    aged = age(incident, NOW + timedelta(seconds=61)).incident
    assert aged is not None
    assert (aged.stale, aged.state) == (stale, "open")


STATES: tuple[SignalState, ...] = ("active", "inactive", "unknown")
SOURCES = [("r1", "d1"), ("r1", "d2"), ("r2", "d1")]


@st.composite
def histories(draw: st.DrawFn) -> list[list[Signal]]:
    """For each source its signals in their own order, n rising."""
    found: list[list[Signal]] = []
    for rule, device in SOURCES:
        states = draw(st.lists(st.sampled_from(STATES), max_size=5))
        size = len(states)
        severities = draw(st.lists(st.sampled_from(SEVERITIES), min_size=size, max_size=size))
        found.append(
            [
                made(rule, device, n, state, worst)
                for n, (state, worst) in enumerate(zip(states, severities, strict=True))
            ]
        )
    return found


def made(rule: str, device: str, n: int, state: SignalState, severity: Severity) -> Signal:
    at = NOW + timedelta(seconds=7 * n + len(rule + device) + SOURCES.index((rule, device)))
    return signal(
        n + 1, rule=rule, device=device, state=state, severity=severity, at=at, since=at, value=float(n)
    )


ANCHOR = signal(0, rule="anchor", device="d0", severity="info")
"""Holds the incident open throughout, so that there is one incident whatever the order."""


def folded(signals: list[Signal]) -> Incident:
    incident = run(ANCHOR, *signals)[0]
    assert incident is not None
    heard = NOW + timedelta(hours=1)  # when each was heard depends on the order, of course: level it
    return replace(incident, sources=tuple(replace(each, renewed_at=heard) for each in incident.sources))


@settings(max_examples=200, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_of_signals_gives_the_same_incident(history: list[list[Signal]], random: object) -> None:
    """Shuffled over all sources and within each, some of them twice: the same final incident."""
    flat = [each for source in history for each in source]
    shuffled = [*flat, *flat[: len(flat) // 2]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis's Random
    assert folded(shuffled) == folded(flat)


@settings(max_examples=200, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_open_or_not_depends_on_the_last_levels_only(history: list[list[Signal]], random: object) -> None:
    """Without an anchor, sources interleaved at will: open at the end iff some source still holds."""
    queues = [list(source) for source in history if source]
    mixed: list[Signal] = []
    while queues:
        queue = random.choice(queues)  # type: ignore[attr-defined]  # hypothesis's Random
        mixed.append(queue.pop(0))
        queues = [each for each in queues if each]
    incident, changes = run(*mixed)
    assert changes.count("raised") - changes.count("cleared") == (0 if incident is None else 1)
    last = {(each.rule, each.device): each.state for each in mixed}
    if "active" in last.values():
        assert incident is not None
    if set(last.values()) <= {"inactive"}:
        assert incident is None
