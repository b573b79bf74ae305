"""Lists of the registry page by page: the same as at once, for everybody, whatever the size of a page."""

from __future__ import annotations

import pytest

from tests.servers.house import House

LISTS = ("/devices", "/devices?kind=camera", "/devices?state=unknown", "/sites", "/areas", "/units", "/rules")
READERS = [
    (who, path) for who in ("admin", "olga", "kim") for path in LISTS if (who, path) != ("kim", "/rules")
]
"""Who may read what: the keeper of a site may not read rules (test_rights_matrix.py)."""


def ids(house: House, who: str, path: str, limit: int) -> list[str]:
    """Every id of a list, reached by following `next`."""
    client = house.client(who)
    found: list[str] = []
    cursor: str | None = None
    mark = "&" if "?" in path else "?"
    while True:
        asked = f"{path}{mark}limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        body = client.get(asked).raise_for_status().json()
        assert len(body["items"]) <= limit
        found += [str(each["id"]) for each in body["items"]]
        cursor = body["next"]
        if cursor is None:
            return found


@pytest.mark.parametrize(("who", "path"), READERS)
def test_pages_are_the_whole_list(house: House, who: str, path: str) -> None:
    """In order, nothing twice, nothing left out; a page that is just full has no empty one behind it."""
    whole = ids(house, who, path, 1000)
    assert whole == sorted(set(whole))
    for limit in (1, 2, max(1, len(whole))):
        assert ids(house, who, path, limit) == whole, limit


def test_a_state_is_looked_for_before_the_page_is_cut(house: House) -> None:
    """A page of one state is full as long as there are such devices, wherever they stand in the list."""
    every = ids(house, "admin", "/devices", 1000)
    house.states[every[-1]] = {"state": "online"}
    try:
        assert ids(house, "admin", "/devices?state=online", 1) == [every[-1]]
    finally:
        house.states.clear()
    assert ids(house, "admin", "/devices?state=online", 1) == []
