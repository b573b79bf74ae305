"""From a new condition to the webhook that tells of it, beside Debian's prometheus-alertmanager on equal timers.

Every group is new: a place and a condition that nothing was known of. The hub is `hub serve` on SQLite with its own
broker; it takes a signal over MQTT (QoS 1, committed before it is acknowledged) or over `POST /signals` (signed), opens
an incident and its case, and tells the receiver out of its ledger, signed: as an event, or as a notice of the route it
falls under. Alertmanager takes `POST /api/v2/alerts`, keeps alerts in memory and tells the receiver without a
signature. The group wait is 0 on both sides, and 1 s on both sides where the table says so. The receiver is one
process of its own.

Latency: from just before the publish to the moment the receiver has the request's head; one new group every
PACE seconds. Rate: so many new groups at once, until the receiver has been told of the last. Repeats are interleaved.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import quantiles

import httpx

from alerts.ids import new_id
from alerts.signature import secret_of, sign, write_secret
from bench.chaos.county import PASSWORD
from bench.chaos.hub_process import ROOT, HubProcess
from bench.chaos.load import now
from bench.figures import Figures
from bench.peers.alertmanager import alertmanager, version
from bench.processes import free_port
from detectors.signal import Severity, Signal
from detectors.signal_json import to_json
from ingest.instant import format_instant
from ingest.mqtt.client import Client
from ingest.text import Text

ABOUT = "new group to webhook, beside prometheus-alertmanager on equal timers"
GROUPS = 500
PACE = 0.1
AT_ONCE = 500
REPEATS = 3
GROWTH = (1_000, 10_000)
GROWN = 200
"""Groups measured when so many are open."""
WAITED = 100
"""Groups measured with a group wait of 1 s."""
WITHIN = 600.0
SENDER = "peer"
REGISTRY = f"""
areas: [{{id: county, level: county, name: 县}}]
units: [{{id: duty-room, area: county, name: 值班室}}]
sites: [{{id: school-1, area: county, kind: canteen-school, name: 一小}}]
users: [{{name: {SENDER}, role: platform, areas: [county], password: {PASSWORD}}}]
"""
EVENTS = "routes: [{unit: duty-room}]\n"
NOTICES = """
channels: [{{id: fast, kind: webhook, url: "{url}", secret: "{secret}"}}]
routes:
  - {{match: {{severity: minor}}, unit: duty-room, channels: [fast], group_wait: 1s}}
  - {{unit: duty-room, channels: [fast], group_wait: 0s}}
