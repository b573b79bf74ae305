"""The registry's nouns, one by one: listed for those who may see them, changed by administrators.

Secrets are not in any answer, not even as `***`: an entry says what it is, the registry keeps what it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Response

from alerts.directory import Directory
from alerts.ledger import registry
from alerts.ledger.engine import Connection
from alerts.sight import Visibility
from api.answers import Paging, answer, items, paging
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal
from config.entries import Stored, item_of
from config.hidden import secret_keys
from config.urls import without_password
from ingest.errors import NotFound

router = APIRouter(tags=["registry"])

HubHere = Annotated[Hub, Depends(hub_of)]
Writer = Annotated[Principal, needs("registry.write")]

LISTED = {
    "areas": "area",
    "units": "unit",
    "sites": "site",
    "rules": "rule",
    "routes": "route",
    "users": "user",
}
"""Lists with the registry's own shape; devices and channels have theirs in files of their own."""

CHANGED = {**LISTED, "devices": "device", "channels": "channel", "categories": "category", "plans": "plan"}
"""What is changed one by one; the rest of the registry by POST /registry/apply."""

TARGETS = {"devices": "device", "sites": "site", "areas": "area"}
"""How a rule names its targets, and what they are."""


def where(directory: Directory, noun: str, key: str, body: dict[str, object]) -> Visibility:
    """Where an entry stands; nowhere for what has no place."""
    if noun in ("area", "site", "device"):
        return directory.visibility(key)
    if noun == "unit":
        area = body.get("area")
        return Visibility(area=str(area) if area else None)
    return Visibility()


def shown(entry: registry.RegistryEntry) -> dict[str, object]:
    """One entry with its defaults and without its secrets."""
    item = item_of(Stored(entry.noun, entry.id, entry.body, entry.secrets))
    body = item.model_dump(mode="json", by_alias=True, exclude=set(secret_keys(item)))
    clean = {
        key: without_password(value) if key == "url" and isinstance(value, str) else value
        for key, value in body.items()
    }
    if entry.noun != "user" and isinstance(name := clean.get("name"), str):
        clean["name"] = {"zh": name, "en": name}
    return {**clean, "id": entry.id}


def _page(
    conn: Connection, hub: Hub, who: Principal, noun: str, paged: Paging
) -> tuple[list[dict[str, object]], str | None]:
    """One page of what this reader sees, by id, and the next cursor; only what is on the page is shaped."""
    directory = hub.directory()
    found: list[dict[str, object]] = []
    for each in sorted(registry.load(conn, noun), key=lambda entry: entry.id):
        if paged.cursor is not None and each.id <= paged.cursor:
            continue
        body = shown(each)
        if not who.sight.sees(noun, where(directory, noun, each.id, body)):
            continue
        narrowed = narrow(directory, who, noun, body)
        if narrowed is None:
            continue
        if len(found) == paged.limit:
            return found, str(found[-1]["id"])
        found.append(narrowed)
    return found, None


def narrow(
    directory: Directory, who: Principal, noun: str, body: dict[str, object]
) -> dict[str, object] | None:
    """A rule with only those of its targets that the reader sees, a route if he sees what it matches.

    None when nothing of it is left: rules and routes must not tell of places that are not to be seen.
    """

    def visible(kind: str, key: object) -> bool:
        return who.sight.sees(kind, directory.visibility(str(key)))

    if noun == "rule":
        kept = dict(body)
        named = left = 0
        for key, kind in TARGETS.items():
            given = body.get(key)
            if isinstance(given, list):
                kept[key] = seen = [each for each in given if visible(kind, each)]
                named += len(given)
                left += len(seen)
        return None if named and not left else kept
    if noun == "route":
        match = body.get("match")
        places = match if isinstance(match, dict) else {}
        named_places = [(kind, places[kind]) for kind in ("area", "site") if places.get(kind)]
        if not all(visible(kind, key) for kind, key in named_places):
            return None
        below = body.get("routes")
        if not isinstance(below, list):
            return body
        branches = [narrow(directory, who, "route", each) for each in below]
        return {**body, "routes": [each for each in branches if each is not None]}
    return body


def _seen(noun: str) -> Callable[[Hub, Principal, str], object]:
    def seen(hub: Hub, who: Principal, key: str) -> object:
        with hub.ledger.read() as conn:
            entry = registry.get(conn, noun, key)
            if entry is None or not who.sight.sees(noun, where(hub.directory(), noun, key, shown(entry))):
                raise NotFound(f"no {noun} {key!r}")
            return shown(entry)

    return seen


def _list(section: str, noun: str) -> None:
    reader = needs(f"{noun}.read")

    def page(hub: HubHere, paged: Annotated[Paging, Depends(paging)], who: Principal = reader) -> Response:
        with hub.ledger.read() as conn:
            found = _page(conn, hub, who, noun, paged)
        return items(*found)

    router.add_api_route(
        f"/{section}", page, name=f"list {section}", summary=f"Every visible {noun}, by id", methods=["GET"]
    )


def _change(section: str, noun: str) -> None:
    writer = needs("registry.write", seen=_seen(noun))

    def put(
        key: str, hub: HubHere, body: Annotated[dict[str, object], Body()], who: Principal = writer
    ) -> Response:
        return answer(hub.registry.put(noun, key, body, who=who.name))

    def delete(key: str, hub: HubHere, who: Principal = writer) -> Response:
        hub.registry.delete(noun, key, who=who.name)
        return Response(status_code=204)

    path = f"/{section}/{{key}}"
    router.add_api_route(
        path, put, name=f"put {noun}", summary=f"Create or replace one {noun}", methods=["PUT"]
    )
    router.add_api_route(
        path, delete, name=f"delete {noun}", summary=f"Remove one {noun}", methods=["DELETE"]
    )


for _section, _noun in LISTED.items():
    _list(_section, _noun)
for _section, _noun in CHANGED.items():
    _change(_section, _noun)
