"""The present picture and the health of a camera."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from api.answers import answer, binary
from api.devices import camera_seen, describe
from api.guard import hub_of, needs
from api.hub import Hub
from api.proxy import WorkerProxy
from api.rights import Principal

router = APIRouter(prefix="/cameras", tags=["cameras"])

HubHere = Annotated[Hub, Depends(hub_of)]


@router.get("/{device}/snapshot.jpg")
async def snapshot(
    device: str,
    request: Request,
    who: Annotated[Principal, needs("camera.picture", seen=camera_seen)],
    hub: HubHere,
) -> Response:
    """JPEG of the camera's latest keyframe, persons blurred; from the worker that serves it."""
    await run_in_threadpool(camera_seen, hub, who, device)
    picture = await cast("WorkerProxy", request.app.state.workers).snapshot(device)
    return binary(picture, "image/jpeg", f"{device}.jpg")


@router.get("/{device}/health")
def health(
    device: str,
    who: Annotated[Principal, needs("device.read", seen=camera_seen)],
    hub: HubHere,
) -> Response:
    """State, reason, rates, gate and sampling of a camera."""
    return answer(describe(hub, camera_seen(hub, who, device)))