"""

Raise = Callable[[str], None]
"""Makes one new group known."""


def run() -> Iterator[Mapping[str, Figures]]:
    """Measure; one set of figures for each question, as soon as it is answered."""
    print(f"  {version()}", flush=True)
    found = {
        "p50": Figures(f"ms, median of {GROUPS} new groups"),
        "p99": Figures(f"ms, 99th percentile of {GROUPS} new groups"),
        "rate": Figures(f"new groups/s, {AT_ONCE} at once"),
        "waited": Figures(f"ms, 99th percentile of {WAITED} new groups, group wait 1 s"),
    }
    grown = Figures(f"ms, 99th percentile of {GROWN} new groups, with many open")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-router-")))
        url = stack.enter_context(_receiver())
        told = _Hub(stack, folder / "events", EVENTS)
        told.tell_events(url)
        secret = write_secret(secrets.token_bytes(32))
        noticed = _Hub(stack, folder / "notices", NOTICES.format(url=url, secret=secret))
        contestants: dict[str, Raise] = {
            "alertmanager": _to_alertmanager(stack, folder / "am", url, group_wait="0s"),
            "hub, POST, event": told.over_http,
            "hub, MQTT, event": told.over_mqtt,
            "hub, MQTT, notice": noticed.over_mqtt,
        }
        waiting: dict[str, Raise] = {
            "alertmanager": _to_alertmanager(stack, folder / "am-1s", url, group_wait="1s"),
            "hub, MQTT, notice": lambda group: noticed.over_mqtt(group, severity="minor"),
        }
        groups = _Groups()
        for repeat in range(REPEATS):
            for name, tell in contestants.items():
                times = _latencies(url, tell, groups.new(GROUPS))
                found["p50"].add(name, quantiles(times, n=100)[49] * 1000)
                found["p99"].add(name, quantiles(times, n=100)[98] * 1000)
                found["rate"].add(name, _rate(url, tell, groups.new(AT_ONCE)))
            for name, tell in waiting.items():
                times = _latencies(url, tell, groups.new(WAITED))
                found["waited"].add(name, quantiles(times, n=100)[98] * 1000)
            print(f"  repeat {repeat + 1} of {REPEATS}", flush=True)
        yield found
        opened = dict.fromkeys(contestants, (GROUPS + AT_ONCE) * REPEATS)
        opened["hub, MQTT, event"] += opened.pop("hub, POST, event")  # one hub behind both
        opened["hub, MQTT, notice"] += WAITED * REPEATS
        for goal in GROWTH:
            for name in opened:
                tell = contestants[name]
                _rate(url, tell, groups.new(max(goal - opened[name], 0)))
                opened[name] = max(goal, opened[name]) + GROWN
                times = _latencies(url, tell, groups.new(GROWN))
                grown.add(f"{name}, {goal:,}", quantiles(times, n=100)[98] * 1000)
                print(f"  {name}: with {goal:,} open groups", flush=True)
            yield {"grown": grown}


class _Groups:
    """Names that nobody has heard of."""

    def __init__(self) -> None:
        self._count = 0

    def new(self, number: int) -> list[str]:
        """The next ones."""
        before, self._count = self._count, self._count + number
        return [f"z{each}" for each in range(before, self._count)]


def _latencies(receiver: str, tell: Raise, groups: list[str]) -> list[float]:
    """Seconds for each new group, one every PACE seconds."""
    begun: dict[str, float] = {}
    next_at = time.monotonic()
    for group in groups:
        time.sleep(max(next_at - time.monotonic(), 0))
        next_at = max(next_at + PACE, time.monotonic())
        begun[group] = time.monotonic()
        tell(group)
    taken = _await_all(receiver, groups)
    return [taken[group] - begun[group] for group in groups]


def _rate(receiver: str, tell: Raise, groups: list[str]) -> float:
    """New groups per second, as fast as they can be made known."""
    if not groups:
        return 0.0
    begun = time.monotonic()
    for group in groups:
        tell(group)
    taken = _await_all(receiver, groups)
    return len(groups) / (max(taken[group] for group in groups) - begun)


def _await_all(receiver: str, groups: list[str]) -> dict[str, float]:
    end = time.monotonic() + WITHIN
    while True:
        taken: dict[str, float] = httpx.get(f"{receiver}taken", timeout=30, trust_env=False).json()["groups"]
        if all(group in taken for group in groups):
            httpx.delete(f"{receiver}taken", timeout=10, trust_env=False)
            return taken
        if time.monotonic() > end:
            raise TimeoutError(f"{sum(group not in taken for group in groups)} groups never came")
        time.sleep(0.25)


@contextmanager
def _receiver() -> Iterator[str]:
    command = [sys.executable, "-m", "bench.peers.receiver"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError("no output of the receiver")
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _to_alertmanager(stack: ExitStack, folder: Path, receiver: str, *, group_wait: str) -> Raise:
    address = stack.enter_context(alertmanager(folder, receiver, group_wait=group_wait))
    client = stack.enter_context(httpx.Client(base_url=address, timeout=10, trust_env=False))

    def tell(group: str) -> None:
        labels = {"alertname": "bench", "place": f"school-1/{group}", "condition": group, "severity": "major"}
        body = [{"labels": labels, "startsAt": format_instant(now()), "annotations": {"summary": "new"}}]
        client.post("/api/v2/alerts", json=body).raise_for_status()

    return tell


class _Hub:
    """One hub, and two ways into it."""

    def __init__(self, stack: ExitStack, data: Path, registry: str) -> None:
        data.mkdir()
        self._process = HubProcess(data, free_port())
        self._process.apply(REGISTRY + registry)
        self._process.start()
        stack.callback(self._process.stop)
        self._process.wait_ready()
        self._http = stack.enter_context(
            httpx.Client(base_url=self._process.base, timeout=30, trust_env=False)
        )
        self._mqtt = Client(
            self._process.broker(), "bench-router", clock=now, max_queued=20_000, inflight=1000
        )
        connected = threading.Event()
        self._mqtt.on_state(lambda up, _why: connected.set() if up else None)
        self._mqtt.start()
        stack.callback(self._mqtt.stop)
        if not connected.wait(10):
            raise TimeoutError("no connection to the broker")
        self._key = secret_of((data / "secret").read_text().strip(), SENDER)

    def tell_events(self, receiver: str) -> None:
        """The receiver is told of every incident that is raised."""
        given = {"username": "admin", "password": PASSWORD}
        token = self._http.post("/auth/login", json=given).raise_for_status().json()["access_token"]
        secret = write_secret(secrets.token_bytes(32))
        hook = {"url": receiver, "secret": secret, "types": ["incident.raised"]}
        headers = {"Authorization": f"Bearer {token}"}
        self._http.post("/webhooks", json=hook, headers=headers).raise_for_status()

    def over_mqtt(self, group: str, severity: Severity = "major") -> None:
        """As a worker says it."""
        at = now()
        signal = Signal(
            id=new_id(at),
            rule="bench",
            kind="presence",
            condition=group,
            place=f"school-1/{group}",
            device="school-1",
            state="active",
            since=at,
            at=at,
            severity=severity,
            value=None,
            limit=None,
            certainty=1.0,
            epoch=1,
            n=1,
            explanation=Text("新", "new"),
        )
        self._mqtt.publish("hub/internal/v1/signals/bench", to_json(signal))

    def over_http(self, group: str) -> None:
        """As another platform says it."""
        given = {
            "condition": group,
            "place": f"school-1/{group}",
            "at": format_instant(now()),
            "severity": "major",
        }
        body = json.dumps(given).encode()
        headers = {"webhook-sender": SENDER, **sign(self._key, secrets.token_hex(12), now(), body)}
        self._http.post("/signals", content=body, headers=headers).raise_for_status()
