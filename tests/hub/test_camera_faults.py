"""What /metrics says of cameras' faults: each counts when it begins, and never makes a label of an unknown camera."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import cast

import pytest
from prometheus_client import CollectorRegistry

from alerts.ledger import devices
from alerts.ledger.engine import Ledger
from alerts.router import Applied, Refused
from detectors.fault import faults
from detectors.signal import Signal, SignalState
from hub.serve.camera_faults import CameraFaults
from hub.serve.device_keeper import DeviceKeeper
from hub.serve.fleet import Fleet
from hub.serve.metrics import Gauges, Metrics
from ingest.instant import format_instant
from tests.alerts.county import NOW, county, do, signal


def said(state: str, *, fault: str = "black", device: str = "school-cam", n: int = 1) -> Signal:
    """The level of a fault of a camera."""
    return signal(
        n,
        rule=f"camera-{fault}",
        kind="camera-health",
        condition=faults()[fault].condition,
        place=device,
        device=device,
        state=cast("SignalState", state),
    )


@pytest.mark.parametrize(
    ("reason", "states", "begins"),
    [
        ("a level is renewed every ten seconds while it lasts", ["active"] * 3, 1),
        ("gone and there again", ["active", "inactive", "active"], 2),
        ("while nobody knows, it may go on", ["active", "unknown", "active"], 1),
        ("never there", ["unknown", "inactive"], 0),
    ],
)
def test_it_counts_when_it_begins(reason: str, states: list[str], begins: int) -> None:
    """One fault of one camera, level after level."""
    kept = CameraFaults()
    found = [each for n, state in enumerate(states) for each in kept.began([said(state, n=n)])]
    assert found == [("school-cam", "black")] * begins, reason


def test_each_camera_and_fault_for_itself() -> None:
    """Two faults of one camera, one of another; a sensor's rule is none."""
    mixed = [
        said("active"),
        said("active", fault="low-rate"),
        said("active", device="cross-cam"),
        signal(4),
    ]
    assert CameraFaults().began(mixed) == [
        ("school-cam", "black"),
        ("school-cam", "low-rate"),
        ("cross-cam", "black"),
    ]


def test_what_is_refused_makes_no_label() -> None:
    """A camera that the registry does not know is in no metric."""
    metrics, stranger, known = Metrics(), said("active", device="ghost", n=1), said("active", n=2)
    metrics.faults_of([stranger, known], Applied(refused=(Refused(stranger, "unknown-place"),)))
    name = "hub_camera_faults_total"
    assert metrics.registry.get_sample_value(name, {"device": "school-cam", "fault": "black"}) == 1
    assert metrics.registry.get_sample_value(name, {"device": "ghost", "fault": "black"}) is None


class Watching:
    """A keeper with one worker that has the school's camera, at times that the test gives."""

    def __init__(self, ledger: Ledger) -> None:
        self.now = NOW
        epochs = count(1)
        self.fleet = Fleet(
            workers=["w"], broker="mqtt://b", next_epoch=lambda: next(epochs), clock=lambda: self.now
        )
        self.fleet.plan({"school-cam": {"device": "school-cam"}})
        with ledger.read() as conn:
            self.keeper = DeviceKeeper(self.fleet, devices.all_states(conn))
        self.ledger = ledger

    def see(self, state: str, reason: str = "") -> Mapping[str, int]:
        """The worker says so, and it is judged; the camera's counters."""
        self.now += timedelta(seconds=6)
        packet = {"last_packet_at": format_instant(self.now)} if state == "online" else {}
        camera = {"device": "school-cam", "state": state, "reason": reason, **packet}
        self.fleet.report({"worker": "w", "address": "http://127.0.0.1:1", "cameras": [camera]})
        do(self.ledger, lambda conn: self.keeper.judge(conn, county(), self.now))
        return self.keeper.counters()["school-cam"]


def test_how_often_it_went_away(tmp_path: Path) -> None:
    """Once for each time, whatever the reason says meanwhile; also over a restart of the hub, and in /metrics."""
    at = datetime(2026, 11, 22, tzinfo=UTC)
    with closing(Ledger.open(f"sqlite:///{tmp_path}/ledger.db", clock=lambda: at)) as ledger:
        first = Watching(ledger)
        assert first.see("online")["offline"] == 0
        assert first.see("offline", "refused")["offline"] == 1
        assert first.see("offline", "timeout")["offline"] == 1
        assert first.see("unknown", "connecting")["offline"] == 1
        again = Watching(ledger)
        assert again.see("unknown", "connecting")["offline"] == 1
        assert again.see("offline", "refused")["offline"] == 1, "it has not been there since"
        assert again.see("online")["offline"] == 1
        assert again.see("offline", "ended")["offline"] == 2
        registry = CollectorRegistry()
        registry.register(
            Gauges(
                head=lambda: 0,
                open_incidents=dict,
                outbox=lambda: 0,
                receivers=tuple,
                cameras=again.keeper.counters,
                restarts=dict,
                spooled=lambda: 0,
                analysis=dict,
            )
        )
        assert registry.get_sample_value("hub_camera_offline_total", {"device": "school-cam"}) == 2
