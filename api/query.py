"""Query: parameters that several lists take."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query

from api.hub import Hub
from ingest.errors import InvalidInput
from ingest.instant import parse_instant


def since_of(
    since: Annotated[
        str | None, Query(max_length=40, description="RFC 3339, such as 2026-11-22T08:00:00Z")
    ] = None,
) -> datetime | None:
    """The moment of `since`, or None."""
    try:
        return None if since is None else parse_instant(since)
    except InvalidInput as wrong:
        raise InvalidInput(wrong.message, where="query.since", mend=wrong.mend) from None


def below(hub: Hub, area: str | None) -> frozenset[str] | None:
    """`area` and everything below it, for lists that are narrowed to it; None for None."""
    return None if area is None else hub.directory().descendants(area)
