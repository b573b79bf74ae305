"""For workers only: what a worker is to do."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.answers import answer
from api.guard import hub_of, worker_only
from api.hub import Hub
from ingest.errors import NotFound

router = APIRouter(prefix="/internal", include_in_schema=False)


@router.get("/assignment", dependencies=[worker_only()])
def assignment(
    hub: Annotated[Hub, Depends(hub_of)],
    worker: Annotated[str, Query(min_length=1, max_length=100)],
    boot: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Cameras (addresses with passwords), rules and the epoch of one worker."""
    found = hub.workers.assignment(worker, boot)
    if found is None:
        raise NotFound(f"no worker {worker!r} is expected")
    return answer(found)
