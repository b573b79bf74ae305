"""Routes as a tree: read, refused, inherited, and written out as they were."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import yaml

from alerts.route import Facts
from config.advice import advice
from config.directory import directory
from config.entries import Stored, entries, registry_of
from config.load import load
from tests.config.test_registry_mistakes import mistakes

TREE = """\
areas:
  - {id: county, level: county, name: 示范县}
  - {id: east, parent: county, level: town, name: 城东镇}
units: [{id: market, name: 市场}, {id: traffic, name: 交通}, {id: room, name: 值班室}]
sites: [{id: school, area: east, kind: canteen-school, name: 一小}]
routes:
  - id: east
    match: {area: east}
    unit: market
    group_by: [site]
    group_wait: 10s
    workflow: four-step
    routes:
      - {match: {condition: congestion}, unit: traffic, continue: true}
      - id: kitchens
        match: {site_kind: canteen-school}
        group_wait: 0s
        open_case: false
        routes: [{match: {severity: life}, repeat_interval: 10m, open_case: true}]
  - {unit: room}
"""


def facts(condition: str = "fridge-warm", severity: str = "major") -> Facts:
    return Facts("threshold", condition, "school", severity, "school", "canteen-school", "east")


@pytest.mark.parametrize(
    ("asked", "ids", "why"),
    [
        (facts(), ["kitchens"], "the deepest that matches, by its own id"),
        (facts(severity="life"), ["kitchens/1"], "below it, by its place there"),
        (facts("congestion"), ["east/1", "kitchens"], "continue lets those beside it speak too"),
        (
            Facts("threshold", "x", "county", "major", None, None, "east"),
            ["east"],
            "the route itself, where none matches",
        ),
        (
            Facts("threshold", "x", "county", "major", None, None, "county"),
            ["route-2"],
            "the one without match",
        ),
    ],
)
def test_the_deepest_match_decides(asked: Facts, ids: list[str], why: str) -> None:
    """Of those beside each other the first; of those below it again; continue is asked on every level."""
    chosen = directory(load(TREE, "tree.yaml")).choose(asked)
    assert chosen is not None
    assert [each.id for each in chosen.told] == ids, why
    assert chosen.route.id == ids[0]


def test_what_is_left_out_is_inherited() -> None:
    """A branch has from above what it does not say; what it says goes on to those below it."""
    chosen = directory(load(TREE, "tree.yaml")).choose(facts(severity="life"))
    assert chosen is not None
    route = chosen.route
    assert (route.unit, route.group_by, route.workflow) == ("market", ("site",), "four-step")
    assert (route.group_wait, route.repeat_interval) == (timedelta(0), timedelta(minutes=10))
    assert route.open_case
    assert not route.go_on


def test_the_tree_is_stored_and_written_as_it_was() -> None:
    """An entry carries the routes below it, without what they inherit."""
    registry = load(TREE, "tree.yaml")
    stored = [Stored(each.noun, each.key, each.body, {}) for each in entries(registry)]
    body = next(each.body for each in stored if (each.noun, each.key) == ("route", "east"))
    wanted = yaml.safe_load(TREE)["routes"][0]
    assert {key: value for key, value in body.items() if key != "order"} == wanted
    assert registry_of(stored).routes == registry.routes


def test_mistakes_below_are_told_with_their_lines() -> None:
    """An unknown unit, a word that is none and an id that is there twice are named where they stand."""
    wrong = TREE.replace("unit: traffic, continue", "unit: trafic, conditions: x, continue")
    wrong = wrong.replace("repeat_interval: 10m", "repeat_interval: 0s")
    found = {each.path: each for each in mistakes(wrong)}
    assert set(found) == {"routes[0].routes[0].conditions", "routes[0].routes[1].routes[0].repeat_interval"}
    assert {each.line for each in found.values()} == {14, 19}
    again = TREE.replace("unit: traffic, continue", "unit: trafic, channels: [chat], id: kitchens, continue")
    told = {each.path: each.mend for each in mistakes(again)}
    assert set(told) == {
        "routes[0].routes[0].unit",
        "routes[0].routes[0].channels[0]",
        "routes[0].routes[1].id",
    }
    assert told["routes[0].routes[0].unit"] == "did you mean traffic?"


def test_a_branch_without_match_hides_those_after_it() -> None:
    """`hub check` says what is never reached, on every level."""
    hidden = TREE.replace("match: {condition: congestion}, unit: traffic, continue: true", "unit: traffic")
    said = [each.what for each in advice(load(hidden, "tree.yaml"), models={}, today=date(2026, 11, 22))]
    assert any("routes[1] is never reached" in each for each in said)


def test_one_route_without_match_stands_at_the_top() -> None:
    """A branch without match is not the one that takes everything."""
    found = mistakes(TREE.replace("  - {unit: room}\n", "").replace("{match: {severity: life}, ", "{"))
    assert [each.what for each in found] == [
        "one route without match is missing: incidents could go to nobody"
    ]
