"""Silences: nobody is told of what matches, for a while; with an author, a reason and an end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alerts import notify
from alerts.ids import new_id
from alerts.ledger import silences
from alerts.ledger.engine import Connection
from alerts.route import Match
from alerts.sight import Sight
from alerts.silence import REASON_CHARS, begin
from api.answers import Paging, answer, items, paging
from api.changes import Once, change, commit, once
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal
from api.trail import note
from config.nouns.route import RouteMatch
from ingest.duration import parse_duration
from ingest.errors import InvalidInput

router = APIRouter(prefix="/silences", tags=["silences"])

HubHere = Annotated[Hub, Depends(hub_of)]


def seen(hub: Hub, who: Principal, silence: str) -> dict[str, object]:
    """The silence, when this reader may see it; raises NotFound."""
    with hub.ledger.read() as conn:
        return silences.get(conn, who.sight, silence)


class NewSilence(BaseModel):
    """What is to be silent, why, and until when: `ends_at`, or `for`."""

    model_config = ConfigDict(extra="forbid")

    match: RouteMatch
    reason: str = Field(max_length=REASON_CHARS)
    ends_at: AwareDatetime | None = None
    for_: str | None = Field(default=None, alias="for", max_length=20, description="90m, 4h, 2d")

    def end(self, now: datetime) -> datetime:
        """When it ends; raises InvalidInput."""
        if (self.ends_at is None) == (self.for_ is None):
            raise InvalidInput("a silence needs one end", where="body.ends_at", mend="give ends_at or for")
        if self.ends_at is not None:
            return self.ends_at.astimezone(UTC)
        try:
            return now + parse_duration(self.for_)
        except (ValueError, OverflowError) as wrong:
            raise InvalidInput(str(wrong), where="body.for", mend="write 90m, 4h or 2d") from None


@router.post("", status_code=201)
def add(
    *,
    given: NewSilence,
    who: Annotated[Principal, needs("silence.write")],
    hub: HubHere,
    same: Annotated[Once, Depends(once)],
) -> Response:
    """Mute notices, not incidents, cases or the push; the author is who asks, the place must be one of the own."""
    now = hub.now()
    silence = begin(
        new_id(now),
        Match(**given.match.model_dump()),
        given.reason,
        given.end(now),
        who=who.name,
        sight=who.sight,
        directory=hub.directory(),
        now=now,
    )

    def act(tx: Connection) -> dict[str, object]:
        notify.silence(tx, hub.directory(), silence, now)
        shown = silences.get(tx, Sight.everything(), silence.id)
        detail = {name: shown[name] for name in ("match", "reason", "ends_at", "life")}
        note(tx, hub, who, "silence.add", silence.id, area=silence.place.area, detail=detail)
        return shown

    return change(hub, who, same, act, status=201)


@router.get("")
def page(
    *,
    who: Annotated[Principal, needs("silence.read")],
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
    state: Literal["active", "over"] | None = None,
) -> Response:
    """Silences of the own places, the newest first; those that are over stay."""
    with hub.ledger.read() as conn:
        found = silences.page(conn, who.sight, state=state, limit=paged.limit, cursor=paged.cursor)
    return items(found.items, found.next)


@router.get("/{silence}")
def one(silence: str, who: Annotated[Principal, needs("silence.read", seen=seen)], hub: HubHere) -> Response:
    """One silence."""
    return answer(seen(hub, who, silence))


@router.delete("/{silence}")
def end(silence: str, who: Annotated[Principal, needs("silence.write", seen=seen)], hub: HubHere) -> Response:
    """End it now: what is still open is told. It stays in the list; 409 when it is over already."""
    area = seen(hub, who, silence)["area"]

    def act(tx: Connection) -> None:
        notify.unsilence(tx, hub.directory(), silence, who=who.name, now=hub.now())
        note(tx, hub, who, "silence.end", silence, area=area if isinstance(area, str) else None)

    commit(hub, act)
    return Response(status_code=204)
