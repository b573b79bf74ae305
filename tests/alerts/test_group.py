"""Group: what is said when, by any history: one notice at a moment, nothing lost; pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.group import MOMENT, Group, Member, Outcome, Say, Terms, due, look, told
from detectors.signal import Severity
from tests.alerts.county import NOW

TERMS = Terms(("chat",), timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=4))
GROUP = Group("route|unit|place", "route", "unit", TERMS)

HISTORY = st.lists(
    st.tuples(
        st.integers(0, 400),  # seconds that pass
        st.sampled_from("abc"),
        st.sampled_from(["raise", "life", "clear", "mute", "unmute", "ack", "unack", "settle"]),
    ),
    max_size=40,
)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


class Played:
    """A group that is looked at whenever it is due, as notify does it."""

    def __init__(self) -> None:
        self.group = GROUP
        self.members: dict[str, Member] = {}
        self.said: list[tuple[datetime, Say]] = []
        self.told: dict[str, list[str]] = {}

    def happen(self, name: str, what: str, now: datetime) -> None:
        """One thing becomes of one incident."""
        held = self.members.get(name)
        if what in {"raise", "life"}:
            severity: Severity = "life" if what == "life" else "major"
            if held is None or not held.open:
                self.members[name] = Member(name, severity, open=True, since=now)
            elif severity == "life":
                self.members[name] = replace(held, severity=severity)
        elif held is not None and held.open:
            changes: dict[str, dict[str, object]] = {
                "clear": {"open": False},
                "mute": {"muted": True},
                "unmute": {"muted": False},
                "ack": {"acked": True},
                "unack": {"acked": False, "ack_until": now},
                "settle": {"settled": True},
            }
            self.members[name] = replace(held, **changes[what])  # type: ignore[arg-type]  # fields by name

    def look(self, now: datetime) -> Outcome:
        """Look once, and keep what was said."""
        found = look(self.group, self.members.values(), now)
        if found.say is not None:
            self.said.append((now, found.say))
        if found.over:
            self.group, self.members = GROUP, {}
        elif found.say is not None:
            self.group, after = told(self.group, self.members.values(), found.say, now)
            self.members = {each.incident: each for each in after}
        return found


@given(HISTORY)
def test_one_notice_at_a_moment(history: list[tuple[int, str, str]]) -> None:
    """However often a group is looked at, it says one thing at a moment, and nothing about nothing."""
    played, now = Played(), NOW
    for passed, name, what in history:
        now += timedelta(seconds=passed)
        played.happen(name, what, now)
        for _ in range(3):
            played.look(now)
    moments = [moment for moment, _ in played.said]
    assert len(moments) == len(set(moments))
    assert all(say.incidents for _, say in played.said)


@given(HISTORY)
def test_nothing_is_lost(history: list[tuple[int, str, str]]) -> None:
    """Whatever happened before: what is open, unmuted and unsettled is told in the end."""
    played, now = Played(), NOW
    for passed, name, what in history:
        now += timedelta(seconds=passed)
        played.happen(name, what, now)
        played.look(now)
    now += TERMS.wait + TERMS.interval + MOMENT
    for _ in range(2):
        played.look(now)
        now += MOMENT
    assert all(each.told is not None and not each.worse for each in played.members.values() if each.tellable)


@pytest.mark.slow
@given(HISTORY)
def test_looking_only_when_due_is_enough(history: list[tuple[int, str, str]]) -> None:
    """A group that is looked at only when it said it would be due says the same as one looked at every second."""
    often, seldom, now = Played(), Played(), NOW
    wake: datetime | None = None
    for passed, name, what in history:
        until = now + timedelta(seconds=passed)
        while now < until:
            now += timedelta(seconds=1)
            often.look(now)
            if wake is not None and wake <= now:
                wake = _next(seldom, seldom.look(now))
        for each in (often, seldom):
            each.happen(name, what, now)
        often.look(now)
        wake = _next(seldom, seldom.look(now))
    assert often.said == seldom.said


def _next(played: Played, found: Outcome) -> datetime | None:
    if found.say is None or found.over:
        return found.due
    dues = [when for each in played.members.values() if (when := due(played.group, each)) is not None]
    return min(dues, default=None)


def test_no_two_notices_at_one_instant() -> None:
    """Life safety that follows within the same millisecond waits for the next one."""
    first = Member("a", "life", open=True, since=NOW)
    group, members = told(GROUP, [first], Say("new-group", ("a",)), NOW)
    more = [*members, Member("b", "life", open=True, since=NOW)]
    assert look(group, more, NOW) == Outcome(due=NOW + MOMENT)
    assert look(group, more, NOW + MOMENT).say == Say("new-incident", ("a", "b"))


def test_a_clock_that_goes_back() -> None:
    """A notice is never said before the one before it."""
    group, members = told(
        GROUP, [Member("a", "major", open=True, since=NOW)], Say("new-group", ("a",)), at(60)
    )
    over = [replace(each, open=False) for each in members]
    assert look(group, over, at(30)).say is None
    assert look(group, over, at(360)) == Outcome(Say("resolved", ("a",)), over=True)
