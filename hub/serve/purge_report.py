"""Purge report: what retention has deleted and what it would delete now, by kind; reads, and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from alerts.ledger import (
    attachments,
    events,
    evidence,
    evidence_expiry,
    offers,
    public_reports,
    purges,
    raises,
    reading_expiry,
    rule_states,
)
from alerts.ledger.engine import Connection
from alerts.ledger.purges import KINDS, Kind, Purged
from hub.serve.retention import OFFERS, RAISES, STATES, Limits, early, over_age
from ingest.duration import format_duration
from ingest.instant import format_instant

ALL = 10_000_000
"""Files that are looked at: all there are."""

Json = Mapping[str, object]


def kept(limits: Limits) -> dict[Kind, timedelta]:
    """How long each kind is kept: by age; bytes may end it earlier."""
    return {
        "readings": limits.readings,
        "readings-1m": limits.minutes,
        "readings-1h": limits.hours,
        "events": limits.events,
        "evidence": limits.evidence,
        "originals": min(limits.originals, limits.evidence),
        "case-evidence": limits.case_evidence,
        "photos": limits.case_evidence,
        "people": limits.reports,
        "offers": OFFERS,
        "rule-states": STATES,
        "raises": RAISES,
    }


def due(conn: Connection, limits: Limits, *, room: int, now: datetime) -> list[Purged]:
    """What goes with the next run of retention; `room`: bytes that the disk of the evidence still has to give."""
    found: list[Purged] = []
    for resolution, age in limits.ages().items():
        most = limits.reading_bytes.get(resolution)
        found += reading_expiry.due(conn, resolution, reading_expiry.end(conn, resolution, now - age, most))
    found += events.due(conn, now - limits.events, dead_since=now - limits.dead())
    old = over_age(conn, limits, now, ALL)
    saved = sum(each.file.size for each in old)
    over = max(evidence.stored_bytes(conn) - saved - limits.evidence_bytes, -(room + saved))
    if over > 0:
        some, _ = early(conn, over, now, ALL, gone={each.file for each in old})
        old += some
    found += evidence_expiry.due(old)
    found += attachments.due(attachments.expired(conn, now - limits.case_evidence, ALL))
    found += public_reports.old(conn, now - limits.reports, None)
    found += offers.due(conn, now - OFFERS)
    found += raises.due(conn, now - RAISES)
    found += rule_states.due(rule_states.orphans(conn, now - STATES))
    return purges.together(found)


def report(conn: Connection, limits: Limits, *, room: int, since: datetime, now: datetime) -> list[Json]:
    """`{kind, kept, deleted, due}` of every kind; the latter two null or `{number, bytes, since, until}`."""
    gone = {each.kind: each for each in purges.noted(conn, since)}
    going = {each.kind: each for each in due(conn, limits, room=room, now=now)}
    lengths = kept(limits)
    return [
        {
            "kind": kind,
            "kept": format_duration(lengths[kind]),
            "deleted": _shown(gone.get(kind)),
            "due": _shown(going.get(kind)),
        }
        for kind in KINDS
    ]


def _shown(some: Purged | None) -> Json | None:
    if some is None:
        return None
    return {
        "number": some.number,
        "bytes": some.size,
        "since": format_instant(some.since),
        "until": format_instant(some.until),
    }
