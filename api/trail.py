"""Trail: one line in the audit chain about what a user did, in the transaction of the deed."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.case import Actor
from alerts.ledger import audit
from alerts.ledger.engine import Connection
from api.hub import Hub
from api.rights import Principal


def actor(who: Principal) -> Actor:
    """The principal as histories name it."""
    return Actor(who.name, who.role, frozenset(who.account.units))


def note(
    tx: Connection,
    hub: Hub,
    who: Principal,
    action: str,
    subject: str,
    *,
    area: str | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Write it; `action` is `noun.verb`, `detail` holds no secret."""
    audit.add(
        tx,
        at=hub.now(),
        who=actor(who),
        action=action,
        noun=action.partition(".")[0],
        subject=subject,
        area=area,
        detail=detail,
    )
