"""Run: the composition root of `serve`: what is started, in which order, and how it ends."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from alerts.ledger import journal
from alerts.ledger.engine import Connection, Ledger
from api.app import create_app
from api.server import Server, server
from config.secret_file import load_secret
from config.settings import Settings
from hub.broker import Broker
from hub.child import Child
from hub.cores import cores
from hub.serve.data_lock import DataLock
from hub.serve.deliveries import DeliverySender
from hub.serve.evidence_copier import EvidenceCopier
from hub.serve.house import House, worker_token
from hub.serve.http import address_of, take_port
from hub.serve.outbound import Outbound
from hub.serve.run_file import remove_run_file, write_run_file
from hub.serve.shown_clips import ShownClips
from hub.serve.sweep import sweep
from hub.serve.teaching import Teaching
from hub.serve.webhooks import WebhookSender
from ingest.errors import BrokerAway, HubError

log = logging.getLogger(__name__)

WEB = Path(__file__).parents[2] / "web" / "dist"
START = 20.0
"""Seconds that start-up waits for HTTP and for the broker."""
TICK = 1.0
"""Seconds between two ticks."""
PUNCTUAL = 0.2
"""Seconds by which a notice may come later than its group has to wait."""
ADMIN = "admin"


def now() -> datetime:
    """The wall clock; nothing below asks for it by itself."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Running:
    """A hub that is ready.

    Attributes:
        house: Its parts.
        http: Its address.
        mqtt: The broker's address, without password.
        started_at: When it became ready (UTC).
    """

    house: House
    http: str
    mqtt: str
    started_at: datetime
    workers: tuple[Child, ...] = field(default=())


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    prepare: Callable[[House], None] = lambda _house: None,
    rtsp: Mapping[str, str] | None = None,
) -> AsyncIterator[Running]:
    """A hub, ready inside the block and ended in order after it, within 10 s.

    `prepare` is called on the open ledger before anything listens (the demo applies its county there).
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(DataLock(settings.data))
        port = stack.enter_context(_closing(take_port(settings.host, settings.port)))
        secret = load_secret(settings)
        token = os.environ.get("HUB_WORKER_TOKEN") or worker_token(secret)
        broker = await _broker(stack, settings)
        ledger = await asyncio.to_thread(Ledger.open, settings.database, clock=now)
        stack.callback(ledger.close)
        names = [f"w{number + 1}" for number in range(settings.workers)]
        house = House(
            settings,
            secret=secret,
            token=token,
            ledger=ledger,
            broker=broker,
            workers=names,
            web=WEB,
            clock=now,
        )
        await asyncio.to_thread(sweep, ledger, house.store)
        await asyncio.to_thread(_first_start, house, settings)
        await asyncio.to_thread(prepare, house)
        await asyncio.to_thread(house.refresh)

        http = server(create_app(house))
        serving = asyncio.create_task(http.serve(sockets=[port]), name="http")
        stack.push_async_callback(_finish, http, serving)
        async with asyncio.timeout(START):
            while not http.started and not serving.done():  # noqa: ASYNC110 - uvicorn has a flag, no event
                await asyncio.sleep(0.02)
        for client in (house.worker_client, house.life_client, house.sensor_client):
            client.start()
            stack.push_async_callback(asyncio.to_thread, client.stop, 2.0)

        group = await stack.enter_async_context(_tasks())
        webhooks = WebhookSender(
            ledger,
            house.box,
            clock=now,
            counted=lambda reason: house.counted.webhooks.labels(reason).inc(),
            failed=house.counted.errors.labels("webhooks").inc,
        )
        deliveries = DeliverySender(
            ledger,
            house.box,
            directory=house.directory,
            public_url=settings.public_url,
            clock=now,
            counted=lambda kind, reason: house.counted.deliveries.labels(kind, reason).inc(),
            outbound=lambda: Outbound(clock=now, own=house.sensor_client),
            failed=house.counted.errors.labels("deliveries").inc,
        )
        house.receivers = lambda: {**webhooks.degraded(), **deliveries.degraded()}

        copier = EvidenceCopier(
            ledger,
            house.store,
            addresses=house.workers.addresses,
            token=token,
            clock=now,
            told=_evidence_told,
            room=house.retention.make_room,
        )

        def committed(_head: int) -> None:
            webhooks.wake()
            deliveries.wake()
            copier.wake()

        stack.callback(ledger.on_commit(committed))
        house.evidence_full = lambda: copier.full
        clips = ShownClips(
            ledger,
            house.store,
            models=settings.models,
            model_of=house.model_of,
            room=house.retention.make_room,
            clock=now,
            told=_evidence_told,
            failed=house.counted.errors.labels("shown-clips").inc,
        )
        teaching = Teaching(
            ledger,
            house.lessons,
            models=settings.models,
            clock=now,
            failed=house.counted.errors.labels("teaching").inc,
        )
        workers = tuple(_worker(name, address_of(port), token, settings) for name in names)
        house.restarts = lambda: {name: each.restarts for name, each in zip(names, workers, strict=True)}
        group.start("ticks", _ticks(house))
        group.start("notices", _notices(house))
        group.start("sensors", house.sensors.run())
        group.start("webhooks", webhooks.run())
        group.start("deliveries", deliveries.run())
        group.start("evidence", copier.run())
        group.start("shown-clips", clips.run())
        group.start("teaching", teaching.run())
        group.start("retention", house.retention.run())
        group.start("downsampling", house.downsampling.run())
        group.start("statuses", _statuses(house, token))
        for each in workers:
            group.start(each.name, each.run())

        await _wait_ready(house, names)
        started = now()
        write_run_file(
            settings.data,
            http=address_of(port),
            mqtt=broker,
            rtsp=rtsp or {},
            workers=[each.pid for each in workers if each.pid is not None],
            started_at=started,
        )
        stack.callback(remove_run_file, settings.data)
        yield Running(house, address_of(port), broker, started, workers)
        await asyncio.to_thread(_last_words, house)


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    return stop


def set_up_log(settings: Settings) -> None:
    """One line per message on stderr."""
    logging.basicConfig(
        level=settings.log.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line per request says nothing
    logging.getLogger("alembic").setLevel(logging.WARNING)


# -- start and end -----------------------------------------------------------------------------------------


async def _broker(stack: AsyncExitStack, settings: Settings) -> str:
    """The broker's address; our own mosquitto when none is given."""
    if settings.broker_url:
        return settings.broker_url
    own = Broker(settings.data / "broker")
    await asyncio.to_thread(own.start)
    stack.push_async_callback(asyncio.to_thread, own.stop, 2.0)
    return own.url


