"""Which response plan an incident shows."""

from __future__ import annotations

import pytest

from alerts.plan import Plan, plan_for
from config.catalogue import conditions, shipped_plans
from ingest.text import Text


def plan(name: str, *, conditions: str = "", severities: str = "", own: bool = False) -> Plan:
    """A plan of one step."""
    words, grave = frozenset(conditions.split()), frozenset(severities.split())
    return Plan(name, Text(name, name), (Text("做", "do"),), words, grave, own=own)


PLANS = (
    plan("every"),
    plan("life", severities="life"),
    plan("gas", conditions="gas-level"),
    plan("gas-life", conditions="gas-level", severities="life"),
    plan("own-fridge", conditions="fridge-warm", own=True),
    plan("fridge-major", conditions="fridge-warm", severities="major"),
    plan("own-every", own=True),
)


@pytest.mark.parametrize(
    ("condition", "severity", "expected", "reason"),
    [
        ("gas-level", "life", "gas-life", "the one that names the severity, too"),
        ("gas-level", "minor", "gas", "the other is for another severity"),
        ("fridge-warm", "major", "own-fridge", "an own one goes before a shipped one that is more exact"),
        ("flood", "life", "own-every", "own before shipped, where none names the condition"),
    ],
)
def test_the_plan_that_fits(condition: str, severity: str, expected: str, reason: str) -> None:
    """By condition, then own, then severity."""
    found = plan_for(PLANS, condition, severity)
    assert found is not None
    assert found.id == expected, reason


def test_no_plan_fits() -> None:
    """Then there is none."""
    assert plan_for(PLANS[1:6], "flood", "minor") is None


def test_every_danger_to_life_has_a_shipped_plan_of_its_own() -> None:
    """And every word that a plan names is a condition."""
    named = {word for each in shipped_plans().values() for word in each.conditions}
    assert named <= set(conditions())
    assert {each.id for each in conditions().values() if each.severity in {"life", "critical"}} <= named
    for each in shipped_plans().values():
        assert 1 <= len(each.steps) <= 5, each.id
        assert each.source, each.id
        assert all(step.zh != step.en for step in (each.name, *each.steps)), each.id
