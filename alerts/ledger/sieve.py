"""Sieve: `Sight.sees()` as SQL, so that a list never holds what its reader may not see."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, and_, false, or_, true

from alerts.ledger.columns import join_ids, split_ids
from alerts.sight import DIMENSIONS, Sight, Visibility

COLUMNS = {"area": "area", "site_kind": "site_kind", "site": "site", "unit": "units"}


def visible(sight: Sight, noun: str, table: FromClause) -> ColumnElement[bool]:
    """The condition that keeps the rows of `table` that this reader may see as `noun`."""
    if noun not in sight.nouns or noun not in DIMENSIONS:
        return false()
    parts: list[ColumnElement[bool]] = []
    for dimension in sorted(DIMENSIONS[noun]):
        allowed = sight.limit(dimension)
        if allowed is None:
            continue
        column = table.c[COLUMNS[dimension]]
        if dimension == "unit":
            given = (column.like(f"%,{_plain(each)},%", escape="!") for each in sorted(allowed))
            parts.append(or_(false(), *given))
        else:
            parts.append(column.in_(sorted(allowed)))
    return and_(true(), *parts)


def visible_events(sight: Sight, table: FromClause) -> ColumnElement[bool]:
    """The same for the log, where each row names its own noun."""
    if "event" not in sight.nouns:
        return false()
    nouns = sorted((sight.nouns & set(DIMENSIONS)) - {"event"})
    return or_(false(), *(and_(table.c.noun == noun, visible(sight, noun, table)) for noun in nouns))


def stands(place: Visibility) -> dict[str, str | None]:
    """The columns of a row that stands at `place`."""
    return {
        "area": place.area,
        "site_kind": place.site_kind,
        "site": place.site,
        "units": join_ids(place.units),
    }


def standing(area: str | None, site_kind: str | None, site: str | None, units: str) -> Visibility:
    """What stands() wrote."""
    return Visibility(area, site_kind, site, frozenset(split_ids(units)))


def _plain(word: str) -> str:
    """`word` without meaning to LIKE."""
    return word.replace("!", "!!").replace("%", "!%").replace("_", "!_")
