"""Whose turn a report by people is: the leader of the micro-grid, then upward after each limit, by a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.directory import Area, Directory, Person
from alerts.leader import Act, Turn, first, in_hand, upward
from alerts.limit import Limit, parse_limit
from ingest.text import Text
from tests.alerts.county import NOW, county

H = timedelta(hours=1)


def with_leaders(**changes: Area) -> Directory:
    """grid-1 below a village without a leader, below the town of lena, below a county without one."""
    plain = county()
    areas = {
        **plain.areas,
        "east": replace(plain.areas["east"], leader="lena", leader_within=parse_limit("8h")),
        "village": Area("village", "village", Text("村", "Village"), parent="east"),
        "grid-1": Area("grid-1", "micro-grid", Text("一格", "Grid 1"), parent="village", leader="han"),
    }
    people = {
        "han": Person("han", "handler", units=("market",)),
        "lena": Person("lena", "handler", units=("traffic", "room")),
    }
    return replace(plain, areas=areas | changes, people=people)


FIRST: list[tuple[str, Directory, str, Turn]] = [
    ("the leader of the micro-grid", with_leaders(), "grid-1", Turn("grid-1", "han", "market", NOW + 4 * H)),
    (
        "nobody in the village: the town's",
        with_leaders(),
        "village",
        Turn("east", "lena", "traffic", NOW + 8 * H),
    ),
    ("nobody anywhere above: the route's unit", with_leaders(), "west", Turn("west", None, "room", None)),
    (
        "a leader who left the registry is passed over",
        replace(with_leaders(), people={"lena": Person("lena", "handler", units=("traffic",))}),
        "grid-1",
        Turn("east", "lena", "traffic", NOW + 8 * H),
    ),
    (
        "a limit of his own",
        with_leaders(**{"grid-1": Area("grid-1", "micro-grid", Text("", ""), "east", None, "han", Limit(H))}),
        "grid-1",
        Turn("grid-1", "han", "market", NOW + H),
    ),
]


@pytest.mark.parametrize(("why", "directory", "area", "turn"), FIRST, ids=[row[0] for row in FIRST])
def test_whose_turn_a_new_report_is(why: str, directory: Directory, area: str, turn: Turn) -> None:
    """The nearest leader at or above the place."""
    assert first(directory, area, "room", NOW) == turn, why


def test_upward_level_by_level() -> None:
    """After each limit the next leader above; in the end the route's unit, and then nowhere."""
    directory = with_leaders()
    turn = first(directory, "grid-1", "room", NOW)
    way = []
    while turn.due_at is not None:
        turn = upward(directory, turn, "grid-1", "room", turn.due_at)
        way.append((turn.leader, turn.unit, turn.due_at))
    assert way == [("lena", "traffic", NOW + 12 * H), (None, "room", None)]


HANDS = [
    ("nobody did anything", [Act("public", NOW)], False),
    ("an operator looked at it", [Act("operator", NOW + H)], False),
    ("the unit did something", [Act("handler", NOW + H)], True),
    ("that was before he was told", [Act("handler", NOW - H)], False),
]


@pytest.mark.parametrize(("why", "acts", "held"), HANDS, ids=[row[0] for row in HANDS])
def test_in_hand(why: str, acts: list[Act], held: bool) -> None:
    """Only what a unit does after being told keeps a report from going upward."""
    assert in_hand(acts, NOW) is held, why
