"""Play: a scenario of tests/alerts/scenarios against a real ledger, with a time of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar, cast

import yaml
from sqlalchemy import func, select

from alerts import desk, notify
from alerts.case import Request
from alerts.directory import Directory
from alerts.ids import new_id
from alerts.ledger import incidents
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.group_tables import notice_groups
from alerts.ledger.notice_tables import deliveries, notices
from alerts.ledger.silence_tables import silences
from alerts.ledger.tables import incidents as incident_rows
from alerts.notify import advance
from alerts.route import Match
from alerts.router import apply_signals, mark_stale, review
from alerts.sight import Sight
from alerts.silence import begin
from config.directory import directory
from config.load import parse
from config.registry import Registry
from ingest.duration import parse_duration
from tests.alerts.county import NOW, OPERATOR, do, look, signal

SCENARIOS = Path(__file__).parent / "scenarios"
ALL = Sight.everything()
SECOND = timedelta(seconds=1)
T = TypeVar("T")
Step = Mapping[str, object]

COUNTY: Mapping[str, list[object]] = yaml.safe_load("""
areas: [{id: county, level: county, name: 县}, {id: east, level: town, parent: county, name: 东镇},
  {id: west, level: town, parent: county, name: 西镇}]
units: [{id: market, name: 市场}, {id: traffic, name: 交通}, {id: room, name: 值班室}]
sites: [{id: school, area: east, kind: canteen-school, name: 小学},
  {id: cross, area: west, kind: crossroad, name: 路口}]
devices:
  - {id: gateway, site: school, kind: gateway, topic: a/gateway, payload: zigbee2mqtt}
  - {id: fridge, site: school, kind: sensor, topic: a/fridge, payload: zigbee2mqtt}
  - {id: gas, site: school, kind: sensor, topic: a/gas, payload: zigbee2mqtt}
  - {id: loop, site: cross, kind: sensor, topic: a/loop, payload: zigbee2mqtt}
channels:
  - {id: chat, kind: mqtt, topic: told/chat}
  - {id: mail, kind: mqtt, topic: told/mail}
  - {id: sms, kind: mqtt, topic: told/sms}
routes: [{id: rest, unit: room, workflow: four-step}]
""")


@dataclass(frozen=True)
class Scenario:
    """One of the files' entries."""

    name: str
    reason: str
    play: tuple[Step, ...]
    notices: tuple[Step, ...]
    registry: Mapping[str, object]


def scenarios(*files: str) -> list[Scenario]:
    """Those of these files."""
    found = []
    for file in files:
        for each in yaml.safe_load((SCENARIOS / f"{file}.yaml").read_text("utf-8")):
            play, told = tuple(each.pop("play")), tuple(each.pop("notices"))
            found.append(Scenario(each.pop("name"), each.pop("reason"), play, told, each))
    return found


def seconds(at: object) -> float:
    """Of `90s` or `4h`."""
    return parse_duration(str(at)).total_seconds()


def county_of(registry: Mapping[str, object]) -> Directory:
    """The county, with what a scenario adds before its own entries."""
    whole = {**COUNTY, **registry}
    whole["routes"] = [*cast("list[object]", registry.get("routes", [])), *COUNTY["routes"]]
    devices = {each["id"]: each for each in cast("list[dict[str, object]]", COUNTY["devices"])}
    for each in cast("list[dict[str, object]]", registry.get("devices", [])):
        devices[each["id"]] = {**devices.get(each["id"], {}), **each}
    whole["devices"] = list(devices.values())
    return directory(parse(json.dumps(whole), "scenario").resolve(Registry()))


