"""From a new condition to the webhook that tells of it, beside Debian's prometheus-alertmanager on equal timers.

Every group is new: a place that nothing was known of. The hub is `hub serve` on SQLite with its own broker; it takes a
signal over MQTT (QoS 1, committed before it is acknowledged) or over `POST /signals` (signed), opens an incident and
its case, and tells the receiver by a signed webhook out of its ledger. Alertmanager takes `POST /api/v2/alerts`, keeps
alerts in memory and tells the receiver without a signature. Both have a group wait of 0 and one group for each place.
The receiver is one process of its own; it is measured alone, too, with the hub's way of sending.

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
from detectors.signal import Signal
from detectors.signal_json import to_json
from ingest.instant import format_instant
from ingest.mqtt.client import Client
from ingest.text import Text

ABOUT = "new group to webhook, beside prometheus-alertmanager on equal timers"
GROUPS = 500
PACE = 0.05
AT_ONCE = 500
REPEATS = 3
GROWTH = (1_000, 10_000)
GROWN = 200
"""Groups measured when so many are open."""
WITHIN = 600.0
SENDER = "peer"
REGISTRY = f"""
areas: [{{id: county, level: county, name: 县}}]
units: [{{id: duty-room, area: county, name: 值班室}}]
sites: [{{id: school-1, area: county, kind: canteen-school, name: 一小}}]
routes: [{{unit: duty-room}}]
users: [{{name: {SENDER}, role: platform, areas: [county], password: {PASSWORD}}}]
"""

Raise = Callable[[str], None]
"""Makes one new group known: (place)."""


def run() -> Mapping[str, Figures]:
    """Measure; one set of figures for each question."""
    print(f"  {version()}", flush=True)
    found = {
        "p50": Figures(f"ms, median of {GROUPS} new groups"),
        "p99": Figures(f"ms, 99th of 100 of {GROUPS} new groups"),
        "rate": Figures(f"new groups/s, {AT_ONCE} at once"),
        "grown": Figures(f"ms, 99th of 100 of {GROWN} new groups, with many open"),
    }
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-router-")))
        receiver = stack.enter_context(_receiver())
        contestants: dict[str, Raise] = {
            "alertmanager": _to_alertmanager(
                stack.enter_context(alertmanager(folder / "am", receiver, group_wait="0s"))
            ),
            **_of_hub(stack, folder / "hub", receiver),
        }
        places = _Places()
        for repeat in range(REPEATS):
            for name, tell in contestants.items():
                times = _latencies(receiver, tell, [places.new() for _ in range(GROUPS)])
                found["p50"].add(name, quantiles(times, n=100)[49] * 1000)
                found["p99"].add(name, quantiles(times, n=100)[98] * 1000)
                found["rate"].add(name, _rate(receiver, tell, [places.new() for _ in range(AT_ONCE)]))
            print(f"  repeat {repeat + 1} of {REPEATS}", flush=True)
        opened = dict.fromkeys(contestants, (GROUPS + AT_ONCE) * REPEATS)
        opened["hub, MQTT"] += opened["hub, POST /signals"]  # one hub behind both
        del contestants["hub, POST /signals"]
        for goal in GROWTH:
            for name, tell in contestants.items():
                missing = max(goal - opened[name], 0)
                _rate(receiver, tell, [places.new() for _ in range(missing)])
                opened[name] = max(goal, opened[name]) + GROWN
                times = _latencies(receiver, tell, [places.new() for _ in range(GROWN)])
                found["grown"].add(f"{name}, {goal:,} open", quantiles(times, n=100)[98] * 1000)
            print(f"  with {goal:,} open groups", flush=True)
    return found


class _Places:
    """Zones that nobody has heard of."""

    def __init__(self) -> None:
        self._count = 0

    def new(self) -> str:
        """The next one."""
        self._count += 1
        return f"school-1/z{self._count}"


def _latencies(receiver: str, tell: Raise, places: list[str]) -> list[float]:
    """Seconds for each new group, one every PACE seconds."""
    begun: dict[str, float] = {}
    next_at = time.monotonic()
    for place in places:
        time.sleep(max(next_at - time.monotonic(), 0))
        next_at = max(next_at + PACE, time.monotonic())
        begun[place] = time.monotonic()
        tell(place)
    taken = _await_all(receiver, places)
    return [taken[place] - begun[place] for place in places]


def _rate(receiver: str, tell: Raise, places: list[str]) -> float:
    """New groups per second, as fast as they can be made known."""
    if not places:
        return 0.0
    begun = time.monotonic()
    for place in places:
        tell(place)
    taken = _await_all(receiver, places)
    return len(places) / (max(taken[place] for place in places) - begun)


def _await_all(receiver: str, places: list[str]) -> dict[str, float]:
    end = time.monotonic() + WITHIN
    while True:
        taken: dict[str, float] = httpx.get(f"{receiver}taken", timeout=30, trust_env=False).json()["places"]
        if all(place in taken for place in places):
            httpx.delete(f"{receiver}taken", timeout=10, trust_env=False)
            return taken
        if time.monotonic() > end:
            raise TimeoutError(f"{sum(place not in taken for place in places)} groups never came")
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


def _to_alertmanager(address: str) -> Raise:
    client = httpx.Client(base_url=address, timeout=10, trust_env=False)

    def tell(place: str) -> None:
        labels = {"alertname": "chaos", "place": place, "condition": "chaos", "severity": "major"}
        body = [{"labels": labels, "startsAt": format_instant(now()), "annotations": {"summary": "new"}}]
        client.post("/api/v2/alerts", json=body).raise_for_status()

    return tell


def _of_hub(stack: ExitStack, data: Path, receiver: str) -> dict[str, Raise]:
    """One hub, and both ways into it; it tells the receiver of raised incidents."""
    data.mkdir()
    hub = HubProcess(data, free_port())
    hub.apply(REGISTRY)
    hub.start()
    stack.callback(hub.stop)
    hub.wait_ready()
    client = stack.enter_context(httpx.Client(base_url=hub.base, timeout=30, trust_env=False))
    given = {"username": "admin", "password": PASSWORD}
    token = client.post("/auth/login", json=given).raise_for_status().json()["access_token"]
    hook = {"url": receiver, "secret": write_secret(secrets.token_bytes(32)), "types": ["incident.raised"]}
    client.post("/webhooks", json=hook, headers={"Authorization": f"Bearer {token}"}).raise_for_status()
    mqtt = Client(hub.broker(), "bench-router", clock=now, max_queued=20_000, inflight=1000)
    mqtt.start()
    stack.callback(mqtt.stop)
    connected = threading.Event()
    mqtt.on_state(lambda up, _why: connected.set() if up else None)
    if not mqtt.connected and not connected.wait(10):
        raise TimeoutError("no connection to the broker")
    key = secret_of((data / "secret").read_text().strip(), SENDER)

    def over_mqtt(place: str) -> None:
        mqtt.publish("hub/internal/v1/signals/bench", _signal(place))

    def over_http(place: str) -> None:
        body = json.dumps({"condition": "chaos", "place": place, "at": format_instant(now())}).encode()
        headers = {"webhook-sender": SENDER, **sign(key, secrets.token_hex(12), now(), body)}
        client.post("/signals", content=body, headers=headers).raise_for_status()

    return {"hub, POST /signals": over_http, "hub, MQTT": over_mqtt}


def _signal(place: str) -> bytes:
    at = now()
    return to_json(
        Signal(
            id=new_id(at),
            rule="bench",
            kind="presence",
            condition="chaos",
            place=place,
            device="school-1",
            state="active",
            since=at,
            at=at,
            severity="major",
            value=None,
            limit=None,
            certainty=1.0,
            epoch=1,
            n=1,
            explanation=Text("新", "new"),
        )
    )
