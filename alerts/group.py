"""Group: incidents that one addressee is told of together, and when; pure, in Alertmanager's terms.

The first notice of a group waits `wait` for more of the same. A group that was told of gets its news `interval`
after its last notice, and is said again after `repeat` while somebody should still see to it. Life safety waits for
nothing. When all of a told group is over that is said too; what was never told of ends without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.keeper import NOTHING
from alerts.notice import Why
from alerts.route import GROUP_INTERVAL, GROUP_WAIT, REPEAT_INTERVAL, Route
from detectors.signal import SEVERITIES, Severity

MOMENT = timedelta(milliseconds=1)
"""The least that lies between two notices of a group: an instant of the ledger."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How the addressee of a group is told."""

    channels: tuple[str, ...] = ()
    wait: timedelta = GROUP_WAIT
    interval: timedelta = GROUP_INTERVAL
    repeat: timedelta = REPEAT_INTERVAL
    keeper_first: timedelta = NOTHING

    @staticmethod
    def of(route: Route) -> Terms:
        """Those of a route."""
        return Terms(
            route.channels, route.group_wait, route.group_interval, route.repeat_interval, route.keeper_first
        )


@dataclass(frozen=True, slots=True)
class Member:
    """An incident as its group sees it.

    Attributes:
        incident: Its id.
        severity: Now.
        open: Whether it still holds.
        since: From when its waiting counts: when it joined, or when what muted it let go (UTC).
        told: The severity it was told with, None while it was not told.
        muted: Silenced, inhibited, or part of another incident that is told instead.
        acked: Somebody has seen it.
        ack_until: Until when that counts, or counted last (UTC).
        settled: Judged false, or its case is closed: nobody is reminded, and nobody told anew.
        keeper: How long the keeper of its site, who is told first, has to mend it.
    """

    incident: str
    severity: Severity
    open: bool
    since: datetime
    told: Severity | None = None
    muted: bool = False
    acked: bool = False
    ack_until: datetime | None = None
    settled: bool = False
    keeper: timedelta = NOTHING

    @property
    def worse(self) -> bool:
        """Worse than what was told of it."""
        return self.told is not None and SEVERITIES.index(self.severity) < SEVERITIES.index(self.told)

    @property
    def tellable(self) -> bool:
        """Somebody may be told that it is there."""
        return self.open and not self.muted and not self.settled

    @property
    def nagging(self) -> bool:
        """Somebody should still see to it."""
        return self.tellable and not self.acked


@dataclass(frozen=True, slots=True)
class Group:
    """Who is told, how, and when that was last done.

    Attributes:
        key: Route, addressee and what `group_by` asks for.
        route: Id of the route.
        addressee: Its unit.
        terms: Of the route.
        told_at: When its last notice was (UTC), None before the first.
    """

    key: str
    route: str
    addressee: str
    terms: Terms = Terms()
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """One notice: why, and of which incidents, the oldest first."""

    why: Why
    incidents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a look at a group gives.

    Attributes:
        say: What is to be said now, if anything.
        due: When to look again while nothing changes; None: never.
        over: The group is done with.
    """

    say: Say | None = None
    due: datetime | None = None
    over: bool = False


def key_of(route: Route, values: str) -> str:
    """The group of one route and its unit; `values` are what `group_by` asks for."""
    return f"{route.id}|{route.unit}|{values}"


def due(group: Group, member: Member) -> datetime | None:
    """When this member alone makes a notice due; None: it does not.

    A group is due when the first of its members is, so who changes one member need not look at the others.
    """
    if not member.tellable:
        return None
    if member.told is None or member.worse:
        if member.severity == "life":
            return member.since
        waited = member.since + _wait(group, member)
        return waited if group.told_at is None else max(waited, group.told_at + group.terms.interval)
    if member.acked or group.told_at is None:
        return None
    return member.ack_until if _ack_over(group, member) else group.told_at + group.terms.repeat


def ends(group: Group) -> datetime | None:
    """When the end of the whole group is said; None: never, for nobody was told."""
    return None if group.told_at is None else group.told_at + group.terms.interval


def look(group: Group, members: Iterable[Member], now: datetime) -> Outcome:
    """What is to be said now, or when to look again."""
    found = sorted(members, key=lambda each: each.incident)
    if group.told_at is not None and now < group.told_at + MOMENT:
        return Outcome(due=group.told_at + MOMENT)
    if not any(each.open for each in found):
        return _end(group, found, now)
    dues = [at for each in found if (at := due(group, each)) is not None]
    if not dues or min(dues) > now:
        return Outcome(due=min(dues, default=None))
    ready = [each for each in found if not _held(group, each, now)]
    why = _why(group, ready)
    of = [
        each
        for each in ready
        if (each.nagging if why in {"repeat", "acknowledgement-over"} else each.tellable)
    ]
    return Outcome(Say(why, tuple(each.incident for each in of)))


def told(
    group: Group, members: Iterable[Member], say: Say, now: datetime
) -> tuple[Group, tuple[Member, ...]]:
    """The group after it was said."""
    after = tuple(
        replace(each, told=each.severity) if each.incident in say.incidents else each for each in members
    )
    return replace(group, told_at=now), after


def _end(group: Group, members: list[Member], now: datetime) -> Outcome:
    at = ends(group)
    if at is not None and now < at:
        return Outcome(due=at)
    of = tuple(each.incident for each in members if each.told is not None and not each.muted)
    return Outcome(Say("resolved", of) if at is not None and of else None, over=True)


def _why(group: Group, members: list[Member]) -> Why:
    """Why now: the news first, then what somebody forgot, then the reminder."""
    of = [each for each in members if each.tellable]
    kept = any(each.told is None and each.keeper for each in of)
    fresh = any(each.told is None and not each.keeper for each in of)
    if group.told_at is None:
        return "new-group" if fresh else "not-mended"
    reasons: Mapping[Why, bool] = {
        "new-incident": fresh,
        "not-mended": kept,
        "worse": any(each.worse for each in of),
        "acknowledgement-over": any(_ack_over(group, each) for each in of),
    }
    return next((why for why, holds in reasons.items() if holds), "repeat")


def _wait(group: Group, member: Member) -> timedelta:
    """How long the first word about a member waits: for more of the same, or for the keeper to mend it."""
    return group.terms.wait if member.told is not None else max(group.terms.wait, member.keeper)


def _held(group: Group, member: Member, now: datetime) -> bool:
    """Its keeper still has time."""
    return member.told is None and bool(member.keeper) and now < member.since + _wait(group, member)


def _ack_over(group: Group, member: Member) -> bool:
    """Its acknowledgement has ended since the last notice."""
    until = member.ack_until
    return (
        member.told is not None
        and not member.acked
        and until is not None
        and (group.told_at is None or group.told_at < until)
    )
