"""Parts of a file: what browsers ask for, and what nobody can have."""

from __future__ import annotations

import pytest

from api.ranges import part_of, ranged

SIZE = 100


@pytest.mark.parametrize(
    ("header", "part", "why"),
    [
        (None, None, "no range: the whole"),
        ("bytes=0-", (0, 100), "from the start"),
        ("bytes=0-0", (0, 1), "one byte"),
        ("bytes=10-19", (10, 20), "from the middle"),
        ("bytes=90-500", (90, 100), "further than the end: to the end"),
        ("bytes=-10", (90, 100), "the last ones"),
        ("bytes=-500", (0, 100), "more than there are: all"),
        ("bytes= 10 - 19", (10, 20), "spaces"),
        ("bytes=100-", (0, 0), "begins after the end"),
        ("bytes=-0", (0, 0), "the last none"),
        ("bytes=20-10", None, "turned round: ignored, as RFC 9110 wants"),
        ("bytes=0-1,5-6", None, "several: the whole"),
        ("bytes=-", None, "says nothing"),
        ("lines=1-2", None, "another unit"),
        ("nonsense", None, "nonsense"),
        ("bytes=1x-2", None, "no number"),
        ("bytes=" + "9" * 40 + "-", None, "absurd"),
    ],
)
def test_parts(header: str | None, part: tuple[int, int] | None, why: str) -> None:
    """First byte and the one after the last."""
    assert part_of(header, SIZE) == part, why


def test_answers() -> None:
    """206 with what it is a part of; 416 with how much there is; both say that parts can be had."""
    content = bytes(range(SIZE))
    part = ranged(content, "video/mp4", "a.mp4", "bytes=10-19")
    assert (part.status_code, part.body) == (206, content[10:20])
    assert part.headers["content-range"] == "bytes 10-19/100"
    assert part.headers["content-length"] == "10"
    whole = ranged(content, "video/mp4", "a.mp4", None)
    assert (whole.status_code, whole.body, whole.headers["accept-ranges"]) == (200, content, "bytes")
    beyond = ranged(content, "video/mp4", "a.mp4", "bytes=100-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */100")
    assert part_of("bytes=0-", 0) == (0, 0)
