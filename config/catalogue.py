"""Catalogue: what is shipped: conditions, quantities, workflows, categories, plans; each in a commented YAML file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import cast

from alerts import category as core_category
from alerts import plan as core_plan
from alerts.workflow import Workflow, parse_workflows
from config.nouns.category import Category
from config.nouns.plan import Plan
from config.tree import read_tree
from detectors.signal import SEVERITIES, Severity
from ingest.errors import InvalidInput
from ingest.text import Text

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a place, never of a person.

    Attributes:
        id: The word rules and incidents carry.
        name: In both languages.
        severity: What a rule of this condition should say, unless the county decides otherwise.
        group: kitchen, crossroad, village, camera or place (everywhere).
        source: Where a limit that belongs to it comes from, or empty.
        rule: What a rule of it says unless it says otherwise: keys as in the registry; empty where none is shipped.
    """

    id: str
    name: Text
    severity: Severity
    group: str
    source: str
    rule: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a sensor measures.

    Attributes:
        id: The word readings and rules carry.
        name: In both languages.
        unit: As stored; empty for true/false.
        low: Below this a value is absurd.
        high: Above this a value is absurd.
        boolean: True/false, stored as 1 and 0.
    """

    id: str
    name: Text
    unit: str
    low: float
    high: float
    boolean: bool


@cache
def conditions() -> Mapping[str, Condition]:
    """Every condition of conditions.yaml."""
    found: dict[str, Condition] = {}
    for group, entries in _mapping(_read("conditions.yaml"), "conditions").items():
        for body in cast("list[Mapping[str, object]]", entries):
            word = str(body["id"])
            severity = str(body["severity"])
            if word in found or severity not in SEVERITIES:
                raise InvalidInput(
                    f"condition {word}: given twice, or of no severity", where="conditions.yaml"
                )
            name = Text(str(body["zh"]), str(body["en"]))
            rule = cast("Mapping[str, object]", body.get("rule", {}))
            found[word] = Condition(word, name, severity, group, str(body.get("source", "")), rule)
    return found


@cache
def quantities() -> Mapping[str, Quantity]:
    """Every quantity of quantities.yaml."""
    found: dict[str, Quantity] = {}
    for body in cast("list[Mapping[str, object]]", _read("quantities.yaml")["quantities"]):
        low, high = cast("list[float]", body["range"])
        word = str(body["id"])
        name = Text(str(body["zh"]), str(body["en"]))
        boolean = body.get("boolean") is True
        found[word] = Quantity(word, name, str(body.get("unit") or ""), float(low), float(high), boolean)
    return found


@cache
def shipped_workflows() -> Mapping[str, Workflow]:
    """The five workflows of workflows.yaml."""
    return parse_workflows(_read("workflows.yaml"))


def with_own_workflows(own: list[dict[str, object]]) -> Mapping[str, Workflow]:
    """The shipped workflows and a county's own; an own one of the same id wins."""
    actions = _read("workflows.yaml").get("actions", [])
    return {**shipped_workflows(), **parse_workflows({"workflows": own, "actions": actions})}


@cache
def shipped_categories() -> Mapping[str, core_category.Category]:
    """The groups and matters of categories.yaml."""
    rows = cast("list[object]", _read("categories.yaml")["categories"])
    found = {each.id: each for each in (_category(Category.model_validate(row)) for row in rows)}
    if len(found) != len(rows):
        raise InvalidInput("a category is there twice", where="categories.yaml")
    return found


def with_own_categories(own: Iterable[Category]) -> Mapping[str, core_category.Category]:
    """The shipped categories and a county's own; an own one of the same id wins."""
    return {**shipped_categories(), **{each.id: _category(each) for each in own}}


@cache
def shipped_plans() -> Mapping[str, core_plan.Plan]:
    """The plans of plans.yaml."""
    rows = cast("list[object]", _read("plans.yaml")["plans"])
    found = {each.id: each for each in (_plan(Plan.model_validate(row), own=False) for row in rows)}
    if len(found) != len(rows):
        raise InvalidInput("a plan is there twice", where="plans.yaml")
    return found


def with_own_plans(own: Iterable[Plan]) -> Mapping[str, core_plan.Plan]:
    """The shipped plans and a county's own; an own one of the same id wins."""
    return {**shipped_plans(), **{each.id: _plan(each, own=True) for each in own}}


def _category(row: Category) -> core_category.Category:
    return core_category.Category(
        id=row.id,
        name=row.name,
        big=row.big,
        opens=row.opens,
        closes=row.closes,
        limits=row.limits,
        unit=row.unit,
        workflow=row.workflow,
        severity=row.severity,
        retired=row.retired,
    )


def _plan(row: Plan, *, own: bool) -> core_plan.Plan:
    return core_plan.Plan(
        id=row.id,
        name=row.name,
        steps=row.steps,
        conditions=frozenset(row.conditions),
        severities=frozenset(row.severities),
        source=row.source,
        own=own,
    )


@cache
def _read(name: str) -> Mapping[str, object]:
    root, wrongs = read_tree((FOLDER / name).read_bytes())
    if wrongs:
        raise InvalidInput(wrongs[0].what, where=f"{name}:{wrongs[0].line}")
    return cast("Mapping[str, object]", root.plain())


def _mapping(tree: Mapping[str, object], key: str) -> Mapping[str, object]:
    return cast("Mapping[str, object]", tree[key])
