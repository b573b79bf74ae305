"""The registry as a whole: applied from a file, written out without its secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.answers import answer
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal
from config.sheet import as_registry
from ingest.errors import InvalidInput

router = APIRouter(prefix="/registry", tags=["registry"])

HubHere = Annotated[Hub, Depends(hub_of)]

SHEETS = {
    "text/csv": ".csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
"""Content types of sheets, and how their files end."""


@router.post(
    "/apply",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/yaml": {"schema": {"type": "string"}},
                "application/json": {"schema": {}},
                **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in SHEETS},
            },
        }
    },
)
async def apply(
    *,
    request: Request,
    who: Annotated[Principal, needs("registry.write")],
    hub: HubHere,
    prune: Annotated[bool, Query(description="delete what the file does not name")] = False,
    dry_run: Annotated[bool, Query(description="tell what would change, change nothing")] = False,
    name: Annotated[str, Query(max_length=500, description="how mistakes call the file")] = "request",
) -> Response:
    """The whole file in one transaction, or nothing of it: every mistake is told with line, path and mend.

    As text/csv or XLSX it is a list of categories; a mistake's line is its row.
    """
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    suffix = SHEETS.get(kind, "")

    def work() -> Mapping[str, object]:
        file = name if name.endswith(suffix) else name + suffix
        text = as_registry(body, file) if suffix else _text(body)
        return hub.registry.apply(text, name=file, prune=prune, dry_run=dry_run, who=who.name)

    return answer(await run_in_threadpool(work))


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput("the file is not UTF-8", where="body") from None


@router.get("/export")
def export(who: Annotated[Principal, needs("registry.export")], hub: HubHere) -> Response:
    """The registry as YAML, secrets as `***`; applied again it is all `unchanged`."""
    return Response(
        hub.registry.export(who=who.name),
        media_type="application/yaml; charset=utf-8",
        headers={"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="registry.yaml"'},
    )
