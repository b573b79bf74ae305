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
    return _moment(since, "query.since")


def until_of(
    until: Annotated[
        str | None, Query(max_length=40, description="RFC 3339, such as 2026-11-22T09:00:00Z; before then")
    ] = None,
) -> datetime | None:
    """The moment of `until`, or None."""
    return _moment(until, "query.until")


def _moment(text: str | None, where: str) -> datetime | None:
    try:
        return None if text is None else parse_instant(text)
    except InvalidInput as wrong:
        raise InvalidInput(wrong.message, where=where, mend=wrong.mend) from None


def below(hub: Hub, area: str | None) -> frozenset[str] | None:
    """`area` and everything below it, for lists that are narrowed to it; None for None."""
    return None if area is None else hub.directory().descendants(area)
