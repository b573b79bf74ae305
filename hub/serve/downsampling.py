"""Down-sampling: minutes and hours that are over are summed up, a few at a time, beside everything else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from alerts.ledger import reading_spans
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.reading_spans import HOUR, MINUTE, Due

log = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds between two looks."""
GRACE = timedelta(seconds=5)
"""A minute is summed up so long after its end: most of what comes late comes within that."""
AT_ONCE = 20
"""Spans that are read together and written as one act."""
MOST = 500
"""Spans of one look: a ledger that was never summed up must not keep the disk busy for an hour."""
COMMIT = 30.0


class Downsampling:
    """The job."""

    def __init__(
        self, ledger: Ledger, *, clock: Callable[[], datetime], failed: Callable[[], object] = lambda: None
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._failed = failed

    async def run(self) -> None:
        """Sum up every few seconds until cancelled."""
        said = ""
        while True:
            try:
                await asyncio.to_thread(self.once)
                said = ""
            except Exception as wrong:  # what is due stays due
                self._failed()
                if said != type(wrong).__name__:
                    said = type(wrong).__name__
                    log.exception("readings could not be summed up")
            await asyncio.sleep(EVERY)

    def once(self) -> int:
        """Sum up what is due now, minutes first; answers how many spans those were."""
        before = self._clock() - GRACE
        return sum(self._sum_up(resolution, before) for resolution in (MINUTE, HOUR))

    def _sum_up(self, resolution: timedelta, before: datetime) -> int:
        done = 0
        while done < MOST:
            with self._ledger.read() as conn:
                found = reading_spans.due(conn, resolution, before, AT_ONCE)
                read = [(each, reading_spans.sums(conn, each)) for each in found]
            settled = self._settle(read) if read else 0
            done += settled
            if settled < AT_ONCE:  # nothing more, or somebody stores into these just now
                break
        return done

    def _settle(self, read: Sequence[tuple[Due, Sequence[Mapping[str, object]] | None]]) -> int:
        def act(conn: Connection) -> int:
            return sum(reading_spans.settle(conn, span, rows) for span, rows in read)

        return self._ledger.write(act).result(COMMIT)
