"""Hub: what the API needs from the house around it; the composition root gives it, tests give a small one.

Everything here is called from request threads or from the event loop: each method is thread-safe, and none of
them blocks for longer than its own timeout.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol

from prometheus_client import CollectorRegistry

from alerts.directory import Directory
from alerts.ledger.engine import Ledger
from alerts.lesson import Example, Lesson
from alerts.presence import Here
from ingest.reading import Reading

Json = Mapping[str, object]
"""A JSON object, ready to be sent."""

ComponentState = Literal["ok", "degraded", "failed"]

EvidenceName = Literal["shown.jpg", "shown-boxes.jpg", "shown.mp4", "original.mp4"]
"""shown*: persons are blurred; original: sealed, opened only by right, reason and audit."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """How the API behaves; made by the composition root from the settings.

    Attributes:
        secret: HUB_SECRET; signs tokens (never sent, never logged).
        worker_token: What workers and `serve` show each other.
        guest: The page may be entered without a password as a read-only operator (demo).
        token_life: How long a login lasts.
        ticket_life: How long a one-time ticket waits for its websocket.
        heartbeat: Between two heartbeats of a websocket.
        queue: Events that may wait for one slow socket before it is closed (4008).
        max_body: Largest body of a request, in bytes.
        max_registry: Largest registry file, in bytes.
        logins_per_minute: Failed logins per address and name before 429.
        open_metrics: /metrics answers anyone; otherwise loopback, or the right `metrics.read`.
        secure_cookie: The cookie is sent over https only.
        public_url: Address of this hub in QR codes; empty: as the request came.
        web: Folder of the built console (`web/dist`).
        write_timeout: How long a request waits for its commit, in seconds.
    """

    secret: str
    worker_token: str
    guest: bool = False
    token_life: timedelta = timedelta(hours=12)
    ticket_life: timedelta = timedelta(seconds=30)
    heartbeat: timedelta = timedelta(seconds=10)
    queue: int = 1000
    max_body: int = 2_000_000
    max_registry: int = 20_000_000
    logins_per_minute: int = 8
    open_metrics: bool = False
    secure_cookie: bool = False
    public_url: str = ""
    web: Path = Path("web/dist")
    write_timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class Component:
    """One part of /readyz: `failed` makes 503, `degraded` does not."""

    state: ComponentState
    reason: str
    since: datetime


class Workers(Protocol):
    """The workers, as `serve` knows them."""

    def address(self, device: str) -> str | None:
        """Base URL of the worker that serves this camera (`http://127.0.0.1:41234`), or None."""

    def assignment(self, worker: str, boot: str) -> Json | None:
        """What this worker is to do: `{epoch, version, cameras: […], broker, …}`; None for a stranger.

        `boot` names one life of the worker's process: another one begins a new epoch.
        """


class RegistryDoor(Protocol):
    """The registry, changed and written out by whom it belongs to; every change is one transaction."""

    def apply(self, text: str, *, name: str, prune: bool, dry_run: bool, who: str) -> Json:
        """`{created, updated, unchanged, deleted}`; raises InvalidRegistry with every mistake."""

    def export(self, *, who: str) -> str:
        """The registry as YAML, secrets as `***`."""

    def put(self, noun: str, key: str, body: Json, *, who: str) -> Json:
        """One entry created or replaced; the same answer as apply(). Raises InvalidRegistry."""

    def delete(self, noun: str, key: str, *, who: str) -> None:
        """One entry removed; raises NotFound, or InvalidRegistry when something still names it."""


class Adoption(Protocol):
    """Unknown devices become devices of the registry."""

    def accept(self, key: str, changes: Json, *, who: str) -> Json:
        """Register the device of an offer, with changes; raises NotFound, InvalidRegistry."""

    def try_out(self, entry: Json, *, offer: str | None, kept: int | None, message: Json | None) -> Json:
        """What an entry would read in a kept message, or in `{topic, payload}`; nothing is changed."""


class Evidence(Protocol):
    """The evidence store."""

    def read(self, incident: str, name: EvidenceName) -> bytes:
        """The bytes, decrypted and checked against their sha256; raises EvidenceNone or EvidencePending.

        Reading shown.mp4 for the first time has it made.
        """


class CaseFiles(Protocol):
    """The photos of cases, sealed."""

    def put(self, case: str, attachment: str, jpeg: bytes) -> str:
        """Keep a photo; answers its sha256."""

    def read(self, case: str, attachment: str, sha256: str) -> bytes:
        """The photo, decrypted and checked; raises EvidenceNone."""

    def remove(self, case: str, attachment: str) -> None:
        """Delete it; twice is fine."""


class Lessons(Protocol):
    """What conditions are taught with, sealed, and what was made of it."""

    def cut(self, incident: str, original: bytes, second: float, region: str) -> bytes:
        """A region of the picture at `second` of an incident's original (PNG); raises NotFound, Unavailable."""

    def put(self, lesson: str, example: str, png: bytes) -> str:
        """Keep a crop; answers its sha256. Raises NoRoom."""

    def read(self, example: Example) -> bytes:
        """The crop, decrypted and checked; raises EvidenceNone."""

    def remove(self, lesson: str, example: str) -> None:
        """Delete a crop; twice is fine."""

    def versions(self, lesson: Lesson) -> Sequence[Json]:
        """What was made of a lesson, the newest version first, with its figures."""

    def rollback(self, lesson: Lesson, to: int | None) -> int:
        """Let version `to`, or the one before the current, count; its number. Raises NotFound."""


class Hub(Protocol):
    """Everything the API needs."""

    @property
    def ledger(self) -> Ledger:
        """The one ledger."""

    @property
    def settings(self) -> ApiSettings:
        """How the API behaves."""

    @property
    def workers(self) -> Workers:
        """Where the cameras are."""

    @property
    def registry(self) -> RegistryDoor:
        """Where the registry is changed."""

    @property
    def adoption(self) -> Adoption:
        """Where unknown devices are adopted."""

    @property
    def evidence(self) -> Evidence:
        """Where the evidence is."""

    @property
    def files(self) -> CaseFiles:
        """Where the photos of cases are."""

    @property
    def lessons(self) -> Lessons:
        """Where conditions are taught."""

    @property
    def metrics(self) -> CollectorRegistry:
        """What /metrics shows."""

    def now(self) -> datetime:
        """The time (UTC)."""

    def directory(self) -> Directory:
        """The registry as of the latest commit."""

    def device_states(self) -> Mapping[str, Json]:
        """By device id: `{state, reason, since, last_seen}`, a camera with its rates, gate and sampling."""

    def components(self) -> Mapping[str, Component]:
        """What /readyz shows, by name: ledger, broker, router, workers, models."""

    def contacts(self, site: str, *, phones: bool) -> Sequence[Json]:
        """Who is on duty at a site: `{duty, name}`, with `phone` for those who may read it."""

    def command(self, site: str, node: str, body: Json) -> None:
        """One command to a loudspeaker node; returns when the broker has it, raises BrokerAway."""

    def push(self, device: str, body: bytes) -> None:
        """Take in what a device pushed; returns when its effect is stored, raises NotFound or LedgerAway."""

    def test_alarm(self, key: str) -> None:
        """Send the test alarm of this id on its way; how it went is written to the ledger."""

    def on_room(self, present: Callable[[], Sequence[Here]]) -> None:
        """Ask `present`, from any thread, who of the room listens to events now."""

    def on_readings(self, callback: Callable[[Sequence[Reading]], None]) -> None:
        """Call back, from any thread, with every batch of readings after its commit."""
