"""Push: devices that know HTTP and no MQTT bring their payload here, with a token of their own in the address.

Cameras and recorders can be told an address and little else, so the token stands in the path. It is derived from
HUB_SECRET, the device and its generation (`hub address DEVICE` prints the whole address, and makes a new one); it opens
nothing but this, for this device. A wrong token and an unknown device look the same.
"""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from alerts.ledger import push_codes
from api.guard import hub_of, signed
from api.hub import Hub
from api.push_token import push_token
from ingest.errors import NotFound

router = APIRouter(prefix="/push", tags=["push"])

MOST = 8 * 1024 * 1024
"""Bytes of one push, with its pictures."""


def check(hub: Hub, device: str, token: str) -> None:
    """Raises NotFound for anything but the device's present token."""
    with hub.ledger.read() as conn:
        generation = push_codes.generation(conn, device)
    if not hmac.compare_digest(token.encode(), push_token(hub.settings.secret, device, generation).encode()):
        raise NotFound("no such address")


@router.post("/{device}/{token}", dependencies=[signed()])
async def push(device: str, token: str, request: Request, hub: Annotated[Hub, Depends(hub_of)]) -> Response:
    """One payload of a device, of the convention the registry says; answered when its effect is stored.

    What cannot be understood is kept as rejected and answered alike: a device can mend nothing.
    """
    await run_in_threadpool(check, hub, device, token)
    body = await request.body()
    await run_in_threadpool(hub.push, device, body)
    return Response(status_code=200)
