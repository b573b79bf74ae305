"""PostgreSQL: a real server of Debian's package in its own folder, on a unix socket only."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import psycopg

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
"""Installed by `make setup`; the newest is the last."""


class Postgres:
    """Use as a context manager; `new_database()` answers the URL of a fresh, empty database."""

    def __init__(self, *, durable: bool = False) -> None:
        self._fsync = "on" if durable else "off"  # tests throw everything away
        assert BINARIES, "no PostgreSQL in /usr/lib/postgresql: run `make setup`"
        self._bin = BINARIES[-1]
        self._folder = Path(tempfile.mkdtemp(prefix="pg-"))
        # the server refuses to run as root: then it runs as the user of its package
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            who = pwd.getpwnam(self._user)
            os.chown(self._folder, who.pw_uid, who.pw_gid)
        self._process: subprocess.Popen[bytes] | None = None
        self._names = itertools.count(1)

    def start(self) -> None:
        """Start and wait until it takes clients."""
        data = self._folder / "data"
        if not data.exists():
            made = subprocess.run(
                [self._bin / "initdb", "-D", data, "-A", "trust", "-U", "hub", "-E", "UTF8",
                 "--locale=C.UTF-8", "--no-sync"],
                user=self._user, cwd=self._folder, capture_output=True, check=False, timeout=60,
            )  # fmt: skip
            assert made.returncode == 0, made.stderr.decode()
        self._process = subprocess.Popen(
            [self._bin / "postgres", "-D", data, "-k", self._folder, "-c", "listen_addresses=",
             "-c", f"fsync={self._fsync}", "-c", "log_min_messages=fatal"],
            user=self._user, cwd=self._folder, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                psycopg.connect(self._dsn("postgres"), connect_timeout=1).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("PostgreSQL did not start within 20 s")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Fast shutdown: open connections are cut."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(20)
            self._process = None

    def new_database(self, template: str = "template1") -> str:
        """URL of a fresh database for HUB_DATABASE_URL: empty, or a copy of the database `template`."""
        name = f"t{next(self._names)}"
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"postgresql+psycopg://hub@/{name}?host={self._folder}"

    def _dsn(self, database: str) -> str:
        return f"host={self._folder} user=hub dbname={database}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGQUIT)  # at once: nobody needs these databases again
        shutil.rmtree(self._folder, ignore_errors=True)
