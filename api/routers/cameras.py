"""A camera: its present picture, its health, its live view, and what its recorder kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Depends, Query, Request, Response, WebSocket
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from alerts.ledger import registry
from api.answers import answer, binary
from api.changes import commit
from api.devices import camera_seen, describe
from api.guard import hub_of, needs, socket
from api.hub import Hub
from api.live import LiveProxy, Span
from api.proxy import WorkerProxy
from api.rights import Principal
from api.trail import note
from config.entries import Stored, item_of
from config.nouns.device import Camera
from ingest.errors import InvalidInput, NotFound
from ingest.instant import parse_instant

router = APIRouter(prefix="/cameras", tags=["cameras"])

HubHere = Annotated[Hub, Depends(hub_of)]
Moment = Annotated[str, Query(max_length=40, description="RFC 3339, such as 2026-11-22T08:00:00Z")]


class Goto(BaseModel):
    """Where to."""

    model_config = ConfigDict(extra="forbid")

    preset: str = Field(max_length=63)


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


@router.get("/{device}/presets")
def presets(
    device: str,
    who: Annotated[Principal, needs("device.read", seen=camera_seen)],
    hub: HubHere,
) -> Response:
    """The presets of a movable camera, home among them, and where it looks: `{items, home, preset}`."""
    camera = _camera(hub, who, device)
    now = hub.device_states().get(device, {}).get("preset")
    found = [each.model_dump(mode="json", exclude={"token"}) for each in camera.presets]
    return answer({"items": found, "next": None, "home": camera.home_preset, "preset": now})


@router.post("/{device}/preset")
async def goto(
    device: str,
    request: Request,
    who: Annotated[Principal, needs("camera.drive", seen=camera_seen)],
    hub: HubHere,
    asked: Goto,
) -> Response:
    """Send the camera to a preset; audited first. 202: it has begun to move."""
    camera = await run_in_threadpool(_camera, hub, who, device)
    known = [each.id for each in camera.presets]
    if asked.preset not in known:
        raise InvalidInput(
            f"this camera has no preset {asked.preset!r}",
            where="preset",
            mend=f"one of: {', '.join(known) or 'none'}",
        )
    await run_in_threadpool(_note, hub, who, device, asked.preset)
    await cast("WorkerProxy", request.app.state.workers).goto(device, asked.preset)
    return answer({"device": device, "preset": asked.preset}, 202)


def _camera(hub: Hub, who: Principal, device: str) -> Camera:
    """Its entry in the registry, secrets as `***`."""
    camera_seen(hub, who, device)
    with hub.ledger.read() as conn:
        entry = registry.get(conn, "device", device)
    item = item_of(Stored(entry.noun, entry.id, entry.body, entry.secrets)) if entry is not None else None
    if not isinstance(item, Camera):
        raise NotFound(f"no camera {device!r}")
    return item


def _note(hub: Hub, who: Principal, device: str, preset: str) -> None:
    """One line in the audit chain, committed."""
    area = hub.directory().visibility(device).area
    commit(hub, lambda tx: note(tx, hub, who, "camera.preset", device, area=area, detail={"preset": preset}))


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
