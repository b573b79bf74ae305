"""Flapping: what comes and goes is one incident that says so, and ends when it has been calm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.correlate import TogetherRule
from alerts.directory import Directory
from alerts.flap import CALM, RETURNS, WITHIN, flaps
from alerts.ledger import cases, events, incidents
from alerts.ledger.check import violations
from alerts.ledger.engine import Ledger
from alerts.router import apply_signals, mark_stale
from alerts.sight import Sight
from detectors.signal import Signal
from tests.alerts.county import NOW, do, look, signal

ALL = Sight.everything()
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("over", "flapping"),
    [
        pytest.param([], False, id="the first time"),
        pytest.param([1], False, id="a second occurrence is news"),
        pytest.param([1, 2], False, id="twice may be a coincidence"),
        pytest.param([1, 2, 3], True, id="the third return in three minutes"),
        pytest.param([0, 5, 10], True, id="the first end was exactly ten minutes ago"),
        pytest.param([-0.1, 5, 10], False, id="one return was longer ago than that"),
        pytest.param([1, 2, 11], False, id="an end after the return (heard late) is none before it"),
        pytest.param([1, 2, 3, 4, 5], True, id="and all the more the fifth"),
    ],
)
def test_what_flaps(over: Sequence[float], flapping: bool) -> None:
    """The ends of earlier incidents, in minutes; it comes back in minute ten."""
    assert flaps([NOW + each * MINUTE for each in over], NOW + 10 * MINUTE) is flapping


def test_the_figures_fit_each_other() -> None:
    """After the calm time the returns that made it flap are too long ago: it does not flap at once again."""
    assert CALM >= WITHIN
    assert RETURNS >= 2


def send(ledger: Ledger, directory: Directory, *signals: Signal) -> None:
    for each in signals:
        do(
            ledger,
            lambda tx, each=each: apply_signals(tx, [each], directory=directory, now=each.at, origin="w1"),  # type: ignore[misc]  # a default argument binds the signal
        )


def shown(ledger: Ledger) -> list[dict[str, object]]:
    return look(ledger, lambda conn: incidents.page(conn, ALL).items)[::-1]


def back_and_forth(times: int, *, start: int = 0, **changes: object) -> list[Signal]:
    """So many excursions of 5 s, 10 s apart."""
    return [
        signal(start + 10 * turn + shift, state=state, **changes)
        for turn in range(times)
        for shift, state in ((0, "active"), (5, "inactive"))
    ]


def test_it_is_one_incident_that_says_so(ledger: Ledger, directory: Directory) -> None:
    """Twenty excursions are four incidents and one case; the fourth stays open, and no event tells its flaps."""
    send(ledger, directory, *back_and_forth(20))
    found = shown(ledger)
    assert [(each["state"], each["flapping"]) for each in found] == [
        ("cleared", False), ("cleared", False), ("cleared", False), ("open", True),
    ]  # fmt: skip
    said = found[-1]["explanation"]
    assert isinstance(said, dict)
    assert "时断时续" in said["zh"]
    assert "flapping" in said["en"]
    assert len(look(ledger, lambda conn: cases.page(conn, ALL, now=NOW).items)) == 1
    about = look(ledger, lambda conn: events.about(conn, str(found[-1]["id"])))
    assert [each.type for each in about] == ["incident.raised"]
    assert about[0].data["flapping"] is True
    assert look(ledger, violations) == []


@pytest.mark.parametrize(
    ("seconds", "state"),
    [
        pytest.param(599, "open", id="not yet calm for ten minutes"),
        pytest.param(600, "cleared", id="calm for ten minutes: over since it let go"),
    ],
)
def test_it_ends_when_it_has_been_calm(
    ledger: Ledger, directory: Directory, seconds: int, state: str
) -> None:
    """Its last excursion ended at second 35."""
    send(ledger, directory, *back_and_forth(4))
    do(ledger, lambda tx: mark_stale(tx, NOW + timedelta(seconds=35 + seconds)))
    last = shown(ledger)[-1]
    assert (last["state"], last["stale"]) == (state, False)
    assert last["cleared_at"] == ("2026-11-22T08:00:35.000Z" if state == "cleared" else None)


def test_coming_back_puts_the_end_off(ledger: Ledger, directory: Directory) -> None:
    """The calm time counts from the last excursion; while it holds it can become stale like any other."""
    send(ledger, directory, *back_and_forth(4), *back_and_forth(1, start=500))
    do(ledger, lambda tx: mark_stale(tx, NOW + timedelta(seconds=700)))
    assert shown(ledger)[-1]["state"] == "open"
    send(ledger, directory, signal(800))
    do(ledger, lambda tx: mark_stale(tx, NOW + timedelta(seconds=840)))
    assert [(each["state"], each["stale"]) for each in shown(ledger)][-1] == ("open", True)


def test_after_the_calm_it_starts_anew(ledger: Ledger, directory: Directory) -> None:
    """An hour later the same condition is an ordinary incident again."""
    send(ledger, directory, *back_and_forth(4))
    do(ledger, lambda tx: mark_stale(tx, NOW + timedelta(hours=1)))
    send(ledger, directory, *back_and_forth(1, start=3700))
    assert [(each["state"], each["flapping"]) for each in shown(ledger)][-1] == ("cleared", False)


def test_lives_are_told_at_once(ledger: Ledger, directory: Directory) -> None:
    """Damping delays no raise; an incident that gets worse while it flaps says so."""
    send(ledger, directory, *back_and_forth(4))
    send(ledger, directory, signal(100, severity="life"))
    last = shown(ledger)[-1]
    assert (last["severity"], last["flapping"], last["state"]) == ("life", True, "open")
    about = look(ledger, lambda conn: events.about(conn, str(last["id"])))
    assert [each.type for each in about] == ["incident.raised", "incident.updated"]


def test_another_place_has_its_own_rhythm(ledger: Ledger, directory: Directory) -> None:
    """Returns are counted per place and condition."""
    send(ledger, directory, *back_and_forth(4), *back_and_forth(1, start=100, place="school/cold"))
    assert [each["flapping"] for each in shown(ledger) if each["place"] == "school/cold"] == [False]


def test_what_is_made_of_flapping_parts_flaps_too(ledger: Ledger, directory: Directory) -> None:
    """A together rule sees its part come and go; its own incident is damped the same way."""
    both = replace(
        directory, together=(TogetherRule("fire", "fire", (("smoke", "fridge-warm"),), severity="life"),)
    )
    send(ledger, both, signal(0, rule="smoke", condition="smoke", device="gas"))
    send(ledger, both, *back_and_forth(8, start=1))
    whole = [each for each in shown(ledger) if each["condition"] == "fire"]
    assert [each["flapping"] for each in whole] == [False, False, False, True]
    assert look(ledger, violations) == []
