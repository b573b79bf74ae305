"""Leader: whose turn a report by people is: the leader of its micro-grid first, then upward, level by level; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.case import HUB, Actor, Case, Done, Request, written
from alerts.clock import Clock
from alerts.directory import Directory

ACTS = "handler"
"""The role whose entry in the history says that somebody has taken it in hand."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Who has it.

    Attributes:
        level: The area whose leader it is; that of the report when the route's unit has it.
        leader: Name of the user, None when the route's unit has it.
        unit: The unit that handles it.
        due_at: When it goes upward (UTC), None when there is nowhere to go.
    """

    level: str
    leader: str | None
    unit: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Act:
    """One entry of the history, as far as it matters here."""

    role: str
    at: datetime


def first(directory: Directory, area: str, unit: str, now: datetime) -> Turn:
    """Whose turn a new report in `area` is; `unit` is the route's, for a place without any leader."""
    return _from(directory, tuple(reversed(directory.path(area))), area, unit, now=now)


def upward(directory: Directory, turn: Turn, area: str, unit: str, now: datetime) -> Turn:
    """Whose turn it is when that leader did not act; in the end the route's unit has it."""
    return _from(directory, tuple(reversed(directory.path(turn.level)))[1:], area, unit, now=now)


def in_hand(acts: Iterable[Act], told_at: datetime) -> bool:
    """Whether somebody of a unit did anything since the leader was told."""
    return any(each.role == ACTS and each.at >= told_at for each in acts)


def raised(case: Case, before: Turn, after: Turn, now: datetime) -> Done:
    """The case with the next in turn; those who had it keep seeing it."""
    units = case.place.units | {after.unit}
    moved = replace(case, unit=after.unit, place=case.place.with_units(units), escalated_to=after.level)
    request = Request("escalate", note=f"{before.leader or before.unit} → {after.leader or after.unit}")
    return written(moved, Actor(HUB, HUB), request, came_from=case.position, unit=after.unit, now=now)


def _from(directory: Directory, way: tuple[str, ...], area: str, unit: str, *, now: datetime) -> Turn:
    for level in way:
        found = directory.areas.get(level)
        person = directory.people.get(found.leader or "") if found else None
        if found is None or person is None or not person.units:
            continue
        calendar = directory.calendar(directory.visibility(area), route=None, workflow="")
        due = Clock.start("leader", found.leader_within, now, calendar).due_at
        return Turn(level, person.name, person.units[0], due)
    return Turn(area, None, unit, None)
