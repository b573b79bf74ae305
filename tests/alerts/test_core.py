"""The small pure parts: places, routes, areas, clocks, chains, events."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.chain import START, broken_at, seal
from alerts.clock import Clock, Light
from alerts.directory import Area, Directory
from alerts.event import Event
from alerts.limit import parse_limit
from alerts.place import Place, parse_place
from alerts.route import Facts, Match, Route, choose
from alerts.sight import Visibility
from alerts.working_time import PLAIN
from ingest.text import Text
from tests.alerts.county import NOW

FACTS = Facts("threshold", "fridge-warm", "school/store", "major", "school", "canteen-school", "east")


def path(area: str) -> tuple[str, ...]:
    return {"east": ("county", "east"), "west": ("county", "west")}.get(area, (area,))


@pytest.mark.parametrize(
    ("text", "place"),
    [("school", Place("school")), ("school/store", Place("school", "store")), ("a/b/c", Place("a", "b/c"))],
)
def test_places(text: str, place: Place) -> None:
    """Written and read back."""
    assert parse_place(text) == place
    assert str(place) == text


@pytest.mark.parametrize("text", ["", "/store", "school/"])
def test_what_is_no_place(text: str) -> None:
    """A part is empty."""
    with pytest.raises(ValueError, match="not a place"):
        parse_place(text)


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        pytest.param(Match(), True, id="nothing asked"),
        pytest.param(Match(area="east"), True, id="its own area"),
        pytest.param(Match(area="county"), True, id="an area above"),
        pytest.param(Match(area="west"), False, id="a foreign area"),
        pytest.param(Match(kind="threshold", severity="major"), True, id="both agree"),
        pytest.param(Match(kind="threshold", severity="life"), False, id="one does not"),
        pytest.param(
            Match(site="school", site_kind="canteen-school", condition="fridge-warm"), True, id="all"
        ),
        pytest.param(Match(site="cross"), False, id="another site"),
    ],
)
def test_matching(match: Match, holds: bool) -> None:
    """Everything that is set must agree."""
    assert match.holds(FACTS, path) is holds


def test_a_thing_without_area_matches_no_area() -> None:
    """Deny by default."""
    assert not Match(area="county").holds(replace(FACTS, area=None), path)


@pytest.mark.parametrize(
    ("routes", "unit", "units"),
    [
        pytest.param([Route("a"), Route("b")], "a", ("a",), id="the first wins"),
        pytest.param([Route("a", Match(area="west")), Route("b")], "b", ("b",), id="the first that matches"),
        pytest.param(
            [Route("a", go_on=True), Route("b"), Route("c")], "a", ("a", "b"), id="continue calls more"
        ),
        pytest.param([Route("a", go_on=True), Route("a")], "a", ("a",), id="nobody is called twice"),
        pytest.param([Route("a", go_on=True)], "a", ("a",), id="continue into nothing"),
    ],
)
def test_choosing(routes: list[Route], unit: str, units: tuple[str, ...]) -> None:
    """The first match decides workflow and unit."""
    chosen = choose(routes, FACTS, path)
    assert chosen is not None
    assert (chosen.route.unit, chosen.units) == (unit, units)


def test_no_route_no_case() -> None:
    """None, not a guess."""
    assert choose([Route("a", Match(area="west"))], FACTS, path) is None


def test_the_group_key_is_what_the_route_says() -> None:
    """Default: place and condition."""
    route = Route("a")
    assert choose([route], FACTS, path).group_key(FACTS) == "school/store|fridge-warm"  # type: ignore[union-attr]  # it matches
    by_site = replace(route, group_by=("site",))
    assert choose([by_site], FACTS, path).group_key(FACTS) == "school"  # type: ignore[union-attr]  # it matches


def test_areas(directory: Directory) -> None:
    """Paths, descendants, inherited time zones, and where places stand."""
    assert directory.path("east") == ("county", "east")
    assert directory.descendants("county") == {"county", "east", "west"}
    assert (directory.path("moon"), directory.descendants("moon")) == ((), frozenset())
    assert directory.zone("east") == directory.zone(None) == ZoneInfo("Asia/Shanghai")
    for place in ("school", "school/store", "fridge"):
        assert directory.visibility(place) == Visibility("east", "canteen-school", "school")
    assert directory.visibility("west") == Visibility("west")
    assert directory.visibility("moon") == directory.visibility("") == Visibility()


def test_a_ring_of_areas_ends() -> None:
    """The registry refuses it, but nothing hangs if it gets through."""
    ring = Directory(
        areas={each: Area(each, "town", Text(each, each), parent=up) for each, up in ("ab", "ba")}
    )
    assert ring.path("a") == ("b", "a")


@pytest.mark.parametrize(
    ("minutes", "light"), [(0, "green"), (44.9, "green"), (45, "yellow"), (60, "yellow"), (60.1, "red")]
)
def test_lights(minutes: float, light: Light) -> None:
    """Yellow in the last quarter of an hour's limit, red after it."""
    clock = Clock.start("handle", parse_limit("1h"), NOW, PLAIN)
    assert clock.light(NOW + timedelta(minutes=minutes)) == light


def test_a_clock_that_stands_keeps_its_light() -> None:
    """Paused: time does not run; done: it never turns red any more."""
    clock = Clock.start("handle", parse_limit("1h"), NOW, PLAIN)
    paused = clock.pause(NOW + timedelta(minutes=50))
    assert paused.light(NOW + timedelta(days=9)) == "yellow"
    assert paused.pause(NOW + timedelta(days=1)) == paused
    assert paused.resume(NOW + timedelta(minutes=80), PLAIN).due_at == NOW + timedelta(minutes=90)
    assert clock.resume(NOW, PLAIN) == clock
    done = paused.finish(NOW + timedelta(minutes=80))
    assert (done.light(NOW + timedelta(days=9)), done.finish(NOW + timedelta(days=9))) == ("yellow", done)


def test_a_seal_is_what_the_contract_says() -> None:
    """sha256 of the canonical JSON of the entry without its hash, followed by the previous hash."""
    body = b'{"a":"\xe5\x93\xa8","b":[1,null]}'
    expected = hashlib.sha256(body + START.encode()).hexdigest()
    assert seal({"b": [1, None], "a": "哨", "hash": "anything"}, START) == expected
    assert broken_at([]) is None


def test_an_event_is_one_line() -> None:
    """Compact JSON with Chinese as it is."""
    event = Event(7, "case.opened", NOW, {"id": "x", "title": "燃气"}, "case", Visibility())
    assert event.line() == (
        '{"seq":7,"type":"case.opened","at":"2026-11-22T08:00:00.000Z","data":{"id":"x","title":"燃气"}}'
    )
