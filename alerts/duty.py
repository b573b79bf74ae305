"""Duty: nobody is left untold: who is told when nobody acknowledges, and when nobody is in the room.

Every function works inside the caller's transaction. What an incident waits for is a row with the moment at which
it is due, so that a tick asks one index and does nothing while nothing is due, however many incidents are open.
Each step is claimed by its key before it is told: a hub that was killed, or several on one ledger, tell it once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts import escalation, presence
from alerts.directory import Directory
from alerts.escalation import DUTY, Chain, Standing, Tell, Wait, another
from alerts.ledger import known as seen
from alerts.ledger import presence as stored
from alerts.ledger import watches
from alerts.ledger.engine import Connection
from alerts.ledger.known import Known
from alerts.ledger.watches import Watch
from alerts.notify import tell
from alerts.roster import Roster, Turn, merged, on_duty
from alerts.sight import Visibility
from alerts.waiting import chain_of

AT_ONCE = 500
"""Watches in one transaction; after a long night the rest follows with the next tick."""


NOBODY_AGAIN = timedelta(minutes=1)
"""How often is looked whether somebody has come on duty, where nobody was."""


@dataclass(frozen=True, slots=True)
class Called:
    """Whom a step reaches: `addressee` is a user or a unit, `users` are those on duty, the first to be told first."""

    addressee: str
    users: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


def tick(conn: Connection, directory: Directory, now: datetime) -> int:
    """Tells what is due; answers how many notices were written."""
    due = watches.due(conn, now, AT_ONCE)
    if not due:
        return 0
    known = {each.id: each for each in seen.by_ids(conn, sorted({each.incident for each in due}))}
    room = stored.room(conn, now) if any(each.kind == "room" for each in due) else presence.Room()
    empty: list[tuple[Watch, Known]] = []
    written = 0
    for watch in due:
        incident = known.get(watch.incident)
        if incident is None or not incident.open:
            watches.drop(conn, watch.incident)
        elif watch.kind == "chain":
            written += _escalate(conn, directory, watch, incident, now)
        else:
            empty += _look(conn, watch, incident, room, now)
    return written + _tell_of_empty_room(conn, directory, empty, room, now)


def called(
    directory: Directory, to: str, place: Visibility, now: datetime, *, units: Iterable[str] = ()
) -> Called | None:
    """Whom `to` reaches at a place now; None when nobody of it is on duty."""
    if to in directory.rosters:
        return _of(merged(on_duty(directory.rosters[to], now)))
    if to == DUTY:
        turns = (merged(on_duty(each, now)) for each in nearest(directory, place, units))
        return _of(next((turn for turn in turns if turn is not None), None))
    if to in directory.units:
        own = (each for each in directory.rosters.values() if each.unit == to)
        return _of(merged(turn for each in own for turn in on_duty(each, now))) or Called(to)
    return Called(to, (to,)) if to in directory.people else None


def nearest(directory: Directory, place: Visibility, units: Iterable[str] = ()) -> tuple[Roster, ...]:
    """The rosters that answer for a place: those of its units, of units of its area, of the areas above, of none."""
    named = set(units)
    path = directory.path(place.area) if place.area else ()

    def rank(roster: Roster) -> int | None:
        if roster.unit in named:
            return 0
        unit = directory.units.get(roster.unit)
        area = unit.area if unit else None
        if area is None:
            return len(path) + 2
        return len(path) - path.index(area) if area in path else None

    found = [(at, each.id) for each in directory.rosters.values() if (at := rank(each)) is not None]
    return tuple(directory.rosters[key] for _, key in sorted(found))


# -- nobody acknowledges -------------------------------------------------------------------------------------


def _escalate(conn: Connection, directory: Directory, watch: Watch, incident: Known, now: datetime) -> int:
    chain = next((each for each in directory.escalations if each.id == watch.chain), None)
    chain = chain or chain_of(directory, incident, now)
    found = escalation.decide(chain, _standing(incident), since=watch.since, told=watch.told, now=now)
    if isinstance(found, Tell) and chain is not None:
        return _step(conn, directory, watch, incident, chain=chain, now=now)
    until = found.until if isinstance(found, Wait) else None
    # what is muted begins when it is let go
    since = now if incident.muted and until is not None else watch.since
    watches.save(conn, replace(watch, due_at=until, since=since))
    return 0


def _step(
    conn: Connection, directory: Directory, watch: Watch, incident: Known, *, chain: Chain, now: datetime
) -> int:
    """The step that is due; where nobody is on duty the next one instead, and where nobody is at all, later."""
    whom = None
    at = watch.told
    while whom is None and at < len(chain.steps):
        whom = called(directory, chain.steps[at].to, incident.place, now, units=incident.place.units)
        at += 1
    if whom is None:
        watches.save(conn, replace(watch, due_at=now + NOBODY_AGAIN))
        return 0
    for passed in range(watch.told, at - 1):
        watches.claim(conn, watch, passed, now=now, users=(), channels=())
    written = _tell_step(conn, directory, watch, incident, number=at - 1, chain=chain, whom=whom, now=now)
    following = watch.since + chain.steps[at].after if at < len(chain.steps) else None
    watches.save(conn, replace(watch, due_at=following, told=at, chain=chain.id))
    return written


def _tell_step(
    conn: Connection,
    directory: Directory,
    watch: Watch,
    incident: Known,
    *,
    number: int,
    chain: Chain,
    whom: Called,
    now: datetime,
) -> int:
    user = _next_user(whom, watches.told_users(conn, watch))
    channels = chain.steps[number].channels or another(
        whom.channels, watches.used_channels(conn, incident.id)
    )
    users = (user,) if user else ()
    key = f"escalation|{incident.id}|{watch.episode}|{number}"
    if not watches.claim(conn, watch, number, now=now, users=users, channels=channels):
        return 0
    tell(
        conn,
        directory,
        why="not-acknowledged",
        addressee=user or whom.addressee,
        incidents=(incident.id,),
        channels=channels,
        now=now,
        group=key,
    )
    return 1


# -- nobody is there -----------------------------------------------------------------------------------------


def _look(
    conn: Connection, watch: Watch, incident: Known, room: presence.Room, now: datetime
) -> list[tuple[Watch, Known]]:
    """What is to be told of because nobody is there; the rest waits, or is done with."""
    found = presence.decide(
        room,
        incident.place,
        incident.severity,
        _standing(incident),
        told_at=stored.told_at(conn, incident.place),
        now=now,
    )
    if isinstance(found, Tell):
        return [(watch, incident)]
    watches.save(conn, replace(watch, due_at=found.until if isinstance(found, Wait) else None))
    return []


def _tell_of_empty_room(
    conn: Connection,
    directory: Directory,
    empty: list[tuple[Watch, Known]],
    room: presence.Room,
    now: datetime,
) -> int:
    """One notice to each who is on duty, of all that came to the places that nobody covers."""
    whom: dict[Called, list[tuple[Watch, Known]]] = {}
    for watch, incident in empty:
        reached = called(directory, DUTY, incident.place, now, units=incident.place.units)
        if reached is None:
            watches.save(conn, replace(watch, due_at=now + NOBODY_AGAIN))
            continue
        watches.save(conn, replace(watch, due_at=None, told=1))
        if watches.claim(conn, watch, 0, now=now, users=reached.users[:1], channels=reached.channels):
            stored.told(conn, incident.place, since=room.empty_since(incident.place) or now, now=now)
            whom.setdefault(reached, []).append((watch, incident))
    for reached, told in whom.items():
        ids = [incident.id for _, incident in told]
        used = frozenset[str]().union(*(watches.used_channels(conn, each) for each in ids))
        tell(
            conn,
            directory,
            why="room-empty",
            addressee=_next_user(reached, frozenset()) or reached.addressee,
            incidents=ids,
            channels=another(reached.channels, used),
            now=now,
            group=f"room|{ids[0]}",
        )
    return len(whom)


# -- inside --------------------------------------------------------------------------------------------------


def _standing(incident: Known) -> Standing:
    return Standing(incident.open, incident.acked, incident.settled, incident.muted)


def _of(turn: Turn | None) -> Called | None:
    return None if turn is None else Called(turn.unit, turn.users, turn.channels)


def _next_user(whom: Called, told: frozenset[str]) -> str | None:
    """Who was not told yet, in the order of the shift; when all were, the first again."""
    return next((each for each in whom.users if each not in told), next(iter(whom.users), None))
