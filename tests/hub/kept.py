"""A ledger, a store of evidence, retention, and a county in which things happen, at times that the test gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.directory import Area, DeviceEntry, Directory, Site, Unit
from alerts.ledger import evidence, incidents, reading_spans
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.evidence import EvidenceName
from alerts.route import Match, Route
from alerts.router import apply_signals
from config.catalogue import with_own_workflows
from detectors.signal import Signal, SignalState
from hub.serve.evidence_store import EvidenceStore
from hub.serve.retention import Limits, Retention
from ingest.errors import EvidenceNone
from ingest.text import Text

NAME = Text("名", "name")
START = datetime(2026, 11, 22, 8, tzinfo=UTC)
COUNTY = Directory(
    areas={"county": Area("county", "county", NAME)},
    units={"duty-room": Unit("duty-room", "county", NAME)},
    sites={"k1": Site("k1", "county", "canteen-school", NAME)},
    devices={"k1-cam": DeviceEntry("k1-cam", "camera", "k1", NAME)},
    routes=(
        Route(unit="duty-room", match=Match(condition="seen"), open_case=False),
        Route(unit="duty-room", workflow="four-step"),
    ),
    workflows=with_own_workflows([]),
)
LIMITS = Limits(
    readings=timedelta(days=90),
    events=timedelta(days=30),
    evidence=timedelta(days=7),
    case_evidence=timedelta(days=180),
    evidence_bytes=1000,
    originals=timedelta(days=7),
)


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class World:
    """A ledger, a store, the job, and a county in which things happen."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.ledger = Ledger.open(f"sqlite:///{folder / 'hub.db'}", clock=self.clock)
        self.store = EvidenceStore(folder / "evidence", "a secret that is long enough for a test")
        self.job = self.with_limits(LIMITS)
        self.n = 0

    def kept(self, resolution: timedelta) -> int:
        """Readings that are kept of a resolution."""
        with self.ledger.read() as conn:
            return reading_spans.stock(conn)[resolution].rows

    def with_limits(self, limits: Limits) -> Retention:
        """The job with other limits."""
        return Retention(self.ledger, self.store, limits, clock=self.clock)

    def say(self, condition: str, state: SignalState) -> None:
        """A signal of the camera."""
        self.n += 1
        signal = Signal(
            f"s{self.n}", condition, "presence", condition, "k1", "k1-cam", state, self.clock.now, self.clock.now,
            "minor", 1.0, None, 0.9, 1, self.n, None, NAME,
        )  # fmt: skip
        now = self.clock.now
        self.write(lambda conn: apply_signals(conn, [signal], directory=COUNTY, now=now, origin="w1"))

    def write(self, act: object) -> None:
        """Commit."""
        self.ledger.write(act).result(10)  # type: ignore[arg-type] # whatever it answers is not looked at

    def incident(self, condition: str) -> str:
        """An open incident of this condition; its id."""
        self.say(condition, "active")
        with self.ledger.read() as conn:
            found = incidents.open_at(conn, "k1", condition)
        assert found is not None
        return found.incident.id

    def picture(self, condition: str, size: int = 100, name: EvidenceName = "shown.jpg") -> str:
        """An incident of this condition with one file; answers its id."""
        key = self.incident(condition)
        digest = self.store.put(key, name, b"x" * size)
        now = self.clock.now

        def act(conn: Connection) -> None:
            evidence.expect(conn, key, ref=key, worker="w1", now=now)
            evidence.set_ready(conn, key, name, path=key, sha256=digest, size=size, now=now)

        self.write(act)
        return key

    def there(self, incident: str, name: EvidenceName = "shown.jpg") -> bool:
        """Whether the file is there, in the ledger and on the disk alike."""
        on_disk = (incident, name) in set(self.store.files())
        with self.ledger.read() as conn:
            try:
                evidence.find(conn, incident, name)
            except EvidenceNone:
                assert not on_disk
                return False
        assert on_disk
        return True
