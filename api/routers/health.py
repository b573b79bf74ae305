"""Whether the hub lives and works, and its metrics."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.answers import answer
from api.auth import Auth
from api.guard import auth_of, hub_of, open_to_all
from api.hub import Hub
from api.rights import demand
from ingest.instant import format_instant

router = APIRouter(tags=["health"])

HubHere = Annotated[Hub, Depends(hub_of)]
AuthHere = Annotated[Auth, Depends(auth_of)]


@router.get("/healthz", dependencies=[open_to_all()])
async def healthz() -> Response:
    """200 while the process answers."""
    return answer({"status": "ok"})


@router.get("/readyz", dependencies=[open_to_all()])
def readyz(hub: HubHere) -> Response:
    """200 if commits, broker and router work, else 503; a bad camera or model shows as `degraded` in 200."""
    parts = hub.components()
    states = {each.state for each in parts.values()}
    status = next((word for word in ("failed", "degraded") if word in states), "ok")
    body = {
        "status": status,
        "components": {
            name: {"state": each.state, "reason": each.reason, "since": format_instant(each.since)}
            for name, each in parts.items()
        },
    }
    return answer(body, 503 if status == "failed" else 200)


@router.get("/metrics", dependencies=[open_to_all()])
def metrics(request: Request, hub: HubHere, auth: AuthHere) -> Response:
    """Prometheus text; for callers on this machine, or with the right `metrics.read` (labels name devices)."""
    if not (hub.settings.open_metrics or _local(request)):
        demand(auth.of_request(request), "metrics.read")
    return Response(generate_latest(hub.metrics), media_type=CONTENT_TYPE_LATEST)


def _local(request: Request) -> bool:
    relayed = "forwarded" in request.headers or "x-forwarded-for" in request.headers
    return request.client is not None and request.client.host in ("127.0.0.1", "::1") and not relayed
