"""Flood: many publishers raise signals over many conditions, and the ledger is asked whether all of it is there.

The hub runs as a person runs it: `hub serve` with its own mosquitto on SQLite, or beside further `hub router`
processes on one PostgreSQL. The publishers are a process of their own. Nothing is mocked, nothing is measured inside.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from alerts.ledger import signals
from alerts.ledger.connect import reading_engine
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.tally import counts
from bench.flood.claims import all_incidents, wrong
from bench.flood.publisher import PER_SITE
from bench.flood.said import Said, key_of
from hub.broker import Broker

ROOT = Path(__file__).parents[2]
PASSWORD = "only-for-the-bench"  # noqa: S105 - of a ledger that is thrown away
DRAIN = 120.0
"""Seconds that the backlog may take before it is called stuck."""
OUTCOMES = ("applied", "duplicate", "late", "refused")


@dataclass(frozen=True, slots=True)
class Flood:
    """How much.

    Attributes:
        rate: Signals a second, of all publishers together.
        seconds: How long.
        conditions: (place, condition) pairs they are about.
        publishers: Connections, each of its own.
        routers: `hub router` processes beside `hub serve`; on PostgreSQL only.
    """

    rate: float = 2000
    seconds: float = 60
    conditions: int = 1000
    publishers: int = 32
    routers: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it.

    Attributes:
        published: Signals that the broker acknowledged.
        rate: At which they were published (1/s).
        outcomes: Of every signal that a router took: applied, duplicate, late, refused.
        incidents: All, of which `open` at the end and `flapping`.
        open: Still open.
        flapping: Of all.
        cases: All.
        events: All.
        drain: Seconds from the last publish until the ledger had every signal.
        cpu: CPU seconds of `serve` and the routers during the flood.
        publishers_cpu: CPU seconds of the publishers, which must not be the limit.
        wrong: What must not be; empty when all is well.
    """

    published: int
    rate: float
    outcomes: Mapping[str, int]
    incidents: int
    open: int
    flapping: int
    cases: int
    events: int
    drain: float
    cpu: float
    publishers_cpu: float
    wrong: tuple[str, ...]

    @property
    def cpu_per_signal(self) -> float:
        """Microseconds."""
        return 1e6 * self.cpu / max(self.published, 1)


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def run(flood: Flood, folder: Path, database: str = "") -> Report:
    """The whole of it, in this folder; `database`: a URL of PostgreSQL, else SQLite."""
    with _broker(folder) as broker, _hub(folder, broker, database) as (serve, address):
        registry = folder / "flood.yaml"
        registry.write_text(_registry(flood.conditions), "utf-8")
        _call("apply", str(registry), "--data", str(folder / "hub"))
        routers = [_router(number, broker, database) for number in range(flood.routers)]
        watched = [serve.pid, *(each.pid for each in routers)]
        outcomes: dict[str, int] = {}
        before = sum(_cpu(each) for each in watched)
        said = _publish(flood, broker)
        ledger_url = database or f"sqlite:///{folder / 'hub' / 'hub.db'}"
        drained = _drained(ledger_url, said, address, flood.routers)
        cpu = sum(_cpu(each) for each in watched) - before
        for each in routers:
            for outcome, number in _routed(_end(each)).items():
                outcomes[outcome] = outcomes.get(outcome, 0) + number
        for outcome, number in _outcomes(address).items():
            outcomes[outcome] = outcomes.get(outcome, 0) + number
    ledger = Ledger.open(ledger_url, clock=now)
    try:
        with ledger.read() as conn:
            return _report(conn, said, outcomes, drain=drained - said.ended, cpu=cpu)
    finally:
        ledger.close()


# -- what is started -------------------------------------------------------------------------------------------


