"""Mute: what silences and root causes mean to incidents, written where everybody reads it.

An incident carries the ids of what mutes it. They are decided anew whenever something became of it or of a root
cause, and when a silence begins or ends; a change is an `incident.updated` in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from alerts.directory import Directory
from alerts.inhibit import Equal, Inhibition, Party, may_be_muted, may_mute, muted_by
from alerts.ledger import groups, journal, silences
from alerts.ledger import known as seen
from alerts.ledger.engine import Connection
from alerts.ledger.known import Known
from alerts.silence import Silence

COLUMNS: Mapping[Equal, str] = {
    "site": "site",
    "area": "area",
    "site_kind": "site_kind",
    "place": "place",
    "condition": "condition",
}
"""Words of `equal` that are columns of an incident."""


def settle(conn: Connection, directory: Directory, spoken: Iterable[Known], now: datetime) -> list[Known]:
    """What mutes these incidents, and those that follow from them, now; answers all of them, the oldest first."""
    found = {each.id: each for each in spoken}
    for each in tuple(found.values()):
        for more in _around(conn, directory, each, now):
            found.setdefault(more.id, more)
    if not any(each.open for each in found.values()):
        return [found[key] for key in sorted(found)]
    holding = silences.active(conn)
    return [_settled(conn, directory, found[key], holding, now) for key in sorted(found)]


def _around(conn: Connection, directory: Directory, spoken: Known, now: datetime) -> list[Known]:
    """Those that an incident mutes, may mute, or has let go of."""
    found: list[Known] = []
    if not spoken.open and spoken.members:
        found += [each for each in seen.by_ids(conn, spoken.members) if each.open]
        for each in found:
            groups.wait_again(conn, each.id, now)
    causes = [rule for rule in directory.inhibitions if may_mute(rule, spoken.party, directory)]
    if causes:
        found += [each for each in seen.inhibited(conn) if spoken.id in each.inhibited_by]
    for rule in causes if spoken.open else ():
        near = seen.open_like(conn, rule.target, _same(rule, spoken))
        found += [each for each in near if may_be_muted(rule, each.party, directory)]
    return found


def _settled(
    conn: Connection, directory: Directory, incident: Known, holding: Sequence[Silence], now: datetime
) -> Known:
    if not incident.open:
        return incident
    after = replace(
        incident,
        silenced_by=tuple(
            each.id for each in holding if each.mutes(incident.facts, incident.place, directory.path)
        ),
        inhibited_by=_inhibited_by(conn, directory, incident),
    )
    if after == incident:
        return incident
    seen.set_muted(conn, after)
    journal.incident(conn, incident.id, "incident.updated", now=now)
    if incident.inhibited_by and not after.inhibited_by:
        # what follows from a root cause often ends soon after it: the waiting begins anew
        groups.wait_again(conn, incident.id, now)
    return after


def _inhibited_by(conn: Connection, directory: Directory, incident: Known) -> tuple[str, ...]:
    rules = [rule for rule in directory.inhibitions if may_be_muted(rule, incident.party, directory)]
    around: dict[str, Party] = {}
    for rule in rules:
        near = seen.open_like(conn, rule.source, _same(rule, incident))
        around |= {each.id: each.party for each in near}
    return muted_by(rules, incident.party, around.values(), directory)


def _same(rule: Inhibition, incident: Known) -> dict[str, str | None]:
    """The columns in which source and target are equal."""
    return {COLUMNS[word]: getattr(incident.facts, COLUMNS[word]) for word in rule.equal if word in COLUMNS}
