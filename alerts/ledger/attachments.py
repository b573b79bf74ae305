"""Attachments: the photos of a case: who brought which, when, and its digest; the bytes lie in the evidence store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection

from alerts.attachment import Attached, Phase
from alerts.case import Actor
from alerts.ledger import cases
from alerts.ledger.attachment_tables import attachments
from alerts.ledger.purges import Purged, together
from alerts.ledger.tables import cases as case_rows
from ingest.errors import Conflict, EvidenceNone, InvalidInput, NotFound
from ingest.instant import format_instant

MOST = 100
"""Photos of one case."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo that is in the store; attributes as of the table."""

    id: str
    case: str
    phase: Phase
    sha256: str
    size: int
    width: int
    height: int
    at: datetime | None = field(default=None, compare=False)


def add(conn: Connection, new: Photo, *, who: Actor, now: datetime) -> dict[str, object]:
    """A new photo of a case; answers it as the case shows it. Conflict when the case has MOST."""
    of_case = select(func.count()).where(attachments.c.case_id == new.case)
    if int(conn.execute(of_case).scalar_one()) >= MOST:
        raise Conflict(f"the case has {MOST} photos already", where="photo")
    conn.execute(
        insert(attachments),
        {
            "id": new.id,
            "case_id": new.case,
            "phase": new.phase,
            "state": "ready",
            "sha256": new.sha256,
            "bytes": new.size,
            "width": new.width,
            "height": new.height,
            "who": who.name,
            "role": who.role,
            "at": now,
        },
    )
    return next(each for each in shown(conn, new.case) if each["id"] == new.id)


def shown(conn: Connection, case: str) -> list[dict[str, object]]:
    """`{id, phase, state, sha256, bytes, width, height, who, role, at}` of each photo, in their order."""
    rows = conn.execute(select(attachments).where(attachments.c.case_id == case).order_by(attachments.c.id))
    return [
        {
            "id": row.id,
            "phase": row.phase,
            "state": row.state,
            "sha256": row.sha256,
            "bytes": row.bytes,
            "width": row.width,
            "height": row.height,
            "who": row.who,
            "role": row.role,
            "at": format_instant(row.at),
        }
        for row in rows
    ]


def find(conn: Connection, case: str, attachment: str) -> Photo:
    """One photo of this case; NotFound, or EvidenceNone when it was kept long enough."""
    row = conn.execute(
        select(attachments).where(attachments.c.id == attachment, attachments.c.case_id == case)
    ).one_or_none()
    if row is None:
        raise NotFound(f"the case has no attachment {attachment}")
    if row.state != "ready":
        raise EvidenceNone(f"the attachment {attachment} is no longer there")
    return Photo(row.id, row.case_id, row.phase, row.sha256, row.bytes, row.width, row.height)


def ready(conn: Connection, case: str) -> list[Photo]:
    """Every photo of a case that is there."""
    rows = conn.execute(
        select(attachments)
        .where(attachments.c.case_id == case, attachments.c.state == "ready")
        .order_by(attachments.c.id)
    )
    return [
        Photo(row.id, row.case_id, row.phase, row.sha256, row.bytes, row.width, row.height) for row in rows
    ]


def known(conn: Connection) -> set[tuple[str, str]]:
    """(case, attachment) of every photo that is there."""
    rows = conn.execute(select(attachments.c.case_id, attachments.c.id).where(attachments.c.state == "ready"))
    return {(row.case_id, row.id) for row in rows}


def named(conn: Connection, case: str, ids: Collection[str]) -> tuple[Attached, ...]:
    """The photos that an action names; InvalidInput for one that is not of this case."""
    rows = conn.execute(
        select(attachments.c.id, attachments.c.phase, attachments.c.sha256).where(
            attachments.c.case_id == case, attachments.c.id.in_(list(ids))
        )
    )
    found: Mapping[str, Attached] = {
        row.id: Attached(row.id, cast("Phase", row.phase), row.sha256) for row in rows
    }
    for each in ids:
        if each not in found:
            raise InvalidInput(
                f"the case has no attachment {each!r}",
                where="attachments",
                mend="POST /api/v1/cases/{case}/attachments first",
            )
    return tuple(found[each] for each in dict.fromkeys(ids))


def expired(conn: Connection, before: datetime, limit: int = 100) -> list[Photo]:
    """Photos that may go: of cases that have been over since before `before`; the longest there first.

    The photos of a case that became part of another stay as long as that one is live.
    """
    rows = conn.execute(
        select(attachments, case_rows.c.state.label("case_state"))
        .join(case_rows, case_rows.c.id == attachments.c.case_id)
        .where(
            attachments.c.state == "ready",
            case_rows.c.state.not_in(["open", "paused"]),
            case_rows.c.updated_at < before,
        )
        .order_by(attachments.c.id)
    )
    found: list[Photo] = []
    for row in rows:
        if len(found) == limit:
            break
        if row.case_state == "merged" and cases.live(conn, row.case_id) is not None:
            continue
        found.append(
            Photo(row.id, row.case_id, row.phase, row.sha256, row.bytes, row.width, row.height, row.at)
        )
    return found


def due(photos: Iterable[Photo]) -> list[Purged]:
    """These photos of expired(), as they are noted."""
    return together(
        Purged("photos", 1, each.at, each.at, each.size) for each in photos if each.at is not None
    )


def set_expired(conn: Connection, attachment: str) -> None:
    """It was deleted by retention; who brought it, when, and its digest stay."""
    conn.execute(update(attachments).where(attachments.c.id == attachment).values(state="expired"))
