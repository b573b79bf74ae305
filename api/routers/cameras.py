"""A camera: its present picture, its health, its live view, and what its recorder kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Depends, Query, Request, Response, WebSocket
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from api.answers import answer, binary
from api.devices import camera_seen, describe
from api.guard import hub_of, needs, socket
from api.hub import Hub
from api.live import LiveProxy, Span
from api.proxy import WorkerProxy
from api.rights import Principal
from ingest.errors import InvalidInput
from ingest.instant import parse_instant

router = APIRouter(prefix="/cameras", tags=["cameras"])

HubHere = Annotated[Hub, Depends(hub_of)]
Moment = Annotated[str, Query(max_length=40, description="RFC 3339, such as 2026-11-22T08:00:00Z")]

SHORT = timedelta(minutes=5)
"""A playback without `to`."""


def span_of(
    start: Annotated[Moment, Query(alias="from")],
    to: Moment | None = None,
    reason: Annotated[str | None, Query(max_length=2000)] = None,
) -> Span:
    """What `from`, `to` (five minutes later when left out) and `reason` say."""
    begin = _moment("from", start)
    return Span(begin, begin + SHORT if to is None else _moment("to", to), reason)


def _moment(name: str, text: str) -> datetime:
    try:
        return parse_instant(text)
    except InvalidInput as wrong:
        raise InvalidInput(wrong.message, where=f"query.{name}", mend=wrong.mend) from None


Asked = Annotated[Span, Depends(span_of)]


def _live(asked: Request | WebSocket) -> LiveProxy:
    return cast("LiveProxy", asked.app.state.live)


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


@router.websocket("/{device}/live", dependencies=[socket("camera.picture")])
async def live(
    ws: WebSocket, device: str, form: Annotated[Literal["jpeg"] | None, Query(alias="as")] = None
) -> None:
    """First JSON `{codec, mime, as, otherwise}`, then fragmented MP4, from the newest keyframe on.

    `?as=jpeg`: single pictures, for who cannot play the codec. Without `camera.live`: shown (blurred) pictures.
    """
    await _live(ws).live(ws, device, form)


@router.get("/{device}/playback")
async def playback(
    device: str,
    request: Request,
    who: Annotated[Principal, needs("camera.playback", seen=camera_seen)],
    hub: HubHere,
    asked: Asked,
) -> Response:
    """What the camera's recorder kept `from` … `to`, as fragmented MP4 while it comes; audited first."""
    await run_in_threadpool(camera_seen, hub, who, device)
    content = await _live(request).recording(who, device, asked)
    return StreamingResponse(content, media_type="video/mp4", headers={"Cache-Control": "no-store"})


@router.websocket("/{device}/playback", dependencies=[socket("camera.playback")])
async def replay(ws: WebSocket, device: str, asked: Asked) -> None:
    """The same as a websocket, in the form of a live view; closed with 1000 at its end."""
    await _live(ws).playback(ws, device, asked)
