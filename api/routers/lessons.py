"""Lessons: a condition is taught at a camera with crops of originals: by right and reason, audited first."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Self, cast

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.concurrency import run_in_threadpool

from alerts.ids import new_id
from alerts.ledger import incidents, lessons
from alerts.ledger.engine import Connection
from alerts.lesson import Example, Lesson
from api.answers import Paging, answer, binary, items, paging
from api.changes import Once, change, commit, once
from api.devices import camera_seen
from api.guard import hub_of, needs
from api.hub import Hub
from api.proxy import WorkerProxy
from api.rights import Principal, demand
from api.trail import note
from config.fields import ID_PATTERN
from detectors.teach.example import LEAST
from detectors.teach.naming import check_condition
from detectors.teach.region import parse_region
from ingest.errors import Conflict, InvalidInput, LedgerAway, TooMany
from ingest.instant import format_instant, parse_instant

router = APIRouter(prefix="/lessons", tags=["lessons"])

HubHere = Annotated[Hub, Depends(hub_of)]
Reason = Annotated[
    str, Field(min_length=1, max_length=2000, pattern=r"\S", description="why originals are used")
]

CUTTERS = threading.BoundedSemaphore(2)
"""Clips that are cut at one time: each takes a decoder in a process of its own."""
WAIT = 20.0
"""Seconds that a cut waits for its turn."""
BEFORE = timedelta(seconds=5)
"""By which a clip begins before its incident was raised, about; it tells how far apart in time examples are."""


def seen(hub: Hub, who: Principal, lesson: str) -> Lesson:
    """The lesson, when this reader may see it; raises NotFound."""
    with hub.ledger.read() as conn:
        return lessons.find(conn, who.sight, lesson)


class New(BaseModel):
    """What is to be taught, where."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=ID_PATTERN, description="the word after `taught:` in a rule")
    device: str = Field(min_length=1, max_length=100, description="a camera")
    condition: str = Field(min_length=1, max_length=100)
    region: str = Field(
        max_length=100, description="left,top,width,height in 0..1 of the picture, or upper-body"
    )


class Shown(BaseModel):
    """An example: of the camera's present picture, or of an incident's original."""

    model_config = ConfigDict(extra="forbid")

    holds: bool
    reason: Reason
    incident: str | None = Field(default=None, max_length=100, description="left out: the present picture")
    second: float | None = Field(default=None, ge=0, le=600, description="of the incident's clip")

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.incident is None) != (self.second is None):
            raise ValueError("`incident` and `second` go together")
        return self


class Back(BaseModel):
    """To which version."""

    model_config = ConfigDict(extra="forbid")

    to: int | None = Field(default=None, ge=1, description="left out: the one before the current")


@router.post("", status_code=201)
def begin(
    *,
    given: New,
    who: Annotated[Principal, needs("lesson.write")],
    hub: HubHere,
    same: Annotated[Once, Depends(once)],
) -> Response:
    """A new lesson, without examples. Its condition is one of a place or of clothing, never of who somebody is."""
    camera_seen(hub, who, given.device)
    check_condition(given.condition)
    region = parse_region(given.region)
    if region.kind == "picture":
        raise InvalidInput(
            "the region is missing", where="region", mend="write 0.2,0.3,0.25,0.4 or upper-body"
        )
    new = Lesson(given.id, given.device, given.condition, str(region))

    def act(tx: Connection) -> Mapping[str, object]:
        place = hub.directory().visibility(new.device)
        lessons.add(tx, new, who=who.name, place=place, now=hub.now())
        note(tx, hub, who, "lesson.create", new.id, area=place.area, detail={"condition": new.condition})
        return lessons.get(tx, who.sight, new.id)

    return change(hub, who, same, act, status=201)


