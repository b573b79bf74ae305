"""Contacts: who is on duty at a site, as an incident shows them; a phone number is opened for those who may read it."""

from __future__ import annotations

from alerts.ledger import registry
from alerts.ledger.engine import Connection
from config.secrets import SecretBox


def contacts_of(conn: Connection, box: SecretBox, site: str, *, phones: bool) -> list[dict[str, object]]:
    """`{duty, name}` of each contact of a site, with `phone` (null when there is none) if `phones`.

    Read anew each time and kept nowhere: the number stands in no event, push or log.
    """
    found: list[dict[str, object]] = []
    for entry in registry.load(conn, "contact"):
        if entry.body.get("site") != site:
            continue
        shown: dict[str, object] = {"duty": entry.body.get("duty"), "name": entry.body.get("name")}
        if phones:
            sealed = entry.secrets.get("phone")
            shown["phone"] = None if sealed is None else box.open(sealed)
        found.append(shown)
    return found
