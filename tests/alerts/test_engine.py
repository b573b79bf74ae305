"""The ledger's engine: one writer, batches, savepoints, futures after the commit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from alerts.ledger import counters, events, schema
from alerts.ledger.connect import parse_url, writing_engine
from alerts.ledger.engine import Connection, Ledger
from alerts.sight import Sight, Visibility
from ingest.errors import InvalidSetting, LedgerAway
from tests.alerts.county import NOW, do, look
from tests.servers.postgres import Postgres

ALL = Sight.everything()


def note(conn: Connection, word: str = "x") -> int:
    return events.append(conn, "device.changed", NOW, {"id": word}, Visibility())


@pytest.fixture
def held(ledger: Ledger) -> Iterator[threading.Event]:
    """The writer is busy with an act until the event is set."""
    free, busy = threading.Event(), threading.Event()

    def hold(_conn: Connection) -> None:
        busy.set()
        assert free.wait(10)

    ledger.write(hold)
    assert busy.wait(10)
    yield free
    free.set()


def test_a_future_resolves_only_after_the_commit(ledger: Ledger, held: threading.Event) -> None:
    """While the commit is held, the future waits and readers see nothing; then both at once."""
    inside, go_on = threading.Event(), threading.Event()

    def slow(conn: Connection) -> int:
        seq = note(conn)
        inside.set()
        assert go_on.wait(10)
        return seq

    first = ledger.write(note)
    second = ledger.write(slow)
    held.set()
    assert inside.wait(10)
    assert not first.done()  # its act has run, its commit has not
    assert look(ledger, events.head) == 0
    go_on.set()
    assert (first.result(10), second.result(10)) == (1, 2)
    assert look(ledger, events.head) == 2


def test_a_commit_that_hangs_is_shown(ledger: Ledger, held: threading.Event) -> None:
    """A disk that hangs raises nothing: after 10 s health says so, and takes it back when it is over."""
    assert ledger.healthy(NOW + timedelta(seconds=10)).state == "ok"
    health = ledger.healthy(NOW + timedelta(seconds=11))
    assert (health.state, health.since) == ("failed", NOW)
    held.set()
    do(ledger, note)
    assert ledger.healthy(NOW + timedelta(seconds=11)).state == "ok"


def test_what_waits_is_committed_together(ledger: Ledger, held: threading.Event) -> None:
    """A hundred writes behind a slow one are one commit; each gets its own answer."""
    before = ledger.healthy(NOW).commits
    futures = [ledger.write(note) for _ in range(100)]
    held.set()
    assert [each.result(10) for each in futures] == list(range(1, 101))
    assert ledger.healthy(NOW).commits - before <= 2  # the one that held, and the hundred


def test_an_act_that_raises_undoes_only_itself(ledger: Ledger, held: threading.Event) -> None:
    """Its neighbours in the same commit stay, numbers stay without gap, and the error is its own."""

    def fail(conn: Connection) -> None:
        note(conn, "gone")
        raise KeyError("mine")

    def wrong_sql(conn: Connection) -> None:
        note(conn, "gone too")
        conn.execute(text("INSERT INTO counters (name, value) VALUES ('events', 9)"))

    before, bad, worse, after = (
        ledger.write(note), ledger.write(fail), ledger.write(wrong_sql), ledger.write(note),
    )  # fmt: skip
    held.set()
    assert (before.result(10), after.result(10)) == (1, 2)
    assert isinstance(bad.exception(10), KeyError)
    assert isinstance(worse.exception(10), DBAPIError)
    assert [each.data["id"] for each in look(ledger, lambda conn: events.after(conn, 0, 9, ALL))] == [
        "x",
        "x",
    ]


def test_an_act_that_is_alone_and_raises_leaves_nothing(ledger: Ledger) -> None:
    """No trace, no number taken, no listener called, the ledger well; the next one is the first."""
    heard: list[int] = []
    ledger.on_commit(heard.append)

    def fail(conn: Connection) -> None:
        note(conn, "gone")
        raise KeyError("mine")

    def wrong_sql(conn: Connection) -> None:
        note(conn, "gone too")
        conn.execute(text("INSERT INTO counters (name, value) VALUES ('nobody', 'x', 9)"))

    for act, error in ((fail, KeyError), (wrong_sql, DBAPIError)):
        assert isinstance(ledger.write(act).exception(10), error)
    assert (heard, ledger.healthy(NOW).state, look(ledger, events.head)) == ([], "ok", 0)
    assert do(ledger, note) == 1
    assert [each.data["id"] for each in look(ledger, lambda conn: events.after(conn, 0, 9, ALL))] == ["x"]


def test_listeners_hear_the_head_after_the_commit(ledger: Ledger) -> None:
    """Once per commit that wrote an event, from after the commit; one that fails disturbs nobody."""
    heard: list[int] = []
    seen: list[int] = []
    done = threading.Event()

    def listener(head: int) -> None:
        heard.append(head)
        seen.append(look(ledger, events.head))
        done.set()

    def broken(_head: int) -> None:
        raise RuntimeError("a listener's mistake")

    ledger.on_commit(broken)
    off = ledger.on_commit(listener)
    do(ledger, note)
    assert done.wait(10)
    do(ledger, lambda conn: counters.take(conn, "other"))  # no event: nobody is woken
    off()
    do(ledger, note)
    assert (heard, seen) == ([1], [1])


def test_readers_cannot_write(ledger: Ledger) -> None:
    """Whatever a screen's query does, it changes nothing."""
    with ledger.read() as conn, pytest.raises(DBAPIError):
        note(conn)
    assert look(ledger, events.head) == 0


