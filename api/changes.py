"""Changes: one request's effect in one transaction of the ledger, at most once per Idempotency-Key.

The kept answer is written in the transaction of the effect: after a crash there are both or neither.
"""

from __future__ import annotations

import concurrent.futures
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Header, Request, Response

from alerts.ledger import idempotency
from alerts.ledger.engine import Connection
from api.answers import answer
from api.hub import Hub
from api.rights import Principal
from ingest.errors import LedgerAway

T = TypeVar("T")

Act = Callable[[Connection], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Once:
    """What makes a request the same as an earlier one.

    Attributes:
        key: The Idempotency-Key, or None.
        digest: sha256 of method, path, query and body.
    """

    key: str | None
    digest: str


async def once(
    request: Request,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> Once:
    """The identity of this request."""
    body = await request.body()
    head = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return Once(idempotency_key, hashlib.sha256(head + body).hexdigest())


def commit(hub: Hub, act: Callable[[Connection], T]) -> T:
    """Run `act` in the writer's next transaction and wait for its commit; raises LedgerAway in time."""
    try:
        return hub.ledger.write(act).result(hub.settings.write_timeout)
    except concurrent.futures.TimeoutError:
        raise LedgerAway("the commit takes too long", reason="timeout", mend="try again") from None


def change(
    hub: Hub,
    who: Principal,
    same: Once,
    act: Act,
    *,
    status: int = 200,
    first_only: Mapping[str, object] | None = None,
) -> Response:
    """Answer with what `act` returned, or with what it returned the first time this key was used.

    `first_only` is added to the first answer and never kept (a secret that was just made).
    """

    def work(tx: Connection) -> tuple[int, Mapping[str, object]]:
        if same.key is None:
            return status, {**act(tx), **(first_only or {})}
        kept = idempotency.find(tx, who=who.name, key=same.key, request=same.digest)
        if kept is not None:
            return kept.status, kept.body
        body = act(tx)
        idempotency.keep(
            tx,
            who=who.name,
            key=same.key,
            request=same.digest,
            answer=idempotency.Answer(status, body),
            now=hub.now(),
        )
        return status, {**body, **(first_only or {})}

    code, body = commit(hub, work)
    return answer(body, code)
