"""Shown clips: the blurred copy of an original, made when somebody first opens it, one at a time.

What is asked for stands in the ledger (`shown.mp4` pending), so a restart goes on with it. The work is done by a
process of its own (hub/recoder.py) at a low priority: neither cameras nor requests wait for it, and the
original goes to it and the copy comes back through pipes: it is on no disk as it is.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from alerts.ledger import evidence
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.evidence import SHOWN_CLIP
from hub.serve.evidence_store import EvidenceStore
from ingest.errors import EvidenceNone, HubError, NoRoom

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two looks for what is asked."""
PATIENCE = 600.0
"""Seconds that one clip may take: a clip of 12 s takes 15 to 30 s on a processor of its own, this is a busy machine."""
HOPELESS = 3
"""Exit code of hub/recoder.py (which is not imported here: it brings decoders and models with it)."""
TRIES = 2
"""A clip that failed so often is given up; want of room and of time does not count."""
PAUSE = 5.0
"""Seconds of rest after one that could not be made."""

Told = Callable[[Connection, str], object]


class ShownClips:
    """One task. `told(conn, incident)` is called in the transaction in which a clip becomes ready or never will.

    `model_of(incident)` names the model that is asked first where persons are; `room(bytes)` makes room for a file.
    """

    def __init__(
        self,
        ledger: Ledger,
        store: EvidenceStore,
        *,
        models: Path,
        model_of: Callable[[str], str],
        room: Callable[[int], bool],
        clock: Callable[[], datetime],
        told: Told,
        failed: Callable[[], object] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._models = models
        self._model_of = model_of
        self._room = room
        self._clock = clock
        self._told = told
        self._failed = failed
        self._tried: dict[str, int] = {}

    async def run(self) -> None:
        """Make what is asked for until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.once()
            except (HubError, OSError, TimeoutError) as wrong:
                self._failed()
                log.warning("a shown clip could not be made: %s: %s", type(wrong).__name__, wrong)
                await asyncio.sleep(PAUSE)

    async def once(self) -> bool:
        """Make the clip that was asked for first; false when there is none."""
        asked = await asyncio.to_thread(self._asked)
        if not asked:
            return False
        incident = asked[0]
        try:
            await self._make(incident)
        except EvidenceNone as wrong:  # the original is gone, or no picture can be made of it
            log.warning("incident %s has no shown clip: %s", incident, wrong)
            await self._write(incident, lambda conn: self._none(conn, incident))
        except (HubError, OSError, TimeoutError) as wrong:  # cancelled, it stays asked for
            tried = self._tried.pop(incident, 0) + (not isinstance(wrong, NoRoom | TimeoutError))
            if tried < TRIES:
                self._tried[incident] = tried
                await self._write(incident, lambda conn: evidence.unask_clip(conn, incident), tell=False)
            else:
                await self._write(incident, lambda conn: self._none(conn, incident))
            raise
        self._tried.pop(incident, None)
        return True

    def _asked(self) -> list[str]:
        with self._ledger.read() as conn:
            return evidence.asked_clips(conn, 1)

    def _none(self, conn: Connection, incident: str) -> None:
        evidence.set_none(conn, incident, SHOWN_CLIP, now=self._clock())

    async def _make(self, incident: str) -> None:
        content = await self._recoded(
            await asyncio.to_thread(self._original, incident), self._model_of(incident), incident
        )
        if not await asyncio.to_thread(self._room, len(content)):
            raise NoRoom("no room for a shown clip", reason="disk-full", where=incident)
        await asyncio.to_thread(self._store.put, incident, SHOWN_CLIP, content)
        digest = hashlib.sha256(content).hexdigest()

        def ready(conn: Connection) -> None:
            path = f"{incident}/{SHOWN_CLIP}"
            now = self._clock()
            evidence.set_ready(
                conn, incident, SHOWN_CLIP, path=path, sha256=digest, size=len(content), now=now
            )

        await self._write(incident, ready)

    def _original(self, incident: str) -> bytes:
        with self._ledger.read() as conn:
            found = evidence.find(conn, incident, "original.mp4")
        return self._store.get(incident, "original.mp4", found.sha256)

    async def _recoded(self, original: bytes, model: str, incident: str) -> bytes:
        command = [sys.executable, "-m", "hub.recoder", "--models", str(self._models), "--model", model]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
        try:
            async with asyncio.timeout(PATIENCE):
                content, said = await process.communicate(original)
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        words = said.decode(errors="replace").strip()[-300:]
        if process.returncode == HOPELESS:
            raise EvidenceNone(words, where=incident)
        if process.returncode or not content:
            raise HubError(f"the recoder ended with {process.returncode}: {words}", where=incident)
        return content

    async def _write(self, incident: str, act: Callable[[Connection], None], *, tell: bool = True) -> None:
        def both(conn: Connection) -> None:
            act(conn)
            if tell:
                self._told(conn, incident)

        await asyncio.wrap_future(self._ledger.write(both))
