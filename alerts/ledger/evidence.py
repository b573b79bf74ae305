"""Evidence: what pictures and clips an incident has; the bytes lie in the evidence store, not here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import Connection

from alerts.ledger.among import among
from alerts.ledger.tables import evidence
from alerts.ledger.upsert import add_missing, put
from ingest.errors import EvidenceNone, EvidencePending

EvidenceName = Literal["shown.jpg", "shown-boxes.jpg", "shown.mp4", "original.mp4"]
"""shown*: persons are blurred; original: sealed."""

EXPECTED: tuple[EvidenceName, ...] = ("shown.jpg", "shown-boxes.jpg", "original.mp4")
"""What a worker writes for one evidence_ref."""

SHOWN_CLIP: EvidenceName = "shown.mp4"
"""Made by `serve` from the original when somebody first opens it; never fetched from a worker."""

SOON = 2
"""Seconds after which a file that is on its way is asked for again."""

EvidenceState = Literal["none", "pending", "ready", "expired"]

SUMMARY: dict[str, tuple[str, ...]] = {"snapshot": ("shown.jpg",), "clip": ("shown.mp4", "original.mp4")}
"""What an incident shows of it: the first of these names that there is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file that is still to be fetched from a worker."""

    incident: str
    name: EvidenceName
    ref: str
    worker: str
    since: datetime


@dataclass(frozen=True, slots=True)
class File:
    """One file that is there."""

    incident: str
    name: EvidenceName
    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Old:
    """A file that may go: `bound` to a case that is over, and of an incident of that time."""

    file: File
    bound: bool
    at: datetime


def expect(conn: Connection, incident: str, *, ref: str, worker: str, now: datetime) -> bool:
    """The worker has evidence for this incident under `ref`; only the first ref counts. True if it did."""
    rows = [
        {
            "incident_id": incident,
            "name": name,
            "state": "pending",
            "ref": ref,
            "worker": worker,
            "updated_at": now,
        }
        for name in EXPECTED
    ]
    return add_missing(conn, evidence, rows) > 0


_EXPECTED = select(evidence.c.incident_id).where(among(evidence.c.incident_id, "ids")).distinct()


def expected(conn: Connection, of: Sequence[str]) -> set[str]:
    """Which of these incidents have evidence already, or will have."""
    return set(conn.execute(_EXPECTED, {"ids": list(of)}).scalars()) if of else set()


def pending(conn: Connection, limit: int = 100) -> list[Wanted]:
    """Files to be fetched from workers, the longest waiting first."""
    rows = conn.execute(
        select(evidence)
        .where(evidence.c.state == "pending", evidence.c.name.in_(EXPECTED))
        .order_by(evidence.c.updated_at)
        .limit(limit)
    )
    return [Wanted(row.incident_id, row.name, row.ref, row.worker, row.updated_at) for row in rows]


def unfinished(conn: Connection, ref: str) -> int:
    """How many files of one ref are still to be fetched; at 0 the worker's copy may go."""
    found = conn.execute(select(evidence.c.name).where(evidence.c.ref == ref, evidence.c.state == "pending"))
    return len(found.all())


def set_ready(
    conn: Connection, incident: str, name: EvidenceName, *, path: str, sha256: str, size: int, now: datetime
) -> None:
    """The file lies in the store and its digest was checked."""
    put(
        conn,
        evidence,
        {
            "incident_id": incident,
            "name": name,
            "state": "ready",
            "ref": _ref(conn, incident),
            "worker": "",
            "path": path,
            "sha256": sha256,
            "bytes": size,
            "updated_at": now,
        },
    )


def ask_shown_clip(
    conn: Connection, incident: str, *, now: datetime, most: int
) -> Literal["asked", "never", "full"]:
    """Have the shown clip made; EvidenceNone without an original, EvidencePending while that is on its way.

    `never`: it could not be made. `full`: `most` are asked for already, and nothing was written down.
    """
    find(conn, incident, "original.mp4")
    row = conn.execute(
        select(evidence.c.state).where(evidence.c.incident_id == incident, evidence.c.name == SHOWN_CLIP)
    ).one_or_none()
    if row is not None and row.state != "expired":
        return "never" if row.state == "none" else "asked"
    if len(asked_clips(conn, most)) >= most:
        return "full"
    asked = {
        "incident_id": incident,
        "name": SHOWN_CLIP,
        "state": "pending",
        "ref": "",
        "worker": "",
        "updated_at": now,
    }
    put(conn, evidence, asked)
    return "asked"


