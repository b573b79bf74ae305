"""Demo: a whole county on this machine, told live: real RTSP, a real broker, real processes for everything.

The hub itself is the same `serve` as any county's; what the demo adds stands outside of it and speaks RTSP, MQTT
and HTTP with it: an RTSP server per camera, the sensors' day, a process per village node, and on request a sample
receiver of the command platform.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sys
import webbrowser
from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from alerts import signature
from alerts.ledger import tally
from api.auth import local_token
from config.settings import Settings
from hub.child import Child
from hub.demo.footage import streams
from hub.demo.platform import PATH, SECRET_VARIABLE
from hub.demo.table import closing_table
from hub.serve.house import House
from hub.serve.http import take_port
from hub.serve.run import Running, now, running, stop_on_signals
from ingest.errors import Unavailable

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
COUNTY = ROOT / "config" / "demo.yaml"
FOOTAGE = ROOT / "build" / "footage"
START = 20.0
"""Seconds that an RTSP server or the receiver has to come up."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says beyond the settings.

    Attributes:
        headless: Open no browser.
        seconds: End so long after ready; None: on Ctrl-C.
        platform: Also run the sample receiver of a command platform.
    """

    headless: bool
    seconds: float | None
    platform: bool


async def demo(settings: Settings, options: Options) -> int:
    """Run the county until its time is over or it is told to stop; prints the closing table."""
    stop = stop_on_signals()
    print("starting cameras, broker, hub, sensors and village nodes …", flush=True)
    async with AsyncExitStack() as stack:
        cameras = {
            name: await stack.enter_async_context(_camera(name, clip))
            for name, clip in streams(FOOTAGE).items()
        }
        hub = await stack.enter_async_context(
            running(settings, prepare=lambda house: _apply(house, cameras), rtsp=cameras)
        )
        if options.platform:
            await stack.enter_async_context(_platform(hub, settings))
        for child in _county(hub.house, hub.mqtt, settings):
            await stack.enter_async_context(_kept(child))
        print(f"ready {hub.http}", flush=True)
        if options.seconds is None:
            print("open the address in a browser; Ctrl-C ends the demo and prints what it did", flush=True)
        if not options.headless:
            with suppress(webbrowser.Error):
                await asyncio.to_thread(webbrowser.open, hub.http)
        with suppress(TimeoutError):
            async with asyncio.timeout(options.seconds):
                await stop.wait()
        await asyncio.to_thread(_close, hub.house)
    return 0


def _apply(house: House, cameras: Mapping[str, str]) -> None:
    """The demo county, through the same door as any county; each camera with the address of its own server."""
    text = COUNTY.read_text("utf-8")
    for name, url in cameras.items():
        text = text.replace(f"{{rtsp}}/{name}", url)
    house.door.apply(text, name="config/demo.yaml", prune=False, dry_run=False, who="system")


def _county(house: House, mqtt: str, settings: Settings) -> list[Child]:
    """The processes that live in the county: the sensors' day, and a node per loudspeaker."""
    python = [sys.executable, "-m"]
    children = [Child("the sensors' day", [*python, "hub.demo.day", "--broker", mqtt, "--with-parent"])]
    for device in house.directory().devices.values():
        if device.kind == "speaker":
            command = [*python, "hub", "node", "--broker", mqtt, "--site", device.site, "--node", device.id]
            command += ["--data", str(settings.data / "nodes" / device.id), "--with-parent"]
            children.append(Child(f"node {device.id}", command))
    return children


@asynccontextmanager
async def _kept(child: Child) -> AsyncIterator[Child]:
    """The child runs inside the block."""
    task = asyncio.create_task(child.run(), name=child.name)
    try:
        yield child
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def _camera(name: str, clip: Path) -> AsyncIterator[str]:
    """One camera: an RTSP server of its own on a free port, so that it can fail alone. Yields its URL."""
    port = _free_port()
    command = [sys.executable, "-m", "hub.demo.rtsp", "--with-parent", "--port", str(port)]
    server = Child(f"camera {name}", [*command, "--stream", f"{name}={clip}"], quiet=True)
    async with _kept(server):
        await _listens(f"the RTSP server of {name}", port)
        yield f"rtsp://127.0.0.1:{port}/{name}"


def _free_port() -> int:
    with take_port("127.0.0.1", 0) as probe:
        return int(probe.getsockname()[1])


async def _listens(name: str, port: int) -> None:
    try:
        async with asyncio.timeout(START):
            while True:
                with suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    return
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise Unavailable(f"{name} did not start", reason="not-started") from None


@asynccontextmanager
async def _platform(hub: Running, settings: Settings) -> AsyncIterator[None]:
    """The sample receiver, and a webhook that leads to it, made over HTTP like any county's."""
    secret = signature.write_secret(secrets.token_bytes(32))
    port = _free_port()
    url = f"http://127.0.0.1:{port}{PATH}"
    command = [sys.executable, "-m", "hub.demo.platform", "--with-parent", "--port", str(port)]
    command += ["--data", str(settings.data / "platform")]
    async with (
        _kept(Child("the command platform", command, {SECRET_VARIABLE: secret})),
        httpx.AsyncClient(
            base_url=f"{hub.http}/api/v1/",
            timeout=10,
            trust_env=False,
            auth=_Local(hub.house.settings.secret),
        ) as client,
    ):
        await _listens("the command platform", port)
        for hook in (await client.get("webhooks")).raise_for_status().json()["items"]:
            if str(hook["url"]).startswith("http://127.0.0.1:"):  # of a demo that was killed
                (await client.delete(f"webhooks/{hook['id']}")).raise_for_status()
        made = await client.post("webhooks", json={"url": url, "secret": secret})
        made.raise_for_status()
        try:
            yield
        finally:
            with suppress(httpx.HTTPError):
                await client.delete(f"webhooks/{made.json()['id']}")


class _Local(httpx.Auth):
    """A fresh token of this machine for every request."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign one request."""
        request.headers["Authorization"] = f"Bearer {local_token(self._secret, now())}"
        yield request


def _close(house: House) -> None:
    """Count from the ledger, after the last figures of the cameras are in it."""
    house.ledger.write(lambda conn: house.keeper.judge(conn, house.directory(), now(), final=True)).result(
        5.0
    )
    with house.ledger.read() as conn:
        print(closing_table(tally.counts(conn), house.directory().devices), flush=True)
