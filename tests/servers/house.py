"""House: a small, real house around the API: a SQLite ledger, a registry applied from YAML, uvicorn on a free port.

Nothing is mocked but what belongs to other processes (workers, nodes, evidence files): those are plain values.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Gauge

from alerts.directory import Directory
from alerts.ids import new_id
from alerts.ledger import dampings, deliveries, incidents, lessons, modes, notices, offers
from alerts.ledger import registry as entries
from alerts.ledger.engine import Connection, Ledger
from alerts.lesson import Lesson
from alerts.notice import Notice
from alerts.offer import Heard
from alerts.presence import Here
from alerts.router import apply_signals
from alerts.sight import Visibility
from api.app import create_app
from api.hub import ApiSettings, Component, EvidenceName, Json
from api.server import listener, server
from config.apply import read_registry
from config.contacts import contacts_of
from config.directory import directory
from config.door import Door
from config.secrets import SecretBox
from detectors.damping import Damping
from detectors.signal import Severity, Signal, SignalState
from hub.serve.adoption import Adoption
from hub.serve.case_files import CaseFiles
from hub.serve.evidence_store import EvidenceStore
from hub.serve.lessons import Lessons
from ingest.errors import BrokerAway, EvidenceNone, EvidencePending, NotFound
from ingest.reading import Reading
from ingest.text import Text
from tests.servers.wait import wait_until

SECRET = "a-secret-of-the-house-that-nobody-may-see"
WORKER_TOKEN = "a-worker-token-that-nobody-may-see"
PASSWORD = "correct-horse-battery-{}"
CAMERA_PASSWORD = "camera-password-nobody-may-see"
PHONE = "13800138000"
ROBOT_KEY = "robot-key-nobody-may-see"

ROLES = {
    "olga": "operator",
    "ines": "inspector",
    "kim": "site-keeper",
    "dora": "dispatcher",
    "hans": "handler",
    "sue": "supervisor",
    "admin": "administrator",
    "aude": "auditor",
    "city": "platform",
}
"""One user of each role; all of them look at the town `east`, at site `school-1`, or are of unit `kitchens`."""

EVERYWHERE = ("admin", "aude")
"""Those who look at the whole county."""

REGISTRY = f"""
areas:
  - {{id: county, level: county, name: {{zh: 县, en: County}}}}
  - {{id: east, parent: county, level: town, name: 东}}
  - {{id: west, parent: county, level: town, name: 西}}
units:
  - {{id: kitchens, area: east, name: Kitchens}}
  - {{id: roads, area: west, name: Roads}}
sites:
  - {{id: school-1, area: east, kind: canteen-school, name: School 1}}
  - {{id: cross-1, area: east, kind: crossroad, name: Crossroad 1}}
  - {{id: school-9, area: west, kind: canteen-school, name: School 9}}
contacts:
  - {{site: school-1, duty: officer, name: Li, phone: "{PHONE}"}}
devices:
  - {{id: cam-1, site: school-1, kind: camera, url: "rtsp://10.0.0.1/a", user: viewer, password: {CAMERA_PASSWORD},
     onvif: {{url: "http://10.0.0.1/onvif/device_service"}}, presets: [gate, lost], home_preset: gate}}
  - {{id: cam-2, site: cross-1, kind: camera, url: "rtsp://10.0.0.2/a"}}
  - {{id: cam-9, site: school-9, kind: camera, url: "rtsp://viewer:{CAMERA_PASSWORD}@10.0.0.9/a"}}
  - {{id: fridge-1, site: school-1, kind: sensor, payload: native}}
  - {{id: fridge-9, site: school-9, kind: sensor, payload: native}}
  - {{id: horn-1, site: school-1, kind: speaker}}
  - {{id: horn-9, site: school-9, kind: speaker}}
rules:
  - {{id: fridge-warm, kind: threshold, sites: [school-1, school-9], quantity: temperature, above: 8, severity: major}}
