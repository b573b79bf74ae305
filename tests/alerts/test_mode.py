"""Modes: what an emergency changes in its area and nowhere else, in one act, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy.exc import IntegrityError

from alerts.case import Actor
from alerts.clock import Clock
from alerts.directory import Directory
from alerts.ledger import audit, counters, events, modes, registry
from alerts.ledger.engine import Ledger
from alerts.ledger.modes import Switched
from alerts.limit import parse_limit
from alerts.mode import Overlay, Sampling
from alerts.route import Facts, Match, Route
from alerts.sight import NOUNS, Sight
from alerts.switch import expire, switch
from config.calendars import with_own_calendars
from ingest.errors import Conflict, InvalidInput, NotFound
from ingest.text import Text
from tests.alerts.county import DISPATCHER, NOW, SUPERVISOR, county, do, look

ALL = Sight.everything()
EAST = Sight(nouns=NOUNS, areas=frozenset({"east"}))
SUNDAY = NOW
"""A Sunday: no working time passes."""

EMERGENCY = Overlay(
    "emergency",
    Text("战时", "Emergency"),
    sampling=(Sampling(2.0, frozenset({"crossroad"})), Sampling(0.5)),
    routes=(Route("room", Match(condition="fridge-warm"), workflow="four-step"),),
    around_the_clock=True,
    limits=0.5,
    speakers=frozenset({"supervisor"}),
)
FLOOD = Overlay("flood", Text("防汛", "Flood"), limits=0.25)


@pytest.fixture
def directory() -> Directory:
    """The small county with two modes to choose from."""
    return replace(
        county(), calendars=with_own_calendars(()), modes={each.id: each for each in (EMERGENCY, FLOOD)}
    )


def facts(area: str, condition: str = "fridge-warm") -> Facts:
    """An incident at the school, or as if it were in another town."""
    return Facts("threshold", condition, "school", "major", "school", "canteen-school", area)


def test_routes_of_the_mode_go_first_where_it_holds(directory: Directory) -> None:
    """In the area and below; what they do not match goes the usual way."""
    for area, holds in [("east", ("east",)), ("county", ("east", "west", "county"))]:
        there = directory.with_mode("emergency", area)
        for each in ("east", "west"):
            chosen = there.choose(facts(each))
            assert chosen is not None
            assert (chosen.route.unit == "room") == (each in holds)
        usual = there.choose(facts("east", "door-left-open"))
        assert usual is not None
        assert usual.route.unit == "market"


def test_limits_are_shorter_and_run_around_the_clock(directory: Directory) -> None:
    """Four working hours on a Sunday: two hours now in the emergency, Monday noon in peace."""
    limit = parse_limit("4wh")
    place = directory.visibility("school")
    there = directory.with_mode("emergency", "county").calendar(place, route=None, workflow="seven-step")
    clock = Clock.start("handle", limit, SUNDAY, there)
    assert (str(clock.limit), clock.due_at - SUNDAY) == ("2h", timedelta(hours=2))
    peace = directory.calendar(place, route=None, workflow="seven-step")
    assert Clock.start("handle", limit, SUNDAY, peace).due_at - SUNDAY > timedelta(hours=16)
    elsewhere = directory.with_mode("emergency", "west").calendar(place, route=None, workflow="seven-step")
    assert elsewhere == peace


def test_a_share_alone_stays_working_time(directory: Directory) -> None:
    """Where the mode does not say around the clock, an hour of working time is an hour of working time."""
    place = directory.visibility("school")
    there = directory.with_mode("flood", "east").calendar(place, route=None, workflow="seven-step")
    clock = Clock.start("handle", parse_limit("4wh"), SUNDAY, there)
    assert str(clock.limit) == "1wh"
    assert clock.due_at > SUNDAY + timedelta(hours=16)  # Sunday 16:00 there: Monday 09:30
    assert str(Clock.start("handle", parse_limit("4h"), SUNDAY, there, life=True).limit) == "1h"


def test_a_clock_resumed_in_an_emergency_goes_on_at_once(directory: Directory) -> None:
    """What was left of it is left; no office has to open first."""
    place = directory.visibility("school")
    peace = directory.calendar(place, route=None, workflow="seven-step")
    paused = Clock.start("handle", parse_limit("4wh"), SUNDAY, peace).pause(SUNDAY)
    there = directory.with_mode("emergency", "east").calendar(place, route=None, workflow="seven-step")
    later = SUNDAY + timedelta(hours=1)
    assert paused.resume(later, there).due_at == paused.due_at + timedelta(hours=1)


def test_cameras_are_looked_at_otherwise(directory: Directory) -> None:
    """The first line that fits the kind of site; none fits: as else."""
    assert (EMERGENCY.factor("crossroad"), EMERGENCY.factor("village"), FLOOD.factor("village")) == (
        2,
        0.5,
        1,
    )
    both = directory.with_mode("emergency", "county").with_mode("flood", "east")
    assert both.overlay("east") is FLOOD  # the nearer one
    assert both.overlay("west") is EMERGENCY
    assert directory.with_mode("unheard-of", "east") is directory
    assert directory.overlay(None) is None


def act(
    ledger: Ledger,
    directory: Directory,
    mode: str,
    area: str = "east",
    *,
    minutes: int = 0,
    until: int | None = None,
    who: Actor = SUPERVISOR,
    sight: Sight = ALL,
    reason: str = "flood warning",
) -> dict[str, object]:
    """One switch, minutes after NOW."""
    now = NOW + timedelta(minutes=minutes)
    end = None if until is None else NOW + timedelta(minutes=until)
    return do(
        ledger,
        lambda tx: switch(
            tx, sight, mode, area, reason=reason, until=end, who=who, directory=directory, now=now
        ),
    )


def test_one_act_with_its_event_and_its_audit_row(ledger: Ledger, directory: Directory) -> None:
    """Whoever caches the registry reads it anew; peace brings back what was."""
    before = look(ledger, lambda conn: counters.value(conn, registry.VERSION))
    begun = act(ledger, directory, "emergency")
    assert begun["in_force"] is True
    laid = look(ledger, lambda conn: modes.laid_over(conn, directory))
    assert laid.active == {"east": EMERGENCY}
    assert look(ledger, lambda conn: counters.value(conn, registry.VERSION)) == before + 1
    ended = act(ledger, directory, "peace", minutes=5, reason="water is falling", who=DISPATCHER)
    assert (ended["id"], ended["in_force"], ended["end_reason"]) == (begun["id"], False, "water is falling")
    assert look(ledger, lambda conn: modes.laid_over(conn, directory)) == directory
    told = look(ledger, lambda conn: events.after(conn, 0, 9, ALL))
    assert [(each.type, each.data["change"], each.data["area"]) for each in told] == [
        ("registry.changed", "began", "east"),
        ("registry.changed", "ended", "east"),
    ]
    trail = look(ledger, lambda conn: audit.page(conn, ALL)).items[::-1]
    assert [(each["action"], each["who"]) for each in trail] == [("mode.begin", "sue"), ("mode.end", "dan")]


def test_it_ends_by_itself_only_when_an_end_is_given(ledger: Ledger, directory: Directory) -> None:
    """At the minute; the other stays."""
    act(ledger, directory, "emergency", "east", until=10)
    act(ledger, directory, "flood", "west")
    for minute, left in [(9, ["east", "west"]), (10, ["west"]), (10_000, ["west"])]:
        now = NOW + timedelta(minutes=minute)
        do(ledger, lambda tx, now=now: expire(tx, now))  # type: ignore[misc]  # bound now
        assert [each.area for each in look(ledger, modes.active)] == left
    stretch = next(
        each for each in look(ledger, lambda conn: modes.page(conn, ALL)).items if each["area"] == "east"
    )
    assert (stretch["end_reason"], stretch["ended_at"]) == ("time over", "2026-11-22T08:10:00.000Z")


def test_what_is_refused(ledger: Ledger, directory: Directory) -> None:
    """A mode that is not there, an end in the past, no reason, an unseen area, a second mode, peace in peace."""
    with pytest.raises(InvalidInput, match="'war'"):
        act(ledger, directory, "war")
    with pytest.raises(InvalidInput, match="over already"):
        act(ledger, directory, "emergency", minutes=5, until=5)
    with pytest.raises(InvalidInput, match="reason"):
        act(ledger, directory, "emergency", reason="  ")
    for area, sight in [("west", EAST), ("county", EAST), ("moon", ALL)]:
        with pytest.raises(NotFound):
            act(ledger, directory, "emergency", area, sight=sight)
    act(ledger, directory, "emergency", "county")
    with pytest.raises(Conflict, match="is in mode emergency"):
        act(ledger, directory, "flood", "county")
    with pytest.raises(Conflict, match="county is: end it there"):
        act(ledger, directory, "peace", "east")
    second = Switched("01X", "flood", "county", "again", NOW, "sue")
    with pytest.raises(IntegrityError):  # whatever the code does
        do(ledger, lambda tx: modes.begin(tx, second, now=NOW))


def test_a_report_names_the_modes_of_its_period(ledger: Ledger, directory: Directory) -> None:
    """Those that overlap it, by an instant at least."""
    act(ledger, directory, "emergency", "east", minutes=10)
    act(ledger, directory, "peace", "east", minutes=20)
    act(ledger, directory, "flood", "west", minutes=30)
    for start, end, found in [
        (0, 10, []),
        (0, 11, ["east"]),
        (20, 30, []),
        (19, 31, ["east", "west"]),
        (99, 100, ["west"]),
    ]:
        shown = look(
            ledger,
            lambda conn, start=start, end=end: modes.within(  # type: ignore[misc]  # bound now
                conn, start=NOW + timedelta(minutes=start), end=NOW + timedelta(minutes=end)
            ),
        )
        assert [cast("str", each["area"]) for each in shown] == found
