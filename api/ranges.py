"""Ranges: a part of a file, as browsers ask for it when they jump in a clip (RFC 9110, one range at a time)."""

from __future__ import annotations

import re

from fastapi import Response

from api.answers import binary
from api.errors import problem

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def part_of(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None when the whole is to be sent: no range, several, or no sense.

    An empty part: nothing of what is asked for is there (416).
    """
    found = _ONE.fullmatch(header.replace(" ", "")) if header else None
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found[1], found[2]
    if not first:  # the last so many bytes
        return (max(0, size - int(last)), size) if int(last) and size else (0, 0)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        return 0, 0
    return int(first), min(size, int(last) + 1) if last else size


def ranged(content: bytes, media_type: str, name: str, header: str | None) -> Response:
    """The whole (200) or the part that the header Range asks for (206); 416 when there is nothing of it."""
    part = part_of(header, len(content))
    if part is None:
        answer = binary(content, media_type, name)
    elif part[0] == part[1]:
        return problem(
            416,
            "range-not-there",
            f"the file has {len(content)} bytes",
            headers={"Content-Range": f"bytes */{len(content)}"},
        )
    else:
        answer = binary(content[part[0] : part[1]], media_type, name)
        answer.status_code = 206
        answer.headers["Content-Range"] = f"bytes {part[0]}-{part[1] - 1}/{len(content)}"
    answer.headers["Accept-Ranges"] = "bytes"
    return answer
