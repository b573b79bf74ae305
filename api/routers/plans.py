"""Plans: the response plans, shipped and the county's own; an incident shows the one that fits it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from alerts.plan import Plan
from api.answers import Paging, items, paging, slice_of
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal

router = APIRouter(prefix="/plans", tags=["plans"])


def shown(plan: Plan) -> dict[str, object]:
    """One plan: `{id, name, steps, source, conditions, severities, own}`."""
    return {
        **plan.as_dict(),
        "conditions": sorted(plan.conditions),
        "severities": sorted(plan.severities),
        "own": plan.own,
    }


@router.get("")
def page(
    _who: Annotated[Principal, needs("plan.read")],
    hub: Annotated[Hub, Depends(hub_of)],
    paged: Annotated[Paging, Depends(paging)],
) -> Response:
    """Every plan, by id."""
    return items(*slice_of([shown(each) for each in hub.directory().plans.values()], paged))
