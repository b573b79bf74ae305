"""Notify: tails the log, and decides who is told of what, and when; in the transaction that gives the reason.

Each incident that the log speaks of is folded into the groups of the routes that match it; a group that is due is
looked at, and what it has to say becomes a notice. Groups, their members and the place in the log are rows: a hub
that starts again goes on where the last commit was, and loses and doubles nothing. The incident itself, its case
and the push of events wait for none of this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from alerts import group as groups_core
from alerts import mute
from alerts.directory import Directory
from alerts.group import Group, Terms, key_of
from alerts.ids import new_id
from alerts.keeper import head_start
from alerts.ledger import groups, incidents, journal, notices, silences
from alerts.ledger import known as seen
from alerts.ledger.engine import Connection
from alerts.ledger.known import Known
from alerts.notice import Notice, Why
from alerts.route import Route
from alerts.sight import Visibility
from alerts.silence import Silence
from alerts.waiting import touched
from detectors.signal import SEVERITIES
from ingest.text import Text

TEST = Text("测试告警：请确认收到，现场没有发生任何事", "Test alarm: please confirm; nothing has happened")


MOST = 200
"""Groups that one call looks at beside those that the log just spoke of: a storm must not hold up the writer."""


def advance(conn: Connection, directory: Directory, now: datetime, *, most: int = MOST) -> int:
    """Folds what the log has since the last time, and writes the notices that are due; answers how many.

    Call it after whatever wrote events, in the same transaction, and once a second for what time alone makes due.
    Where no event was written there is no need to call it. Groups that the log does not speak of are looked at up
    to `most`, the longest due first.
    """
    lapsed = seen.silenced(conn) if most and silences.lapse(conn, now) else []
    done = _take(conn, directory, lapsed, now)
    return done + _look_at(conn, directory, groups.due(conn, now, most) if most else [], now)


def silence(conn: Connection, directory: Directory, new: Silence, now: datetime) -> None:
    """A silence begins: what it mutes says so from now on."""
    silences.add(conn, new)
    _take(conn, directory, seen.open_like(conn, new.match, {}), now)


def unsilence(conn: Connection, directory: Directory, key: str, *, who: str, now: datetime) -> None:
    """A silence is ended before its time: what is still open is told. Raises NotFound and Conflict."""
    silences.end(conn, key, who=who, now=now)
    _take(conn, directory, seen.silenced(conn), now)


def remute(conn: Connection, directory: Directory, now: datetime) -> None:
    """What mutes incidents, looked at anew after the registry changed."""
    _take(conn, directory, [*seen.silenced(conn), *seen.inhibited(conn)], now)


def _take(conn: Connection, directory: Directory, spoken: Sequence[Known], now: datetime) -> int:
    """These incidents, and those that the log speaks of; answers how many notices that gave."""
    head, cursor = groups.positions(conn)
    fresh = seen.touched(conn, cursor, head) if cursor is None or head > cursor else []
    told = mute.settle(conn, directory, [*spoken, *fresh], now)
    folding = _Folding(conn, directory, told, now)
    ready: dict[str, None] = {}
    for each in told:
        ready |= dict.fromkeys(folding.fold(each))
    if cursor is None or head > cursor:
        groups.folded(conn, head)
    return _look_at(conn, directory, list(ready), now)


def tell(
    conn: Connection,
    directory: Directory,
    *,
    why: Why,
    addressee: str,
    incidents: Sequence[str],
    channels: Sequence[str],
    now: datetime,
    group: str = "",
    route: str | None = None,
) -> Notice:
    """Writes one notice about these incidents, due at once on each channel; answers it.

    `incidents` is empty for a test alarm only. A second notice of the same group, addressee, reason and moment is
    refused by the ledger; `group` empty: it belongs to none.
    """
    about = seen.by_ids(conn, tuple(incidents))
    to = Group(group, route or "", addressee, Terms(channels=tuple(channels)))
    notice = _notice(directory, to, why, about, now)
    notices.add(conn, notice)
    return notice


def _notice(directory: Directory, group: Group, why: Why, about: Sequence[Known], now: datetime) -> Notice:
    worst = min((SEVERITIES.index(each.severity) for each in about), default=len(SEVERITIES) - 1)
    return Notice(
        id=new_id(now),
        at=now,
        why=why,
        addressee=group.addressee,
        group=group.key,
        route=group.route or None,
        incidents=tuple(each.id for each in about),
        open=sum(each.open for each in about),
        severity=SEVERITIES[worst],
        place=_standing(about, directory, group.addressee),
        title=title(about, directory),
        channels=group.terms.channels,
    )


def title(about: Sequence[Known], directory: Directory) -> Text:
    """Condition, place and how many; what is open speaks first, then the worst, then the oldest."""
    if not about:
        return TEST
    lead = min(about, key=lambda each: (not each.open, SEVERITIES.index(each.severity), each.id))
    what = directory.condition_name(lead.facts.condition)
    where = directory.place_name(lead.place) or Text(lead.facts.place, lead.facts.place)
    zh, en = f"{where.zh}：{what.zh}", f"{what.en}, {where.en}"
    if len(about) > 1:
        zh, en = f"{zh}，共 {len(about)} 起", f"{en}, and {len(about) - 1} more"
    return Text(zh, en)


class _Folding:
    """Incidents of which something became, on their way into and out of groups; what they need is read at once."""

    def __init__(
        self, conn: Connection, directory: Directory, incidents: Sequence[Known], now: datetime
    ) -> None:
        self._conn, self._directory, self._now = conn, directory, now
        self._mine = groups.memberships(conn, [each.id for each in incidents])
        self._routes = {each.id: self._told(each) for each in incidents if each.open}
        keys = {key for each in self._mine.values() for key in each}
        keys |= {key for each in self._routes.values() for key in each}
        self._known = groups.of_keys(conn, keys)

    def _told(self, incident: Known) -> dict[str, Route]:
        """The routes that tell of it, by the key of its group."""
        chosen = self._directory.choose(incident.facts)
        told = chosen.told if chosen else ()
        return {key_of(route, route.group_values(incident.facts)): route for route in told}

    def fold(self, incident: Known) -> list[str]:
        """The groups of one incident, and what it waits for; answers those due now."""
        touched(self._conn, self._directory, incident, self._now)
        mine = self._mine.setdefault(incident.id, {})
        if not incident.open:
            return [each.group for each in mine.values() if each.open and self._leave(each)]
        begun: dict[str, Group] = {}
        first: Route | None = None
        for key, route in self._routes[incident.id].items():
            if key not in mine:
                if key not in self._known:
                    begun[key] = self._known[key] = Group(key, route.id, route.unit, Terms.of(route))
                mine[key] = self._join(key, incident, begun=key in begun)
            if mine[key].told is None and route.keeper_first:
                first = first or route
        if first is not None and not incident.muted and not incident.settled:
            _tell_keepers(self._conn, self._directory, first, incident, self._now)
        return [
            each.group for each in mine.values() if self._hasten(incident, each, begun=each.group in begun)
        ]

    def _hasten(self, incident: Known, membership: groups.Membership, *, begun: bool) -> bool:
        """The group is looked at no later than its member asks for; whether that is now."""
        group = self._known.get(membership.group)
        if group is None:
            return False
        now = _as_now(group, self._directory, [incident])
        member = _kept(self._directory, now, incident, incident.member(membership.since, membership.told))
        at = groups_core.due(now, member)
        if begun:
            groups.start(self._conn, group, membership, at)
        elif at is not None:
            groups.hasten(self._conn, group.key, at)
        return at is not None and at <= self._now

    def _leave(self, membership: groups.Membership) -> bool:
        """A member less; with the last one the group ends, when that is said or the waiting is over: whether now."""
        left = groups.leave(self._conn, membership)
        group = self._known.get(membership.group)
        if left or group is None:
            return False
        at = groups_core.ends(group) or membership.since + group.terms.wait
        groups.hasten(self._conn, group.key, at)
        return at <= self._now

    def _join(self, key: str, incident: Known, *, begun: bool) -> groups.Membership:
        """A member more; what comes back before its end was told is no news, unless lives are at stake."""
        fresh = groups.Membership(key, incident.id, self._now, open=True, told=None)
        if begun:
            return fresh
        back = groups.returned(self._conn, key, incident)
        if back is not None:
            told = back.told if incident.severity != "life" else None
            fresh = replace(fresh, since=back.since, told=told)
        groups.join(self._conn, fresh)
        return fresh


def _look_at(conn: Connection, directory: Directory, keys: Sequence[str], now: datetime) -> int:
    """Groups that are due; how many of them said something."""
    if not keys:
        return 0
    stored, members = groups.of_keys(conn, keys), groups.members(conn, keys)
    return sum(_look(conn, directory, stored[key], members[key], now) for key in keys if key in stored)


def _look(
    conn: Connection,
    directory: Directory,
    stored: Group,
    found: Sequence[tuple[Known, groups_core.Member]],
    now: datetime,
) -> bool:
    """A group that is due; whether it said something."""
    group = _as_now(stored, directory, [each for each, _ in found])
    members = tuple(_kept(directory, group, each, member) for each, member in found)
    outcome = groups_core.look(group, members, now)
    say = outcome.say
    if say is not None:
        about = [each for each, _ in found if each.id in say.incidents]
        notices.add(conn, _notice(directory, group, say.why, about, now))
    if outcome.over:
        groups.end(conn, stored.key)
        return say is not None
    if say is not None:
        late = [each.incident for each in members if each.told is None and each.keeper]
        _not_mended(conn, [each for each in late if each in say.incidents], now)
        group, members = groups_core.told(group, members, say, now)
        groups.told(conn, stored.key, [each for each in members if each.incident in say.incidents])
    groups.looked(conn, group, outcome.due if say is None else _next(group, members))
    if any(not each.open and each.told is None for each in members):
        groups.forget(conn, stored.key)
    return say is not None


def _tell_keepers(
    conn: Connection, directory: Directory, route: Route, incident: Known, now: datetime
) -> None:
    """Whoever looks after the site is told first, once."""
    keepers = directory.keepers(incident.facts.site)
    group = f"first|{incident.id}"
    if not head_start(route.keeper_first, incident.severity, keepers) or notices.of_group(conn, group):
        return
    for at, addressee in enumerate(keepers.users or (route.unit,)):
        tell(
            conn,
            directory,
            why="first-told",
            addressee=addressee,
            incidents=(incident.id,),
            channels=() if at else keepers.channels,  # they are the site's: one message on each
            now=now,
            group=group,
            route=route.id or None,
        )


def _kept(
    directory: Directory, group: Group, incident: Known, member: groups_core.Member
) -> groups_core.Member:
    """A member with the time that the keeper of its site has."""
    if not group.terms.keeper_first:
        return member
    keepers = directory.keepers(incident.facts.site)
    return replace(member, keeper=head_start(group.terms.keeper_first, incident.severity, keepers))


def _not_mended(conn: Connection, late: Sequence[str], now: datetime) -> None:
    """It stands in the inspector's list from now on."""
    for each in late:
        incidents.set_not_mended(conn, each, now)
        journal.incident(conn, each, "incident.updated", now=now)


