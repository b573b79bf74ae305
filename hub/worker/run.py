"""Run: the composition of one worker process: who is there, who talks to whom, in which order it ends."""

from __future__ import annotations

import logging
import os
import signal
import stat
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2
from ulid import ULID

from api.worker_app import create_worker_app
from detectors.provider import CPU, Provider
from detectors.teach.versions import TAUGHT
from hub.parent import on_parent_gone
from hub.turns import shorten
from hub.worker.analyse import Analyst
from hub.worker.assignment import Poller
from hub.worker.crew import Crew
from hub.worker.drift import Drift
from hub.worker.evidence import EvidenceKeeper
from hub.worker.finder_process import FinderProcess
from hub.worker.heap import GIVE_BACK_EVERY, few_arenas, give_back
from hub.worker.models import Models
from hub.worker.publish import Publisher
from hub.worker.slots import Slots
from hub.worker.taught import TaughtConditions
from hub.worker.view import View
from hub.worker.views import Views
from hub.worker.web import WebServer

log = logging.getLogger(__name__)

ASK_EVERY = 2.0
"""Seconds; asking costs more than a millisecond on either side."""
STATUS_EVERY = 2.0
LOOK_EVERY = 0.5
KEEP_EVERY = 300.0
"""Seconds; the last of what cameras usually show."""


@dataclass(frozen=True, slots=True)
class Options:
    """How one worker is started.

    Attributes:
        name: As `serve` knows it; stands in topics.
        serve_url: Where `serve` answers.
        token: Worker token, shown to `serve` and asked of whoever comes.
        data: Folder of the spool and of evidence.
        models: Folder of the models.
        host: Address that the worker's own HTTP listens on.
        port: Its port; 0 takes a free one.
        announce: Name by which `serve` reaches it; empty: `host`.
        threads: That look at pictures.
        provider: What networks run on.
    """

    name: str
    serve_url: str
    token: str
    data: Path
    models: Path
    host: str = "127.0.0.1"
    port: int = 0
    announce: str = ""
    threads: int = 1
    provider: Provider = CPU


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def held_by_parent() -> bool:
    """Whether standard input is a pipe (or socket pair) that a parent keeps open, as `serve` does."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError, AttributeError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def run(options: Options) -> int:
    """Work until SIGTERM, SIGINT or the parent's end; 0."""
    few_arenas()
    shorten()
    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    if held_by_parent():
        on_parent_gone(stop.set)

    cv2.setNumThreads(1)  # a picture is resized on the thread that looks at it; helpers would only be woken
    slots = Slots(now, options.threads)
    crew = Crew(slots, clock=now, threads=options.threads, views=Views(options.data / "views"))
    models = Models(options.models, options.provider)
    taught = TaughtConditions(options.models / TAUGHT, options.provider)
    drift = Drift(crew.all, taught)
    publisher = Publisher(options.name, options.data / "signals", clock=now)
    finder = FinderProcess(options.models, options.provider)
    evidence = EvidenceKeeper(options.data / "evidence", secret=options.token, find=finder.find, clock=now)
    analyst = Analyst(
        crew,
        slots,
        models,
        evidence,
        publish=publisher.signal,
        clock=now,
        threads=options.threads,
        taught=taught,
    )
    view = View(
        options.name,
        crew=crew,
        slots=slots,
        analyst=analyst,
        models=models,
        evidence=evidence,
        finder=finder,
        publisher=publisher,
        clock=now,
        taught=taught,
        drift=drift,
    )
    web = WebServer(
        create_worker_app(view, options.token),
        host=options.host,
        port=options.port,
        announce=options.announce,
    )
    view.address = web.address
    poller = Poller(options.serve_url, name=options.name, boot=str(ULID()), token=options.token)

    changed = threading.Event()

    def duty() -> None:
        """Ask what to do and do it, every two seconds."""
        keep = time.monotonic() + KEEP_EVERY
        while not stop.is_set():
            try:
                assignment = poller.ask(now())
                if assignment is not None:
                    publisher.connect(assignment.broker)
                    if crew.apply(assignment):
                        changed.set()
                models.keep(crew.models())
                taught.keep(crew.taught())
                evidence.prepare(crew.models_of_rules())
                drift.step(now())
                if time.monotonic() >= keep:
                    keep = time.monotonic() + KEEP_EVERY
                    crew.keep_views()
            except Exception:  # the next answer may be better
                log.exception("the assignment could not be applied")
            stop.wait(ASK_EVERY)

    asking = threading.Thread(target=duty, name="duty", daemon=True)
    evidence.start()
    analyst.start()
    web.start()
    asking.start()
    log.info("worker %s listens on %s", options.name, web.address)
    due, connected, trim = 0.0, False, 0.0
    while not stop.wait(LOOK_EVERY):
        if time.monotonic() >= trim:
            give_back()
            trim = time.monotonic() + GIVE_BACK_EVERY
        was, connected = connected, publisher.connected
        if time.monotonic() < due and was == connected and not changed.is_set():
            continue
        changed.clear()
        # And at once when there is something new to do, and when the broker is there: it tells our address.
        due = time.monotonic() + STATUS_EVERY
        try:
            publisher.status(view.status())
        except Exception:  # a status that cannot be told must not end the cameras
            log.exception("the status could not be published")

    log.info("worker %s ends", options.name)
    crew.ask_stop()
    web.stop(0.5)
    asking.join(0.5)
    crew.keep_views()
    analyst.stop(1.0)
    crew.close(2.0)
    evidence.stop(0.5)
    finder.close()
    publisher.close(0.5)
    poller.close()
    return 0
