"""Attachments: photos of before and after in a case's file, brought by whoever may act on the case or keeps its site.

They are shown as they were taken, without blurring: only to those who work on cases (`attachment.read`), and each
look is in the audit trail. Nobody else gets them in any form.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Header, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from alerts.attachment import PHASES, Phase
from alerts.filing import attach, fileable
from alerts.ids import new_id
from alerts.ledger import attachments
from alerts.ledger.engine import Connection
from api.answers import binary
from api.changes import Once, change, commit
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal
from api.routers.cases import seen
from api.trail import actor, note
from ingest.errors import InvalidInput, LedgerAway, TooMany
from ingest.picture import MEDIA_TYPE, MOST_BYTES, clean

router = APIRouter(prefix="/cases", tags=["cases"])

HubHere = Annotated[Hub, Depends(hub_of)]

MOST_BODY = MOST_BYTES + 100_000
"""Bytes of a request with a photo: the photo and what multipart puts around it."""

DECODERS = threading.BoundedSemaphore(2)
"""Photos that are decoded at one time: each takes up to 150 MB for a moment."""
PATIENCE = 20.0
"""Seconds that an upload waits for its turn."""

FORM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["photo"],
                "properties": {
                    "photo": {"type": "string", "format": "binary", "description": "JPEG, PNG or WebP"},
                    "phase": {"type": "string", "enum": list(get_args(Phase)), "default": "other"},
                },
            }
        }
    },
}


@router.post("/{case}/attachments", status_code=201, openapi_extra={"requestBody": FORM})
async def add(
    *,
    case: str,
    request: Request,
    who: Annotated[Principal, needs("attachment.create", seen=seen)],
    hub: HubHere,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> Response:
    """A photo into the case's file: `{id, phase, sha256, …}`; actions name it in `attachments`.

    What is kept is a picture of ours: turned as the telephone said, without place, time, make or any other text.
    """
    # whoever does not see the case, or may do nothing to it, is told so before anything of the form is read
    key = await run_in_threadpool(_case, hub, who, case)
    async with request.form(max_files=1, max_fields=4) as form:
        photo, phase = form.get("photo"), form.get("phase", "other")
        if not isinstance(photo, UploadFile):
            raise InvalidInput("the photo is missing", where="photo", mend="send it as multipart/form-data")
        content = await photo.read()
    if phase not in PHASES:
        raise InvalidInput(f"{phase!r} is no phase", where="phase", mend=f"one of {', '.join(PHASES)}")
    digest = hashlib.sha256(content).hexdigest()
    once = Once(
        idempotency_key, hashlib.sha256(f"{request.url.path}\n{phase}\n{digest}".encode()).hexdigest()
    )
    return await run_in_threadpool(_keep, hub, who, key, content, phase=phase, once=once)


def _case(hub: Hub, who: Principal, case: str) -> str:
    with hub.ledger.read() as conn:
        return fileable(conn, who.sight, case, who=actor(who), directory=hub.directory()).id


def _keep(hub: Hub, who: Principal, case: str, content: bytes, *, phase: Phase, once: Once) -> Response:
    if not DECODERS.acquire(timeout=PATIENCE):
        raise TooMany("too many photos come in at once", retry_after=10)
    try:
        picture = clean(content)
    finally:
        DECODERS.release()
    key = new_id(hub.now())
    sha256 = hub.files.put(case, key, picture.jpeg)
    photo = attachments.Photo(key, case, phase, sha256, len(picture.jpeg), picture.width, picture.height)
    kept = False

    def act(tx: Connection) -> Mapping[str, object]:
        nonlocal kept
        done = attach(tx, who.sight, photo, who=actor(who), directory=hub.directory(), now=hub.now())
        kept = True
        return done

    try:
        return change(hub, who, once, act, status=201)
    except LedgerAway:
        kept = True  # it may still be committed
        raise
    except BaseException:
        kept = False
        raise
    finally:
        if not kept:
            hub.files.remove(case, key)


@router.get("/{case}/attachments/{attachment}")
def one(
    case: str,
    attachment: str,
    who: Annotated[Principal, needs("attachment.read", seen=seen)],
    hub: HubHere,
) -> Response:
    """One photo as it was taken; the look is audited first."""
    body = seen(hub, who, case)
    key, area = str(body["id"]), body["area"]
    with hub.ledger.read() as conn:
        photo = attachments.find(conn, key, attachment)
    content = hub.files.read(key, attachment, photo.sha256)

    def looked(tx: Connection) -> None:
        place = area if isinstance(area, str) else None
        note(tx, hub, who, "attachment.read", key, area=place, detail={"attachment": attachment})

    commit(hub, looked)
    return binary(content, MEDIA_TYPE, f"{attachment}.jpg")
