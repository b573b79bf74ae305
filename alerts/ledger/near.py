"""Near cases: the live ones that may be about the same as another: found by place, judged by alerts/near.py."""

from __future__ import annotations

from sqlalchemy import Row, and_, or_, select
from sqlalchemy.engine import Connection

from alerts.directory import Directory
from alerts.ledger.sieve import visible
from alerts.ledger.tables import cases
from alerts.near import RADIUS, WINDOW, Near, Spot, box, metres, near
from alerts.sight import Sight
from ingest.errors import NotFound

MOST = 500
"""Candidates that are judged: at a place with more there is another problem than doubles."""
SHOWN = 20


def near_cases(conn: Connection, sight: Sight, case: str, directory: Directory) -> tuple[Near, ...]:
    """The likeliest of those that this reader may see; raises NotFound for a case that he may not."""
    row = conn.execute(
        select(cases).where(or_(cases.c.id == case, cases.c.number == case), visible(sight, "case", cases))
    ).one_or_none()
    if row is None:
        raise NotFound(f"no case {case}")
    own = _spot(row, directory)
    places = [cases.c.site == own.site] if own.site is not None else []
    if own.lat is not None and own.lon is not None:
        lat, lon = own.lat, own.lon
        up, across = box(lat)
        places.append(
            and_(cases.c.lat.between(lat - up, lat + up), cases.c.lon.between(lon - across, lon + across))
        )
        around = [
            site.id
            for site in directory.sites.values()
            if site.lat is not None
            and site.lon is not None
            and metres(lat, lon, site.lat, site.lon) <= RADIUS
        ]
        places += [cases.c.site.in_(sorted(around))] if around else []
    if not places:
        return ()
    rows = conn.execute(
        select(cases)
        .where(
            visible(sight, "case", cases),
            cases.c.state.in_(("open", "paused")),
            cases.c.id != own.id,
            cases.c.opened_at.between(own.opened_at - WINDOW, own.opened_at + WINDOW),
            or_(cases.c.category == own.category, cases.c.kind == own.kind),
            or_(*places),
        )
        .order_by(cases.c.id.desc())
        .limit(MOST)
    )
    return near(own, [_spot(each, directory) for each in rows])[:SHOWN]


def _spot(row: Row[tuple[object, ...]], directory: Directory) -> Spot:
    site = directory.sites.get(row.site or "")
    own = row.lat is not None and row.lon is not None
    lat, lon = (row.lat, row.lon) if own else (site.lat, site.lon) if site else (None, None)
    return Spot(
        id=row.id,
        number=row.number,
        kind=row.kind,
        category=row.category,
        site=row.site,
        lat=lat,
        lon=lon,
        opened_at=row.opened_at,
    )
