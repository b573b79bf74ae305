"""Sight: the table of who sees what, and that the ledger's SQL says the same."""

from __future__ import annotations

from itertools import product

import pytest

from alerts.ledger import events
from alerts.ledger.engine import Ledger
from alerts.sight import DIMENSIONS, NOUNS, Sight, Visibility
from tests.alerts.county import NOW, do, look

KITCHEN = Visibility("east", "canteen-school", "school", frozenset({"market"}))
CROSSROAD = Visibility("west", "crossroad", "cross", frozenset({"traffic", "room"}))
AREA_ONLY = Visibility("east")
NOWHERE = Visibility()
PLACES = (KITCHEN, CROSSROAD, AREA_ONLY, NOWHERE, Visibility("east", "canteen-school", "school"))

SIGHTS = {
    "everything": Sight.everything(),
    "nothing": Sight(),
    "nouns without places": Sight(nouns=NOUNS),
    "east": Sight(nouns=NOUNS, areas=frozenset({"east"})),
    "kitchens": Sight(nouns=NOUNS, areas=None, site_kinds=frozenset({"canteen-school"})),
    "one site": Sight(nouns=NOUNS, areas=None, sites=frozenset({"cross"})),
    "a unit": Sight(nouns=NOUNS, areas=None, units=frozenset({"room", "other"})),
    "a unit's part": Sight(nouns=NOUNS, areas=None, units=frozenset({"roo", "arket", "%", "_oom"})),
    "no units": Sight(nouns=NOUNS, areas=None, units=frozenset()),
    "kitchens in the west": Sight(
        nouns=NOUNS, areas=frozenset({"west"}), site_kinds=frozenset({"canteen-school"})
    ),
    "cases only": Sight(nouns=frozenset({"case", "event"}), areas=None),
    "no log": Sight(nouns=NOUNS - {"event"}, areas=None),
}


@pytest.mark.parametrize(
    ("name", "noun", "place", "sees"),
    [
        ("everything", "case", NOWHERE, True),
        ("nothing", "rule", NOWHERE, False),
        ("nouns without places", "incident", KITCHEN, False),
        ("nouns without places", "rule", NOWHERE, True),
        ("east", "incident", KITCHEN, True),
        ("east", "incident", CROSSROAD, False),
        ("east", "case", NOWHERE, False),
        ("kitchens", "device", KITCHEN, True),
        ("kitchens", "device", CROSSROAD, False),
        ("kitchens", "case", AREA_ONLY, False),
        ("one site", "reading", CROSSROAD, True),
        ("one site", "reading", KITCHEN, False),
        ("a unit", "case", CROSSROAD, True),
        ("a unit", "case", KITCHEN, False),
        ("a unit", "device", KITCHEN, True),
        ("a unit's part", "case", CROSSROAD, False),
        ("no units", "case", KITCHEN, False),
        ("kitchens in the west", "incident", KITCHEN, False),
        ("cases only", "incident", KITCHEN, False),
        ("everything", "password", NOWHERE, False),
    ],
)
def test_who_sees_what(name: str, noun: str, place: Visibility, sees: bool) -> None:
    """Limits are and-ed; what has no such property is not seen by a reader who is limited in it."""
    assert SIGHTS[name].sees(noun, place) is sees


def test_a_stored_sight_is_read_back_the_same() -> None:
    """Webhooks keep the sight of who made them; a key that got lost denies."""
    for sight in SIGHTS.values():
        assert Sight.of(sight.as_dict()) == sight
    assert not Sight.of({"nouns": ["case"]}).sees("case", KITCHEN)


def test_the_log_shows_each_reader_what_sees_says(ledger: Ledger) -> None:
    """For every noun, place and sight of this table: the SQL filter and Sight.sees() agree."""
    nouns = sorted(set(DIMENSIONS) - {"event"})
    rows = list(product(nouns, PLACES))

    def fill(conn: object) -> None:
        for number, (noun, place) in enumerate(rows):
            events.append(conn, "device.changed", NOW, {"id": str(number)}, place, noun=noun)  # type: ignore[arg-type]  # the writer's connection

    do(ledger, fill)
    for name, sight in SIGHTS.items():
        expected = [
            str(number)
            for number, (noun, place) in enumerate(rows)
            if "event" in sight.nouns and sight.sees(noun, place)
        ]
        with ledger.read() as conn:
            found = [str(each.data["id"]) for each in events.after(conn, 0, 1000, sight)]
        assert found == expected, name


def test_a_page_of_the_log_moves_on_over_what_is_hidden(ledger: Ledger) -> None:
    """`next` is the head, not the last visible seq: hidden events are not searched again and again."""
    do(
        ledger,
        lambda conn: [events.append(conn, "device.changed", NOW, {"id": "x"}, CROSSROAD) for _ in range(5)],
    )
    page = look(ledger, lambda conn: events.page(conn, SIGHTS["east"]))
    assert (page.items, page.next) == ([], "5")
