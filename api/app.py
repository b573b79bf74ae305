"""The app: all routers under `/api/v1`, health and metrics at the root too, the console at `/`.

Building it raises UndeclaredRight when a route declares no right (api/guard.py).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Response
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from api import errors
from api.answers import answer
from api.auth import Auth
from api.console import router as console
from api.edge import Edge
from api.feed import ReadingFeed
from api.guard import check_routes, open_to_all
from api.hub import Hub
from api.live import LiveProxy
from api.proxy import WorkerProxy
from api.public_page import router as public_page
from api.push import Tailer
from api.routers import (
    attachments,
    audit,
    auth,
    broadcasts,
    cameras,
    cases,
    categories,
    channels,
    dampings,
    dead_letters,
    devices,
    duty,
    entries,
    events,
    health,
    incidents,
    internal,
    kitchens,
    lessons,
    mappings,
    modes,
    notices,
    offers,
    packages,
    plans,
    platform,
    precision,
    public,
    push,
    push_addresses,
    qr,
    readings,
    reconcile,
    registry,
    rejected,
    reporters,
    reports,
    rules,
    shifts,
    signals,
    silences,
    test_alarms,
    webhooks,
)
from api.server import SILENT
from api.xlsx import MEDIA_TYPE as WORKBOOK

PREFIX = "/api/v1"
PACKED_FROM = 1400
"""Bytes of an answer from which it is compressed for who takes gzip: less is one packet anyway. No answer of that size
holds a secret beside what its asker chose."""
PACKED = 4
"""zlib's level: lists become a tenth of their size, and the next level costs half as much time again."""

NOUNS: tuple[APIRouter, ...] = (
    auth.router,
    entries.router,
    devices.router,
    registry.router,
    readings.router,
    rules.router,
    signals.router,
    push.router,
    push_addresses.router,
    rejected.router,
    offers.router,
    incidents.router,
    reconcile.router,  # before the cases: its paths are no ids
    platform.router,
    notices.router,
    silences.router,
    dampings.router,
    lessons.router,
    precision.router,
    reporters.router,
    cases.router,
    attachments.router,
    packages.router,
    categories.router,
    plans.router,
    mappings.router,
    public.router,
    qr.router,
    events.router,
    cameras.router,
    broadcasts.router,
    reports.router,
    kitchens.router,
    modes.router,
    shifts.router,
    duty.router,
    test_alarms.router,
    channels.router,
    webhooks.router,
    dead_letters.router,
    audit.router,
    health.router,
)

DESCRIPTION = """Every list is filtered to what the asking user may see; what is not visible answers 404.
Errors are RFC 9457 problems of type `urn:hub:problem:<slug>`. POSTs take an `Idempotency-Key`."""


def create_app(hub: Hub) -> FastAPI:
    """The whole HTTP and websocket surface of one hub."""
    keeper = Auth(hub)
    tailer = Tailer(hub, keeper)
    feed = ReadingFeed(hub, keeper)
    workers = WorkerProxy(hub)
    live = LiveProxy(hub, keeper)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await tailer.start()
        feed.start()
        off = hub.ledger.on_commit(lambda _head: tailer.wake())
        try:
            yield
        finally:
            off()
            await tailer.stop()
            feed.stop()
            await workers.close()

    app = FastAPI(
        title="Xianshao 县哨",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry=SILENT,
    )
    app.state.hub = hub
    app.state.auth = keeper
    app.state.tailer = tailer
    app.state.feed = feed
    app.state.workers = workers
    app.state.live = live
    errors.install(app)
    pages = console(hub.settings.web)
    described = _described(app)
    people = public_page(hub.settings.web)
    check_routes((*NOUNS, internal.router, described, people, pages))
    for router in (*NOUNS, described):
        app.include_router(router, prefix=PREFIX)
    for router in (health.router, described):
        app.include_router(router, include_in_schema=False)
    app.include_router(internal.router)
    app.include_router(internal.router, prefix=PREFIX)
    app.include_router(people)  # before the pages, which take every path
    app.include_router(pages)
    app.add_middleware(
        GZipMiddleware,
        minimum_size=PACKED_FROM,
        compresslevel=PACKED,
        exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, WORKBOOK),
    )
    app.add_middleware(
        Edge,
        max_body=hub.settings.max_body,
        larger={
            re.compile(f"{PREFIX}/registry/apply"): hub.settings.max_registry,
            re.compile(f"{PREFIX}/cases/[^/]+/attachments"): attachments.MOST_BODY,
            re.compile(f"{PREFIX}/public/reports"): public.MOST,
            re.compile(f"{PREFIX}/push/[^/]+/[^/]+"): push.MOST,
        },
    )
    return app


def _described(app: FastAPI) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/openapi.json", dependencies=[open_to_all()])
    def openapi() -> Response:
        return answer(app.openapi())

    return router
