"""Offers: unknown devices that were understood, adopted or dismissed; and mappings tried before they are saved."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts.ledger import offers
from alerts.ledger.engine import Connection
from api.answers import Paging, answer, items, paging
from api.changes import Once, change, commit, once
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal, may
from api.trail import note
from ingest.errors import NotFound

router = APIRouter(prefix="/offers", tags=["registry"])

HubHere = Annotated[Hub, Depends(hub_of)]
SHOWN = 20
"""Kept messages that are shown with an offer."""


class Trial(BaseModel):
    """An entry of the registry, and what to read with it."""

    model_config = ConfigDict(extra="forbid")

    device: dict[str, object]
    offer: str | None = Field(default=None, max_length=100)
    rejected: int | None = Field(default=None, ge=1, le=2**53)
    topic: str | None = Field(default=None, max_length=1024)
    payload: object = None


def seen(hub: Hub, who: Principal, offer: str) -> object:
    """The offer, for those who see offers; raises NotFound."""
    if not may(who, "offer.read"):
        raise NotFound(f"no offer {offer}")
    with hub.ledger.read() as conn:
        return offers.get(conn, offer)


@router.get("")
def page(
    *,
    who: Annotated[Principal, needs("offer.read")],  # noqa: ARG001 - the right is the check
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
    state: Annotated[Literal["open", "dismissed"], Query()] = "open",
) -> Response:
    """Unknown devices with their last values and what the hub guesses of them: the entry that would bind each."""
    with hub.ledger.read() as conn:
        found, following = offers.page(conn, state=state, limit=paged.limit, cursor=paged.cursor)
    directory = hub.directory()
    return items([offers.shown(each, directory) for each in found], following)


@router.get("/{offer}")
def read(
    offer: str,
    who: Annotated[Principal, needs("offer.read", seen=seen)],  # noqa: ARG001 - the right is the check
    hub: HubHere,
) -> Response:
    """One, with its latest messages as they arrived."""
    with hub.ledger.read() as conn:
        found = offers.get(conn, offer)
        kept = offers.messages(conn, offer, newest=SHOWN)
    shown = offers.shown(found, hub.directory())
    return answer({**shown, "messages": [offers.shown_message(each) for each in kept]})


@router.post("/{offer}/accept")
def accept(
    *,
    offer: str,
    who: Annotated[Principal, needs("offer.write", seen=seen)],
    hub: HubHere,
    changes: Annotated[dict[str, object] | None, Body()] = None,
) -> Response:
    """Register the device as guessed, with these changes; the messages kept of it become its first readings."""
    done = hub.adoption.accept(offer, changes or {}, who=who.name)
    detail = {"device": done["device"], "replayed": done["replayed"]}
    commit(hub, lambda tx: note(tx, hub, who, "offer.accept", offer, detail=detail))
    return answer(done)


@router.post("/{offer}/dismiss")
def dismiss(
    *,
    offer: str,
    who: Annotated[Principal, needs("offer.write", seen=seen)],
    hub: HubHere,
    same: Annotated[Once, Depends(once)],
) -> Response:
    """Show it no more, and keep nothing of it; it is counted still, and can be accepted later."""
    directory = hub.directory()

    def act(tx: Connection) -> dict[str, object]:
        found = offers.dismiss(tx, offer, who=who.name, now=hub.now())
        note(tx, hub, who, "offer.dismiss", offer)
        return offers.shown(found, directory)

    return change(hub, who, same, act)


@router.post("/try")
def try_out(
    trial: Trial,
    who: Annotated[Principal, needs("offer.write")],  # noqa: ARG001 - the right is the check
    hub: HubHere,
) -> Response:
    """What an entry, such as a mapping, would read in kept messages or in this one; nothing is changed."""
    message = None if trial.topic is None else {"topic": trial.topic, "payload": trial.payload}
    found = hub.adoption.try_out(trial.device, offer=trial.offer, kept=trial.rejected, message=message)
    return answer(found)
