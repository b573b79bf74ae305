"""The shipped catalogues are whole, and in step with the code that works by them."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from alerts import route
from api import rights
from config.catalogue import (
    conditions,
    quantities,
    shipped_categories,
    shipped_workflows,
    with_own_workflows,
)
from config.load import load
from config.nouns import route as noun
from config.nouns import site, user
from config.settings import PREFIX, Settings
from detectors.shelf import AnyRuleParams, input_of
from detectors.signal import SEVERITIES
from ingest.duration import format_duration
from ingest.errors import InvalidRegistry
from ingest.quantity import QUANTITIES

ROOT = Path(__file__).parents[2]

STEPS = {
    "seven-step": "accept, report, dispatch, handle, feedback, verify, evaluate",
    "six-step": "discover, accept, dispatch, handle, verify, archive",
    "grid": "collect, assign, supervise, handle, feedback, assess",
    "four-step": "accept, assign, supervise, follow-up",
    "hotline": "receive, assign, handle, reply, evaluate, inspect, assess",
}


def test_the_five_workflows() -> None:
    """Step words and their order are the contract's."""
    assert {each.id: each.words() for each in shipped_workflows().values()} == STEPS


def test_nobody_verifies_his_own_work() -> None:
    """No handler may verify, evaluate or approve; the administrator has no part in cases."""
    for workflow in shipped_workflows().values():
        for step in workflow.steps:
            assert "administrator" not in step.roles, (workflow.id, step.step)
            if step.step in {"verify", "evaluate", "assess", "inspect", "follow-up", "archive"}:
                assert "handler" not in step.roles, (workflow.id, step.step)
            assert (step.by_unit is True) == ("handler" in step.roles), (workflow.id, step.step)
        for action in workflow.actions.values():
            assert "administrator" not in action.roles, action.action
        assert workflow.actions["extend"].roles == {"supervisor"}


def test_roles_of_the_contract() -> None:
    """Who may do which step of the default workflow is fixed by the contract."""
    roles = {each.step: set(each.roles) for each in shipped_workflows()["seven-step"].steps}
    assert roles["accept"] == roles["report"] == {"operator", "dispatcher"}
    assert roles["dispatch"] == {"dispatcher"}
    assert roles["handle"] == roles["feedback"] == {"handler"}
    assert roles["verify"] == {"operator", "inspector"}
    assert roles["evaluate"] == {"supervisor"}


def test_every_step_has_a_chinese_name() -> None:
    """The interface is Chinese first."""
    for workflow in shipped_workflows().values():
        steps, actions = workflow.steps, workflow.actions.values()
        for name in (workflow.name, *(each.name for each in steps), *(each.name for each in actions)):
            assert re.search("[一-鿿]", name.zh), name
            assert name.en.isascii(), name


def test_own_workflows_stand_beside_the_shipped() -> None:
    """A county adds its own; one of the same id replaces the shipped one; the actions are shared."""
    own: list[dict[str, object]] = [
        {"id": "grid", "name": "两步", "steps": [{"step": "accept", "name": "受理", "roles": ["operator"]}]}
    ]
    found = with_own_workflows(own)
    assert found["grid"].words() == "accept"
    assert set(found) == set(STEPS)
    assert "return" in found["grid"].actions


def test_conditions() -> None:
    """Each has a Chinese and an English name, and a severity; none speaks of who somebody is."""
    known = conditions()
    assert {"smoke-seen", "gas-level", "temperature-high", "fire", "person-after-hours"} <= set(known)
    for each in known.values():
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", each.id)
        assert each.severity in SEVERITIES
        assert re.search("[一-鿿]", each.name.zh), each.id
        assert not re.search(r"face|plate|identity|人脸|车牌", f"{each.id} {each.name.zh} {each.name.en}")


def test_life_safety() -> None:
    """Gas, fire and flood are never less than life safety by default."""
    known = conditions()
    for word in (
        "gas-level",
        "co-level",
        "smoke-seen",
        "fire-seen",
        "fire",
        "flood",
        "river-high",
        "flooded-crossing",
    ):
        assert known[word].severity == "life", word


def test_second_hand_figures_are_marked() -> None:
    """Every limit with a source says that it is to be checked against the primary text."""
    assert all("(check)" in each.source for each in conditions().values() if each.source)


SEEN_BY_SENSORS = {
    "cold-store-warm", "fridge-warm", "fridge-warming", "fridge-too-cold", "freezer-warm", "sample-cabinet-warm",
    "hot-holding-cold", "danger-zone", "core-undercooked", "cold-dish-room-warm", "disinfection-short",
    "disinfection-cold", "uv-lamp-short", "gas-level", "co-level", "door-left-open", "temperature-high", "water-leak",
    "water-on-road", "pole-leaning", "pole-fallen", "manhole-open", "node-offline", "node-on-battery",
    "emergency-button", "river-high", "river-rising", "reservoir-high", "rain-heavy", "wind-strong", "sensor-silent",
    "sensor-battery-low", "probe-stuck", "calibration-due", "power-lost", "power-flicker", "gateway-offline",
}  # fmt: skip
SEEN_BY_CAMERAS = {
    "phone-use", "person-after-hours", "congestion", "queue-long", "stopped-vehicle", "illegal-parking", "wrong-way",
    "person-on-motorway-lane", "bicycle-on-motorway-lane", "passer-by", "crowd", "street-vending",
    "nobody-at-stove", "left-object", "vehicle-entering",
}  # fmt: skip
OF_THE_PLACE: dict[str, dict[str, object]] = {
    "river-high": {"above": 3.2},
    "reservoir-high": {"above": 3.2},
    "wrong-way": {"line": [[0.1, 0.5], [0.9, 0.5]]},
    "vehicle-entering": {"line": [[0.1, 0.5], [0.9, 0.5]]},
}
"""Every gauge has its own level, every road its own line."""


