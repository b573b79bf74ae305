"""A small county for tests: two towns, a kitchen in one, a crossroad in the other; and signals from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import yaml

from alerts.case import Actor
from alerts.directory import Area, DeviceEntry, Directory, Site, Unit
from alerts.ledger.engine import Connection, Ledger
from alerts.route import Match, Route
from alerts.workflow import Workflow, parse_workflows
from detectors.signal import Signal
from ingest.text import Text

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
WORKFLOWS = Path("config/workflows.yaml")

OPERATOR = Actor("olga", "operator")
DISPATCHER = Actor("dan", "dispatcher")
HANDLER = Actor("han", "handler", frozenset({"market"}))
FOREIGN_HANDLER = Actor("fay", "handler", frozenset({"traffic"}))
INSPECTOR = Actor("ina", "inspector")
SUPERVISOR = Actor("sue", "supervisor")
ADMINISTRATOR = Actor("adam", "administrator")

T = TypeVar("T")


def workflows() -> dict[str, Workflow]:
    """The shipped ones."""
    return parse_workflows(yaml.safe_load(WORKFLOWS.read_text(encoding="utf-8")))


def county() -> Directory:
    """Routes: what happens at kitchens goes to the market unit, `test-only` opens no case, the rest to the room."""
    return Directory(
        areas={
            "county": Area("county", "county", Text("县", "County"), timezone="Asia/Shanghai"),
            "east": Area("east", "town", Text("东镇", "East"), parent="county"),
            "west": Area("west", "town", Text("西镇", "West"), parent="county"),
        },
        units={each: Unit(each, "county", Text(each, each)) for each in ("market", "traffic", "room")},
        sites={
            "school": Site("school", "east", "canteen-school", Text("小学", "School"), lat=35.0, lon=116.0),
            "cross": Site("cross", "west", "crossroad", Text("路口", "Crossroad"), lat=36.0, lon=117.0),
        },
        devices={
            "fridge": DeviceEntry("fridge", "sensor", "school", Text("冰箱", "Fridge")),
            "gas": DeviceEntry("gas", "sensor", "school", Text("燃气", "Gas")),
            "school-cam": DeviceEntry("school-cam", "camera", "school", Text("后厨", "Kitchen")),
            "cross-cam": DeviceEntry("cross-cam", "camera", "cross", Text("路口", "Crossroad")),
        },
        routes=(
            Route("market", Match(condition="test-only"), open_case=False),
            Route("market", Match(site_kind="canteen-school")),
            Route("room", workflow="four-step"),
        ),
        workflows=workflows(),
    )


def signal(n: int = 1, **changes: object) -> Signal:
    """A fridge that is too warm; `n` seconds after NOW."""
    at = NOW + timedelta(seconds=n)
    made = Signal(
        id=f"01{n:024d}",
        rule="fridge-warm",
        kind="threshold",
        condition="fridge-warm",
        place="school",
        device="fridge",
        state="active",
        since=at,
        at=at,
        severity="major",
        value=9.5,
        limit=8.0,
        certainty=1.0,
        epoch=1,
        n=n,
        explanation=Text("冰箱高于 8 °C", "fridge above 8 °C"),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields by name, checked by the dataclass


def do(ledger: Ledger, act: Callable[[Connection], T]) -> T:
    """One write, waited for."""
    return ledger.write(act).result(10)


def look(ledger: Ledger, act: Callable[[Connection], T]) -> T:
    """One read."""
    with ledger.read() as conn:
        return act(conn)
