"""A gateway whose power is cut: one incident that names what is behind it, whichever is missed first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import cast

import pytest
from pydantic import TypeAdapter

from alerts.directory import Area, DeviceEntry, Directory, Site
from alerts.ids import new_id
from alerts.ledger import incidents
from alerts.ledger.engine import Connection, Ledger
from alerts.router import apply_signals, mark_stale
from alerts.sight import Sight
from detectors.rule import RuleParams
from detectors.shelf import AnyRuleParams
from hub.serve.sensor_rules import SensorRules, watches
from ingest.reading import Reading
from ingest.text import Text

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
NAME = Text("名", "name")
CHILDREN = tuple(f"k{n % 8}-probe-{n:02}" for n in range(40))
COUNTY = Directory(
    areas={"county": Area("county", "county", NAME)},
    sites={f"k{n}": Site(f"k{n}", "county", "canteen-school", NAME) for n in range(8)},
    devices={
        "gw": DeviceEntry("gw", "gateway", "k0", NAME),
        **{each: DeviceEntry(each, "sensor", each[:2], NAME, "gw") for each in CHILDREN},
    },
)
RULES: TypeAdapter[list[RuleParams]] = TypeAdapter(list[AnyRuleParams])


def at(minutes: float) -> datetime:
    """A moment after START."""
    return START + timedelta(minutes=minutes)


class Town:
    """Eight kitchens, forty probes behind one gateway; the hub's own rules, router and ledger, an injected clock."""

    def __init__(self, ledger: Ledger, gateway: str, sensors: str) -> None:
        self._ledger = ledger
        ids = count()
        self.rules = SensorRules(epoch=1, new_id=lambda: f"{new_id(START)}{next(ids)}")
        found = RULES.validate_python(
            [
                {"id": "gateways", "kind": "silence", "devices": ["gw"], "condition": "gateway-offline",
                 "severity": "major", "longer_than": gateway},
                {"id": "sensors", "kind": "silence", "areas": ["county"], "condition": "sensor-silent",
                 "longer_than": sensors},
            ]
        )  # fmt: skip
        self.rules.configure(watches(found, COUNTY), {}, START)

    def run(self, begin: float, end: float, *, speaking: tuple[str, ...]) -> None:
        """Minutes of life: each of `speaking` reports once a minute at its own second; a tick each twenty seconds."""
        for step in range(int(begin * 3), int(end * 3)):
            now = at(step / 3)
            for n, device in enumerate(speaking):
                if n % 3 == step % 3:
                    self.rules.observe([Reading(device, "temperature", 4.0, "°C", now, now)])
            signals = self.rules.signals(now)

            def act(conn: Connection, signals: object = signals, now: datetime = now) -> None:
                apply_signals(conn, signals, directory=COUNTY, now=now, origin="serve")  # type: ignore[arg-type] # bound above
                mark_stale(conn, now, COUNTY)

            self._ledger.write(act).result(10)

    def open(self, state: str | None = "open") -> list[dict[str, object]]:
        """The open incidents, or all there ever were."""
        with self._ledger.read() as conn:
            return incidents.page(conn, Sight.everything(), wanted=incidents.Wanted(state=state)).items


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty one."""
    opened = Ledger.open(f"sqlite:///{tmp_path}/ledger.db", clock=lambda: START)
    yield opened
    opened.close()


LIMITS = [
    ("the gateway is missed first", "3m", "5m"),
    ("both at the same time", "5m", "5m"),
    ("the sensors are missed first", "8m", "5m"),
]


@pytest.mark.parametrize(("reason", "gateway", "sensors"), LIMITS, ids=[row[0] for row in LIMITS])
def test_one_incident_names_forty(ledger: Ledger, reason: str, gateway: str, sensors: str) -> None:
    """Power down, and up again: one incident is raised, names all, and is over when all have spoken."""
    town = Town(ledger, gateway, sensors)
    town.run(0, 4, speaking=CHILDREN)
    assert town.open() == [], "the gateway never sends by itself: what comes through it is its sign of life"
    town.run(4, 15, speaking=())
    only = town.open()
    assert [(each["condition"], each["place"]) for each in only] == [("gateway-offline", "k0")], reason
    assert set(cast("list[str]", only[0]["devices"])) == {"gw", *CHILDREN}
    assert only[0]["stale"] is False
    town.run(15, 16, speaking=CHILDREN[:20])
    assert len(town.open()) == 1, "half of them have not spoken yet"
    town.run(16, 18, speaking=CHILDREN)
    assert town.open() == []
    assert len(town.open(state=None)) == 1, "never another one"


def test_a_sensor_that_dies_alone_is_told_by_itself(ledger: Ledger) -> None:
    """Its gateway speaks through the others."""
    town = Town(ledger, "8m", "5m")
    town.run(0, 4, speaking=CHILDREN)
    town.run(4, 12, speaking=CHILDREN[1:])
    assert [(each["condition"], each["devices"]) for each in town.open()] == [
        ("sensor-silent", [CHILDREN[0]])
    ]
    town.run(12, 25, speaking=())
    found = {str(each["condition"]): set(cast("list[str]", each["devices"])) for each in town.open()}
    assert found["sensor-silent"] == {CHILDREN[0]}, "it was told, and stays where it was told"
    assert found["gateway-offline"] == {"gw", *CHILDREN[1:]}


def test_who_stays_away_when_the_gateway_is_back_is_told_by_itself(ledger: Ledger) -> None:
    """After its own time: the power cut is over, the sensor is not well."""
    town = Town(ledger, "5m", "5m")
    town.run(0, 2, speaking=CHILDREN)
    town.run(2, 12, speaking=())
    town.run(12, 16, speaking=CHILDREN[1:])
    assert [each["condition"] for each in town.open()] == ["gateway-offline"]
    town.run(16, 18, speaking=CHILDREN[1:])
    assert [(each["condition"], each["devices"]) for each in town.open()] == [
        ("sensor-silent", [CHILDREN[0]])
    ]


def test_nobody_waits_for_ever_for_a_gateway_that_is_never_missed(ledger: Ledger) -> None:
    """After twice their own time they are told by themselves, and the gateway's incident mutes them later."""
    town = Town(ledger, "2h", "5m")
    town.run(0, 2, speaking=CHILDREN)
    town.run(2, 11, speaking=())
    assert town.open() == []
    town.run(11, 14, speaking=())
    assert {each["condition"] for each in town.open()} == {"sensor-silent"}
