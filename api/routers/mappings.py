"""Mappings: the tables between the codes of another platform and the words of ours, read and written as CSV."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from alerts.ledger import mappings
from alerts.mapping import MAPPED, MappedNoun, write
from api.answers import answer
from api.changes import commit
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal, may
from api.trail import actor
from config import mapped
from ingest.errors import InvalidInput, NotFound

router = APIRouter(prefix="/mappings", tags=["mappings"])

HubHere = Annotated[Hub, Depends(hub_of)]


def seen(_: Hub, who: Principal, noun: str) -> object:
    """The noun, when it has a table and this reader may see it; raises NotFound."""
    if noun not in MAPPED or not may(who, "mapping.read"):
        raise NotFound(f"no mapping of {noun}", mend=f"one of {', '.join(MAPPED)}")
    return noun


def noun_of(noun: str) -> MappedNoun:
    """The noun of the path; raises NotFound for one that has no table."""
    for each in MAPPED:
        if each == noun:
            return each
    raise NotFound(f"no mapping of {noun}", mend=f"one of {', '.join(MAPPED)}")


@router.get("/{noun}")
def read(noun: str, who: Annotated[Principal, needs("mapping.read", seen=seen)], hub: HubHere) -> Response:  # noqa: ARG001 - the right is the check
    """The table as CSV, `theirs,ours,note`: written back it changes nothing."""
    with hub.ledger.read() as conn:
        rows = mappings.load(conn, noun_of(noun))
    return Response(
        write(rows),
        media_type="text/csv; charset=utf-8",
        headers={"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{noun}.csv"'},
    )


@router.put(
    "/{noun}",
    openapi_extra={
        "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}
    },
)
async def replace(
    *,
    noun: str,
    request: Request,
    who: Annotated[Principal, needs("mapping.write", seen=seen)],
    hub: HubHere,
    name: Annotated[str, Query(max_length=500, description="how mistakes call the file")] = "request",
) -> Response:
    """The whole table anew, or nothing of it: every mistake is told with its line."""
    body = await request.body()
    return await run_in_threadpool(_replace, hub, who, noun_of(noun), body, name)


def _replace(hub: Hub, who: Principal, noun: MappedNoun, body: bytes, name: str) -> Response:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput("the file is not UTF-8", where="body", mend="save it as CSV UTF-8") from None
    directory = hub.directory()
    return answer(
        commit(
            hub,
            lambda tx: mapped.replace(
                tx, noun, text, name=name, directory=directory, who=actor(who), now=hub.now()
            ),
        )
    )