def _next(group: Group, members: Sequence[groups_core.Member]) -> datetime | None:
    """When to look again after something was said."""
    dues = [at for each in members if (at := groups_core.due(group, each)) is not None]
    return min(dues, default=None)


def _as_now(group: Group, directory: Directory, about: Sequence[Known]) -> Group:
    """With the terms that its route gives its incidents now; those of before where it calls nobody any more."""
    for each in about:
        chosen = directory.choose(each.facts)
        for route in chosen.told if chosen else ():
            if key_of(route, route.group_values(each.facts)) == group.key:
                return replace(group, terms=Terms.of(route))
    return group


def _standing(about: Sequence[Known], directory: Directory, addressee: str) -> Visibility:
    """Where a notice stands: what its incidents have in common; its addressee sees all of it."""
    if not about:
        return Visibility()
    places = [each.place for each in about]
    kinds, sites = {each.site_kind for each in places}, {each.site for each in places}
    units = frozenset.intersection(*(each.units for each in places))
    return Visibility(
        _common_area({each.area for each in places}, directory),
        kinds.pop() if len(kinds) == 1 else None,
        sites.pop() if len(sites) == 1 else None,
        units | (frozenset({addressee}) & frozenset(directory.units)),
    )


def _common_area(areas: set[str | None], directory: Directory) -> str | None:
    """The lowest area that all of them lie in, None when there is none."""
    if len(areas) == 1:
        return areas.pop()
    first, *others = [directory.path(each) if each else () for each in sorted(areas, key=str)]
    return next((step for step in reversed(first) if all(step in path for path in others)), None)