@router.get("")
def page(
    *,
    who: Annotated[Principal, needs("lesson.read")],
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
    device: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """Lessons of the own places, by id."""
    with hub.ledger.read() as conn:
        found = lessons.page(conn, who.sight, device=device, limit=paged.limit, cursor=paged.cursor)
    return items(found.items, found.next)


@router.get("/{lesson}")
def one(lesson: str, who: Annotated[Principal, needs("lesson.read", seen=seen)], hub: HubHere) -> Response:
    """One lesson with its examples (without their pictures) and its versions, the newest first."""
    found = seen(hub, who, lesson)
    with hub.ledger.read() as conn:
        body = lessons.get(conn, who.sight, lesson)
        examples = lessons.examples_of(conn, lesson)
    return answer({**body, "least": LEAST, "items": examples, "versions": hub.lessons.versions(found)})


@router.delete("/{lesson}")
def remove(
    lesson: str, who: Annotated[Principal, needs("lesson.write", seen=seen)], hub: HubHere
) -> Response:
    """Delete it with its examples; versions that were made of them stay, rules may look with them."""
    found = seen(hub, who, lesson)

    def act(tx: Connection) -> list[Example]:
        gone = lessons.remove(tx, lesson, now=hub.now())
        note(tx, hub, who, "lesson.delete", lesson, area=found.area, detail={"examples": len(gone)})
        return gone

    for each in commit(hub, act):
        hub.lessons.remove(lesson, each.id)
    return Response(status_code=204)


@router.post("/{lesson}/examples", status_code=201)
async def add(
    lesson: str,
    request: Request,
    given: Shown,
    who: Annotated[Principal, needs("lesson.write", seen=seen)],
    hub: HubHere,
) -> Response:
    """Cut the lesson's region out and keep it, sealed, as an example of what holds or does not; audited first."""
    demand(who, "evidence.original")
    found = await run_in_threadpool(seen, hub, who, lesson)
    await run_in_threadpool(_opened, hub, who, found, given)
    if given.incident is None:
        at = hub.now()
        png = await cast("WorkerProxy", request.app.state.workers).region(found.device, found.region)
    else:
        at, png = await run_in_threadpool(_cut, hub, who, found, given.incident, given.second or 0.0)
    return await run_in_threadpool(_keep, hub, who, found, given, at=at, png=png)


def _opened(hub: Hub, who: Principal, lesson: Lesson, given: Shown) -> None:
    """One line in the audit chain, committed: no audit, no original."""
    detail = {"reason": given.reason.strip(), "incident": given.incident, "device": lesson.device}
    commit(hub, lambda tx: note(tx, hub, who, "lesson.example", lesson.id, area=lesson.area, detail=detail))


def _cut(hub: Hub, who: Principal, lesson: Lesson, incident: str, second: float) -> tuple[datetime, bytes]:
    """When it was seen, about, and the crop."""
    with hub.ledger.read() as conn:
        body = incidents.get(conn, who.sight, incident)
    if lesson.device not in cast("list[str]", body["devices"]):
        raise InvalidInput("the incident is of another camera", where="incident", mend=f"of {lesson.device}")
    original = hub.evidence.read(incident, "original.mp4")
    if not CUTTERS.acquire(timeout=WAIT):
        raise TooMany("too many examples are cut at once", retry_after=10)
    try:
        png = hub.lessons.cut(incident, original, second, lesson.region)
    finally:
        CUTTERS.release()
    return parse_instant(str(body["raised_at"])) - BEFORE + timedelta(seconds=second), png


def _keep(hub: Hub, who: Principal, lesson: Lesson, given: Shown, *, at: datetime, png: bytes) -> Response:
    key = new_id(hub.now())
    sha256 = hub.lessons.put(lesson.id, key, png)
    new = Example(key, lesson.id, given.holds, given.incident, given.second, at, sha256, len(png))
    kept = False
    try:
        body = commit(hub, lambda tx: lessons.add_example(tx, new, who=who.name, now=hub.now()))
        kept = True
    except LedgerAway:
        kept = True  # it may still be committed; what was not is swept at the next start
        raise
    finally:
        if not kept:
            hub.lessons.remove(lesson.id, key)
    return answer(body, 201)


@router.get("/{lesson}/examples/{example}.png")
def crop(
    lesson: str,
    example: str,
    who: Annotated[Principal, needs("evidence.original", seen=seen)],
    hub: HubHere,
    reason: Annotated[str | None, Query(max_length=2000)] = None,
) -> Response:
    """The crop as it is: right, typed reason, audited first."""
    found = seen(hub, who, lesson)
    if reason is None or not reason.strip():
        raise InvalidInput("an example opens with a typed reason only", where="query.reason")
    with hub.ledger.read() as conn:
        wanted = lessons.find_example(conn, lesson, example)
    content = hub.lessons.read(wanted)
    detail = {"example": example, "reason": reason.strip()}
    commit(hub, lambda tx: note(tx, hub, who, "lesson.look", lesson, area=found.area, detail=detail))
    return binary(content, "image/png", f"{example}.png")


@router.delete("/{lesson}/examples/{example}")
def forget(
    lesson: str,
    example: str,
    who: Annotated[Principal, needs("lesson.write", seen=seen)],
    hub: HubHere,
) -> Response:
    """Delete an example: the next training is without it."""
    found = seen(hub, who, lesson)

    def act(tx: Connection) -> None:
        lessons.remove_example(tx, lesson, example, now=hub.now())
        note(tx, hub, who, "lesson.forget", lesson, area=found.area, detail={"example": example})

    commit(hub, act)
    hub.lessons.remove(lesson, example)
    return Response(status_code=204)


@router.post("/{lesson}/training", status_code=202)
def train(
    *,
    lesson: str,
    who: Annotated[Principal, needs("lesson.write", seen=seen)],
    hub: HubHere,
    same: Annotated[Once, Depends(once)],
) -> Response:
    """Make a version of the examples; it becomes the current one. How far it is stands in the lesson."""
    found = seen(hub, who, lesson)

    def act(tx: Connection) -> Mapping[str, object]:
        counts = cast("Mapping[str, int]", lessons.get(tx, who.sight, lesson)["examples"])
        if min(counts.values()) < LEAST:
            raise Conflict(
                f"{counts['yes']} examples of yes and {counts['no']} of no",
                where=lesson,
                mend=f"show {LEAST} of each at least, some seconds apart",
            )
        lessons.ask_training(tx, lesson, who=who.name, now=hub.now())
        note(tx, hub, who, "lesson.train", lesson, area=found.area, detail=dict(counts))
        return lessons.get(tx, who.sight, lesson)

    return change(hub, who, same, act, status=202)


@router.post("/{lesson}/rollback")
def rollback(
    lesson: str,
    given: Back,
    who: Annotated[Principal, needs("lesson.write", seen=seen)],
    hub: HubHere,
) -> Response:
    """Let an earlier version count; cameras look with it within seconds."""
    found = seen(hub, who, lesson)
    chosen = hub.lessons.rollback(found, given.to)
    detail = {"version": chosen, "at": format_instant(hub.now())}
    commit(hub, lambda tx: note(tx, hub, who, "lesson.rollback", lesson, area=found.area, detail=detail))
    return answer({"version": chosen})