def _registry(conditions: int) -> str:
    sites = range(-(-conditions // PER_SITE))
    lines = [
        "areas: [{id: county, level: county, name: 县}]",
        "units: [{id: room, area: county, name: 值班室}]",
        "routes: [{unit: room}]",
        "sites:",
        *(f"  - {{id: site-{each}, area: county, kind: canteen-school, name: 食堂{each}}}" for each in sites),
    ]
    return "\n".join(lines) + "\n"


def _environment() -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HUB_")}
    return {**clean, "HUB_ADMIN_PASSWORD": PASSWORD, "HUB_OPEN_METRICS": "true", "HUB_LOG": "warning"}


@contextmanager
def _broker(folder: Path) -> Iterator[str]:
    own = Broker(folder / "broker")
    own.start()
    try:
        yield own.url
    finally:
        own.stop()


@contextmanager
def _hub(folder: Path, broker: str, database: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    flags = ["--data", str(folder / "hub"), "--port", "0", "--workers", "0", "--broker-url", broker]
    flags += ["--database-url", database] if database else []
    process = _start("serve", *flags)
    try:
        line = _line(process)
        if not line.startswith("ready "):
            raise RuntimeError(f"the hub did not start: {line}")
        yield process, line.split()[1]
    finally:
        _end(process)


def _router(number: int, broker: str, database: str) -> subprocess.Popen[str]:
    process = _start(
        "router",
        "--name",
        f"flood-{number}",
        "--broker-url",
        broker,
        "--database-url",
        database,
        "--with-parent",
    )
    line = _line(process)
    if not line.startswith("ready "):
        raise RuntimeError(f"a router did not start: {line}")
    return process


def _start(*command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "hub", *command],
        cwd=ROOT,
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _line(process: subprocess.Popen[str]) -> str:
    return process.stdout.readline().strip() if process.stdout else ""


def _end(process: subprocess.Popen[str]) -> str:
    """SIGTERM, and what it said last."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.communicate(timeout=20)[0] or ""
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise


def _call(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hub", *command],
        cwd=ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip())


# -- what was said ---------------------------------------------------------------------------------------------


def _publish(flood: Flood, broker: str) -> Said:
    """All publishers; returns when the broker has acknowledged everything."""
    numbers = (flood.publishers, flood.conditions, flood.rate, flood.seconds)
    done = subprocess.run(
        [sys.executable, "-m", "bench.flood.publisher", broker, *map(str, numbers)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=flood.seconds * 3 + 150,
        check=True,
    )
    return Said.of(done.stdout)


# -- what came of it -------------------------------------------------------------------------------------------


def _drained(url: str, said: Said, address: str, routers: int) -> float:
    """When the ledger had the newest signal of every source (seconds since 1970)."""
    wanted = {key_of(source): each.n for source, each in said.sources.items() if each.n}
    end = time.monotonic() + DRAIN
    engine = reading_engine(url)
    try:
        while time.monotonic() < end:
            with engine.connect() as conn, conn.begin():
                marks = signals.load(conn, wanted.keys())
            all_there = all(key in marks and marks[key].n >= n for key, n in wanted.items())
            # what came late to another router is counted when that has ended
            if all_there and (routers or sum(_outcomes(address).values()) >= said.published):
                return time.time()
            time.sleep(0.25)
    finally:
        engine.dispose()
    return time.time()


def _outcomes(address: str) -> dict[str, int]:
    """Of `serve`, from its metrics."""
    text = httpx.get(f"{address}/metrics", timeout=20).raise_for_status().text
    found = dict(re.findall(r'hub_signals_total\{outcome="(\w+)"\} ([0-9.e+]+)', text))
    return {outcome: int(float(found.get(outcome, 0))) for outcome in OUTCOMES}


def _routed(printed: str) -> dict[str, int]:
    """Of a router that has ended, from its last line."""
    return {outcome: int(number) for outcome, number in re.findall(r"(\w+)=(\d+)", printed)}


def _cpu(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _report(conn: Connection, said: Said, outcomes: Mapping[str, int], *, drain: float, cpu: float) -> Report:
    tally = counts(conn)
    rows = all_incidents(conn)
    return Report(
        published=said.published,
        rate=said.published / said.seconds,
        outcomes=outcomes,
        incidents=sum(tally.incidents.values()),
        open=tally.incidents.get("open", 0),
        flapping=sum(bool(each["flapping"]) for each in rows),
        cases=sum(tally.cases.values()),
        events=tally.head,
        drain=drain,
        cpu=cpu,
        publishers_cpu=said.cpu,
        wrong=tuple(wrong(conn, said, outcomes, rows)),
    )
