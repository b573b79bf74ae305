"""Ledger: the one database of the hub: one writer that commits in batches, and readers that only read.

`write()` hands a closure to the writer thread. The writer takes what has gathered, runs each closure in its
own savepoint inside one transaction, commits once, and only then resolves the futures: what a future says has
happened is on the disk. A closure that raises undoes itself alone; one that is alone needs no savepoint for that.

SQLite (WAL, `synchronous=FULL`, `BEGIN IMMEDIATE`) and PostgreSQL take the same way; on PostgreSQL the lock on
a counter row stands in for `BEGIN IMMEDIATE`, so several hubs on one ledger commit one after the other and
`seq` order is commit order.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Literal, TypeVar, cast

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from alerts.ledger import counters, journal, pending, schema
from alerts.ledger.connect import reading_engine, writing_engine
from ingest.errors import LedgerAway

__all__ = ["Connection", "Health", "Ledger", "conflicted", "first_line"]

T = TypeVar("T")
log = logging.getLogger(__name__)

BATCH = 500
"""Closures per commit at most: bounds how long one commit keeps the others waiting."""

WAITING = 20_000
"""Closures that may wait; more means the database does not keep up, and writers are told so."""

STUCK = timedelta(seconds=10)
"""A commit that takes longer is shown as failed: a disk that hangs raises nothing."""

PATIENCE = 5.0
"""Seconds that write() waits for a place in the queue."""


@dataclass(frozen=True, slots=True)
class Health:
    """How the ledger does.

    Attributes:
        state: ok, or failed when the last commit failed or the writer is gone.
        reason: Why, empty when ok.
        since: Since when (UTC).
        waiting: Closures in the queue.
        commits: Commits since the start.
        failures: Commits that failed since the start.
    """

    state: Literal["ok", "failed"]
    reason: str
    since: datetime
    waiting: int
    commits: int
    failures: int


class _Work(Generic[T]):
    """One closure and the future that waits for it."""

    __slots__ = ("act", "error", "future", "head", "result")

    def __init__(self, act: Callable[[Connection], T]) -> None:
        self.act = act
        self.future: Future[T] = Future()
        self.result: T | None = None
        self.error: Exception | None = None
        self.head: int | None = None  # seq of its latest event, if it wrote any

    def run(self, conn: Connection, *, alone: bool) -> None:
        """In its own savepoint, unless it is `alone`: a mistake undoes only itself; a lost database is the batch's."""
        try:
            with nullcontext() if alone else conn.begin_nested(), journal.act(conn) as begun:
                self.result = self.act(conn)
            self.head = begun.numbers.get(counters.EVENTS)
        except DBAPIError as wrong:
            if wrong.connection_invalidated:
                raise
            self.error = wrong
        except Exception as wrong:  # noqa: BLE001 - it belongs to the caller, who gets it from the future
            self.error = wrong

    def settle(self) -> None:
        """After the commit."""
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(cast("T", self.result))


