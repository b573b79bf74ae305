"""Rosters and escalations of a registry: what the alert core gets, and mistakes by line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from config.advice import advice
from config.directory import directory
from config.load import load
from ingest.errors import InvalidRegistry

COUNTY = (Path(__file__).parent / "county.yaml").read_text("utf-8")
MORE = """\
rosters:
  - {id: night, unit: UNIT, shifts: [{days: daily, from: "18:00", to: "08:00", users: [USER]}]}
escalations:
  - {id: own, match: {severity: major}, steps: [{after: 5m, to: night}, {after: 10m, to: duty}]}
"""


def whole(text: str = MORE) -> str:
    """The county with rosters."""
    plain = load(COUNTY)
    return COUNTY + text.replace("UNIT", plain.units[0].id).replace("USER", plain.users[0].name)


def test_what_the_alert_core_gets() -> None:
    """Shifts with times since midnight, the zone of the unit's area, the own chain before the shipped ones."""
    made = directory(load(whole()))
    roster = made.rosters["night"]
    assert roster.shifts[0].length.total_seconds() == 14 * 3600
    assert roster.calendar.id == "office"
    assert roster.calendar.zone == made.zone(made.units[roster.unit].area)
    assert [each.id for each in made.escalations] == ["own", "life", "critical-working", "critical-off"]


@pytest.mark.parametrize(
    ("old", "new", "path", "what"),
    [
        ('"18:00"', '"25:00"', "rosters[0].shifts[0].from", "no time of the day"),
        ("daily", "sometimes", "rosters[0].shifts[0].days", "no days of duty"),
        ("unit: UNIT", "unit: nobody", "rosters[0].unit", "no unit 'nobody'"),
        ("[USER]", "[nobody]", "rosters[0].shifts[0].users[0]", "no user 'nobody'"),
        (", users: [USER]", "", "rosters[0].shifts[0]", "reaches nobody"),
        (
            ", users: [USER]",
            ", channels: [pigeon]",
            "rosters[0].shifts[0].channels[0]",
            "no channel 'pigeon'",
        ),
        ("to: night}", "to: nihgt}", "escalations[0].steps[0].to", "no roster, unit or user 'nihgt'"),
        ("id: night", "id: UNIT", "escalations[0].steps[0].to", "no roster, unit or user 'night'"),
        ("after: 10m", "after: 5m", "escalations[0]", "later than the one before"),
    ],
)
def test_mistakes(old: str, new: str, path: str, what: str) -> None:
    """Each names its place."""
    with pytest.raises(InvalidRegistry) as wrong:
        load(whole(MORE.replace(old, new)))
    assert any(each.path == path and what in each.what for each in wrong.value.mistakes), wrong.value.mistakes


def test_hours_without_anybody_are_told() -> None:
    """`hub check`: shifts that no channel reaches, and the first hour in which nobody is on duty."""
    found = [each for each in advice(load(whole()), {}, today=date(2026, 11, 22)) if "rosters" in each.about]
    assert [each.about for each in found] == ["rosters night", "rosters"]
    assert "shift 1 has no channels" in found[0].what
    assert "2026-11-22 at 08:00" in found[1].what
    ever = whole(MORE.replace('from: "18:00", to: "08:00", ', ""))
    assert [
        each.about for each in advice(load(ever), {}, today=date(2026, 11, 22)) if each.about == "rosters"
    ] == []


def test_one_word_means_one_thing() -> None:
    """A roster of a unit's name could be either: it is refused where a step says it."""
    text = MORE.replace("id: night", "id: UNIT").replace("to: night", "to: UNIT")
    with pytest.raises(InvalidRegistry) as wrong:
        load(whole(text))
    assert "is in rosters and units" in wrong.value.mistakes[0].what