def asked_clips(conn: Connection, limit: int = 100) -> list[str]:
    """Incidents whose shown clip is to be made, in the order of asking."""
    rows = conn.execute(
        select(evidence.c.incident_id)
        .where(evidence.c.state == "pending", evidence.c.name == SHOWN_CLIP)
        .order_by(evidence.c.updated_at, evidence.c.incident_id)
        .limit(limit)
    )
    return [str(each) for each in rows.scalars()]


def unask_clip(conn: Connection, incident: str) -> None:
    """It could not be made this time: the next opening asks anew."""
    conn.execute(
        delete(evidence).where(
            evidence.c.incident_id == incident,
            evidence.c.name == SHOWN_CLIP,
            evidence.c.state == "pending",
        )
    )


def set_none(conn: Connection, incident: str, name: EvidenceName, *, now: datetime) -> None:
    """It will never come: the worker does not have it."""
    _set_state(conn, incident, name, "none", now)


def set_expired(conn: Connection, incident: str, name: EvidenceName, *, now: datetime) -> None:
    """It was deleted by retention; the digest stays."""
    _set_state(conn, incident, name, "expired", now)


def find(conn: Connection, incident: str, name: EvidenceName) -> File:
    """Where a file lies; raises EvidencePending while it is to come, EvidenceNone otherwise."""
    row = conn.execute(
        select(evidence).where(evidence.c.incident_id == incident, evidence.c.name == name)
    ).one_or_none()
    if row is None or row.state in {"none", "expired"}:
        state = "no" if row is None or row.state == "none" else "no longer"
        raise EvidenceNone(f"incident {incident} has {state} {name}")
    if row.state == "pending":
        raise EvidencePending(f"{name} of incident {incident} is still being written", retry_after=SOON)
    return File(incident, name, row.path, row.sha256, row.bytes)


@dataclass(frozen=True, slots=True)
class Named:
    """One file of an incident and its state."""

    name: EvidenceName
    state: EvidenceState


def files(conn: Connection, incident: str) -> list[Named]:
    """Every file of an incident, whatever its state, by name."""
    rows = conn.execute(
        select(evidence.c.name, evidence.c.state)
        .where(evidence.c.incident_id == incident)
        .order_by(evidence.c.name)
    )
    return [Named(row.name, row.state) for row in rows]


def stored_bytes(conn: Connection) -> int:
    """Bytes of all files that are there."""
    found = conn.execute(select(func.sum(evidence.c.bytes)).where(evidence.c.state == "ready")).scalar()
    return int(found or 0)


def known_files(conn: Connection) -> set[tuple[str, str]]:
    """(incident, name) of every file that is there or on its way."""
    rows = conn.execute(
        select(evidence.c.incident_id, evidence.c.name).where(evidence.c.state.in_(["ready", "pending"]))
    )
    return {(row.incident_id, row.name) for row in rows}


def overdue(conn: Connection, now: datetime, patience: timedelta) -> list[Wanted]:
    """Files that have been waited for longer than `patience`."""
    rows = conn.execute(
        select(evidence).where(evidence.c.state == "pending", evidence.c.updated_at < now - patience)
    )
    return [Wanted(row.incident_id, row.name, row.ref, row.worker, row.updated_at) for row in rows]


_SHOWN = (
    select(evidence.c.incident_id, evidence.c.name, evidence.c.state, evidence.c.sha256)
    .where(among(evidence.c.incident_id, "ids"))
    .order_by(evidence.c.name)
)


def shown(conn: Connection, ids: Sequence[str]) -> dict[str, dict[str, object]]:
    """`{snapshot, clip, sha256: {name: digest}}` of each incident."""
    states: dict[str, dict[str, str]] = {each: {} for each in ids}
    digests: dict[str, dict[str, str]] = {each: {} for each in ids}
    rows = conn.execute(_SHOWN, {"ids": list(ids)})
    for row in rows:
        states[row.incident_id][row.name] = row.state
        if row.sha256:
            digests[row.incident_id][row.name] = row.sha256
    return {each: {**_summary(states[each]), "sha256": digests[each]} for each in ids}


def _summary(states: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word, names in SUMMARY.items():
        known = [states[name] for name in names if name in states]
        found[word] = min(known, key=["ready", "pending", "expired", "none"].index) if known else "none"
    return found


def _ref(conn: Connection, incident: str) -> str:
    found = conn.execute(select(evidence.c.ref).where(evidence.c.incident_id == incident).limit(1)).scalar()
    return str(found or "")


def _set_state(
    conn: Connection, incident: str, name: EvidenceName, state: EvidenceState, now: datetime
) -> None:
    conn.execute(
        update(evidence)
        .where(evidence.c.incident_id == incident, evidence.c.name == name)
        .values(state=state, updated_at=now)
    )
