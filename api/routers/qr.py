"""QR codes of areas: printed for people to report by, and made worthless when one was misused."""

from __future__ import annotations

import io
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Request, Response

from alerts import report_code
from alerts.ledger import public_reports
from alerts.ledger.engine import Connection
from api.answers import answer
from api.changes import commit
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal
from api.trail import note
from ingest.errors import NotFound

router = APIRouter(prefix="/areas", tags=["public"])

HubHere = Annotated[Hub, Depends(hub_of)]


def seen(hub: Hub, who: Principal, area: str) -> object:
    """The area, when this reader may see it; raises NotFound."""
    directory = hub.directory()
    if area not in directory.areas or not who.sight.sees("area", directory.visibility(area)):
        raise NotFound(f"no area {area!r}")
    return area


@router.get("/{area}/qr.svg")
def code(
    area: str, request: Request, who: Annotated[Principal, needs("qr.print", seen=seen)], hub: HubHere
) -> Response:
    """The code as a drawing; it holds the address `/r/<code>` of this hub (setting `public_url`)."""
    seen(hub, who, area)
    with hub.ledger.read() as conn:
        made = report_code.code_of(hub.settings.secret, area, public_reports.generation(conn, area))
    base = hub.settings.public_url or str(request.base_url)
    address = f"{base.rstrip('/')}/r/{made}"
    out = io.BytesIO()
    # a quarter may be scratched or dirty; the quiet zone of four modules is the standard's
    segno.make_qr(address, error="q").save(out, kind="svg", scale=8, border=4, xmldecl=False, title=area)
    return Response(
        out.getvalue(),
        media_type="image/svg+xml",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'inline; filename="{area}.svg"',
            "X-Report-Address": address,
        },
    )


@router.post("/{area}/qr")
def renew(area: str, who: Annotated[Principal, needs("qr.renew", seen=seen)], hub: HubHere) -> Response:
    """A new code for the area: every copy of the one before answers 404 from now on. `{area, generation}`."""
    seen(hub, who, area)

    def act(tx: Connection) -> dict[str, object]:
        generation = public_reports.next_generation(tx, area, hub.now())
        note(tx, hub, who, "qr.renew", area, area=area, detail={"generation": generation})
        return {"area": area, "generation": generation}

    return answer(commit(hub, act))
