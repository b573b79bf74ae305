"""Catalogue: the words that are shipped: conditions, quantities, workflows; each in a commented YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

from alerts.workflow import Workflow, parse_workflows
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
    """

    id: str
    name: Text
    severity: Severity
    group: str
    source: str


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
            found[word] = Condition(word, name, severity, group, str(body.get("source", "")))
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


def _read(name: str) -> Mapping[str, object]:
    root, wrongs = read_tree((FOLDER / name).read_bytes())
    if wrongs:
        raise InvalidInput(wrongs[0].what, where=f"{name}:{wrongs[0].line}")
    return cast("Mapping[str, object]", root.plain())


def _mapping(tree: Mapping[str, object], key: str) -> Mapping[str, object]:
    return cast("Mapping[str, object]", tree[key])
