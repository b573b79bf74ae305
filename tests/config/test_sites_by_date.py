"""Sites that the date opens and closes: closed until a day, and in the holidays between two terms."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from config.directory import directory, next_turn
from config.load import load
from config.targets import SENSORS, targets

REGISTRY = load(
    """
areas:
  - {id: county, level: county, name: 县, timezone: Asia/Shanghai}
  - {id: west, parent: county, level: town, name: 西, timezone: Asia/Urumqi}
units: [{id: duty-room, area: county, name: 值班室}]
calendars:
  - {id: lessons, terms: [{from: 2026-09-01, to: 2027-01-22}, {from: 2027-02-22, to: 2027-07-09}]}
  - {id: whole-year, weekly: mon-sat}
sites:
  - {id: east, area: county, kind: canteen-school, name: 东小学, calendar: lessons}
  - {id: west, area: west, kind: canteen-school, name: 西小学, calendar: lessons}
  - {id: home, area: county, kind: canteen-care, name: 敬老院, calendar: whole-year}
  - {id: shut, area: county, kind: canteen-school, name: 停用, calendar: lessons, state: closed}
  - {id: moved, area: county, kind: canteen-school, name: 搬迁, calendar: lessons, state: closed-until,
     until: 2027-02-01}
devices: [{id: fridge, site: east, kind: sensor}, {id: gas, site: east, kind: sensor}]
rules:
  - {id: warm, kind: threshold, sites: [east], quantity: temperature, above: 8, severity: major}
  - {id: leak, kind: threshold, sites: [east], quantity: gas, above: 25, severity: life}
routes: [{unit: duty-room}]
""",
    "county.yaml",
)

# east, west, home, shut, moved
DAYS = [
    ("2026-08-15T12:00", "open open open closed closed-until", "before the first term nothing is known"),
    ("2026-12-01T12:00", "open open open closed closed-until", "in term"),
    ("2027-01-22T23:59", "open open open closed closed-until", "its last day belongs to the term"),
    ("2027-01-23T00:00", "closed open open closed closed-until", "midnight in the east, not yet in the west"),
    ("2027-01-23T02:00", "closed closed open closed closed-until", "midnight in the west"),
    ("2027-02-01T00:00", "closed closed open closed closed", "opened by its day, and closed by the holidays"),
    ("2027-02-22T00:00", "open closed open closed open", "the first day of the next term, in the east"),
    ("2027-02-22T02:00", "open open open closed open", "and in the west"),
    ("2027-08-01T12:00", "open open open closed open", "after the last term nothing is known"),
]


def at(text: str) -> datetime:
    """That moment on a clock of the county."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@pytest.mark.parametrize(("now", "states", "why"), DAYS, ids=[row[2] for row in DAYS])
def test_states(now: str, states: str, why: str) -> None:
    """On the clock of each site's area."""
    found = directory(REGISTRY, now=at(now)).sites
    assert " ".join(found[each].state for each in ("east", "west", "home", "shut", "moved")) == states, why


def test_the_next_turn() -> None:
    """Each moment at which a state changes by itself, one after the other; then none."""
    turns = []
    now: datetime | None = at("2026-12-01T12:00")
    while now is not None:
        now = next_turn(REGISTRY, directory(REGISTRY, now=now), now)
        turns.append(now)
    assert turns == [
        at("2027-01-23T00:00"),
        at("2027-01-23T02:00"),
        at("2027-02-01T00:00"),
        at("2027-02-22T00:00"),
        at("2027-02-22T02:00"),
        None,
    ]


@pytest.mark.parametrize(
    ("now", "rules"), [("2026-12-01T12:00", ["leak", "warm"]), ("2027-02-05T12:00", ["leak"])]
)
def test_holidays_keep_life_safety(now: str, rules: list[str]) -> None:
    """The other rules have no devices there."""
    known = directory(REGISTRY, now=at(now))
    assert sorted(each.id for each in REGISTRY.rules if targets(each, known, SENSORS)) == rules
