"""Broker: the hub's own mosquitto, on a free loopback port, restarted on the same port when it dies."""

from __future__ import annotations

import base64
import getpass
import hashlib
import logging
import os
import shutil
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from hub.parent import end_with_parent
from ingest.errors import BrokerAway

log = logging.getLogger(__name__)

_SETTINGS = """\
# Written by the hub at every start; changes here are lost.
listener {port} {host}
{access}
user {user}
persistence true
persistence_location {folder}/
persistence_file mosquitto.db
# Written every second, whole. At every change (autosave_on_changes true) mosquitto 2.0.11 took 90 to 390 messages
# a second of QoS 1 here, by time 2,300 to 2,850. A broker that is killed loses what it took in its last second and
# had not handed on: levels are told again 10 s later, and what it had not acknowledged is told by who sent it.
autosave_on_changes false
autosave_interval 1
# mosquitto's defaults (1,000 and 20) lose messages when the hub is away for minutes.
max_queued_messages 200000
max_queued_bytes 0
max_inflight_messages 2000
persistent_client_expiration 2d
set_tcp_nodelay true
log_dest file {folder}/mosquitto.log
log_type error
log_type warning
log_type notice
log_timestamp_format %Y-%m-%dT%H:%M:%S
connection_messages false
"""

_CONNECT = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"  # MQTT 3.1.1, clean session, empty client id
_CONNACK = 0x20
_BACK_OFF = (0.1, 0.5, 1.0, 2.0)  # seconds before the first, second … restart within one bad stretch
_BAD_STRETCH = 30.0  # seconds of life after which a death counts as the first again
_LOG_LIMIT = 5_000_000  # bytes; a longer log of an earlier run is put aside


@dataclass(frozen=True, slots=True)
class BrokerHealth:
    """How the broker's process is.

    Attributes:
        state: ok (it answers), degraded (it was just restarted or does not answer), failed (not running).
        reason: Short slug, or empty when ok.
        restarts: Times it had to be started again.
        pid: Of the process, or None.
    """

    state: str
    reason: str
    restarts: int
    pid: int | None


class Broker:
    """One mosquitto process with its own persistence folder.

    The port of the last run on the same folder is taken again when it is free, so that devices that know
    it come back by themselves after a restart of the hub.
    """

    def __init__(
        self,
        folder: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        username: str | None = None,
        password: str | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.host = host
        self.port = port
        self.restarts = 0
        self._username = username
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._supervisor: threading.Thread | None = None

    @property
    def url(self) -> str:
        """`mqtt://127.0.0.1:PORT`, without user and password."""
        return f"mqtt://{self.host}:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id of mosquitto while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self, timeout: float = 10.0) -> None:
        """Start it and return when it takes MQTT connections; raises BrokerAway when it does not."""
        program = self._program()
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.port:
            self.port = self._free_port()
        self._put_old_log_aside()
        self._write_settings()
        self._stopping.clear()
        # One long-lived thread does every start: the kernel ties the child's life to that thread.
        self._supervisor = threading.Thread(
            target=self._supervise, args=(program,), name="broker", daemon=True
        )
        self._supervisor.start()
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.answers(0.5):
                (self.folder / "port").write_text(f"{self.port}\n")
                return
            if self.restarts >= len(_BACK_OFF):
                break
            time.sleep(0.02)
        self.stop()
        raise BrokerAway(
            f"mosquitto did not start on port {self.port}: {self._last_words()}",
            reason="not-started",
            where=str(self.folder),
        )

    def stop(self, timeout: float = 5.0) -> None:
        """End it and wait; killed after `timeout` seconds."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout)
        if self._supervisor is not None:
            self._supervisor.join(timeout)

    def answers(self, timeout: float = 1.0) -> bool:
        """Whether it answers an MQTT CONNECT now (a refusal for want of a password is an answer too)."""
        try:
            with socket.create_connection((self.host, self.port), timeout) as link:
                link.settimeout(timeout)
                link.sendall(_CONNECT)
                return link.recv(1)[:1] == bytes([_CONNACK])
        except OSError:
            return False

    def health(self) -> BrokerHealth:
        """State of the process; asks it, so it may take up to a second."""
        pid = self.pid
        if pid is None:
            return BrokerHealth("failed", "not-running", self.restarts, None)
        if not self.answers():
            return BrokerHealth("degraded", "no-answer", self.restarts, pid)
        return BrokerHealth("ok", "", self.restarts, pid)

    def _supervise(self, program: str) -> None:
        command = end_with_parent([program, "-c", str(self.folder / "mosquitto.conf")])
        tries = 0
        while not self._stopping.is_set():
            born = time.monotonic()
            with (self.folder / "mosquitto.err").open("wb") as errors:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors
                )
                if self._stopping.is_set():
                    self._process.terminate()
                code = self._process.wait()
            if self._stopping.is_set():
                return
            tries = 0 if time.monotonic() - born > _BAD_STRETCH else tries + 1
            self.restarts += 1
            log.warning("mosquitto on port %d ended with %d; starting it again", self.port, code)
            self._stopping.wait(_BACK_OFF[min(tries, len(_BACK_OFF)) - 1 if tries else 0])

    def _write_settings(self) -> None:
        access = "allow_anonymous true"
        if self._username is not None:
            passwords = self.folder / "passwords"
            _write_private(passwords, _password_line(self._username, self._password or ""))
            access = f"allow_anonymous false\npassword_file {passwords}"
        text = _SETTINGS.format(
            port=self.port, host=self.host, access=access, user=getpass.getuser(), folder=self.folder
        )
        _write_private(self.folder / "mosquitto.conf", text)

    def _free_port(self) -> int:
        try:
            last = int((self.folder / "port").read_text())
        except (OSError, ValueError):
            last = 0
        for wanted in (last, 0):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((self.host, wanted))
                except OSError:
                    continue  # the last run's port belongs to somebody else now
                return int(probe.getsockname()[1])
        raise BrokerAway("no free port", reason="no-port", where=self.host)

    def _put_old_log_aside(self) -> None:
        current = self.folder / "mosquitto.log"
        if current.exists() and current.stat().st_size > _LOG_LIMIT:
            current.replace(current.with_suffix(".log.1"))

    def _last_words(self) -> str:
        words = []
        for name in ("mosquitto.err", "mosquitto.log"):
            path = self.folder / name
            if path.exists():
                words += [line for line in path.read_text(errors="replace").splitlines() if "rror" in line]
        return words[-1] if words else "no reason given"

    @staticmethod
    def _program() -> str:
        found = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        if found is None:
            raise BrokerAway(
                "mosquitto is not installed",
                reason="not-installed",
                mend="run `make setup`, or set HUB_BROKER_URL to a broker that runs",
            )
        return found


def _password_line(username: str, password: str) -> str:
    """One line of mosquitto's password file (PBKDF2-SHA512, its format 7)."""
    salt = os.urandom(12)
    rounds = 101  # mosquitto's own default; the file is readable by this user only
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds)
    return f"{username}:$7${rounds}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600, exist_ok=True)
    path.write_text(text)
