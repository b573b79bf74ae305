"""Signals of other platforms: signed (Standard Webhooks) by a user of role `platform`, applied once per id.

The sender names itself in `webhook-sender` (a user of the registry with the right `signal.send`) and signs with its
own key, which is derived from HUB_SECRET and the name: `hub user signing-secret NAME` prints it. A sender raises
incidents only where it may see.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from alerts import signature
from alerts.ids import new_id
from alerts.ledger.engine import Connection
from alerts.notify import advance
from alerts.place import parse_place
from alerts.router import apply_signals
from api import accounts
from api.changes import Once, change
from api.guard import hub_of, signed
from api.hub import Hub
from api.rights import Principal, demand, principal
from detectors.signal import Severity, Signal, SignalState
from ingest.errors import InvalidInput, NotAuthenticated, NotFound
from ingest.text import Text

router = APIRouter(tags=["signals"])

SENDER = "webhook-sender"
ID = r"^[a-z0-9][a-z0-9-]{0,62}$"
PLACE = r"^[a-z0-9][a-z0-9-]{0,62}(/[a-z0-9][a-z0-9-]{0,62})?$"


class Sentence(BaseModel):
    """One sentence in Chinese and English."""

    model_config = ConfigDict(extra="forbid")

    zh: str = Field(min_length=1, max_length=500)
    en: str = Field(min_length=1, max_length=500)


class NewSignal(BaseModel):
    """The level of one condition at one place, as the other platform sees it.

    A signal that is not renewed for 30 s makes its incident `stale`; `inactive` clears it.
    """

    model_config = ConfigDict(extra="forbid")

    condition: str = Field(pattern=ID, description="word of the catalogue")
    place: str = Field(pattern=PLACE, description="site, or site/zone")
    state: SignalState = "active"
    at: AwareDatetime = Field(description="when it was true")
    since: AwareDatetime | None = None
    device: str | None = Field(default=None, pattern=ID, description="device of the registry")
    severity: Severity = "minor"
    value: float | None = Field(default=None, allow_inf_nan=False)
    limit: float | None = Field(default=None, allow_inf_nan=False)
    certainty: float = Field(default=1.0, ge=0, le=1)
    explanation: Sentence | None = None


@router.post(
    "/signals",
    status_code=202,
    dependencies=[signed()],
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": NewSignal.model_json_schema()}},
        }
    },
)
async def send(request: Request, hub: Annotated[Hub, Depends(hub_of)]) -> Response:
    """Raise, renew or clear an incident; the same `webhook-id` again changes nothing and answers the same."""
    body = await request.body()
    return await run_in_threadpool(_send, hub, dict(request.headers), body)


def _send(hub: Hub, headers: dict[str, str], body: bytes) -> Response:
    now = hub.now()
    name = headers.get(SENDER, "")
    message_id = signature.verify(signature.secret_of(hub.settings.secret, name), headers, body, now)
    who = _sender(hub, name, now)
    given = _read(body)
    signal = _signal(hub, who, given, now)

    def act(tx: Connection) -> dict[str, object]:
        done = apply_signals(tx, [signal], directory=hub.directory(), now=now, origin=f"platform:{name}")
        if done.events:
            advance(tx, hub.directory(), now, most=0)
        return {
            "id": signal.id,
            "applied": done.applied,
            "duplicates": done.duplicates,
            "refused": [each.reason for each in done.refused],
        }

    same = Once(key=f"webhook:{message_id}"[:200], digest=hashlib.sha256(body).hexdigest())
    return change(hub, who, same, act, status=202)


def _sender(hub: Hub, name: str, now: datetime) -> Principal:
    with hub.ledger.read() as conn:
        account = accounts.find(conn, name)
    if account is None:
        raise NotAuthenticated("the sender is unknown", mend=f"name a user of the registry in {SENDER}")
    who = principal(account, hub.directory(), expires_at=now + timedelta(minutes=1))
    demand(who, "signal.send")
    return who


def _read(body: bytes) -> NewSignal:
    try:
        return NewSignal.model_validate_json(body)
    except ValidationError as wrong:
        error = json.loads(wrong.json(include_url=False, include_input=False, include_context=False))[0]
        path = ".".join(str(part) for part in ("body", *error["loc"]))
        raise InvalidInput(str(error["msg"]), where=path) from None


def _signal(hub: Hub, who: Principal, given: NewSignal, now: datetime) -> Signal:
    directory = hub.directory()
    site = parse_place(given.place).base
    if site not in directory.sites or not who.sight.sees("site", directory.visibility(site)):
        raise NotFound(f"no site {site!r}")
    if given.device is not None and (
        given.device not in directory.devices or directory.devices[given.device].site != site
    ):
        raise NotFound(f"no device {given.device!r} at this site")
    at = given.at.astimezone(UTC)
    if at > now + timedelta(minutes=5):
        raise InvalidInput("`at` lies in the future", where="body.at", mend="set the clock")
    word = given.explanation or Sentence(
        zh=f"{who.name} 报告 {given.condition}", en=f"{who.name} reports {given.condition}"
    )
    return Signal(
        id=new_id(now),
        rule=f"platform-{who.name}",
        kind="platform",
        condition=given.condition,
        place=given.place,
        device=given.device or site,
        state=given.state,
        since=(given.since or given.at).astimezone(UTC),
        at=at,
        severity=given.severity,
        value=given.value,
        limit=given.limit,
        certainty=given.certainty,
        epoch=0,
        n=round(at.timestamp() * 1000),
        explanation=Text(word.zh, word.en),
    )
