"""Waiting: what an incident waits for to be told on, from the moment it comes.

Called for every incident that the log speaks of, inside the caller's transaction; what comes due is told by
alerts/duty.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alerts import escalation
from alerts.directory import Directory
from alerts.escalation import Chain, working_now
from alerts.ledger import known as seen
from alerts.ledger import watches
from alerts.ledger.engine import Connection
from alerts.ledger.known import Known
from alerts.ledger.watches import Watch


def touched(conn: Connection, directory: Directory, incident: Known, now: datetime) -> None:
    """Something became of an incident: what it waits for from now on."""
    chain = chain_of(directory, incident, now)
    wanted = bool(directory.rosters) and incident.severity != "info"
    if chain is None and not wanted:
        return
    if not incident.open:
        watches.drop(conn, incident.id)
        return
    known, life = watches.of_incident(conn, incident.id), incident.severity == "life"
    room, before = known.get("room"), known.get("chain")
    if wanted and (room is None or (life and not room.life)):
        # what turns into a matter of life is looked at anew, unless an empty room was told of it already
        due = None if room is not None and room.told else now
        watches.save(conn, replace(room or Watch(incident.id, "room", now, now), due_at=due, life=life))
    if chain is None:
        return
    if before is None:
        watches.save(conn, _begun(Watch(incident.id, "chain", None, now, life=life), chain))
        return
    over = None if incident.acked else incident.ack_until
    ended = over is not None and before.since < over <= now
    if ended or (life and not before.life):
        # who acknowledged it did not bring it to an end, or it was about less: all begins anew
        since = over if ended and over is not None else now
        again = replace(before, since=since, episode=before.episode + 1, told=0, life=life)
        watches.save(conn, _begun(again, chain))


def adopt(conn: Connection, directory: Directory, now: datetime) -> None:
    """The rosters or chains changed: what is open waits by them from now on."""
    for each in seen.touched(conn, None, 0):
        touched(conn, directory, each, now)


def chain_of(directory: Directory, incident: Known, now: datetime) -> Chain | None:
    """The chain that an incident follows, None without one."""

    def working() -> bool:
        return working_now(directory.calendar(incident.place, route=None, workflow=""), now)

    return escalation.choose(directory.escalations, incident.facts, directory.path, working=working)


def _begun(watch: Watch, chain: Chain) -> Watch:
    return replace(watch, due_at=watch.since + chain.steps[0].after, chain=chain.id)
