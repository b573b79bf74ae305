"""Device keeper: what is honestly known of every device; `serve` alone decides it, once a second."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from alerts.device_state import Judged, sensor_state
from alerts.directory import DeviceEntry, Directory
from alerts.ledger import devices
from alerts.ledger.devices import StoredState
from alerts.ledger.engine import Connection
from hub.serve.fleet import Fleet
from ingest.clock import UNKNOWN, Clock, after, is_fault, seconds
from ingest.instant import format_instant, parse_instant

Json = Mapping[str, object]

COUNTERS = ("received", "decoded", "analysed", "dropped")
OFFLINE = "offline"
"""The counter of how often a camera went away."""
THERE = frozenset({"online", "degraded"})
"""States of a camera that sends."""
FIGURES = (
    *COUNTERS,
    "received_fps",
    "decoded_fps",
    "analysed_fps",
    "gate",
    "sampling",
    "preset",
    "codec",
    "width",
    "height",
)
"""What a camera's Device adds, as its worker says it."""
KEEP_EVERY = timedelta(seconds=5)
"""Between two writes of last_seen and counters; a change of state is written at once."""


class DeviceKeeper:
    """The states of all devices. Thread-safe: told by the broker's threads, asked by the API's."""

    def __init__(self, fleet: Fleet, stored: Mapping[str, StoredState]) -> None:
        self._lock = threading.Lock()
        self._fleet = fleet
        self._stored = dict(stored)
        self._seen: dict[str, datetime] = {
            name: each.last_seen for name, each in stored.items() if each.last_seen is not None
        }
        self._said: dict[str, bool] = {}
        self._clocks = {name: Clock(each.reason) for name, each in stored.items() if is_fault(each.reason)}
        self._silent: frozenset[str] = frozenset()
        self._broker_away_since: datetime | None = None
        self._totals = {name: dict(each.counters) for name, each in stored.items() if each.counters}
        self._latest: dict[str, dict[str, int]] = {}
        self._there = {name for name, each in stored.items() if each.state in THERE}
        self._kept_at: datetime | None = None
        self._kept: dict[str, datetime] = {}
        self._shown: dict[str, Json] = {}

    def heard(self, device: str, at: datetime) -> None:
        """A message of this device arrived."""
        with self._lock:
            self._seen[device] = max(at, self._seen.get(device, at))

    def said(self, device: str, *, online: bool) -> None:
        """Its last will or availability topic spoke."""
        with self._lock:
            self._said[device] = online

    def told(self, device: str, at: datetime, received_at: datetime) -> None:
        """Its newest value was true at `at`, as the device says."""
        with self._lock:
            self._clocks[device] = after(self._clocks.get(device, UNKNOWN), at, received_at)

    def silent(self, found: frozenset[str]) -> None:
        """Devices of which a silence rule is active."""
        with self._lock:
            self._silent = found

    def broker(self, *, away_since: datetime | None) -> None:
        """Since when there is no broker; None when there is."""
        with self._lock:
            self._broker_away_since = away_since

    def states(self) -> Mapping[str, Json]:
        """By device: state, reason, since, last_seen; a camera with its figures."""
        with self._lock:
            return dict(self._shown)

    def counters(self) -> Mapping[str, Mapping[str, int]]:
        """By camera since the ledger began: frames received, decoded, analysed, dropped, and how often it went away."""
        with self._lock:
            return {name: self._sum(name) for name in {*self._totals, *self._latest}}

    def judge(self, conn: Connection, directory: Directory, now: datetime, *, final: bool = False) -> None:
        """Look at every device and write down what changed; in the caller's transaction."""
        with self._lock:
            keep = final or self._kept_at is None or now - self._kept_at >= KEEP_EVERY
            if keep:
                self._kept_at = now
            shown: dict[str, Json] = {}
            heard: dict[str, datetime] = {}
            for entry in directory.devices.values():
                judged, seen, figures = self._judge(entry, now)
                before = self._stored.get(entry.id)
                same = before is not None and (before.state, before.reason) == (judged.state, judged.reason)
                if not same:
                    devices.put_state(
                        conn,
                        entry,
                        state=judged.state,
                        reason=judged.reason,
                        last_seen=seen,
                        now=now,
                        place=directory.visibility(entry.id),
                        extra=figures,
                    )
                elif keep and seen is not None:
                    heard[entry.id] = seen
                since = before.since if before is not None and same else now
                self._stored[entry.id] = StoredState(judged.state, judged.reason, since, seen, {})
                shown[entry.id] = {
                    "state": judged.state,
                    "reason": judged.reason,
                    "since": format_instant(since),
                    "last_seen": format_instant(seen),
                    **figures,
                }
            if keep:
                self._keep(conn, directory, heard)
            self._shown = shown

    def _keep(self, conn: Connection, directory: Directory, heard: Mapping[str, datetime]) -> None:
        """When devices were last heard of, where that is news, and what cameras counted."""
        devices.put_seen(conn, {name: at for name, at in heard.items() if self._kept.get(name) != at})
        self._kept.update(heard)
        cameras = [each.id for each in directory.devices.values() if each.kind == "camera"]
        devices.put_counters(conn, {each: self._sum(each) for each in cameras})

    def _judge(self, entry: DeviceEntry, now: datetime) -> tuple[Judged, datetime | None, Json]:
        if entry.kind != "camera":
            seen = self._seen.get(entry.id)
            clock = self._clocks.get(entry.id, UNKNOWN)
            judged = sensor_state(
                last_seen=seen,
                said_online=self._said.get(entry.id),
                silent=entry.id in self._silent,
                broker_away_since=self._broker_away_since,
                clock_fault=clock.fault,
                now=now,
            )
            return judged, seen, {} if clock.error is None else {"clock_error": seconds(clock.error)}
        judged, report = self._fleet.camera(entry.id, now)
        last = report.get("last_packet_at")
        seen = parse_instant(str(last)) if last else self._seen.get(entry.id)
        self._count(entry.id, report)
        self._went(entry.id, judged)
        figures = {name: report[name] for name in FIGURES if name in report}
        if judged.state != "online":
            figures |= {
                name: 0.0
                for name in ("received_fps", "decoded_fps", "analysed_fps")
                if judged.state != "degraded"
            }
        return judged, seen, figures

    def _count(self, device: str, report: Json) -> None:
        """A worker that was started anew counts from zero: what it had counted before is kept."""
        fresh = {name: int(str(report.get(name, 0))) for name in COUNTERS}
        before = self._latest.get(device)
        if before is not None and any(fresh[name] < before[name] for name in COUNTERS):
            total = self._totals.setdefault(device, dict.fromkeys(COUNTERS, 0))
            for name in COUNTERS:
                total[name] = total.get(name, 0) + before[name]
        if report:
            self._latest[device] = fresh

    def _went(self, device: str, judged: Judged) -> None:
        """Once for each time that it was there and is away; while nobody knows it is as it was."""
        if judged.state in THERE:
            self._there.add(device)
        elif judged.state == "offline" and device in self._there:
            self._there.discard(device)
            total = self._totals.setdefault(device, dict.fromkeys(COUNTERS, 0))
            total[OFFLINE] = total.get(OFFLINE, 0) + 1

    def _sum(self, device: str) -> dict[str, int]:
        total, latest = self._totals.get(device, {}), self._latest.get(device, {})
        frames = {name: total.get(name, 0) + latest.get(name, 0) for name in COUNTERS}
        return {**frames, OFFLINE: total.get(OFFLINE, 0)}