channels:
  - {{id: screen, kind: mqtt}}
  - {{id: group, kind: wecom, url: "https://robot.example/send?key={ROBOT_KEY}"}}
routes:
  - {{match: {{area: west}}, unit: roads, workflow: seven-step}}
  - {{unit: kitchens, workflow: seven-step}}
categories:
  - {{id: smells, name: Smells}}
  - {{id: smell-kitchen, big: smells, name: {{zh: 后厨异味, en: Smell in a kitchen}}, opens: 闻到异味, closes: 异味消除,
     unit: kitchens, workflow: six-step, severity: critical, limits: {{discover: 5m, handle: 2wd}}}}
plans:
  - {{id: warm, conditions: [temperature-high], name: {{zh: 太热, en: Too warm}},
     steps: [{{zh: 关门, en: Shut the door}}]}}
users:
  - {{name: olga, role: operator, areas: [east], password: {PASSWORD.format("olga")}}}
  - {{name: ines, role: inspector, areas: [east], password: {PASSWORD.format("ines")}}}
  - {{name: kim, role: site-keeper, sites: [school-1], password: {PASSWORD.format("kim")}}}
  - {{name: dora, role: dispatcher, areas: [east], password: {PASSWORD.format("dora")}}}
  - {{name: hans, role: handler, units: [kitchens], password: {PASSWORD.format("hans")}}}
  - {{name: sue, role: supervisor, areas: [east], password: {PASSWORD.format("sue")}}}
  - {{name: admin, role: administrator, password: {PASSWORD.format("admin")}}}
  - {{name: aude, role: auditor, password: {PASSWORD.format("aude")}}}
  - {{name: city, role: platform, areas: [east], password: {PASSWORD.format("city")}}}
