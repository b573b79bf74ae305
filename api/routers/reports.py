"""Reports: by day, week, month and quarter, as JSON or as a workbook; what is counted says alerts/rates.py."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from alerts import report as reports
from alerts.directory import Directory
from alerts.ledger import modes
from alerts.ledger import reports as counted
from alerts.ledger.engine import Connection
from alerts.rates import KINDS, PeriodKind, period
from alerts.report import Findings, Json, Words
from alerts.sight import Sight, Visibility
from alerts.table import Table
from api.answers import answer
from api.changes import commit
from api.guard import hub_of, needs
from api.hub import Hub
from api.rights import Principal, demand
from api.trail import note
from api.xlsx import MEDIA_TYPE, workbook
from config.catalogue import conditions
from ingest.errors import NotFound
from ingest.instant import format_instant

router = APIRouter(prefix="/reports", tags=["reports"])

HubHere = Annotated[Hub, Depends(hub_of)]
Word = Annotated[str | None, Query(max_length=100)]
Format = Literal["json", "xlsx"]


def _route(kind: PeriodKind) -> Callable[..., Response]:
    def report(
        *,
        who: Annotated[Principal, needs("report.read")],
        hub: HubHere,
        day: Annotated[
            date | None, Query(alias="date", description="any day of the period; left out: today")
        ] = None,
        area: Annotated[str | None, Query(max_length=100, description="with all below it")] = None,
        unit: Word = None,
        of_kind: Annotated[str | None, Query(alias="kind", max_length=100)] = None,
        as_format: Annotated[Format, Query(alias="format")] = "json",
    ) -> Response:
        made = _report(hub, who, kind, day=day, area=area, unit=unit, of_kind=of_kind)
        if as_format == "json":
            return answer(made)
        name = f"{kind}-{made['period']['label']}"  # type: ignore[index]  # of build()
        return exported(hub, who, reports.tables(made), name=name, area=area, detail=made["filter"])

    report.__doc__ = f"The {kind} report: cases and incidents of what this reader may see, with their rates."
    return report


for _kind in KINDS:
    router.add_api_route(f"/{_kind}", _route(_kind), methods=["GET"], name=f"report_{_kind}")


def _report(
    hub: Hub,
    who: Principal,
    kind: PeriodKind,
    *,
    day: date | None,
    area: str | None,
    unit: str | None,
    of_kind: str | None,
) -> dict[str, object]:
    directory, now = hub.directory(), hub.now()
    areas = below(who.sight, directory, area)
    if unit is not None and not _sees_unit(who.sight, directory, unit):
        raise NotFound(f"no unit {unit}")
    zone = directory.county_zone(area)
    wanted = period(kind, day or now.astimezone(zone).date(), zone)

    def own(workflow: str, step: str) -> bool:
        flow = directory.workflows.get(workflow)
        return flow is not None and any(each.step == step and each.by_unit for each in flow.steps)

    def asked(of: PeriodKind | None = None) -> counted.Asked:
        which = wanted if of is None else wanted.before()
        return counted.Asked(which, as_of=now, areas=areas, unit=unit, kind=of_kind, own=own)

    with hub.ledger.read() as conn:
        now_counted = counted.counted(conn, who.sight, asked())
        found = Findings(
            groups=now_counted.groups,
            before=counted.whole(conn, who.sight, asked(kind)),
            days=() if kind in {"daily", "quarterly"} else counted.days(conn, who.sight, asked()),
            steps=now_counted.steps,
            raised=now_counted.raised,
            often=counted.often(conn, who.sight, asked()),
            answers=counted.answers(conn, who.sight, asked()),
            modes=[
                each
                for each in modes.within(conn, start=wanted.start, end=wanted.end)
                if concerns(directory, str(each["area"]), seen_areas(who, areas))
            ],
        )
    words = Words(directory, {key: each.name for key, each in conditions().items()}, seen_areas(who, areas))
    filters: Json = {"area": area, "unit": unit, "kind": of_kind}
    return reports.build(found, wanted, words, as_of=now, filters=filters)


def below(sight: Sight, directory: Directory, area: str | None) -> frozenset[str] | None:
    """`area` and what lies below it, None for None; raises NotFound for an area that this reader does not see."""
    if area is None:
        return None
    if area not in directory.areas or not sight.sees("area", Visibility(area=area)):
        raise NotFound(f"no area {area}")
    return directory.descendants(area)


def seen_areas(who: Principal, areas: frozenset[str] | None) -> frozenset[str] | None:
    """Which areas a report to this reader names."""
    own = who.sight.areas
    return areas if own is None else own if areas is None else own & areas


def concerns(directory: Directory, area: str, seen: frozenset[str] | None) -> bool:
    """Whether a mode of `area` holds somewhere in what the report is about."""
    return seen is None or bool(directory.descendants(area) & seen)


def _sees_unit(sight: Sight, directory: Directory, unit: str) -> bool:
    found = directory.units.get(unit)
    return found is not None and sight.sees("unit", Visibility(area=found.area))


def exported(
    hub: Hub, who: Principal, tables: tuple[Table, ...], *, name: str, area: str | None, detail: object
) -> Response:
    """The tables as a workbook: by right, marked with who and when and how far, and audited before it is sent."""
    demand(who, "report.export")
    now = hub.now()
    scope = scope_of(who, hub.directory())
    mark = f"县哨 Xianshao · {who.name} · {format_instant(now)} · {name} · {scope}"
    content = workbook(tables, mark)

    def logged(tx: Connection) -> None:
        shown: Json = {"filter": detail, "scope": scope, "bytes": len(content)}
        note(tx, hub, who, "report.export", name, area=area, detail=shown)

    commit(hub, logged)  # no audit, no export
    return Response(
        content,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}.xlsx"'},
    )


def scope_of(who: Principal, directory: Directory) -> str:
    """How far this reader sees, in words: the topmost areas, kinds of sites, sites."""
    sight = who.sight
    parts: list[str] = []
    if sight.areas is None:
        parts.append("all areas")
    else:
        tops = [each for each in sorted(sight.areas) if not set(directory.path(each)[:-1]) & sight.areas]
        parts.append("areas " + " ".join(tops))
    limits = (("kinds of sites", sight.site_kinds), ("sites", sight.sites))
    parts += [f"{name} {' '.join(sorted(each))}" for name, each in limits if each is not None]
    return "; ".join(parts)
