"""Intake: a case that people or other platforms open by a report; once per source and external id, in one transaction.

A platform may name things in its own codes: what the mapping tables know is translated; a code that they do not
know is kept with the case, which then opens at the default route, and is listed among the conflicts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from alerts.case import Actor, Opening, open_case
from alerts.category import named
from alerts.directory import Directory
from alerts.ids import new_id
from alerts.ledger import audit, cases, conflicts, counters, journal, mappings, reporters
from alerts.ledger.conflicts import Conflict as Listed
from alerts.ledger.engine import Connection
from alerts.ledger.near import near_cases
from alerts.mapping import Codes, MappedNoun
from alerts.near import metres
from alerts.route import Chosen, Facts, Route
from alerts.sight import Sight, Visibility
from detectors.signal import Severity
from ingest.errors import Conflict, InvalidInput, NotFound
from ingest.text import Text

Source = Literal["hotline", "grid", "public", "operator", "platform"]

TITLE_CHARS = 200
UNMAPPED = "unmapped"
"""Kind of a case whose category nobody could translate."""


@dataclass(frozen=True, slots=True)
class Report:
    """A case that people open: by telephone, from the grid, by the public, from another platform.

    One of `site`, `area`, `lat` with `lon`, or a code of an area says where.

    Attributes:
        kind: What it is, in our word; empty when `codes` has the category.
        title: One line.
        source: Where it came from.
        description: As the reporter wrote it.
        external_id: Its number at the source.
        site: Registry id.
        area: Registry id.
        lat: Degrees.
        lon: Degrees.
        severity: As the reporter sees it; None: of the category, else minor.
        category: A row of the catalogue, which says unit, workflow and limits; None: of `codes`, else the route's.
        codes: In the codes of the source.
        reporter: Who reported, sealed by the caller; None when nobody said.
        unit: The unit it goes to whatever the route says, None for the route's.
    """

    kind: str
    title: str
    source: Source
    description: str = ""
    external_id: str | None = None
    site: str | None = None
    area: str | None = None
    lat: float | None = None
    lon: float | None = None
    severity: Severity | None = None
    category: str | None = None
    codes: Codes = field(default_factory=Codes)
    reporter: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """The case of a report, and whether it is new."""

    case: dict[str, object]
    new: bool


def report(
    conn: Connection,
    sight: Sight,
    new: Report,
    *,
    who: Actor,
    directory: Directory,
    now: datetime,
    beside: Callable[[str], None] = lambda _case: None,
) -> Opened:
    """Opens a case for a report, once per (source, external id).

    `beside` is called with the id of a new case before its event is written: for what belongs to it.

    Answers the Case with its history, and with `near`: the live cases that may be about the same.
    """
    if new.external_id is not None:
        known = cases.by_external(conn, new.source, new.external_id)
        if known is not None:
            return Opened(_answer(conn, sight, known.id, directory, now), new=False)
    if not new.title.strip() or len(new.title) > TITLE_CHARS:
        raise InvalidInput(f"a case needs a title of up to {TITLE_CHARS} characters", where="title")
    said = {noun: mappings.inward(conn, noun, code) for noun, code in new.codes.given().items()}
    unmapped = tuple(noun for noun, word in said.items() if word is None)
    place = _place(new, said, sight, directory)
    if not sight.sees("case", place):
        raise NotFound(f"no {'site' if new.site else 'area'} {new.site or new.area or 'there'}")
    mapped = said.get("category")
    kind = new.kind or mapped or (UNMAPPED if "category" in unmapped else "")
    if not kind:
        raise InvalidInput("a case needs a kind", where="kind", mend="give kind, or codes.category")
    asked = None if new.category is None else named(directory.categories, new.category)
    row = asked or directory.categories.get(mapped or "")
    severity = new.severity or (row.severity if row else None) or "minor"
    facts = Facts(
        kind=kind,
        condition=mapped or kind,
        place=place.site or place.area or "",
        severity=severity,
        site=place.site,
        site_kind=place.site_kind,
        area=place.area,
        source=new.source,
    )
    chosen = _route(directory, facts, by_default=bool(unmapped))
    category = new.category or mapped or chosen.route.category or kind
    assigned = directory.assign(chosen, category)
    if assigned is None:
        raise Conflict(f"the workflow {chosen.route.workflow!r} of the route is no longer there")
    unit = new.unit or said.get("unit") or assigned.unit
    units = {unit} if new.unit else {*assigned.units, unit}
    # the units of the route are proposed, not yet called: a report is accepted by a person first
    year = now.astimezone(directory.zone(place.area)).year
    opened = open_case(
        Opening(
            id=new_id(now),
            number=counters.case_number(conn, year),
            kind=kind,
            category=category,
            severity=severity,
            place=place.with_units(units),
            title=new.title,
            explanation=Text(new.title, new.title),
            description=new.description,
            source=new.source,
            external_id=new.external_id,
            unit=unit,
            lat=new.lat,
            lon=new.lon,
            calendar=chosen.route.calendar,
            mastered_by=chosen.route.mastered_by,
        ),
        assigned.workflow,
        who=who,
        now=now,
        calendar=directory.calendar(place, route=chosen.route.calendar, workflow=assigned.workflow.id),
    )
    cases.add(conn, opened)
    key = opened.case.id
    mappings.keep(conn, key, new.codes)
    for noun in unmapped:
        unknown_code(
            conn, noun, new.codes.given()[noun], case=key, number=opened.case.number, place=place, now=now
        )
    if new.reporter is not None:
        reporters.keep(conn, key, new.reporter, now)
    beside(key)
    journal.case(conn, key, "case.opened", action="open", who=who.name, place=opened.case.place, now=now)
    audit.add(
        conn,
        at=now,
        who=who,
        action="case.open",
        noun="case",
        subject=key,
        area=place.area,
        detail={"number": opened.case.number, "source": new.source, "external_id": new.external_id},
    )
    return Opened(_answer(conn, sight, key, directory, now), new=True)


def unknown_code(
    conn: Connection,
    noun: MappedNoun,
    code: str,
    *,
    case: str,
    number: str,
    place: Visibility,
    now: datetime,
) -> None:
    """Lists a code that no mapping table knows, once per code and area, with the latest case that came with it."""
    conflicts.put(
        conn,
        Listed(
            key=f"{conflicts.CODE}{noun}|{code}|{place.area}",
            kind="unmapped-code",
            place=place,
            case=case,
            number=number,
            detail={"noun": noun, "code": code},
        ),
        now,
    )


def locate(new: Report, directory: Directory) -> Visibility:
    """Where a report stands: its site, its area, or the area of the nearest site to its point."""
    if new.site is not None:
        if new.site not in directory.sites:
            raise NotFound(f"no site {new.site}")
        return directory.visibility(new.site)
    if new.area is not None:
        if new.area not in directory.areas:
            raise NotFound(f"no area {new.area}")
        return Visibility(area=new.area)
    if new.lat is None or new.lon is None:
        raise InvalidInput("a case needs a place", where="site", mend="give site, area, or lat and lon")
    lat, lon = new.lat, new.lon
    near = [
        (metres(lat, lon, site.lat, site.lon), site.area)
        for site in directory.sites.values()
        if site.lat is not None and site.lon is not None
    ]
    if near:
        return Visibility(area=min(near)[1])
    tops = [area.id for area in directory.areas.values() if area.parent is None]
    if len(tops) != 1:
        raise InvalidInput("no site is near enough to tell the area", where="area", mend="give the area")
    return Visibility(area=tops[0])


def _answer(
    conn: Connection, sight: Sight, case: str, directory: Directory, now: datetime
) -> dict[str, object]:
    shown = cases.get(conn, sight, case, now=now)
    return {**shown, "near": [each.as_dict() for each in near_cases(conn, sight, case, directory)]}


def _place(new: Report, said: dict[MappedNoun, str | None], sight: Sight, directory: Directory) -> Visibility:
    """Where it stands; a code of an area that cannot be translated means as much as the sender may see."""
    if new.site is not None or new.area is not None or "area" not in said:
        return locate(new, directory)
    if (area := said["area"]) is not None and area in directory.areas:
        return Visibility(area=area)
    if new.lat is not None and new.lon is not None:
        return locate(new, directory)
    widest = top_area(sight, directory)
    if widest is None:
        raise InvalidInput("the area's code means nothing here", where="codes.area", mend="give the area")
    return Visibility(area=widest)


def top_area(sight: Sight, directory: Directory) -> str | None:
    """The highest area that a reader sees, None when he sees none."""
    seen = [area for area in directory.areas if sight.areas is None or area in sight.areas]
    return min(seen, key=lambda area: (len(directory.path(area)), area), default=None)


def _route(directory: Directory, facts: Facts, *, by_default: bool) -> Chosen:
    """The route for these facts; `by_default`: the one that matches everything, because a code says nothing here."""
    plain: Route | None = next((each for each in directory.routes if each.match.everything), None)
    chosen = Chosen(plain, (plain.unit,), (plain,)) if by_default and plain else directory.choose(facts)
    if chosen is None:
        raise Conflict("no route says who handles this", mend="add a route without `match` to the registry")
    return chosen