"""


@dataclass
class Workers:
    """Addresses and assignments as the test sets them."""

    addresses: dict[str, str] = field(default_factory=dict)
    assignments: dict[str, Json] = field(default_factory=dict)
    boots: list[str] = field(default_factory=list)

    def address(self, device: str) -> str | None:
        """Where a camera is served."""
        return self.addresses.get(device)

    def assignment(self, worker: str, boot: str) -> Json | None:
        """What a worker does."""
        self.boots.append(boot)
        return self.assignments.get(worker)


@dataclass
class Evidence:
    """Files as the test sets them; `pending` ones are still being written."""

    files: dict[tuple[str, EvidenceName], bytes] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)

    def read(self, incident: str, name: EvidenceName) -> bytes:
        """The bytes of one file."""
        if incident in self.pending:
            raise EvidencePending("still being written", retry_after=2)
        try:
            return self.files[incident, name]
        except KeyError:
            raise EvidenceNone(f"no {name}") from None


class House:
    """Implements api.hub.Hub; its clock is the real one plus `shift`."""

    def __init__(self, folder: Path, settings: ApiSettings, template: Path | None = None) -> None:
        if template is not None:
            shutil.copy(template, folder / "ledger.db")
        self.folder = folder
        self.shift = timedelta(0)
        self.settings = settings
        self.ledger = Ledger.open(f"sqlite:///{folder / 'ledger.db'}", clock=self.now)
        self.registry = Door(self.ledger, SecretBox(SECRET), clock=self.now)
        self.adoption = Adoption(self.ledger, self.registry, timezone="Asia/Shanghai", clock=self.now)
        self.workers = Workers()
        self.evidence = Evidence()
        store = EvidenceStore(folder / "evidence", SECRET)
        self.files = CaseFiles(store)
        self.lessons = Lessons(store, models=folder / "models", model_of=lambda _incident: "coco-ssd")
        self.metrics = CollectorRegistry()
        Gauge("hub_events_head", "newest seq", registry=self.metrics).set(0)
        self.states: dict[str, Json] = {}
        self.parts: dict[str, Component] = {"ledger": Component("ok", "", self.now())}
        self.commands: list[tuple[str, str, Json]] = []
        self.test_alarms: list[str] = []
        self.pushed: list[tuple[str, bytes]] = []
        self.broker_away = False
        self.url = ""
        self.present: Callable[[], Sequence[Here]] = tuple
        self._listeners: list[Callable[[Sequence[Reading]], None]] = []
        self._tokens: dict[str, str] = {}
        self._directory: tuple[int, Directory] | None = None
        self._clients: dict[str | None, httpx.Client] = {}
        self._n = 0
        if template is None:
            self.registry.apply(REGISTRY, name="house", prune=False, dry_run=False, who="admin")

    def now(self) -> datetime:
        """The shifted time."""
        return datetime.now(tz=UTC) + self.shift

    def directory(self) -> Directory:
        """The registry as of the latest commit."""
        with self.ledger.read() as conn:
            version = entries.version(conn)
            if self._directory is None or self._directory[0] != version:
                self._directory = version, modes.laid_over(conn, directory(read_registry(conn)))
            return self._directory[1]

    def device_states(self) -> Mapping[str, Json]:
        """As the test sets them."""
        return self.states

    def components(self) -> Mapping[str, Component]:
        """As the test sets them."""
        return self.parts

    def contacts(self, site: str, *, phones: bool) -> Sequence[Json]:
        """As the ledger has them."""
        with self.ledger.read() as conn:
            return contacts_of(conn, SecretBox(SECRET), site, phones=phones)

    def command(self, site: str, node: str, body: Json) -> None:
        """Kept in `commands`."""
        if self.broker_away:
            raise BrokerAway("no broker", reason="away")
        self.commands.append((site, node, body))

    def push(self, device: str, body: bytes) -> None:
        """Every device of the registry may push here; what it pushed is kept."""
        if device not in self.directory().devices:
            raise NotFound("no such address")
        self.pushed.append((device, body))

    def test_alarm(self, key: str) -> None:
        """Kept in `test_alarms`."""
        self.test_alarms.append(key)

    def on_room(self, present: Callable[[], Sequence[Here]]) -> None:
        """Kept."""
        self.present = present

    def on_readings(self, callback: Callable[[Sequence[Reading]], None]) -> None:
        """Kept."""
        self._listeners.append(callback)

    def tell(self, readings: Sequence[Reading]) -> None:
        """Readings were committed."""
        for each in self._listeners:
            each(readings)

    def signal(
        self,
        place: str,
        *,
        device: str,
        state: SignalState = "active",
        condition: str = "temperature-high",
        severity: Severity = "major",
    ) -> Signal:
        """A fresh signal of the house's one rule."""
        self._n += 1
        now = self.now()
        return Signal(
            id=new_id(now),
            rule="fridge-warm",
            kind="threshold",
            condition=condition,
            place=place,
            device=device,
            state=state,
            since=now,
            at=now,
            severity=severity,
            value=9.0,
            limit=8.0,
            certainty=1.0,
            epoch=1,
            n=self._n,
            explanation=Text("太热", "too warm"),
        )

    def token(self, name: str) -> str:
        """A token of this user, logged in once."""
        if name == "guest":
            answer = httpx.post(f"{self.url}/api/v1/auth/guest")
            answer.raise_for_status()
            return str(answer.json()["access_token"])
        if name not in self._tokens:
            given = {"username": name, "password": PASSWORD.format(name)}
            answer = httpx.post(f"{self.url}/api/v1/auth/login", json=given)
            answer.raise_for_status()
            self._tokens[name] = str(answer.json()["access_token"])
        return self._tokens[name]

    def client(self, name: str | None = None) -> httpx.Client:
        """A client that shows this user's token; without a name, nobody's. Closed with the house."""
        if name not in self._clients:
            headers = {} if name is None else {"Authorization": f"Bearer {self.token(name)}"}
            self._clients[name] = httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=20)
        return self._clients[name]

    def raise_at(self, place: str, device: str, **more: str) -> tuple[str, str]:
        """A new incident with its case: the ids of both."""
        signal = self.signal(place, device=device, condition=more.get("condition", "temperature-high"))
        self.apply(signal)
        with self.ledger.read() as conn:
            stored = incidents.open_at(conn, place, signal.condition)
        assert stored is not None
        return stored.incident.id, stored.case or ""

    def apply(self, *signals: Signal) -> None:
        """Signals through the router, committed."""
        county, now = self.directory(), self.now()
        self.ledger.write(
            lambda tx: apply_signals(tx, signals, directory=county, now=now, origin="serve")
        ).result(10)

    def dead_letter(self, channel: str, incident: str) -> str:
        """The id of a notice to this channel that was given up."""
        now = self.now()
        made = Notice(
            new_id(now), now, "new-group", "kitchens", "a-group", None, (incident,), 1, "major",
            Visibility("east", "canteen-school", "school-1"), Text("太热", "too warm"), (channel,),
        )  # fmt: skip

        def act(tx: Connection) -> None:
            notices.add(tx, made)
            deliveries.dead_all(tx, channel, "rejected (93000)", now)

        self.ledger.write(act).result(10)
        return f"{made.id}.{channel}"

    def damping(self, incident: str, device: str) -> str:
        """The id of a damping that came of this incident of a camera."""
        now = self.now()
        made = Damping(
            id=new_id(now), rule="yard", device=device, label="person", box=(0.4, 0.3, 0.5, 0.7), aspect=16 / 9,
            at=now, expires_at=now + timedelta(hours=1),
        )  # fmt: skip
        place = self.directory().visibility(device)
        self.ledger.write(
            lambda tx: dampings.add(tx, [made], incident=incident, who="olga", place=place, now=now)
        ).result(10)
        return made.id

    def lesson(self, name: str, device: str) -> str:
        """A lesson at this camera: its id."""
        new = Lesson(name, device, "bin-uncovered", "0.2,0.2,0.5,0.5")
        place = self.directory().visibility(device)
        self.ledger.write(lambda tx: lessons.add(tx, new, who="ines", place=place, now=self.now())).result(10)
        return name

    def offer(self, name: str = "nowhere/lonely") -> str:
        """The id of an unknown device that was heard."""
        topic = f"zigbee2mqtt/{name}"
        found = {"temperature": {"value": 4.2, "unit": "°C", "at": "2026-11-22T08:00:00.000Z"}}
        heard = Heard("zigbee2mqtt", topic, name, name, many=False, found=found)
        kept = offers.Kept(topic, b'{"temperature": 4.2}', retain=False, at=self.now(), packet=1)
        self.ledger.write(lambda tx: offers.keep(tx, heard, kept)).result(10)
        return heard.id

    def close(self) -> None:
        """End its clients and its ledger."""
        for each in self._clients.values():
            each.close()
        self.ledger.close()


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """An app served by uvicorn on a free port until the end of the block; its address."""
    sock = listener("127.0.0.1", 0)
    running = server(app)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [sock]}, name="served")
    thread.start()
    try:
        wait_until(lambda: running.started, within=20, what="the server starts")
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join(15)
        if thread.is_alive():
            msg = "the server did not end"
            raise RuntimeError(msg)


@contextmanager
def open_house(
    folder: Path, settings: ApiSettings | None = None, template: Path | None = None
) -> Iterator[House]:
    """A house that is served until the end of the block; `template` is the ledger of an earlier one."""
    house = House(folder, settings or default_settings(folder), template)
    try:
        with served(create_app(house)) as house.url:
            yield house
    finally:
        house.close()


def default_settings(folder: Path, **changes: object) -> ApiSettings:
    """Settings of a house; the console is not built."""
    base: dict[str, object] = {"secret": SECRET, "worker_token": WORKER_TOKEN, "web": folder / "no-console"}
    return ApiSettings(**(base | changes))  # type: ignore[arg-type] # the test names the fields