@dataclass
class Stage:
    """A ledger that may be closed and opened again between any two steps, and what stands beside it."""

    url: str
    directory: Directory
    interrupted: bool
    ledger: Ledger = field(init=False)
    now: datetime = NOW
    n: int = 0
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Open."""
        self.ledger = Ledger.open(self.url, clock=lambda: self.now)

    def write(self, act: Callable[[Connection], T]) -> T:
        """One transaction; then perhaps the hub starts again."""
        done = do(self.ledger, act)
        if self.interrupted:
            self.ledger.close()
            self.ledger = Ledger.open(self.url, clock=lambda: self.now)
        return done

    def run(self, steps: tuple[Step, ...]) -> None:
        """Every step at its time, and between them what time alone makes due."""
        for step in steps:
            at = NOW + timedelta(seconds=seconds(step["at"]))
            while (wake := self._wake()) is not None and wake < at:
                self.now = max(wake, self.now)
                self._tick()
            self.now = at
            self._do(step)
            self._tick()

    def told(self) -> list[dict[str, object]]:
        """Every notice as the scenarios write them."""
        names = {key: name for name, key in self.names.items()}
        with self.ledger.read() as conn:
            sent: dict[str, list[str]] = {}
            for row in conn.execute(select(deliveries).order_by(deliveries.c.channel)):
                sent.setdefault(row.notice, []).append(row.channel)
            return [
                {
                    "at": (row.at - NOW).total_seconds(),
                    "why": row.why,
                    "to": row.addressee,
                    "of": [names.get(each, each) for each in row.incidents],
                    "channels": sent.get(row.id, []),
                }
                for row in conn.execute(
                    select(notices).order_by(notices.c.at, notices.c.addressee, notices.c.id)
                )
            ]

    def _wake(self) -> datetime | None:
        """The next whole second at which something may be due."""

        def ask(conn: Connection) -> list[datetime]:
            found = [
                conn.execute(select(func.min(notice_groups.c.due_at))).scalar(),
                conn.execute(select(func.min(silences.c.ends_at)).where(silences.c.over.is_(False))).scalar(),
                conn.execute(
                    select(func.min(incident_rows.c.ack_until)).where(
                        incident_rows.c.acked.is_(True), incident_rows.c.state == "open"
                    )
                ).scalar(),
            ]
            return [each for each in found if each is not None]

        found = look(self.ledger, ask)
        return max(min(found), self.now + SECOND) if found else None

    def _tick(self) -> None:
        def act(conn: Connection) -> None:
            desk.expire_acknowledgements(conn, self.now)
            advance(conn, self.directory, self.now)

        self.write(act)

    def _do(self, step: Step) -> None:
        for word, value in step.items():
            what = getattr(self, f"_{word}", None)
            if what is not None:
                what(step, value)

    def _raise(self, step: Step, value: object, state: str = "active") -> None:
        condition, _, place = str(value).partition("@")
        self.n += 1
        device = str(step.get("device", "fridge" if place.startswith("school") else "loop"))
        said = signal(
            self.n,
            rule=condition,
            condition=condition,
            kind=str(step.get("kind", "threshold")),
            place=place,
            device=device,
            severity=step.get("severity", "major"),
            state=state,
            at=self.now,
            since=self.now,
        )

        def act(conn: Connection) -> None:
            apply_signals(conn, [said], directory=self.directory, now=self.now, origin="serve")
            advance(conn, self.directory, self.now, most=0)

        self.write(act)
        if state == "active":
            self._is(step, value)

    def _is(self, step: Step, value: object) -> None:
        """The open incident of this condition at this place is called so from now on."""
        condition, _, place = str(value).partition("@")
        found = look(self.ledger, lambda conn: incidents.open_at(conn, place, condition))
        assert found is not None, value
        self.names.setdefault(str(step["as"]), found.incident.id)

    def _clear(self, step: Step, name: object) -> None:
        """Every source of an incident lets go."""
        row = self._row(name)
        for source in row.sources:
            given = {"device": source["device"], "severity": source["severity"], "kind": source["kind"]}
            self._raise({**step, **given}, f"{row.condition}@{row.place}", "inactive")

    def _stale(self, _step: Step, _value: object) -> None:
        self.write(lambda conn: mark_stale(conn, self.now))

    def _ack(self, _step: Step, name: object) -> None:
        key = self.names[str(name)]
        self.write(lambda conn: desk.acknowledge(conn, ALL, key, who=OPERATOR, note="", now=self.now))

    def _mended(self, _step: Step, name: object) -> None:
        key = self.names[str(name)]
        self.write(lambda conn: desk.mended(conn, ALL, key, who=OPERATOR, note="mended", now=self.now))

    def _judge(self, step: Step, name: object) -> None:
        key, verdict = self.names[str(name)], bool(step["verdict"])
        self.write(
            lambda conn: desk.judge(
                conn, ALL, key, verdict=verdict, who=OPERATOR, reason="looked", now=self.now
            )
        )

    def _case(self, step: Step, name: object) -> None:
        case = self._row(name).case_id
        request = Request(str(step["action"]), note="wrong")
        self.write(
            lambda conn: desk.act(
                conn, ALL, case, request, who=OPERATOR, directory=self.directory, now=self.now
            )
        )

    def _routes(self, _step: Step, routes: object) -> None:
        self.directory = county_of({"routes": routes})
        self.write(lambda conn: review(conn, self.directory, self.now))

    def _touch(self, _step: Step, name: object) -> None:
        """Something became of an incident that a reader would notice."""
        row = self._row(name)
        self._raise({"as": name, "device": "gas"}, f"{row.condition}@{row.place}")

    def _silence(self, step: Step, match: object) -> None:
        key = new_id(self.now)
        self.names[str(step["as"])] = key
        lasts = timedelta(seconds=seconds(step["for"]))
        new = begin(
            key,
            Match(**cast("dict[str, str]", match)),
            "quiet, please",
            self.now + lasts,
            who="olga",
            sight=ALL,
            directory=self.directory,
            now=self.now,
        )
        self.write(lambda conn: notify.silence(conn, self.directory, new, self.now))

    def _unsilence(self, _step: Step, name: object) -> None:
        key = self.names[str(name)]
        self.write(lambda conn: notify.unsilence(conn, self.directory, key, who="olga", now=self.now))

    def _shows(self, step: Step, name: object) -> None:
        """What an incident says of what mutes it."""
        shown = look(self.ledger, lambda conn: incidents.get(conn, ALL, self.names[str(name)]))
        names = {key: each for each, key in self.names.items()}
        for word in ("silenced_by", "inhibited_by"):
            if word in step:
                assert [names[each] for each in cast("list[str]", shown[word])] == step[word]

    def _row(self, name: object):  # type: ignore[no-untyped-def]
        key = self.names[str(name)]
        return look(
            self.ledger,
            lambda conn: conn.execute(select(incident_rows).where(incident_rows.c.id == key)).one(),
        )


def expected(scenario: Scenario) -> list[dict[str, object]]:
    """Its notices in the shape of Stage.told(), in order."""
    found = [{**each, "at": seconds(each["at"])} for each in scenario.notices]
    return sorted(found, key=order)


def order(told: Mapping[str, object]) -> tuple[float, str, str]:
    """By moment; what is told at the same one, by addressee and incidents."""
    return cast("float", told["at"]), str(told["to"]), str(told["of"])
