"""Addresses that devices push to: shown to who sets a device up, and made anew when one was given to the wrong one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from alerts.ledger import push_codes, registry
from alerts.ledger.engine import Connection
from api.answers import answer
from api.changes import commit
from api.devices import seen
from api.guard import hub_of, needs
from api.hub import Hub
from api.push_token import push_path
from api.rights import Principal
from api.trail import note
from ingest.errors import Conflict
from ingest.pushed import topic_of

router = APIRouter(prefix="/devices", tags=["push"])

HubHere = Annotated[Hub, Depends(hub_of)]


def check_pushes(conn: Connection, device: str) -> None:
    """Raises Conflict when the registry takes no pushes of this device."""
    entry = registry.get(conn, "device", device)
    topic = topic_of(device)
    if entry is None or entry.body.get("topic") != topic:
        raise Conflict(
            "the registry takes no pushes of this device",
            where=device,
            mend=f"give the device `topic: {topic}`",
        )


@router.get("/{device}/push")
def show(
    device: str, request: Request, who: Annotated[Principal, needs("push.show", seen=seen)], hub: HubHere
) -> Response:
    """`{device, path, address, generation}`; the address is a secret of the device, so that showing it is audited."""
    area = hub.directory().visibility(seen(hub, who, device).id).area

    def act(tx: Connection) -> int:
        check_pushes(tx, device)
        found = push_codes.generation(tx, device)
        note(tx, hub, who, "push.show", device, area=area, detail={"generation": found})
        return found

    return answer(_shown(hub, request, device, commit(hub, act)))


@router.post("/{device}/push")
def renew(
    device: str, request: Request, who: Annotated[Principal, needs("push.renew", seen=seen)], hub: HubHere
) -> Response:
    """A new address, the same shape: the one before answers 404 from now on."""
    area = hub.directory().visibility(seen(hub, who, device).id).area

    def act(tx: Connection) -> int:
        check_pushes(tx, device)
        after = push_codes.next_generation(tx, device, hub.now())
        note(tx, hub, who, "push.renew", device, area=area, detail={"generation": after})
        return after

    return answer(_shown(hub, request, device, commit(hub, act)))


def _shown(hub: Hub, request: Request, device: str, generation: int) -> dict[str, object]:
    path = push_path(hub.settings.secret, device, generation)
    base = hub.settings.public_url or str(request.base_url)
    return {"device": device, "path": path, "address": base.rstrip("/") + path, "generation": generation}
