"""Retention: one job that deletes what has been kept long enough, by age and by bytes.

The disk is never filled: what may go at all goes before its time, what has no case first, then the oldest.
Readings go by age and by bytes too, each resolution by its own limits; none goes before it is summed up.
Never evidence of an open incident or of a case that is still live, never an event that a webhook still waits for, or
that is a dead letter of the last 30 days. What is deleted is noted in the same transaction (`hub purge --report`).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.damp import TRIED_ON
from alerts.ledger import (
    attachments,
    events,
    evidence,
    evidence_expiry,
    offers,
    public_reports,
    purges,
    raises,
    reading_expiry,
    rule_states,
)
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.evidence import File, Old
from alerts.ledger.reading_spans import HOUR, MINUTE, SINGLE
from config.settings import Settings
from hub.serve.case_files import CaseFiles
from hub.serve.evidence_store import EvidenceStore

log = logging.getLogger(__name__)

EVERY = 600.0
"""Seconds between two runs."""
DEAD = timedelta(days=30)
"""A dead letter can be sent again for so long, even if `keep_events` is shorter."""
OFFERS = timedelta(days=30)
"""An unknown device that was not heard for so long is offered no more, and what was kept of it goes."""
STATES = timedelta(days=30)
"""What a rule remembers of a device goes so long after it last changed, when rule or device is gone."""
RAISES = TRIED_ON
"""What decided the raise of a camera: so far back a damping is tried on them."""
FILES = 200
"""Files deleted per transaction: a commit must not keep the others waiting."""
MOST = 5000
"""Files deleted at a time to make room."""
COMMIT = 60.0
PIECE = timedelta(minutes=1)
"""Readings of so long a time are deleted per transaction at first; less or more as that goes slowly or quickly."""
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=1)
QUICK, SLOW = 0.05, 0.2
"""Seconds that a transaction takes: below the one more is deleted in the next, above the other less."""
GIGABYTE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much is kept; of readings by resolution, `readings` being the single ones."""

    readings: timedelta
    events: timedelta
    evidence: timedelta
    case_evidence: timedelta
    evidence_bytes: int
    originals: timedelta
    reports: timedelta = timedelta(days=180)
    minutes: timedelta = timedelta(days=400)
    hours: timedelta = timedelta(days=3650)
    reading_bytes: Mapping[timedelta, int] = field(default_factory=dict)

    def dead(self) -> timedelta:
        """How long dead letters stay."""
        return max(self.events, DEAD)

    def ages(self) -> Mapping[timedelta, timedelta]:
        """How long readings are kept, by resolution."""
        return {SINGLE: self.readings, MINUTE: self.minutes, HOUR: self.hours}

    @staticmethod
    def of(settings: Settings) -> Limits:
        """As the settings say."""
        return Limits(
            settings.keep_readings,
            settings.keep_events,
            settings.keep_evidence,
            settings.keep_case_evidence,
            round(settings.evidence_gigabytes * GIGABYTE),
            settings.keep_originals,
            settings.keep_reports,
            settings.keep_minutes,
            settings.keep_hours,
            {
                SINGLE: round(settings.readings_gigabytes * GIGABYTE),
                MINUTE: round(settings.minutes_gigabytes * GIGABYTE),
                HOUR: round(settings.hours_gigabytes * GIGABYTE),
            },
        )


@dataclass(frozen=True, slots=True)
class Deleted:
    """What one run deleted."""

    readings: int
    events: int
    files: int
    reports: int = 0
    states: int = 0


def over_age(conn: Connection, limits: Limits, now: datetime, most: int) -> list[Old]:
    """Files that have been kept long enough."""
    return evidence_expiry.expired(
        conn,
        unbound_before=now - limits.evidence,
        originals_before=now - limits.originals,
        bound_before=now - limits.case_evidence,
        limit=most,
    )


def early(
    conn: Connection, over: int, now: datetime, most: int, *, gone: Collection[File] = ()
) -> tuple[list[Old], int]:
    """What goes before its time so that `over` bytes are saved, and how many are not; without what is `gone`."""
    some: list[Old] = []
    for each in evidence_expiry.expired(
        conn, unbound_before=now, originals_before=now, bound_before=now, limit=most
    ):
        if over <= 0:
            break
        if each.file in gone:
            continue
        some.append(each)
        over -= each.file.size
    return some, over