def test_what_can_be_seen_has_a_rule_with_its_source() -> None:
    """Each builds as it is; only what is the place's own has to be written by the county.

    What cameras see is made of the classes of the shipped model.
    """
    found = {each.id: each for each in conditions().values() if each.rule}
    assert set(found) == SEEN_BY_SENSORS | SEEN_BY_CAMERAS
    known = set((ROOT / "models" / "coco-ssd" / "labels.txt").read_text("utf-8").splitlines())
    for word, each in found.items():
        assert each.source, word
        body = {"id": word, **each.rule, **OF_THE_PLACE.get(word, {})}
        params = TypeAdapter(AnyRuleParams).validate_python(body)
        assert input_of(params) == ("tracks" if word in SEEN_BY_CAMERAS else "readings"), word
        assert set(getattr(params, "labels", ())) <= known, word


FEW_WORDS = """
areas: [{id: county, level: county, name: County}]
units: [{id: duty, name: Duty}]
sites: [{id: k1, area: county, kind: canteen-school, name: K1}]
devices: [{id: fridge, site: k1, kind: sensor}, {id: eye, site: k1, kind: camera, url: "rtsp://192.0.2.1/"}]
rules:
  - {id: fridge-warm, sites: [k1], raise_after: 5m}
  - {id: mine, condition: gas-level, sites: [k1]}
  - {id: person-after-hours, devices: [eye], schedule: [{hours: "20:00-06:00"}]}
%s
routes: [{unit: duty}]
"""


def test_a_rule_without_kind_takes_it_from_its_condition() -> None:
    """With all keys and the severity; what the rule says itself wins; what is missing is said on its line."""
    warm, mine, late = load(FEW_WORDS % "").rules
    assert (warm.kind, warm.severity, warm.raise_after) == ("threshold", "major", timedelta(minutes=5))
    assert (mine.kind, mine.severity, mine.condition) == ("threshold", "life", "gas-level")
    assert (late.kind, late.severity, late.raise_after) == ("presence", "major", timedelta(seconds=10))
    assert [each.hours for each in getattr(late, "schedule")] == ["20:00-06:00"]  # noqa: B009 - not every kind has one
    with pytest.raises(InvalidRegistry) as caught:
        load(
            FEW_WORDS
            % "  - {id: river-high, sites: [k1]}\n  - {id: no-hat, sites: [k1]}\n  - {id: wrong-way, devices: [eye]}"
        )
    said = [(each.line, each.what) for each in caught.value.mistakes]
    assert said[0][0] == 10
    assert "exactly one of" in said[0][1]
    assert said[1] == (11, "kind is missing")
    assert (said[2][0], "line" in caught.value.mistakes[2].path) == (12, True)


def test_quantities_in_step_with_the_edge() -> None:
    """config/quantities.yaml and ingest/quantity.py are one table."""
    table = {each.id: (each.unit, each.low, each.high, each.boolean) for each in quantities().values()}
    edge = {
        each.word: (each.unit, float(each.low), float(each.high), each.boolean)
        for each in QUANTITIES.values()
    }
    assert table == edge


def test_the_settings_manual_is_in_step() -> None:
    """hub.toml.example has exactly the settings that are, each with its default and its variable's words."""
    text = (ROOT / "hub.toml.example").read_text("utf-8")
    written = dict(re.findall(r"^#(\w+) = (.*)$", text, re.MULTILINE))
    assert list(written) == list(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        if name != "models":  # its default is a folder of the project
            default = field.default
            shown = format_duration(default) if isinstance(default, timedelta) else default
            said = str(shown).lower() if isinstance(shown, bool | int | float) else f'"{shown}"'
            assert written[name] == said, name
    assert PREFIX == "HUB_"


def test_frozen_variables() -> None:
    """The variables of the contract are there."""
    names = {"data", "database_url", "broker_url", "host", "port", "secret", "admin_password", "timezone"}
    assert names | {"workers", "log"} <= set(Settings.model_fields)


def test_words_in_step() -> None:
    """The schema's words are those that rights and routes work by."""
    assert set(user.ROLES) == set(rights.ROLES)
    assert set(site.KITCHENS) == set(rights.KITCHENS)
    assert set(noun.RouteMatch.model_fields) == set(route.Match.__dataclass_fields__)
    grouped = noun.Route.model_fields["group_by"].annotation
    assert all(f"'{name}'" in str(grouped) for name in route.Facts.__dataclass_fields__)
    assert noun.Route.model_fields["group_by"].default == route.GROUP_BY


def test_the_shipped_categories() -> None:
    """Fourteen groups, each with matters; every matter says in Chinese when its case opens and closes, and how long.

    None is a word of the conditions: what a county did not choose must not change the cases of its incidents.
    """
    rows = shipped_categories()
    groups = {each.id for each in rows.values() if each.big is None}
    matters = [each for each in rows.values() if each.big]
    assert len(groups) == 14
    assert 60 <= len(matters) <= 120
    assert {each.big for each in matters} == groups
    assert not set(rows) & set(conditions())
    steps = {each.id: {step.step for step in each.steps} for each in shipped_workflows().values()}
    for each in matters:
        assert re.search("[一-鿿]", each.name.zh + each.opens.zh + each.closes.zh), each.id
        assert each.opens.zh, each.id
        assert each.closes.zh, each.id
        assert each.limits, each.id
        assert set(each.limits) <= steps[each.workflow or "seven-step"], each.id
        assert each.unit is None, "a county's units are its own"
