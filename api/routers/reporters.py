"""Reporters: who reported a case, and the picture somebody sent: for the unit that handles it, each look in the trail.

Nobody else gets the picture of a public report: persons in it are not blurred, the API has no model for that.
"""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from alerts.ledger import cases, public_reports, reporters
from alerts.ledger.engine import Connection
from api.answers import answer, binary
from api.changes import commit
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal
from api.routers.cases import seen
from api.trail import note
from config.secrets import SecretBox
from ingest.errors import EvidenceNone, HubError, NotFound, NotPermitted

router = APIRouter(prefix="/cases", tags=["cases"])

HubHere = Annotated[Hub, Depends(hub_of)]
Opener = Annotated[Principal, needs("reporter.open", seen=seen)]


@router.get("/{case}/reporter")
def reporter(case: str, who: Opener, hub: HubHere) -> Response:
    """`{reporter}`: what was sealed when the case was opened; of a public report for the handling unit only."""

    def act(tx: Connection) -> str:
        found = cases.load(tx, who.sight, case)
        sealed = reporters.sealed(tx, found.id)
        if sealed is None:
            raise NotFound("nobody said who reported this case, or it was deleted")
        if found.source == "public" or who.role == "handler":
            _handles(who, found.unit)
        note(tx, hub, who, "reporter.open", found.id, area=found.place.area, detail={"what": "reporter"})
        return sealed

    return answer({"reporter": SecretBox(hub.settings.secret).open(commit(hub, act))})


@router.get("/{case}/photo.jpg")
def photo(case: str, who: Opener, hub: HubHere) -> Response:
    """The picture of a public report, for the handling unit only; 404 `evidence-none` without one."""

    def act(tx: Connection) -> tuple[bytes, str]:
        found = cases.load(tx, who.sight, case)
        kept = public_reports.photo(tx, found.id)
        if kept is None:
            raise EvidenceNone("nobody sent a picture with this case, or it was deleted")
        _handles(who, found.unit)
        note(tx, hub, who, "reporter.open", found.id, area=found.place.area, detail={"what": "photo"})
        return kept

    sealed, sha256 = commit(hub, act)
    picture = SecretBox(hub.settings.secret).open_bytes(sealed)
    if hashlib.sha256(picture).hexdigest() != sha256:
        raise HubError("the picture is not what was stored (sha256 differs)", where=case)
    return binary(picture, "image/jpeg", "photo.jpg")


def _handles(who: Principal, unit: str | None) -> None:
    """Raise NotPermitted for everybody but the members of the unit that has the case."""
    if who.role != "handler" or unit is None or unit not in who.account.units:
        raise NotPermitted("for the unit that handles this case only")
