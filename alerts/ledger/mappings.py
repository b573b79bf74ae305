"""Mappings: the tables between the codes of another platform and the words of ours, and the codes of single cases."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import and_, delete, insert, or_, select
from sqlalchemy.engine import Connection

from alerts.ledger.among import among
from alerts.ledger.platform_tables import case_codes, mappings
from alerts.ledger.upsert import CHUNK, put
from alerts.mapping import MAPPED, Codes, MappedNoun, Row


def load(conn: Connection, noun: MappedNoun) -> tuple[Row, ...]:
    """The rows of one table, in their order."""
    rows = conn.execute(select(mappings).where(mappings.c.noun == noun).order_by(mappings.c.position))
    return tuple(Row(row.theirs, row.ours, row.note) for row in rows)


def replace(conn: Connection, noun: MappedNoun, rows: Sequence[Row]) -> dict[str, int]:
    """The table as given, instead of the one before; answers how many rows are new, changed, the same and gone."""
    before = {each.theirs: each for each in load(conn, noun)}
    after = {each.theirs: each for each in rows}
    conn.execute(delete(mappings).where(mappings.c.noun == noun))
    values = [
        {"noun": noun, "theirs": each.theirs, "ours": each.ours, "note": each.note, "position": at}
        for at, each in enumerate(rows)
    ]
    for start in range(0, len(values), CHUNK):
        conn.execute(insert(mappings), values[start : start + CHUNK])
    kept = before.keys() & after.keys()
    return {
        "created": len(after.keys() - before.keys()),
        "updated": sum(before[key] != after[key] for key in kept),
        "unchanged": sum(before[key] == after[key] for key in kept),
        "deleted": len(before.keys() - after.keys()),
    }


# Built once: every event about a case asks them.
_OUTWARD = (
    select(mappings.c.noun, mappings.c.ours, mappings.c.theirs)
    .where(or_(*(and_(mappings.c.noun == noun, among(mappings.c.ours, noun)) for noun in MAPPED)))
    .order_by(mappings.c.position)
)
_CAME = select(case_codes).where(among(case_codes.c.case_id, "cases"))


def inward(conn: Connection, noun: MappedNoun, theirs: str) -> str | None:
    """What their code means here, None when nobody said."""
    found = conn.execute(
        select(mappings.c.ours).where(mappings.c.noun == noun, mappings.c.theirs == theirs.strip())
    ).scalar()
    return None if found is None else str(found)


def keep(conn: Connection, case: str, codes: Codes) -> None:
    """The codes that a case came with, as they were written."""
    if codes.given():
        put(conn, case_codes, {"case_id": case, "codes": codes.given()})


def of_cases(
    conn: Connection, cases: Collection[tuple[str, str, str | None, str | None]]
) -> Mapping[str, dict[str, str]]:
    """`{category, unit, area}` in their codes of each case that has any; `cases` are (id, category, unit, area).

    A code that a case came with is said again while it means what the case has now, or means nothing here.
    """
    outward = _outward(conn, cases)
    came = _came(conn, [case for case, *_ in cases])
    means = _means(conn, came)
    found: dict[str, dict[str, str]] = {}
    for case, *words in cases:
        own = came.get(case, {})
        said: dict[str, str] = {}
        for noun, word in zip(MAPPED, words, strict=True):
            theirs = own.get(noun)
            if theirs is not None and means.get((noun, theirs)) == word:
                said[noun] = theirs
            elif word is not None and (noun, word) in outward:
                said[noun] = outward[noun, word]
            elif theirs is not None and (noun, theirs) not in means:
                said[noun] = theirs
        if said:
            found[case] = said
    return found


def _outward(
    conn: Connection, cases: Collection[tuple[str, str, str | None, str | None]]
) -> dict[tuple[str, str], str]:
    """The first code of theirs for each word of these cases."""
    words: dict[str, list[str]] = {
        noun: sorted({str(each[at]) for each in cases if each[at] is not None})
        for at, noun in enumerate(MAPPED, 1)
    }
    found: dict[tuple[str, str], str] = {}
    for row in conn.execute(_OUTWARD, words):
        found.setdefault((row.noun, row.ours), row.theirs)
    return found


def _came(conn: Connection, cases: Sequence[str]) -> dict[str, dict[str, str]]:
    rows = conn.execute(_CAME, {"cases": list(cases)})
    return {row.case_id: {str(noun): str(code) for noun, code in row.codes.items()} for row in rows}


def _means(conn: Connection, came: Mapping[str, Mapping[str, str]]) -> dict[tuple[str, str], str]:
    """What the codes that cases came with mean; those that nobody mapped are not there."""
    pairs = sorted({(noun, code) for codes in came.values() for noun, code in codes.items()})
    if not pairs:
        return {}
    parts = [and_(mappings.c.noun == noun, mappings.c.theirs == code) for noun, code in pairs]
    rows = conn.execute(select(mappings.c.noun, mappings.c.theirs, mappings.c.ours).where(or_(*parts)))
    return {(row.noun, row.theirs): row.ours for row in rows}
