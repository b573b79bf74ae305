"""Run: load, a kill at a random moment, the checker, a start on the same data, again and again; then the account."""

from __future__ import annotations

import os
import random
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from statistics import median
from typing import Literal, cast

import httpx

from alerts.signature import write_secret
from bench.chaos.account import owed, sound, told
from bench.chaos.county import PASSWORD, READER, REGISTRY
from bench.chaos.hub_process import ROOT, HubProcess
from bench.chaos.load import Book, Load
from bench.chaos.reader import Reader
from bench.processes import free_port
from hub.broker import Broker
from hub.demo.platform import SECRET_VARIABLE

Variant = Literal["hub", "all"]
"""hub: the hub is killed, its broker is another's and lives on; then every PUBACK is a promise without exception.
all: the hub's own broker dies with it, and every third time it dies alone. It writes its queue to the disk some
milliseconds after a PUBACK (hub/broker.py), so what it acknowledged just before its death may be lost."""

LAST_WORDS = 1.5
"""Seconds before the death of a broker in which a PUBACK is no promise: its autosave_interval, and a margin."""
AFTER = 2.0
"""A kill comes at a uniformly random moment of a life: from its start to so long after it is ready (seconds)."""
DRAIN = 180.0
"""Seconds for what is under way at the end."""


@dataclass
class Report:
    """What happened.

    Attributes:
        variant: Who was killed.
        kills: How often.
        early: Kills before the hub was ready.
        starts: Seconds of each start that was waited for.
        sent: Messages published.
        acknowledged: PUBACKs.
        last_words: Acknowledged within LAST_WORDS of a broker's death and lost.
        connections: Of the websocket's reader.
        events: That it saw.
        doubles: That the webhook's receiver got again, with the same id.
        wrong: Everything that must not be; empty is well.
    """

    variant: Variant
    kills: int = 0
    early: int = 0
    starts: list[float] = field(default_factory=list)
    sent: int = 0
    acknowledged: int = 0
    last_words: int = 0
    connections: int = 0
    events: int = 0
    doubles: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """A few lines."""
        lines = [
            f"{self.variant}: {self.kills} kills, {self.early} of them before the hub was ready",
            f"  a start takes {median(self.starts or [0.0]):.1f} s",
            f"  {self.sent} messages published, {self.acknowledged} acknowledged, all accounted for"
            + (f" but {self.last_words} of a dying broker's last {LAST_WORDS} s" if self.last_words else ""),
            f"  websocket: {self.events} events over {self.connections} connections",
            f"  webhook: {self.doubles} events came again with their id",
            *(f"  WRONG {each}" for each in self.wrong),
        ]
        return "\n".join(lines)


def run(
    folder: Path, variant: Variant, kills: int, dice: random.Random, say: Callable[[str], None] = print
) -> Report:
    """So many kills of one hub in a new folder; never raises for what the hub does wrong."""
    report = Report(variant)
    data = folder / f"data-{variant}"
    data.mkdir(parents=True)
    with _broker(data, variant) as url, _receiver(folder / f"inbox-{variant}") as (hook, secret, inbox):
        hub = HubProcess(data, free_port(), url)
        hub.apply(REGISTRY)
        begun = time.monotonic()
        hub.start()
        report.starts.append(hub.wait_ready())
        span = time.monotonic() - begun + AFTER
        _tell(hub, hook, secret)
        load = Load(hub.broker())
        reader = Reader(hub.port, _login(hub, READER))
        deaths: list[float] = []
        try:
            time.sleep(AFTER)
            while report.kills < kills:
                _life(hub, report, dice.uniform(0, span), dice.random(), deaths)
                report.wrong += [f"after kill {report.kills}: {each}" for each in sound(data)]
                say(f"  {variant}: kill {report.kills} of {kills}, {len(report.wrong)} wrong")
                hub.start()
            report.starts.append(hub.wait_ready())
        finally:
            load.stop()
            head = _drain(hub, load.book, deaths, report, reader)
            reader.stop()
            code = hub.stop()
        report.wrong += [f"at the end: {each}" for each in sound(data)]
        report.wrong += [f"the hub ended with {code}"] if code else []
        report.events, report.connections = len(reader.seen), reader.connections
        counts = httpx.get(hook.replace("/events", "/report"), timeout=10, trust_env=False).json()
        report.doubles = int(counts["doubles"])
        report.wrong += [
            f"webhook: {counts[each]} {each}" for each in ("late", "forged", "malformed") if counts[each]
        ]
        report.wrong += told(data, READER, reader.seen, inbox, up_to=head)
    return report


