"""Incidents: listed, acknowledged, judged, and shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts import desk
from alerts.ledger import incidents, notices
from alerts.ledger.engine import Connection
from alerts.ledger.evidence import EvidenceName
from alerts.plan import plan_for
from api.answers import Paging, answer, binary, items, paging
from api.changes import Once, change, commit, once
from api.guard import hub_of, needs
from api.hub import Hub
from api.query import below, since_of
from api.ranges import ranged
from api.rights import Principal, demand, may
from api.routers.notices import without_names
from api.trail import actor, note
from ingest.errors import EvidencePending, InvalidInput

router = APIRouter(prefix="/incidents", tags=["incidents"])

HubHere = Annotated[Hub, Depends(hub_of)]
Word = Annotated[str | None, Query(max_length=100)]
SameAs = Annotated[Once, Depends(once)]


def seen(hub: Hub, who: Principal, incident: str) -> dict[str, object]:
    """The incident, when this reader may see it; raises NotFound."""
    with hub.ledger.read() as conn:
        return incidents.get(conn, who.sight, incident)


class Ack(BaseModel):
    """Somebody has seen it."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(default="", max_length=2000)


class Mended(BaseModel):
    """What the keeper of the site did."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(min_length=1, max_length=2000)


class Verdict(BaseModel):
    """Somebody says whether it was true."""

    model_config = ConfigDict(extra="forbid")

    verdict: bool
    reason: str = Field(default="", max_length=2000)


@router.get("")
def page(
    *,
    who: Annotated[Principal, needs("incident.read")],
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
    since: Annotated[datetime | None, Depends(since_of)],
    state: Literal["open", "cleared"] | None = None,
    kind: Word = None,
    condition: Word = None,
    severity: Word = None,
    site: Word = None,
    area: Word = None,
    not_mended: Annotated[
        bool, Query(description="what the keeper of the site did not mend in time")
    ] = False,
) -> Response:
    """Incidents, the newest first; `area` includes what lies below it."""
    wanted = incidents.Wanted(
        state=state,
        kind=kind,
        condition=condition,
        severity=severity,
        site=site,
        areas=below(hub, area),
        since=since,
        not_mended=not_mended,
    )
    with hub.ledger.read() as conn:
        found = incidents.page(conn, who.sight, wanted=wanted, limit=paged.limit, cursor=paged.cursor)
    return items(found.items, found.next)


@router.get("/{incident}")
def one(
    incident: str, who: Annotated[Principal, needs("incident.read", seen=seen)], hub: HubHere
) -> Response:
    """One incident, with the response plan that fits it, whom to call at its site, and who was told of it.

    Names are for those with `contact.name`, telephone numbers for those with `contact.phone`; neither stands in any
    event, push or list.
    """
    found = seen(hub, who, incident)
    plan = plan_for(hub.directory().plans.values(), str(found["condition"]), str(found["severity"]))
    site = found["site"]
    named = isinstance(site, str) and may(who, "contact.name")
    contacts = hub.contacts(str(site), phones=may(who, "contact.phone")) if named else []
    if may(who, "notice.read"):
        with hub.ledger.read() as conn:
            found["notices"] = without_names(notices.of_incident(conn, incident), hub, who)
    return answer({**found, "plan": plan.as_dict() if plan else None, "contacts": list(contacts)})


@router.post("/{incident}/ack")
def ack(
    *,
    incident: str,
    given: Ack,
    who: Annotated[Principal, needs("incident.ack", seen=seen)],
    hub: HubHere,
    same: SameAs,
) -> Response:
    """Stops its reminders; the incident itself goes on."""

    def act(tx: Connection) -> dict[str, object]:
        return desk.acknowledge(tx, who.sight, incident, who=actor(who), note=given.note, now=hub.now())

    return change(hub, who, same, act)


@router.post("/{incident}/mended")
def mended(
    *,
    incident: str,
    given: Mended,
    who: Annotated[Principal, needs("incident.mend", seen=seen)],
    hub: HubHere,
    same: SameAs,
) -> Response:
    """The keeper of the site feeds back what was done; the incident is over when its condition is."""

    def act(tx: Connection) -> dict[str, object]:
        return desk.mended(tx, who.sight, incident, who=actor(who), note=given.note, now=hub.now())

    return change(hub, who, same, act)


@router.post("/{incident}/judge")
def judge(
    *,
    incident: str,
    given: Verdict,
    who: Annotated[Principal, needs("incident.judge", seen=seen)],
    hub: HubHere,
    same: SameAs,
) -> Response:
    """A person's verdict; a false one needs a reason."""

    def act(tx: Connection) -> dict[str, object]:
        return desk.judge(
            tx, who.sight, incident, verdict=given.verdict, who=actor(who), reason=given.reason, now=hub.now()
        )

    return change(hub, who, same, act)


@router.get("/{incident}/snapshot.jpg")
def snapshot(
    *,
    incident: str,
    who: Annotated[Principal, needs("evidence.read", seen=seen)],
    hub: HubHere,
    boxes: Annotated[bool, Query(description="with the boxes and the zone drawn")] = False,
) -> Response:
    """The shown picture, persons blurred; 404 `evidence-none`, 409 `evidence-pending`."""
    seen(hub, who, incident)
    name: EvidenceName = "shown-boxes.jpg" if boxes else "shown.jpg"
    return binary(hub.evidence.read(incident, name), "image/jpeg", f"{incident}.jpg")


@router.get("/{incident}/clip")
def clip_state(
    incident: str, who: Annotated[Principal, needs("evidence.read", seen=seen)], hub: HubHere
) -> Response:
    """Whether the shown clip is there: `{"state": "ready" or "pending", "retry_after"}`; 404 `evidence-none`.

    The first asking has it made, as the first opening does: whoever waits for it asks here, where that is no error.
    """
    seen(hub, who, incident)
    try:
        hub.evidence.read(incident, "shown.mp4")
    except EvidencePending as coming:
        return answer({"state": "pending", "retry_after": coming.retry_after})
    return answer({"state": "ready", "retry_after": None})


@router.get("/{incident}/clip.mp4")
def clip(
    *,
    incident: str,
    who: Annotated[Principal, needs("evidence.read", seen=seen)],
    hub: HubHere,
    original: Annotated[bool, Query(description="the sealed original, by right and with a reason")] = False,
    reason: Annotated[str, Query(max_length=2000)] = "",
    part: Annotated[str | None, Header(alias="Range")] = None,
) -> Response:
    """The shown clip, persons blurred; with `original=1` the sealed one: right, typed reason, audited first.

    The first opening of the shown clip has it made: 409 `evidence-pending` until it is there. It comes in parts
    (`Range`) so that a browser can jump; the original comes whole: one look, one line in the audit trail.
    """
    found = seen(hub, who, incident)
    if not original:
        return ranged(hub.evidence.read(incident, "shown.mp4"), "video/mp4", f"{incident}.mp4", part)
    demand(who, "evidence.original")
    if len(reason.strip()) < 4:
        raise InvalidInput("the original opens with a typed reason only", where="query.reason")
    content = hub.evidence.read(incident, "original.mp4")
    area = found.get("area")

    def opened(tx: Connection) -> None:
        place = area if isinstance(area, str) else None
        note(tx, hub, who, "evidence.original", incident, area=place, detail={"reason": reason.strip()})

    commit(hub, opened)  # no audit, no original
    return binary(content, "video/mp4", f"{incident}-original.mp4")
