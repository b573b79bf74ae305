"""Packages: the evidence package of a case, with sealed originals: by right, typed reason and audit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from alerts import package
from alerts.ledger import attachments, evidence, incidents
from alerts.ledger.engine import Connection
from alerts.package import Made, Part, json_of
from api.changes import commit
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal
from api.routers.cases import seen, whole
from api.trail import note
from ingest.errors import HubError, InvalidInput, NotFound

router = APIRouter(prefix="/cases", tags=["cases"])

WHAT = {"original.mp4": "original"}


@router.get("/{case}/package.zip", response_class=StreamingResponse)
def zipped(
    case: str,
    who: Annotated[Principal, needs("evidence.original", seen=seen)],
    hub: Annotated[Hub, Depends(hub_of)],
    reason: Annotated[str, Query(max_length=2000, description="why the originals are opened")] = "",
) -> Response:
    """Case, history, evidence (originals and shown copies) and photos, with a manifest of their sha256."""
    body = whole(hub, seen(hub, who, case))
    if len(reason.strip()) < 4:
        raise InvalidInput("the originals open with a typed reason only", where="query.reason")
    number, area = str(body["number"]), body["area"]
    made = Made(who.name, who.role, hub.now(), reason.strip())
    readers, missing = _found(hub, who, body, made)
    parts: list[Part] = []
    for path, (what, read) in sorted(readers.items()):  # each is read twice: the manifest says what is true
        try:
            content = read()
        except HubError as wrong:
            missing.append((path, wrong.message))
            continue
        parts.append(Part(path, hashlib.sha256(content).hexdigest(), len(content), what))
    history = cast("list[Mapping[str, object]]", body["history"])
    manifest = json_of(package.manifest(body, history, parts, sorted(missing), made=made))
    digest = hashlib.sha256(manifest).hexdigest()

    def opened(tx: Connection) -> None:
        place = area if isinstance(area, str) else None
        detail = {"number": number, "reason": made.reason, "files": len(parts), "manifest": digest}
        note(tx, hub, who, "case.package", str(body["id"]), area=place, detail=detail)

    commit(hub, opened)  # no audit, no package
    readers[package.MANIFEST] = ("manifest", lambda: manifest)
    paths = [package.README, package.MANIFEST, *(each.path for each in parts if each.path != package.README)]
    return StreamingResponse(
        package.stream(paths, lambda path: readers[path][1](), made.at),
        media_type="application/zip",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="case-{number}.zip"',
        },
    )


def _found(
    hub: Hub, who: Principal, body: Mapping[str, object], made: Made
) -> tuple[dict[str, tuple[str, Callable[[], bytes]]], list[tuple[str, str]]]:
    """How each file of the package is read, by its path; and what should be there and cannot be."""
    case = str(body["id"])
    ids = [str(each) for each in cast("list[object]", body["incidents"])]
    plain: dict[str, tuple[str, bytes]] = {
        package.README: ("readme", package.readme(str(body["number"]), made)),
        package.CASE: ("case", json_of({key: value for key, value in body.items() if key != "history"})),
        package.HISTORY: ("history", json_of(body["history"])),
    }
    missing: list[tuple[str, str]] = []
    readers: dict[str, tuple[str, Callable[[], bytes]]] = {}
    with hub.ledger.read() as conn:
        for each in ids:
            folder = f"incidents/{each}"
            try:
                shown = incidents.get(conn, who.sight, each)
            except NotFound:
                missing.append((f"{folder}/incident.json", "not visible to who made the package"))
                continue
            plain[f"{folder}/incident.json"] = ("incident", json_of(shown))
            for file in evidence.files(conn, each):
                what = WHAT.get(file.name, "shown")
                if file.state == "ready":
                    readers[f"{folder}/{file.name}"] = (what, partial(hub.evidence.read, each, file.name))
                else:
                    missing.append((f"{folder}/{file.name}", file.state))
        for photo in attachments.shown(conn, case):
            path, key, digest = f"attachments/{photo['id']}.jpg", str(photo["id"]), str(photo["sha256"])
            if photo["state"] == "ready":
                readers[path] = ("attachment", partial(hub.files.read, case, key, digest))
            else:
                missing.append((path, str(photo["state"])))
    for path, (what, content) in plain.items():
        readers[path] = (what, partial(bytes, content))
    return readers, missing