def _life(hub: HubProcess, report: Report, moment: float, which: float, deaths: list[float]) -> None:
    """From a start to a kill `moment` seconds later."""
    begun = time.monotonic()
    ready = False
    while time.monotonic() - begun < moment:
        ready = ready or hub.ready()
        time.sleep(0.005)
    if report.variant == "all" and which < 1 / 3 and hub.kill_broker():
        deaths.append(time.monotonic())
        time.sleep(
            1.0
        )  # the hub lives, and starts it again; then it dies too, so that its ledger can be looked at
    elif report.variant == "all":
        deaths.append(time.monotonic())
    hub.kill()
    if report.variant == "all":
        deaths.append(time.monotonic())
    report.kills += 1
    report.early += not ready


def _drain(hub: HubProcess, book: Book, deaths: list[float], report: Report, reader: Reader) -> int:
    """Wait until everything acknowledged has come to the ledger, and everybody was told; up to which seq."""
    report.sent, report.acknowledged = book.sent, len(book.acknowledged)
    if report.sent != report.acknowledged:
        report.wrong.append(f"{report.sent - report.acknowledged} messages were never acknowledged")
    end = time.monotonic() + DRAIN
    while True:
        debt = owed(hub.data, book.acknowledged)
        missing = [key for key in debt.missing if not _excused(book.acknowledged[key], deaths)]
        if not missing or time.monotonic() > end:
            break
        time.sleep(0.2)
    report.last_words = len(debt.missing) - len(missing)
    report.wrong += [f"acknowledged, but not in the ledger: {' '.join(key)}" for key in missing[:20]]
    report.wrong += debt.wrong
    head = int(str(_get(hub, "/events?limit=1")["head"]))
    while time.monotonic() < end:
        waiting = [each for each in _items(hub, "/webhooks") if each["pending"]]
        unseen = [
            each
            for each in _items(hub, f"/events?after={reader.last}&limit=1000", READER)
            if each["seq"] <= head
        ]
        if not waiting and not unseen:
            break
        time.sleep(0.2)
    return head


def _items(hub: HubProcess, path: str, user: str = "admin") -> list[dict[str, int]]:
    return cast("list[dict[str, int]]", _get(hub, path, user)["items"])


def _get(hub: HubProcess, path: str, user: str = "admin") -> dict[str, object]:
    headers = {"Authorization": f"Bearer {_login(hub, user)}"}
    answer = httpx.get(f"{hub.base}{path}", headers=headers, timeout=20, trust_env=False)
    answer.raise_for_status()
    return cast("dict[str, object]", answer.json())


@cache
def _login(hub: HubProcess, user: str) -> str:
    given = {"username": user, "password": PASSWORD}
    answer = httpx.post(f"{hub.base}/auth/login", json=given, timeout=20, trust_env=False)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def _tell(hub: HubProcess, url: str, secret: str) -> None:
    """A webhook that is told of everything."""
    headers = {"Authorization": f"Bearer {_login(hub, 'admin')}"}
    given = {"url": url, "secret": secret}
    httpx.post(
        f"{hub.base}/webhooks", json=given, headers=headers, timeout=20, trust_env=False
    ).raise_for_status()


@contextmanager
def _broker(data: Path, variant: Variant) -> Iterator[str]:
    """The address of a broker that outlives the hub; empty: the hub starts its own."""
    if variant == "all":
        yield ""
        return
    broker = Broker(data.parent / "broker")
    broker.start()
    try:
        yield broker.url
    finally:
        broker.stop()


@contextmanager
def _receiver(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """The sample receiver as a process of its own: its address, the secret, and what it writes down."""
    secret = write_secret(secrets.token_bytes(32))
    command = [sys.executable, "-m", "hub.demo.platform", "--data", str(folder), "--with-parent"]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, SECRET_VARIABLE: secret}, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        if process.stdout is None:
            raise RuntimeError("no output of the receiver")
        url = process.stdout.readline().strip()
        drained = threading.Thread(target=process.stdout.read, name="receiver-output")
        drained.start()
        try:
            yield url, secret, folder / "received.jsonl"
        finally:
            process.terminate()
            process.wait(10)
            drained.join(10)


def _excused(acknowledged_at: float, deaths: list[float]) -> bool:
    return any(0 <= death - acknowledged_at <= LAST_WORDS for death in deaths)
