"""`hub router` as a person starts and stops it; what it does under load stands in test_flood.py."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.ids import new_id
from alerts.ledger import incidents
from alerts.ledger.engine import Ledger
from config.door import Door
from config.secrets import SecretBox
from detectors.signal import Signal
from detectors.signal_json import to_json
from ingest.mqtt.client import Client
from ingest.text import Text
from tests.e2e.running import ROOT
from tests.servers.broker import Mosquitto
from tests.servers.postgres import Postgres
from tests.servers.wait import wait_until

REGISTRY = """
areas: [{id: county, level: county, name: 县}]
units: [{id: room, area: county, name: 值班室}]
routes: [{unit: room}]
sites:
"""
SITE = "  - {{id: {}, area: county, kind: canteen-school, name: 食堂}}\n"


def now() -> datetime:
    return datetime.now(UTC)


def hub(*command: str) -> subprocess.CompletedProcess[str]:
    """One call of `hub router`."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("HUB_")}
    return subprocess.run(
        [sys.executable, "-m", "hub", "router", *command],
        cwd=ROOT, env=clean, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "named"),
    [
        pytest.param([], "HUB_DATABASE_URL", id="no ledger: it would be SQLite"),
        pytest.param(["--database-url", "sqlite:////tmp/x.db"], "PostgreSQL only", id="SQLite has one writer"),
        pytest.param(["--database-url", "postgresql://h/d"], "HUB_BROKER_URL", id="no broker"),
        pytest.param(["--name", "Ä", "--database-url", "postgresql://h/d"], "--name", id="a name nobody can use"),
    ],
)  # fmt: skip
def test_what_it_refuses(flags: list[str], named: str) -> None:
    """One line that names the setting, exit 2."""
    done = hub("--name", "r1", *flags)
    assert done.returncode == 2
    assert named in done.stderr
    assert len(done.stderr.splitlines()) == 1


def said(place: str, n: int) -> bytes:
    """A signal of a worker."""
    at = now()
    return to_json(
        Signal(
            id=new_id(at), rule="r", kind="presence", condition="c", place=place, device=place, state="active",
            since=at, at=at, severity="major", value=1.0, limit=0.0, certainty=1.0, epoch=1, n=n,
            explanation=Text("有人", "somebody"),
        )
    )  # fmt: skip


@contextmanager
def router(name: str, database: str, broker: str) -> Iterator[subprocess.Popen[str]]:
    """A router that is ready; ended in order, with 0, within 10 s."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hub", "router", "--name", name, "--database-url", database,
         "--broker-url", broker],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"ready router {name}\n"
        yield process
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
        assert process.returncode == 0, err
        assert out.startswith("routed applied=")
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate(timeout=10)


@pytest.mark.slow
def test_it_routes_follows_the_registry_and_leaves(tmp_path: Path) -> None:
    """What a worker says becomes an incident; a site that is new a moment ago is known; the next router goes on."""
    with Postgres() as server, Mosquitto(tmp_path) as broker:
        database = server.new_database()
        ledger = Ledger.open(database, clock=now)
        door = Door(ledger, SecretBox("s" * 40), clock=now)
        door.apply(REGISTRY + SITE.format("k1"), name="t", prune=False, dry_run=False, who="t")
        sender = Client(broker.url, "w1", clock=now)
        sender.start()
        wait_until(lambda: sender.connected, within=10, what="the worker is connected")

        def open_at(place: str) -> bool:
            with ledger.read() as conn:
                return incidents.open_at(conn, place, "c") is not None

        try:
            with router("r1", database, broker.url) as process:
                sender.publish("hub/internal/v1/signals/w1", said("k1", 1)).result(10)
                wait_until(lambda: open_at("k1"), within=10, what="the incident")
                both = REGISTRY + SITE.format("k1") + SITE.format("k2")
                door.apply(both, name="t", prune=False, dry_run=False, who="t")
                sender.publish("hub/internal/v1/signals/w1", said("k2", 1)).result(10)
                wait_until(lambda: open_at("k2"), within=10, what="the incident at the new site")
                assert process.poll() is None
            with router("r2", database, broker.url):
                door.apply(both + SITE.format("k3"), name="t", prune=False, dry_run=False, who="t")
                sender.publish("hub/internal/v1/signals/w1", said("k3", 1)).result(10)
                wait_until(lambda: open_at("k3"), within=10, what="the next router goes on")
        finally:
            sender.stop(2)
            ledger.close()
