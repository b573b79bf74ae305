"""Webhooks: who is told by HTTP. The secret is taken or made at the start, and never shown again."""

from __future__ import annotations

import secrets
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from ulid import ULID

from alerts import signature
from alerts.channels import webhook
from alerts.event import EventType
from alerts.ledger import dead_letters, webhooks
from alerts.ledger.engine import Connection
from alerts.sight import Sight
from api.answers import Paging, answer, items, paging
from api.changes import Once, change, commit, once
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal
from api.trail import note
from config.secrets import SecretBox

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

HubHere = Annotated[Hub, Depends(hub_of)]

TOLD = frozenset({"incident", "case", "device", "broadcast"})
"""What a receiver may be told of: never users, rules or what was refused."""


def seen(hub: Hub, who: Principal, hook: str) -> dict[str, object]:
    """The webhook, when this reader may see it; raises NotFound."""
    with hub.ledger.read() as conn:
        return webhooks.get(conn, who.sight, hook)


class NewWebhook(BaseModel):
    """Where to, what of, and the secret both sides know."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, max_length=2000)
    secret: str | None = Field(
        default=None,
        max_length=200,
        description="whsec_ + base64 of 24 to 64 bytes; left out: made and shown once",
    )
    types: list[EventType] = Field(default_factory=list, max_length=50, description="empty: every type")


@router.post("", status_code=201)
def add(
    *,
    given: NewWebhook,
    who: Annotated[Principal, needs("webhook.write")],
    hub: HubHere,
    same: Annotated[Once, Depends(once)],
) -> Response:
    """A new webhook, told from now on of what its maker may see; a secret made here is in this answer only."""
    made = given.secret or signature.write_secret(secrets.token_bytes(32))
    webhook.check(given.url, made)
    sealed = SecretBox(hub.settings.secret).seal(made)
    key = str(ULID()).lower()
    sight = Sight(
        nouns=who.sight.nouns & TOLD,
        areas=who.sight.areas,
        site_kinds=who.sight.site_kinds,
        sites=who.sight.sites,
        units=who.sight.units,
    )

    def act(tx: Connection) -> dict[str, object]:
        added = webhooks.add(
            tx,
            id=key,
            url=given.url,
            secret=sealed,
            types=given.types,
            sight=sight,
            who=who.name,
            now=hub.now(),
        )
        note(tx, hub, who, "webhook.add", key, detail={"types": list(given.types)})
        return added

    shown = {} if given.secret else {"secret": made}
    return change(hub, who, same, act, status=201, first_only=shown)


@router.get("")
def page(
    *,
    who: Annotated[Principal, needs("webhook.read")],
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
) -> Response:
    """Every webhook, without its secret, with what waits for it, its dead letters and its last attempt."""
    with hub.ledger.read() as conn:
        found = webhooks.page(conn, who.sight, limit=paged.limit, cursor=paged.cursor)
    return items(found.items, found.next)


@router.get("/{hook}")
def one(hook: str, who: Annotated[Principal, needs("webhook.read", seen=seen)], hub: HubHere) -> Response:
    """One webhook, without its secret: `pending`, `dead`, and `last {reason, since, failing_since}`."""
    return answer(seen(hub, who, hook))


class Replay(BaseModel):
    """What to send again: everything from a seq on, or the dead letters."""

    model_config = ConfigDict(extra="forbid")

    from_seq: int | None = Field(default=None, ge=1, le=2**62)
    dead: bool = False

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.from_seq is None) != self.dead:
            raise ValueError("give from_seq, or dead: true")
        return self


@router.post("/{hook}/replay")
def replay(
    hook: str,
    given: Replay,
    who: Annotated[Principal, needs("webhook.write", seen=seen)],
    hub: HubHere,
    same: Annotated[Once, Depends(once)],
) -> Response:
    """Send again, each with the `webhook-id` that it had; a hook that was off is on again, and gets what it missed."""

    def act(tx: Connection) -> dict[str, object]:
        now = hub.now()
        if given.from_seq is None:
            done = dead_letters.replay_dead(tx, hook, now)
        else:
            done = dead_letters.replay_from(tx, hook, given.from_seq, now)
        note(tx, hub, who, "webhook.replay", hook, detail={"from_seq": given.from_seq, "dead": given.dead})
        return {"replayed": done}

    return change(hub, who, same, act)


@router.delete("/{hook}")
def remove(hook: str, who: Annotated[Principal, needs("webhook.write", seen=seen)], hub: HubHere) -> Response:
    """End a webhook; what waited for it is forgotten."""

    def act(tx: Connection) -> None:
        webhooks.remove(tx, hook)
        note(tx, hub, who, "webhook.remove", hook)

    commit(hub, act)
    return Response(status_code=204)
