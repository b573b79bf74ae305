"""Close codes: the errors of ingest/errors.py as a websocket can tell them, and back again.

4001 token · 4003 rights · 4004 not there · 4008 slow · 4009 conflict · 4022 invalid · 4029 too many
4013 away, for now (the reason says what) · 1012 the camera sends another coding: connect again · 1000 over
"""

from __future__ import annotations

from ingest.errors import (
    Conflict,
    HubError,
    InvalidInput,
    LedgerAway,
    NoRecorder,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    StreamEnded,
    TooMany,
    TooSlow,
    Unavailable,
    WorkerAway,
)

DONE = 1000
INTERNAL = 1011
CHANGED = 1012
AWAY = 4013
"""Unavailable: the part of the reason before the colon is its slug."""

CODES: tuple[tuple[type[HubError], int], ...] = (
    (NotAuthenticated, 4001),
    (NotPermitted, 4003),
    (NotFound, 4004),
    (TooSlow, 4008),
    (Conflict, 4009),
    (InvalidInput, 4022),
    (TooMany, 4029),
    (LedgerAway, INTERNAL),
    (Unavailable, AWAY),
)
"""Which code each branch of the tree has; anything else is 1011."""

MOST_REASON = 120
"""Bytes of a close reason; a close frame holds 123."""


def told(error: HubError) -> tuple[int, str]:
    """(code, reason) that a websocket is closed with."""
    if isinstance(error, StreamEnded) and error.reason == "changed":
        return CHANGED, error.message
    code = next((code for cause, code in CODES if isinstance(error, cause)), INTERNAL)
    text = f"{error.reason}: {error.message}" if isinstance(error, Unavailable) else error.message
    return code, text.encode()[:MOST_REASON].decode(errors="ignore")


def error_of(code: int, reason: str, device: str) -> HubError | None:
    """What a worker's close says; None when its stream just ended."""
    if code == DONE:
        return None
    if code == CHANGED:
        return StreamEnded(reason, reason="changed", where=device)
    if code == 4004:
        return NotFound(reason)
    if code == 4008:
        return TooSlow(reason)
    if code == 4009:
        return NoRecorder(reason, where=device)
    if code == 4022:
        return InvalidInput(reason)
    if code == 4029:
        return TooMany(reason, retry_after=10)
    if code == AWAY:
        slug, _, message = reason.partition(": ")
        return StreamEnded(message or slug, reason=slug or "ended", where=device)
    return WorkerAway(f"the worker ended it ({code})", reason="worker-error", where=device)