class Ledger:
    """The open ledger. Thread-safe; close() it."""

    def __init__(self, url: str, *, clock: Callable[[], datetime]) -> None:
        self.url = url
        self._clock = clock
        self._writing: Engine = writing_engine(url)
        pending.watch(self._writing)
        self._reading: Engine = reading_engine(url)
        self._queue: queue.Queue[_Work[object] | None] = queue.Queue(WAITING)
        self._callbacks: list[Callable[[int], None]] = []
        self._lock = threading.Lock()
        self._closed = False
        self._state: Literal["ok", "failed"] = "ok"
        self._reason = ""
        self._since = clock()
        self._commits = 0
        self._failures = 0
        self._head = 0
        self._busy_since: datetime | None = None
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)

    @classmethod
    def open(cls, url: str, *, clock: Callable[[], datetime]) -> Ledger:
        """Creates or upgrades the schema, then starts the writer.

        Raises LedgerAway when the database cannot be reached or was written by a newer hub.
        """
        ledger = cls(url, clock=clock)
        try:
            schema.upgrade(ledger._writing)
        except BaseException:
            ledger._dispose()
            raise
        ledger._thread.start()
        return ledger

    def write(self, act: Callable[[Connection], T]) -> Future[T]:
        """Runs `act` in the writer's next transaction; the future resolves only after the commit.

        `act` must do nothing but use its connection: it is undone when it raises, and its exception is the
        future's. A commit that fails gives LedgerAway to everybody in it. Raises LedgerAway when closed or
        when the queue stays full.
        """
        work = _Work(act)
        with self._lock:
            if self._closed:
                raise LedgerAway("the ledger is closed", reason="closed")
        try:
            self._queue.put(cast("_Work[object]", work), timeout=PATIENCE)
        except queue.Full:
            raise LedgerAway("the ledger does not keep up", reason="queue-full") from None
        return work.future

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that can only read, with one steady view of the ledger until it is given back.

        Raises LedgerAway when the database cannot be reached.
        """
        try:
            conn = self._reading.connect()
        except SQLAlchemyError as wrong:
            raise LedgerAway(f"the ledger cannot be read: {first_line(wrong)}", reason="connect") from wrong
        with conn, conn.begin():
            yield conn

    def on_commit(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Calls `callback(head seq)` from the writer thread after every commit that wrote an event.

        It must return at once and never raise. Returns what takes it off again.
        """
        with self._lock:
            self._callbacks.append(callback)

        def off() -> None:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)

        return off

    def healthy(self, now: datetime) -> Health:
        """How it does; asks nothing of the database."""
        with self._lock:
            state, reason, since = self._state, self._reason, self._since
            commits, failures = self._commits, self._failures
            busy_since = self._busy_since
        if busy_since is not None and now - busy_since > STUCK:
            state, reason, since = "failed", f"a commit takes longer than {STUCK.seconds} s", busy_since
        if not self._thread.is_alive():
            state, reason, since = "failed", "the writer has stopped", min(since, now)
        return Health(state, reason, since, self._queue.qsize(), commits, failures)

    def close(self, timeout: float = 5.0) -> None:
        """Commits what waits, then ends; closing twice is fine."""
        with self._lock:
            first, self._closed = not self._closed, True
        if first and self._thread.is_alive():
            try:
                self._queue.put(None, timeout=timeout)
            except queue.Full:
                log.warning("ledger: closed with %d writes still waiting", self._queue.qsize())
            self._thread.join(timeout)
        self._refuse_rest()
        self._dispose()

    def _dispose(self) -> None:
        self._writing.dispose()
        self._reading.dispose()

    def _refuse_rest(self) -> None:
        while True:
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                return
            if work is not None and not work.future.done():
                work.future.set_exception(LedgerAway("the ledger was closed", reason="closed"))

    def _run(self) -> None:
        last = False
        while not last:
            batch: list[_Work[object]] = []
            work = self._queue.get()
            while True:
                if work is None:
                    last = True
                    break
                if work.future.set_running_or_notify_cancel():
                    batch.append(work)
                if len(batch) >= BATCH:
                    break
                try:
                    work = self._queue.get_nowait()
                except queue.Empty:
                    break
            if batch:
                self._commit(batch)

    def _commit(self, batch: list[_Work[object]]) -> None:
        with self._lock:
            self._busy_since = self._clock()
        try:
            with self._writing.connect() as conn, conn.begin() as whole:
                head = counters.lock(conn)
                for work in batch:
                    work.run(conn, alone=len(batch) == 1)
                    head = work.head or head
                if len(batch) == 1 and batch[0].error is not None:
                    whole.rollback()
        except Exception as wrong:  # noqa: BLE001 - the writer must live; every caller is told
            self._failed(wrong)
            for work in batch:
                work.future.set_exception(
                    LedgerAway(f"the commit failed: {first_line(wrong)}", reason="commit")
                )
            return
        self._succeeded()
        for work in batch:
            work.settle()
        if head != self._head:
            self._head = head
            self._tell(head)

    def _tell(self, head: int) -> None:
        with self._lock:
            callbacks = tuple(self._callbacks)
        for callback in callbacks:
            try:
                callback(head)
            except Exception:  # a listener must not stop the writer
                log.exception("ledger: a commit listener failed")

    def _succeeded(self) -> None:
        with self._lock:
            self._commits += 1
            self._busy_since = None
            if self._state != "ok":
                self._state, self._reason, self._since = "ok", "", self._clock()
                log.warning("ledger: commits work again")

    def _failed(self, wrong: Exception) -> None:
        with self._lock:
            self._failures += 1
            self._busy_since = None
            first = self._state == "ok"
            if first:
                self._state, self._since = "failed", self._clock()
            self._reason = first_line(wrong)
        if first:
            log.error("ledger: a commit failed: %s", first_line(wrong))


def conflicted(wrong: BaseException) -> bool:
    """Whether an act failed because another process had just written what may be there only once: try again."""
    return isinstance(wrong, IntegrityError)


def first_line(wrong: BaseException) -> str:
    """The cause in one line, without SQL and parameters: rows may hold what no log should."""
    cause = wrong.orig if isinstance(wrong, DBAPIError) and wrong.orig is not None else wrong
    return (str(cause).strip().splitlines() or [type(cause).__name__])[0]
