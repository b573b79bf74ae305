"""Rules, tried before they hold: over the readings that are stored, and on what decided the raises of cameras."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts.directory import DeviceEntry
from api.answers import answer
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal, demand
from config import trial
from config.apply import read_registry
from config.rule_replay import replayed
from detectors.rule import Duration
from ingest.errors import InvalidInput
from ingest.instant import parse_instant

router = APIRouter(prefix="/rules", tags=["rules"])

HubHere = Annotated[Hub, Depends(hub_of)]


class Try(BaseModel):
    """What is to be tried: a rule of the registry by its id, or the keys of one that is not there."""

    model_config = ConfigDict(extra="forbid")

    rule: str | dict[str, object]
    devices: tuple[str, ...] = Field(default=(), max_length=trial.MOST_DEVICES)
    since: str = Field(max_length=40, description="RFC 3339")
    until: str | None = Field(default=None, max_length=40, description="RFC 3339; now when left out")
    lead: Duration = trial.LEAD
    chart: bool = False


@router.post("/try")
def try_rule(
    who: Annotated[Principal, needs("rule.try")], hub: HubHere, asked: Annotated[Try, Body()]
) -> Response:
    """What it would have raised, device by device; nothing is raised, stored or told."""
    if not isinstance(asked.rule, str):
        demand(who, "registry.write")  # mistakes in it name what there is
    directory = hub.directory()

    def sees(device: DeviceEntry) -> bool:
        return who.sight.sees("reading", directory.visibility(device.id))

    until = hub.now() if asked.until is None else _moment(asked.until, "body.until")
    wanted = trial.Asked(
        asked.rule, asked.devices, _moment(asked.since, "body.since"), until, _lead(asked.lead), asked.chart
    )
    with hub.ledger.read() as conn:
        registry = read_registry(conn)
        found = trial.try_rule(conn, wanted, registry=registry, directory=directory, sees=sees)
    return answer(found)


class Replay(BaseModel):
    """A rule of the registry with the keys that it is to have."""

    model_config = ConfigDict(extra="forbid")

    rule: dict[str, object]


@router.post("/replay")
def replay_rule(
    who: Annotated[Principal, needs("registry.write")], hub: HubHere, asked: Annotated[Replay, Body()]
) -> Response:
    """Which stored raises of a camera's rule would not have been with these keys; nothing is changed."""
    directory = hub.directory()

    def sees(device: DeviceEntry) -> bool:
        return who.sight.sees("incident", directory.visibility(device.id))

    with hub.ledger.read() as conn:
        registry = read_registry(conn)
        found = replayed(conn, asked.rule, registry=registry, directory=directory, sees=sees, now=hub.now())
    return answer(found)


def _moment(text: str, where: str) -> datetime:
    try:
        return parse_instant(text)
    except InvalidInput as wrong:
        raise InvalidInput(wrong.message, where=where, mend=wrong.mend) from None


def _lead(length: timedelta) -> timedelta:
    return min(length, trial.LONGEST)
