"""Evidence copier: fetches pictures and clips from the workers, and lets a worker forget only what is safe here."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import quote

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from alerts.ledger import evidence, raises
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.evidence import Wanted
from detectors.damping import Thing
from detectors.raised import Raised
from detectors.signal import Severity
from hub.serve.evidence_store import SEALED, EvidenceStore
from ingest.errors import HubError, NoRoom

log = logging.getLogger(__name__)

EVERY = 0.25
"""Seconds between two looks while something is to be fetched: a snapshot is to be here within 2 s of the raise."""
IDLE = 1.0
"""Seconds between two looks while nothing is known to be: another hub on the same ledger may have raised something."""
PATIENCE = timedelta(minutes=2)
"""A worker that does not answer for so long has lost the evidence."""
LARGEST = 200_000_000
"""Bytes of one file that are taken from a worker."""

Addresses = Callable[[], Mapping[str, str]]
Told = Callable[[Connection, str], object]


class ToldRaise(BaseModel):
    """What a worker's meta.json says of what decided; an older worker says nothing of it."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    rule: str = Field(min_length=1, max_length=100)
    device: str = Field(min_length=1, max_length=100)
    severity: Severity
    at: AwareDatetime
    aspect: float = Field(gt=0)
    things: tuple[Thing, ...] = Field(min_length=1)

    def of(self, incident: str) -> Raised:
        """The same as the raise of an incident."""
        return Raised(incident, self.rule, self.device, self.severity, self.at, self.aspect, self.things)


class EvidenceCopier:
    """One task. What is still to be fetched stands in the ledger, so nothing is forgotten by a restart.

    `told(conn, incident)` is called in the transaction in which a file becomes ready or is given up, so that
    readers of the log learn of it. `room(bytes)` makes room for a file, or says that there is none: then the file never
    comes, and the incident and its case go on without it.
    """

    def __init__(
        self,
        ledger: Ledger,
        store: EvidenceStore,
        *,
        addresses: Addresses,
        token: str,
        clock: Callable[[], datetime],
        told: Told,
        room: Callable[[int], bool] = lambda _bytes: True,
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._addresses = addresses
        self._clock = clock
        self._told = told
        self._room = room
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(5.0, connect=1.0),
            trust_env=False,
            headers={"Authorization": f"Bearer {token}"},
        )
        self.failures = 0
        self.full = False
        """The newest file that came found no room."""
        self._said: set[str] = set()
        self._woken = True
        self._waiting = False
        self._looked_at = 0.0

    def wake(self) -> None:
        """There may be something to fetch; from any thread, returns at once."""
        self._woken = True

    async def run(self) -> None:
        """Copy until cancelled."""
        try:
            while True:
                try:
                    if self._woken or self._waiting or time.monotonic() - self._looked_at >= IDLE:
                        self._woken, self._looked_at = False, time.monotonic()
                        await self.once()
                except (HubError, httpx.HTTPError, OSError) as wrong:
                    self._complain("evidence", wrong)
                await asyncio.sleep(EVERY)
        finally:
            await self.close()

    async def close(self) -> None:
        """Give back the connections."""
        await self._client.aclose()

    async def once(self) -> None:
        """Fetch what is there now."""
        wanted = await asyncio.to_thread(self._pending)
        self._waiting = bool(wanted)
        by_ref: dict[str, list[Wanted]] = {}
        for each in wanted:
            by_ref.setdefault(each.ref, []).append(each)
        for ref, files in by_ref.items():
            try:
                await self._copy(ref, files)
                self._said.discard(ref)
            except (HubError, httpx.HTTPError, OSError, ValueError) as wrong:
                self._complain(ref, wrong)
            late = [each for each in files if self._clock() - each.since > PATIENCE]
            if late:
                await self._settle(ref, {}, late, files[0].worker)

    def _pending(self) -> list[Wanted]:
        with self._ledger.read() as conn:
            return evidence.pending(conn)

    async def _copy(self, ref: str, files: list[Wanted]) -> None:
        worker = files[0].worker
        base = self._addresses().get(worker)
        if base is None:
            return
        answer = await self._client.get(f"{base}/evidence/{quote(ref)}/meta.json")
        if answer.status_code == httpx.codes.CONFLICT:
            return
        if answer.status_code == httpx.codes.NOT_FOUND:
            await self._settle(ref, {}, files, worker)
            return
        answer.raise_for_status()
        meta = cast("dict[str, object]", answer.json())
        digests = cast("dict[str, str]", meta.get("sha256", {}))
        ready: dict[Wanted, tuple[str, int]] = {}
        refused: list[Wanted] = []
        for each in files:
            if each.name in digests:
                try:
                    ready[each] = await self._fetch(base, ref, each, digests[each.name])
                    self.full = False
                except NoRoom as wrong:
                    refused.append(each)
                    if not self.full:  # once, not once per file
                        log.warning("evidence is refused until there is room: %s", wrong)
                    self.full = True
        coming = str(meta.get("clip")) == "pending"
        never = refused + [
            each for each in files if each.name not in digests and not (coming and each.name in SEALED)
        ]
        if ready or never:
            await self._settle(ref, ready, never, worker, self._told_raise(ref, meta))

    def _told_raise(self, ref: str, meta: Mapping[str, object]) -> ToldRaise | None:
        """What decided; None where nothing is told of it, or nothing that can be used."""
        if not meta.get("things"):
            return None
        try:
            return ToldRaise.model_validate(meta)
        except ValidationError as wrong:  # the pictures are good all the same
            self._complain(f"{ref}: what decided", wrong)
            return None

    async def _fetch(self, base: str, ref: str, each: Wanted, digest: str) -> tuple[str, int]:
        answer = await self._client.get(f"{base}/evidence/{quote(ref)}/{each.name}")
        answer.raise_for_status()
        content = answer.content
        if len(content) > LARGEST or hashlib.sha256(content).hexdigest() != digest:
            raise HubError("the copy is not what the worker wrote", where=f"{each.incident}/{each.name}")
        if not await asyncio.to_thread(self._room, len(content)):
            raise NoRoom("no room for evidence", reason="disk-full", where=f"{each.incident}/{each.name}")
        await asyncio.to_thread(self._store.put, each.incident, each.name, content)
        return digest, len(content)

    async def _settle(
        self,
        ref: str,
        ready: Mapping[Wanted, tuple[str, int]],
        never: list[Wanted],
        worker: str,
        decided: ToldRaise | None = None,
    ) -> None:
        """Write down what came, what decided and what never will come; then the worker may forget what is complete."""
        if not ready and not never:
            return

        def act(conn: Connection) -> int:
            now = self._clock()
            for each, (digest, size) in ready.items():
                path = f"{each.incident}/{each.name}"
                evidence.set_ready(
                    conn, each.incident, each.name, path=path, sha256=digest, size=size, now=now
                )
            for each in never:
                evidence.set_none(conn, each.incident, each.name, now=now)
            for incident in sorted({each.incident for each in (*ready, *never)}):
                if decided is not None:
                    raises.keep(conn, decided.of(incident))
                self._told(conn, incident)
            return evidence.unfinished(conn, ref)

        left = await asyncio.wrap_future(self._ledger.write(act))
        base = self._addresses().get(worker)
        if left == 0 and base is not None:
            await self._client.delete(f"{base}/evidence/{quote(ref)}")

    def _complain(self, what: str, wrong: Exception) -> None:
        """Counted each time, logged once per piece of evidence."""
        self.failures += 1
        if what not in self._said:
            self._said.add(what)
            log.warning("evidence %s could not be copied yet: %s: %s", what, type(wrong).__name__, wrong)
