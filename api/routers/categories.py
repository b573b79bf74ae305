"""Categories: the catalogue of matters, shipped and the county's own; searched by whoever opens and reads cases."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from alerts.category import Category, search
from api.answers import Paging, answer, items, paging, slice_of
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal
from ingest.errors import NotFound

router = APIRouter(prefix="/categories", tags=["categories"])

HubHere = Annotated[Hub, Depends(hub_of)]
Reader = Annotated[Principal, needs("category.read")]


def shown(category: Category) -> dict[str, object]:
    """One row: `{id, big, name, opens, closes, limits, unit, workflow, severity, retired}`."""
    return {
        **category.as_dict(),
        "limits": {step: str(limit) for step, limit in category.limits.items()},
        "unit": category.unit,
        "workflow": category.workflow,
        "severity": category.severity,
        "retired": category.retired,
    }


@router.get("")
def page(
    *,
    _who: Reader,
    hub: HubHere,
    paged: Annotated[Paging, Depends(paging)],
    q: Annotated[str, Query(max_length=100, description="words, in names and conditions")] = "",
    big: Annotated[str | None, Query(max_length=100, description="a group, by id or name")] = None,
    retired: Annotated[bool, Query(description="with those that no new case is opened with")] = False,
) -> Response:
    """Groups (`big` null) and matters, by id; with `big` the matters of one group."""
    found = search(hub.directory().categories, words=q, big=big, retired=retired)
    return items(*slice_of([shown(each) for each in found], paged))


@router.get("/{key}")
def one(key: str, _who: Reader, hub: HubHere) -> Response:
    """One row."""
    found = hub.directory().categories.get(key)
    if found is None:
        raise NotFound(f"no category {key!r}")
    return answer(shown(found))