def _first_start(house: House, settings: Settings) -> None:
    """The user admin, on the first start only."""
    if any(each.noun == "user" and each.key == ADMIN for each in house.door.stored()):
        return
    password = settings.admin_password or secrets.token_urlsafe(12)
    house.door.put("user", ADMIN, {"role": "administrator", "password": password}, who="system")
    if not settings.admin_password:
        print(f"user admin, password {password} (shown once; change it with `hub user add`)", flush=True)


async def _wait_ready(house: House, workers: Sequence[str]) -> None:
    """Until the broker is there, the router has ticked, and every own worker has asked what to do."""
    try:
        async with asyncio.timeout(START):
            while True:
                heard = house.workers.heard()
                parts = house.components()
                if (
                    house.sensor_client.connected
                    and house.life_client.connected
                    and house.worker_client.connected
                    and parts.get("router") is not None
                    and parts["router"].state == "ok"
                    and all(heard.get(each) is not None for each in workers)
                ):
                    return
                await asyncio.sleep(0.05)
    except TimeoutError:
        if not house.sensor_client.connected:
            raise BrokerAway(
                "the broker does not answer",
                where=house.sensor_client.address,
                mend="start it, or leave HUB_BROKER_URL empty for the hub's own",
            ) from None
        log.warning("not everything is ready after %.0f s; going on", START)


