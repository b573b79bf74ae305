"""When the room is empty, and what that means to an incident: tables with a reason per row."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.escalation import MUTED_AGAIN, End, Standing, Tell, Wait
from alerts.presence import AGAIN, EMPTY_AFTER, Person, Room, decide
from alerts.sight import Sight, Visibility
from detectors.signal import Severity
from tests.alerts.county import NOW

S = timedelta(seconds=1)
SCHOOL = Visibility("east", "canteen-school", "school")
CROSS = Visibility("west", "crossroad", "cross")
EAST = Sight(nouns=frozenset({"incident"}), areas=frozenset({"east"}))
KITCHENS = Sight(nouns=frozenset({"incident"}), areas=None, site_kinds=frozenset({"canteen-school"}))


def person(sight: Sight, left: float | None = None) -> Person:
    """Came long ago; left so many seconds before NOW."""
    return Person("olga", "operator", sight, NOW - 9999 * S, None if left is None else NOW - left * S)


def room(*people: Person, watched: float = 8888) -> Room:
    """Counted for so many seconds."""
    return Room(people, NOW - watched * S)


@pytest.mark.parametrize(
    ("found", "place", "seconds"),
    [
        pytest.param(room(person(EAST)), SCHOOL, None, id="somebody of the town is there"),
        pytest.param(room(person(EAST)), CROSS, 8888, id="but nobody for the other town, ever"),
        pytest.param(room(person(EAST, 30)), SCHOOL, 30, id="since she left"),
        pytest.param(room(person(EAST, 30), person(EAST, 10)), SCHOOL, 10, id="since the last left"),
        pytest.param(room(person(EAST, 30), person(KITCHENS)), SCHOOL, None, id="another one covers it"),
        pytest.param(room(person(KITCHENS)), CROSS, 8888, id="who sees kitchens covers no crossroad"),
        pytest.param(room(watched=20), SCHOOL, 20, id="a hub that has just started knows no more"),
        pytest.param(room(person(EAST, 600), watched=20), SCHOOL, 20, id="nor what was before it"),
        pytest.param(Room(), SCHOOL, None, id="nobody counts: nothing is known"),
    ],
)
def test_since_when(found: Room, place: Visibility, seconds: float | None) -> None:
    """A place is covered by who may see it, and by nobody else."""
    assert found.empty_since(place) == (None if seconds is None else NOW - seconds * S)


LEFT = {seconds: room(person(EAST, seconds)) for seconds in (0, 60, 119.999, 120, 600)}


@pytest.mark.parametrize(
    ("found", "severity", "standing", "told", "verdict"),
    [
        pytest.param(room(person(EAST)), "life", Standing(), None, End("covered"), id="she is there"),
        pytest.param(LEFT[0], "life", Standing(), None, Wait(NOW + EMPTY_AFTER), id="she has just left"),
        pytest.param(LEFT[119.999], "life", Standing(), None, Wait(NOW + 0.001 * S), id="a moment before"),
        pytest.param(LEFT[120], "major", Standing(), None, Tell(0, None), id="two minutes: at its value"),
        pytest.param(
            LEFT[600], "life", Standing(), None, Tell(0, None), id="life, known to be empty: at once"
        ),
        pytest.param(LEFT[600], "life", Standing(), 1, Tell(0, None), id="life, told a second ago: again"),
        pytest.param(
            LEFT[600],
            "major",
            Standing(),
            1,
            Wait(NOW - S + AGAIN),
            id="others are gathered for five minutes",
        ),
        pytest.param(LEFT[600], "minor", Standing(), 300, Tell(0, None), id="and told together then"),
        pytest.param(LEFT[600], "life", Standing(open=False), None, End("cleared"), id="it is over"),
        pytest.param(
            LEFT[600], "life", Standing(acknowledged=True), None, End("seen"), id="seen by telephone"
        ),
        pytest.param(LEFT[600], "life", Standing(settled=True), None, End("settled"), id="it was nothing"),
        pytest.param(
            LEFT[600],
            "major",
            Standing(muted=True),
            None,
            Wait(NOW + MUTED_AGAIN),
            id="silenced: looked at again",
        ),
    ],
)
def test_what_an_empty_room_means(
    found: Room, severity: Severity, standing: Standing, told: float | None, verdict: Tell | Wait | End
) -> None:
    """Two minutes at their value; life waits for nothing else."""
    told_at = None if told is None else NOW - told * S
    assert decide(found, SCHOOL, severity, standing, told_at=told_at, now=NOW) == verdict
