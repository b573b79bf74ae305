"""Precision: how often each rule was right, week by week, as far as somebody judged."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from alerts.ledger import judged
from alerts.precision import by_rule
from alerts.rates import period
from api.answers import answer
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal

router = APIRouter(prefix="/precision", tags=["precision"])


@router.get("")
def precision(
    *,
    who: Annotated[Principal, needs("rule.read")],
    hub: Annotated[Hub, Depends(hub_of)],
    weeks: Annotated[int, Query(ge=1, le=53, description="this one among them")] = 8,
    device: Annotated[str | None, Query(max_length=100, description="what was raised there only")] = None,
) -> Response:
    """`{"rules": {id: [{week, first, raised, true, false, precision}]}}` of the incidents that the reader sees."""
    zone = hub.directory().zone(None)
    today = hub.now().astimezone(zone).date()
    first = today - timedelta(weeks=weeks - 1)
    with hub.ledger.read() as conn:
        found = judged.raised_since(conn, who.sight, period("weekly", first, zone).start, device=device)
        rules = by_rule(found, first=first, last=today, zone=zone)
    return answer({"rules": {rule: [each.as_dict() for each in found] for rule, found in rules.items()}})