def _worker(name: str, address: str, token: str, settings: Settings) -> Child:
    """A camera worker of this machine."""
    command = [sys.executable, "-m", "hub", "worker", "--serve-url", address, "--name", name]
    command += ["--data", str(settings.data / "workers" / name)]
    command += ["--threads", str(max(1, cores() // settings.workers))]
    command += ["--models", str(settings.models), "--provider", settings.provider]
    return Child(f"worker {name}", command, {"HUB_WORKER_TOKEN": token, "HUB_LOG": settings.log})


def _last_words(house: House) -> None:
    """What the cameras counted last stands in the ledger."""
    with suppress(HubError):
        house.ledger.write(
            lambda conn: house.keeper.judge(conn, house.directory(), now(), final=True)
        ).result(5.0)


async def _finish(http: Server, serving: asyncio.Task[None]) -> None:
    http.should_exit = True
    with suppress(asyncio.CancelledError):
        await asyncio.wait_for(serving, 5.0)


@contextmanager
def _closing(port: socket.socket) -> Iterator[socket.socket]:
    try:
        yield port
    finally:
        port.close()


# -- tasks -------------------------------------------------------------------------------------------------


class _Tasks:
    """The tasks of a running hub; one that ends by itself is a fault, and is said."""

    def __init__(self) -> None:
        self.all: list[asyncio.Task[None]] = []

    def start(self, name: str, work: Awaitable[None]) -> None:
        """Run `work` until the end."""
        task = asyncio.ensure_future(work)
        task.set_name(name)
        task.add_done_callback(_said)
        self.all.append(task)


def _said(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        log.critical("the task %s ended", task.get_name(), exc_info=task.exception())


@asynccontextmanager
async def _tasks() -> AsyncIterator[_Tasks]:
    group = _Tasks()
    try:
        yield group
    finally:
        for task in group.all:
            task.cancel()
        await asyncio.gather(*group.all, return_exceptions=True)


async def _ticks(house: House) -> None:
    """Once a second: rules by time, stale incidents, device states, health."""
    said = ""
    while True:
        try:
            await asyncio.to_thread(house.tick)
            said = ""
        except Exception as wrong:  # the next second may go better; /readyz says `router failed` after 10 s
            house.counted.errors.labels("tick").inc()
            if said != type(wrong).__name__:
                said = type(wrong).__name__
                log.exception("the router could not tick")
        await asyncio.to_thread(house.look)
        await asyncio.sleep(TICK)


async def _notices(house: House) -> None:
    """Several times between two ticks: notices whose time has come."""
    said = ""
    while True:
        await asyncio.sleep(PUNCTUAL)
        if not house.may_be_due:
            continue
        try:
            await asyncio.to_thread(house.tell_due)
            said = ""
        except Exception as wrong:  # noqa: BLE001 - counted and logged; the next tick tells them, and says what is wrong
            house.counted.errors.labels("notices").inc()
            if said != type(wrong).__name__:
                said = type(wrong).__name__
                log.warning("notices that are due wait for the next tick: %s", wrong)


async def _statuses(house: House, token: str) -> None:
    """While the broker is away the workers are asked over HTTP, so that their cameras are still known."""
    timeout = httpx.Timeout(2.0, connect=1.0)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(timeout=timeout, headers=headers, trust_env=False) as client:
        while True:
            await asyncio.sleep(TICK)
            if house.worker_client.connected:
                continue
            for name, base in house.workers.addresses().items():
                try:
                    answer = await client.get(f"{base}/status")
                    answer.raise_for_status()
                    house.workers.report(answer.json())
                except (httpx.HTTPError, HubError, ValueError) as wrong:
                    house.counted.errors.labels("worker-status").inc()
                    log.debug("worker %s did not say how it is: %s", name, wrong)


def _evidence_told(conn: Connection, incident: str) -> None:
    """Readers of the log learn that a picture or clip is there."""
    journal.incident(conn, incident, "incident.updated", now=now())
