"""Answers: JSON as it is sent, pages of lists, and the pictures' headers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Response

DEFAULT_LIMIT = 100
MOST = 1000


@dataclass(frozen=True, slots=True)
class Paging:
    """`limit` and `cursor` of a list."""

    limit: int
    cursor: str | None


def paging(
    limit: Annotated[int, Query(ge=1, le=MOST, description="items per page")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=200, description="`next` of the page before")] = None,
) -> Paging:
    """The paging of a request."""
    return Paging(limit, cursor)


def answer(
    body: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """One JSON object; never kept by a cache."""
    return Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def items(found: Sequence[Mapping[str, object]], following: str | None) -> Response:
    """One page of a list: `{"items": […], "next": cursor or null}`."""
    return answer({"items": list(found), "next": following})


def slice_of(
    found: Sequence[Mapping[str, object]], paged: Paging, key: str = "id"
) -> tuple[Sequence[Mapping[str, object]], str | None]:
    """One page of a short list that is sorted by `key`: the items after the cursor, and the next cursor."""
    ordered = sorted(found, key=lambda each: str(each[key]))
    rest = [each for each in ordered if paged.cursor is None or str(each[key]) > paged.cursor]
    page = rest[: paged.limit]
    return page, str(page[-1][key]) if len(rest) > len(page) else None


def binary(content: bytes, media_type: str, name: str) -> Response:
    """A picture or clip, shown in the page, kept by nobody."""
    return Response(
        content,
        media_type=media_type,
        headers={"Cache-Control": "no-store", "Content-Disposition": f'inline; filename="{name}"'},
    )