class Retention:
    """The job."""

    def __init__(
        self,
        ledger: Ledger,
        store: EvidenceStore,
        limits: Limits,
        *,
        clock: Callable[[], datetime],
        failed: Callable[[], object] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._limits = limits
        self._clock = clock
        self._failed = failed

    async def run(self) -> None:
        """Delete every ten minutes until cancelled."""
        while True:
            try:
                done = await asyncio.to_thread(self.once)
                if done != Deleted(0, 0, 0):
                    log.info("retention: %s", done)
            except Exception:  # what could not be deleted now is deleted the next time
                self._failed()
                log.exception("retention could not finish")
            await asyncio.sleep(EVERY)

    def once(self) -> Deleted:
        """Delete everything that is due now."""
        now = self._clock()
        limits = self._limits
        old_readings = sum(self._readings(each, now - age, now) for each, age in limits.ages().items())

        def old_offers(conn: Connection) -> int:
            purges.note(conn, offers.due(conn, now - OFFERS), now)
            return offers.forget(conn, now - OFFERS)

        def old_events(conn: Connection) -> int:
            before, dead = now - limits.events, now - limits.dead()
            purges.note(conn, events.due(conn, before, dead_since=dead), now)
            return events.forget(conn, before, dead_since=dead)

        def old_people(conn: Connection) -> int:
            purges.note(conn, public_reports.old(conn, now - limits.reports), now)
            return public_reports.forget(conn, now - limits.reports)

        def old_raises(conn: Connection) -> int:
            purges.note(conn, raises.due(conn, now - RAISES), now)
            return raises.forget(conn, now - RAISES)

        self._write(old_offers)
        self._write(old_raises)
        events_gone = self._write(old_events)
        files = self._by_age(now) + self._by_bytes(now)
        files += self._photos(now - limits.case_evidence, now)
        return Deleted(old_readings, events_gone, files, self._write(old_people), self._states(now))

    def _states(self, now: datetime) -> int:
        """What rules remember whose rule or device is gone."""
        with self._ledger.read() as conn:
            if not rule_states.orphans(conn, now - STATES):
                return 0

        def act(conn: Connection) -> int:
            found = rule_states.orphans(conn, now - STATES)  # one may have come back meanwhile
            purges.note(conn, rule_states.due(found), now)
            return rule_states.forget(conn, found)

        return self._write(act)

    def _readings(self, resolution: timedelta, before: datetime, now: datetime) -> int:
        """Deletes what is older than `before`, and the oldest of what is more than may be kept."""
        with self._ledger.read() as conn:
            most = self._limits.reading_bytes.get(resolution)
            before = reading_expiry.end(conn, resolution, before, most)
            each = reading_expiry.row_bytes(conn, resolution)
        deleted, piece = 0, PIECE
        while True:
            begun = time.monotonic()

            def act(conn: Connection, piece: timedelta = piece) -> reading_expiry.Piece:
                done = reading_expiry.forget(conn, resolution, before, piece)
                if done.since is not None and done.until is not None:
                    gone = reading_expiry.purged(resolution, done.rows, done.since, done.until, each)
                    purges.note(conn, [gone], now)
                return done

            done = self._ledger.write(act).result(COMMIT)
            deleted += done.rows
            if done.done:
                return deleted
            took = time.monotonic() - begun
            if took < QUICK:
                piece = min(piece * 2, LONGEST)
            elif took > SLOW:
                piece = max(piece / 2, SHORTEST)

    def make_room(self, size: int) -> bool:
        """Whether a file of so many bytes may be written; for it what may go goes early. Any thread may ask."""
        over = self._over(size)
        if over <= 0:
            return True
        now = self._clock()
        some, left = self._early(now, over)
        if left > 0:  # nothing is deleted for a file that does not fit even then
            return False
        self._delete(some, now)
        return self._over(size) <= 0

    def _by_bytes(self, now: datetime) -> int:
        over = self._over(0)
        some, left = self._early(now, over)
        if left > 0:
            log.warning("evidence is %d bytes over its limit, and the rest is of open cases", left)
        return self._delete(some, now)

    def _early(self, now: datetime, over: int) -> tuple[list[Old], int]:
        """What goes before its time so that `over` bytes are saved, and how many are not."""
        if over <= 0:
            return [], over
        with self._ledger.read() as conn:
            return early(conn, over, now, MOST)

    def _over(self, size: int) -> int:
        """Bytes by which evidence would be too large with one more file of this size."""
        with self._ledger.read() as conn:
            stored = evidence.stored_bytes(conn)
        return max(stored + size - self._limits.evidence_bytes, size - self._store.room())

    def _by_age(self, now: datetime) -> int:
        deleted, limits = 0, self._limits
        while True:
            with self._ledger.read() as conn:
                found = over_age(conn, limits, now, FILES)
            if not found:
                return deleted
            deleted += self._delete(found, now)

    def _photos(self, before: datetime, now: datetime) -> int:
        """Photos of cases are bound to the case: they go when it has been over for long enough."""
        deleted, store = 0, CaseFiles(self._store)
        while True:
            with self._ledger.read() as conn:
                found = attachments.expired(conn, before, FILES)
            if not found:
                return deleted

            def act(conn: Connection, photos: list[attachments.Photo] = found) -> int:
                for each in photos:
                    attachments.set_expired(conn, each.id)
                purges.note(conn, attachments.due(photos), now)
                return len(photos)

            deleted += self._write(act)
            for each in found:
                store.remove(each.case, each.id)

    def _delete(self, files: list[Old], now: datetime) -> int:
        """First the ledger says `expired`, then the file goes: nothing that is said to be there is missing."""
        for start in range(0, len(files), FILES):
            part = files[start : start + FILES]

            def act(conn: Connection, part: list[Old] = part) -> int:
                for each in part:
                    evidence.set_expired(conn, each.file.incident, each.file.name, now=now)
                purges.note(conn, evidence_expiry.due(part), now)
                return len(part)

            self._write(act)
            for each in part:
                self._store.remove(each.file.incident, each.file.name)
        return len(files)

    def _write(self, act: Callable[[Connection], int]) -> int:
        return self._ledger.write(act).result(COMMIT)
