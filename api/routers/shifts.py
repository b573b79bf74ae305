"""Shifts: a monitoring room is kept, and handed over by two people."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from alerts import handover
from alerts.directory import Directory
from alerts.ledger import matters, shifts
from alerts.ledger.engine import Connection
from alerts.ledger.matters import Watch
from alerts.sight import Visibility
from api.answers import Paging, answer, items, paging
from api.changes import Once, change, commit, once
from api.guard import auth_of, hub_of, needs
from api.hub import Hub
from api.query import below
from api.rights import Principal, demand
from api.trail import actor
from ingest.errors import InvalidInput, NotFound

router = APIRouter(prefix="/shifts", tags=["shifts"])

HubHere = Annotated[Hub, Depends(hub_of)]
SameAs = Annotated[Once, Depends(once)]

A_DAY = timedelta(days=1)
"""What happened is told since so long ago where no shift says since when."""


def seen(hub: Hub, who: Principal, shift: str) -> dict[str, object]:
    """The shift, when this reader may see it; raises NotFound."""
    with hub.ledger.read() as conn:
        return handover.shown(conn, shifts.load(conn, who.sight, shift))


class NewShift(BaseModel):
    """Somebody begins to keep a room."""

    model_config = ConfigDict(extra="forbid")

    area: str = Field(min_length=1, max_length=100)
    without_handover: bool = Field(default=False, description="who kept it has left without signing")
    reason: str = Field(default="", max_length=4000, description="why without")


class NewNote(BaseModel):
    """A free note."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=4000)


class Handover(BaseModel):
    """Who goes signs."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(default="", max_length=4000)


class Takeover(BaseModel):
    """Who comes signs: with the own session, or with name and password on the session of who goes."""

    model_config = ConfigDict(extra="forbid")

    digest: str = Field(min_length=64, max_length=64, description="of what was shown")
    note: str = Field(default="", max_length=4000)
    username: str | None = Field(default=None, min_length=1, max_length=200)
    password: SecretStr | None = Field(default=None, max_length=1000)


@router.get("/current")
def current(
    who: Annotated[Principal, needs("shift.read")],
    hub: HubHere,
    area: Annotated[str | None, Query(max_length=100, description="the room; left out: the own")] = None,
) -> Response:
    """What is to be handed over in a room now: its shift, what is open, and what happened since it began."""
    directory, now = hub.directory(), hub.now()
    with hub.ledger.read() as conn:
        room = _room(conn, who, directory, area)
        shift = shifts.running(conn, room)
        last = shifts.newest(conn, room) if shift is None else shifts.before(conn, shift)
        ended = last.ended_at if last is not None and last.ended_at is not None else now - A_DAY
        since = ended if shift is None else shift.opened_at
        seen_here = Watch(who.sight, directory.descendants(room), since, now)
        return answer(
            {
                "area": room,
                "name": directory.areas[room].name.as_dict(),
                "kept": shift is not None,
                "shift": None if shift is None else handover.shown(conn, shift),
                "before": None if last is None else last.as_dict(),
                "matters": matters.matters(conn, seen_here, directory),
            }
        )


@router.get("")
def page(
    *,
    who: Annotated[Principal, needs("shift.read")],
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
    area: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """Shifts, the newest first; `without_handover` marks those nobody handed over."""
    with hub.ledger.read() as conn:
        areas = below(hub, area)
        found = shifts.page(conn, who.sight, areas=areas, limit=paged.limit, cursor=paged.cursor)
    return items(found.items, found.next)


@router.post("", status_code=201)
def begin(
    given: NewShift, who: Annotated[Principal, needs("shift.keep")], hub: HubHere, same: SameAs
) -> Response:
    """Keep a room from now on; 409 while another does, unless without a hand-over and with a reason."""

    def act(tx: Connection) -> dict[str, object]:
        return handover.begin(
            tx,
            who.sight,
            given.area,
            without_handover=given.without_handover,
            reason=given.reason,
            who=actor(who),
            directory=hub.directory(),
            now=hub.now(),
        )

    return change(hub, who, same, act, status=201)


@router.get("/{shift}")
def one(shift: str, who: Annotated[Principal, needs("shift.read", seen=seen)], hub: HubHere) -> Response:
    """One shift with its notes, what was offered, and the signed record."""
    return answer(seen(hub, who, shift))


@router.post("/{shift}/notes", status_code=201)
def note(
    *,
    shift: str,
    given: NewNote,
    who: Annotated[Principal, needs("shift.keep", seen=seen)],
    hub: HubHere,
    same: SameAs,
) -> Response:
    """A free note for who comes; it takes back an offer that lacks it."""

    def act(tx: Connection) -> dict[str, object]:
        return handover.note(tx, who.sight, shift, text=given.text, who=actor(who), now=hub.now())

    return change(hub, who, same, act, status=201)


@router.post("/{shift}/handover")
def offer(
    *,
    shift: str,
    given: Handover,
    who: Annotated[Principal, needs("shift.keep", seen=seen)],
    hub: HubHere,
    same: SameAs,
) -> Response:
    """Who goes signs what is open now; `digest` is what who comes signs."""

    def act(tx: Connection) -> dict[str, object]:
        return handover.offer(
            tx,
            who.sight,
            shift,
            note=given.note,
            who=actor(who),
            directory=hub.directory(),
            now=hub.now(),
        )

    return change(hub, who, same, act)


@router.post("/{shift}/takeover")
def take(
    *,
    shift: str,
    given: Takeover,
    who: Annotated[Principal, needs("shift.keep", seen=seen)],
    hub: HubHere,
    asked: Request,
) -> Response:
    """Who comes signs, never the one who went; the record is sealed and the own shift begins."""
    comes = who
    if given.username is not None or given.password is not None:
        if given.username is None or given.password is None:
            raise InvalidInput("name and password belong together", where="body.password")
        password = given.password.get_secret_value()
        address = asked.client.host if asked.client else ""
        comes = auth_of(asked).identify(given.username, password, address)
        demand(comes, "shift.keep")

    def act(tx: Connection) -> dict[str, object]:
        return handover.take(
            tx,
            comes.sight,
            shift,
            digest=given.digest,
            note=given.note,
            who=actor(comes),
            now=hub.now(),
        )

    return answer(commit(hub, act))


def _room(conn: Connection, who: Principal, directory: Directory, area: str | None) -> str:
    """The room that is meant: `area`, the one this reader keeps, or the topmost area of the own scope."""
    if area is not None:
        if area not in directory.areas or not who.sight.sees("shift", Visibility(area=area)):
            raise NotFound(f"no area {area}")
        return area
    own = [each for each in shifts.running_in(conn, who.sight, None) if each.holder == who.name]
    if own:
        return own[0].area
    scope = who.sight.areas if who.sight.areas is not None else frozenset(directory.areas)
    tops = [each for each in sorted(scope) if not set(directory.path(each)[:-1]) & scope]
    tops = [each for each in tops if each in directory.areas]
    if len(tops) != 1:
        raise InvalidInput("which room is meant?", where="query.area", mend=f"one of {', '.join(tops)}")
    return tops[0]
