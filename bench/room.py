"""The monitoring room with 6,000 devices and 10,000 open incidents: first paint, blocks of the page, commit to screen.

The hub is the real one, on SQLite, its console as built; the browser is Chromium without a screen, a new one for each
repeat, at 1920×1080, on the same machine as the hub. Nobody renews the 10,000, so they are stale, as after a broker was
away. Repeats alternate between a hub in which nothing happens and one that writes some 60 events a second, raised and
cleared incidents with their cases, and prints how many came.

`first paint` is the first rows of the feed with their places, from the start of the navigation; `block` is the longest
task of the page's main thread (0: none over 50 ms, the least that a browser tells); `commit to screen` is from the
commit of a critical incident to the frame that shows its row. Hub and browser are two processes, as for an operator.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import cast

import yaml

from alerts.ids import new_id
from alerts.ledger import events, incidents
from alerts.ledger.engine import Connection
from alerts.router import apply_signals, mark_stale
from bench.figures import Figures
from bench.screen import Seen
from bench.served import PASSWORD, served
from detectors.signal import Severity, Signal, SignalState
from hub.serve.house import House
from ingest.text import Text

ABOUT = "milliseconds; the monitoring room over 6,000 devices and 10,000 open incidents"
ROOT = Path(__file__).parents[1]
REPEATS = int(os.environ.get("ROOM_REPEATS", "5"))
SITES = 2500
PER_SITE = 4
CAMERAS = 600
DEVICES = 6000
AT_ONCE = 500
RAISES = 20
"""New incidents a second, and as many that clear: with their cases some 60 events."""
LASTING = 100
"""So many raises later an incident clears: 5 s."""
WATCHED = 20.0
"""Seconds that the loaded page is watched."""
PATIENCE = 180.0
SPREAD: tuple[Severity, ...] = ("critical", "major", "minor", "info")


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def registry() -> str:
    """Twenty towns, 2,500 sites, a tenth of the devices cameras."""
    towns = [{"id": f"town-{n}", "parent": "county", "level": "town", "name": f"镇{n}"} for n in range(20)]
    sites = [
        {"id": f"site-{n}", "area": f"town-{n % 20}", "kind": "canteen-school", "name": f"点位{n}"}
        for n in range(SITES)
    ]
    cameras = [
        {
            "id": f"cam-{n}",
            "site": f"site-{n}",
            "kind": "camera",
            "name": f"摄像机{n}",
            "url": f"rtsp://192.0.2.{n % 250 + 1}/{n}",
        }
        for n in range(CAMERAS)
    ]
    sensors = [
        {"id": f"sensor-{n}", "site": f"site-{n % SITES}", "kind": "sensor", "name": f"传感器{n}"}
        for n in range(DEVICES - CAMERAS)
    ]
    return yaml.safe_dump(
        {
            "areas": [{"id": "county", "level": "county", "name": "县"}, *towns],
            "units": [{"id": "duty-room", "area": "county", "name": "值班室"}],
            "sites": sites,
            "devices": [*cameras, *sensors],
            "routes": [{"unit": "duty-room"}],
            "users": [{"name": "olga", "role": "operator", "areas": ["county"], "password": PASSWORD}],
        },
        allow_unicode=True,
    )


def signal(
    site: int, condition: str, severity: Severity, at: datetime, *, state: SignalState, n: int
) -> Signal:
    """One level of one condition at one site."""
    return Signal(
        id=new_id(at),
        rule=f"rule-{condition}",
        kind="threshold",
        condition=condition,
        place=f"site-{site}",
        device=f"sensor-{site}",
        state=state,
        since=at,
        at=at,
        severity=severity,
        value=9.0,
        limit=8.0,
        certainty=1.0,
        epoch=1,
        n=n,
        explanation=Text("温度 9.0 °C 高于上限 8.0 °C", "temperature 9.0 °C above the limit of 8.0 °C"),
    )


def run() -> Figures:
    """Measure."""
    return asyncio.run(_run())


async def _run() -> Figures:
    figures = Figures("ms")
    async with served(registry()) as hub:
        await asyncio.to_thread(_fill, hub.house)
        await asyncio.to_thread(_measure, hub.house, hub.http, figures)
    return figures


def _fill(house: House) -> None:
    """10,000 open incidents that nobody renews."""
    began = now() - timedelta(minutes=2)
    whole = [
        signal(site, f"condition-{each}", SPREAD[each], began, state="active", n=1)
        for site in range(SITES)
        for each in range(PER_SITE)
    ]
    county = house.directory()
    for start in range(0, len(whole), AT_ONCE):
        part = whole[start : start + AT_ONCE]

        def act(conn: Connection, part: list[Signal] = part) -> None:
            applied = apply_signals(conn, part, directory=county, now=began, origin="serve")
            if applied.refused:
                raise AssertionError(
                    f"{len(applied.refused)} signals were refused: {applied.refused[0].reason}"
                )

        house.ledger.write(act).result(300)
    more = True
    while more:
        more = house.ledger.write(lambda conn: mark_stale(conn, now(), county, most=AT_ONCE)).result(300)
    print(f"  {len(whole):,} incidents are open, {len(county.devices):,} devices registered", flush=True)


def _measure(house: House, url: str, figures: Figures) -> None:
    for repeat in range(REPEATS):
        _look(url, figures, "idle", {})
        with flow(house, repeat) as raised:
            _look(url, figures, "events", raised)
        print(f"  repeat {repeat + 1} of {REPEATS}", flush=True)


def _look(url: str, figures: Figures, name: str, raised: Mapping[str, float]) -> None:
    command = [sys.executable, "-m", "bench.screen", url, PASSWORD, str(WATCHED)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=PATIENCE, cwd=ROOT)
    told = cast("Seen", json.loads(done.stdout))
    loaded = told["loaded"]
    figures.add(f"{name}: first paint", told["first"])
    figures.add(f"{name}: longest block while loading", _longest(told, 0, loaded))
    figures.add(f"{name}: everything there", loaded)
    if not raised:
        return
    figures.add(f"{name}: longest block afterwards", _longest(told, loaded, float("inf")))
    begin = told["origin"] + loaded
    late = [
        told["seen"][each] - at for each, at in list(raised.items()) if at > begin and each in told["seen"]
    ]
    if len(late) < RAISES:
        raise AssertionError(f"only {len(late)} new incidents came to the screen")
    figures.add(f"{name}: commit to screen, half", median(late))
    figures.add(f"{name}: commit to screen, 95 of 100", quantiles(late, n=20)[-1])


def _longest(told: Seen, begin: float, end: float) -> float:
    return max((length for at, length in told["tasks"] if begin <= at < end), default=0.0)


@contextmanager
def flow(house: House, epoch: int) -> Iterator[dict[str, float]]:
    """Incidents that come and go meanwhile; answers the critical ones: when each was committed (ms)."""
    raised: dict[str, float] = {}
    stop = threading.Event()
    county = house.directory()

    def once(count: int) -> None:
        at = now()
        severity = SPREAD[count % len(SPREAD)]
        site, condition = count % SITES, f"live-{epoch}-{count // SITES}"
        both = [signal(site, condition, severity, at, state="active", n=1)]
        if (old := count - LASTING) >= 0:
            word = f"live-{epoch}-{old // SITES}"
            both.append(signal(old % SITES, word, SPREAD[old % len(SPREAD)], at, state="inactive", n=2))

        def act(conn: Connection) -> str | None:
            apply_signals(conn, both, directory=county, now=at, origin="serve")
            found = incidents.open_at(conn, f"site-{site}", condition)
            return found.incident.id if found else None

        def committed(done: Future[str | None]) -> None:
            made = done.result()
            if made is not None and severity == "critical":
                raised[made] = time.time() * 1000

        house.ledger.write(act).add_done_callback(committed)

    def work() -> None:
        due = time.monotonic()
        count = 0
        while not stop.wait(max(0.0, due - time.monotonic())):
            once(count)
            count += 1
            due += 1 / RAISES

    def head() -> int:
        with house.ledger.read() as conn:
            return events.head(conn)

    thread = threading.Thread(target=work, name="flow")
    before, began = head(), time.monotonic()
    thread.start()
    try:
        yield raised
    finally:
        stop.set()
        thread.join(60)
        print(f"  {(head() - before) / (time.monotonic() - began):.0f} events a second", flush=True)


if __name__ == "__main__":
    print(run().table())
