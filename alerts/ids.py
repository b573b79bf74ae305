"""Ids of incidents and cases: ULIDs, which sort by the time they were given."""

from __future__ import annotations

from datetime import datetime

from ulid import ULID


def new_id(at: datetime) -> str:
    """A fresh id, 26 characters."""
    return str(ULID.from_datetime(at))