def test_a_reader_sees_one_state(ledger: Ledger) -> None:
    """What is committed while a reader reads does not show up in the middle of its page."""
    do(ledger, note)
    with ledger.read() as conn:
        first = events.head(conn)
        do(ledger, note)
        assert events.head(conn) == first
    assert look(ledger, events.head) == 2


def test_writers_of_many_threads_get_numbers_without_gap(ledger: Ledger) -> None:
    """Eight threads, four hundred events: 1 to 400, each once."""
    found: list[int] = []
    lock = threading.Lock()

    def work() -> None:
        mine = [ledger.write(note) for _ in range(50)]
        seqs = [each.result(20) for each in mine]
        assert seqs == sorted(seqs)
        with lock:
            found.extend(seqs)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert sorted(found) == list(range(1, 401))


def test_two_hubs_on_one_ledger_take_turns(ledger: Ledger) -> None:
    """Two writers on the same database: no gap, no double, no lost commit."""
    other = Ledger.open(ledger.url, clock=lambda: NOW)
    try:
        futures: list[Future[int]] = []
        for _ in range(40):
            futures += [ledger.write(note), other.write(note)]
        assert sorted(each.result(20) for each in futures) == list(range(1, 81))
    finally:
        other.close()


def test_close_commits_what_waits_and_refuses_what_comes(ledger: Ledger, held: threading.Event) -> None:
    """Nothing that was taken is dropped; afterwards writing says that it is closed."""
    waiting = ledger.write(note)
    held.set()
    ledger.close()
    assert waiting.result(1) == 1
    with pytest.raises(LedgerAway, match="closed"):
        ledger.write(note)
    assert ledger.healthy(NOW).state == "failed"
    ledger.close()  # twice is fine


@pytest.mark.slow
def test_a_commit_that_fails_is_told_to_everybody_and_shown(tmp_path: Path) -> None:
    """Another process that holds the database: LedgerAway for the write, `failed` in health, then well again."""
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.db", clock=lambda: NOW)
    blocker = writing_engine(f"sqlite:///{tmp_path}/ledger.db")
    try:
        with blocker.connect() as conn, conn.begin():
            future = ledger.write(note)
            assert isinstance(future.exception(20), LedgerAway)
            health = ledger.healthy(NOW + timedelta(seconds=1))
            assert (health.state, health.failures) == ("failed", 1)
            assert "locked" in health.reason
        assert do(ledger, note) == 1
        assert ledger.healthy(NOW).state == "ok"
    finally:
        blocker.dispose()
        ledger.close()


@pytest.mark.slow
def test_a_server_that_restarts_is_found_again() -> None:
    """PostgreSQL cut off in between: the write meanwhile fails loudly, the next one works."""
    with Postgres() as server:
        ledger = Ledger.open(server.new_database(), clock=lambda: NOW)
        try:
            assert do(ledger, note) == 1
            server.stop()
            assert isinstance(ledger.write(note).exception(30), LedgerAway)
            with pytest.raises(LedgerAway), ledger.read():
                pass
            server.start()
            assert do(ledger, note) == 2
            assert look(ledger, events.head) == 2
        finally:
            ledger.close()


def test_a_ledger_of_a_newer_hub_is_refused(tmp_path: Path) -> None:
    """Never guess at a schema that is not known."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    Ledger.open(url, clock=lambda: NOW).close()
    engine = writing_engine(url)
    with engine.connect() as conn, conn.begin():
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(LedgerAway, match="newer hub"):
        Ledger.open(url, clock=lambda: NOW)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """One clear error, no half-open ledger."""
    with pytest.raises(LedgerAway, match="unable to open"):
        Ledger.open(f"sqlite:///{tmp_path}/no/such/ledger.db", clock=lambda: NOW)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("mysql://a@b/c", "no ledger on mysql", id="another database"),
        pytest.param("not a url", "cannot be read", id="no URL at all"),
        pytest.param("sqlite://", "in memory", id="a ledger that would be lost"),
    ],
)
def test_a_url_that_cannot_work_is_refused(url: str, words: str) -> None:
    """InvalidSetting names the setting; a password in the URL is not repeated."""
    with pytest.raises(InvalidSetting, match=words) as wrong:
        parse_url(url)
    assert wrong.value.where == "HUB_DATABASE_URL"


def test_postgresql_means_psycopg() -> None:
    """The plain word is enough in HUB_DATABASE_URL."""
    assert parse_url("postgresql://u@h/d").drivername == "postgresql+psycopg"


def test_the_writer_is_careful(tmp_path: Path) -> None:
    """WAL, full synchronous, foreign keys: on the connection that writes."""
    engine = writing_engine(f"sqlite:///{tmp_path}/ledger.db")
    schema.upgrade(engine)
    with engine.connect() as conn, conn.begin():
        found = {
            name: conn.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "query_only")
        }
    engine.dispose()
    assert found == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000, "query_only": 0,
    }  # fmt: skip
