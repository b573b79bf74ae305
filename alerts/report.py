"""Report: what was counted (alerts/rates.py), put together for reading: as JSON, and as tables for export; pure.

A report names areas, units, kinds, conditions and places; never a person.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from alerts.directory import Directory
from alerts.rates import Counts, Group, Period, Rate, by, shown, total
from alerts.table import Cell, Column, Table
from ingest.instant import format_instant
from ingest.text import Text

Json = Mapping[str, object]

TOWN = "town"
"""Level of the areas that a quarterly assessment compares."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What the ledger counted for one report.

    Attributes:
        groups: Of the period.
        before: Of the period before.
        days: Of the period by day; of a week or month only.
        steps: (workflow, step, completed, mean hours).
        raised: Incidents by (condition, severity).
        often: Places where one condition came again and again: `{place, condition, raised}`.
        answers: Of who was asked how satisfied he is: `{by, how, n, mean}`.
        modes: Which areas were out of their peace-time mode in the period.
    """

    groups: Sequence[Group]
    before: Counts
    days: Sequence[Group] = ()
    steps: Sequence[tuple[str, str, int, float]] = ()
    raised: Sequence[tuple[str, str, Counts]] = ()
    often: Sequence[Json] = ()
    answers: Sequence[Json] = ()
    modes: Sequence[Json] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """What a report calls things.

    Attributes:
        directory: Names of areas, units, workflows and steps.
        conditions: Names of conditions.
        areas: Ids of the areas that the reader sees; None: all.
    """

    directory: Directory
    conditions: Mapping[str, Text] = field(default_factory=dict)
    areas: Collection[str] | None = None

    def area(self, key: str) -> Text:
        """Of an area."""
        found = self.directory.areas.get(key)
        return found.name if found else Text(key, key)

    def unit(self, key: str) -> Text:
        """Of a unit."""
        found = self.directory.units.get(key)
        return found.name if found else Text(key, key)

    def step(self, workflow: str, step: str) -> Text:
        """Of a step, with its workflow."""
        flow = self.directory.workflows.get(workflow)
        words = {each.step: each.name for each in flow.steps} if flow else {}
        name = words.get(step, Text(step, step))
        return Text(f"{flow.name.zh} {name.zh}", f"{flow.name.en}: {name.en}") if flow else name

    def condition(self, word: str) -> Text:
        """Of a condition."""
        return self.conditions.get(word, Text(word, word))

    def above(self, group: Group) -> tuple[str, ...]:
        """The areas that a group counts for: its own and those above, as far as the reader sees them."""
        path = self.directory.path(group.area) if group.area else ()
        return tuple(each for each in path if self.areas is None or each in self.areas)


def build(
    found: Findings, period: Period, words: Words, *, as_of: datetime, filters: Json
) -> dict[str, object]:
    """The whole report as JSON."""
    areas = by(found.groups, words.above)
    units = by(found.groups, lambda group: [group.unit] if group.unit else [])
    kinds = by(found.groups, lambda group: [group.kind])
    days = by(found.days, lambda group: [group.day.isoformat()] if group.day else [])
    rows_of_units = _rows(units, words.unit, own=True)
    report: dict[str, object] = {
        "kind": period.kind,
        "period": {
            "label": period.label,
            "first": period.first.isoformat(),
            "last": period.last.isoformat(),
            "from": format_instant(period.start),
            "to": format_instant(period.end),
            "timezone": str(period.zone),
        },
        "as_of": format_instant(as_of),
        "filter": dict(filters),
        "modes": [dict(each) for each in found.modes],
        "total": shown(total(found.groups)),
        "before": {"label": period.before().label, **shown(found.before)},
        "areas": _rows(areas, words.area),
        "units": rows_of_units,
        "kinds": _rows(kinds, lambda kind: Text(kind, kind)),
        "conditions": [
            {
                "condition": condition,
                "name": words.condition(condition).as_dict(),
                "severity": severity,
                "raised": counts.raised,
                "stale": counts.stale,
                "flapping": counts.flapping,
                "false_incidents": Rate(counts.judged_false, counts.judged).as_dict(),
            }
            for condition, severity, counts in found.raised
        ],
        "often": [
            {**each, "name": words.condition(str(each["condition"])).as_dict()} for each in found.often
        ],
        "steps": [
            {
                "workflow": workflow,
                "step": step,
                "name": words.step(workflow, step).as_dict(),
                "completed": number,
                "mean_hours": hours,
            }
            for workflow, step, number, hours in found.steps
        ],
        "answers": [dict(each) for each in found.answers],
    }
    if period.kind in {"weekly", "monthly"}:
        report["days"] = [
            {"key": day.isoformat(), **shown(days.get(day.isoformat(), Counts()))} for day, _ in period.days()
        ]
    if period.kind == "quarterly":
        towns = {
            key: counts
            for key, counts in areas.items()
            if key in words.directory.areas and words.directory.areas[key].level == TOWN
        }
        report["assessment"] = {"towns": _rows(towns, words.area), "units": rows_of_units}
    return report


def _rows(
    counted: Mapping[str, Counts], name_of: Callable[[str], Text], *, own: bool = False
) -> list[dict[str, object]]:
    return [
        {"key": key, "name": name_of(key).as_dict(), **shown(counts, own=own)}
        for key, counts in counted.items()
        if counts.anything
    ]


# -- as tables ---------------------------------------------------------------------------------------------

FIGURES: tuple[tuple[str, str, str], ...] = (
    ("opened", "立案", "Opened"),
    ("closed", "结案", "Closed"),
    ("acceptance", "受理率", "Acceptance"),
    ("completion", "办结率", "Completion"),
    ("on_time", "按时率", "On time"),
    ("satisfaction", "满意率", "Satisfaction"),
    ("returned", "退回率", "Returned"),
    ("rework", "返工率", "Rework"),
    ("mean_hours", "平均办结小时", "Mean hours to close"),
    ("merged", "合并", "Merged"),
    ("cancelled", "作废", "Cancelled"),
    ("false_alarms", "误报结案", "Closed as false alarm"),
    ("incidents", "告警", "Incidents"),
    ("stale", "失联告警", "Stale incidents"),
    ("flapping", "抖动告警", "Flapping incidents"),
    ("false_incidents", "误报率", "False incidents"),
)
"""Columns of every table about cases, in their order; a rate takes two: the share, and of how many."""

SHEETS = (
    ("areas", Text("区域", "Areas")),
    ("units", Text("部门", "Units")),
    ("kinds", Text("类型", "Kinds")),
)


def tables(report: Json) -> tuple[Table, ...]:
    """A report of build() as sheets."""
    total, before = cast("Json", report["total"]), cast("Json", report["before"])
    label = cast("Json", report["period"])["label"]
    sheets = [
        _figures(
            Text("总计", "Total"),
            Text("时段", "Period"),
            [((str(label),), total), ((str(before["label"]),), before)],
        )
    ]
    if "assessment" in report:
        assessment = cast("Mapping[str, Sequence[Json]]", report["assessment"])
        sheets += [
            _keyed(Text("考核 乡镇", "Assessed towns"), assessment["towns"]),
            _keyed(Text("考核 部门", "Assessed units"), assessment["units"]),
        ]
    for key, title in SHEETS:
        sheets.append(_keyed(title, cast("Sequence[Json]", report[key])))
    if "days" in report:
        days = [((str(each["key"]),), each) for each in cast("Sequence[Json]", report["days"])]
        sheets.append(_figures(Text("逐日", "Days"), Text("日期", "Day"), days))
    return (*sheets, _conditions(report), _often(report), _steps(report), _answers(report), _modes(report))


def _keyed(title: Text, rows: Sequence[Json]) -> Table:
    named = [((str(each["key"]), *_name(each)), each) for each in rows]
    return _figures(title, Text("编号", "Id"), named, named=True)


def _figures(
    title: Text, first: Text, rows: Iterable[tuple[tuple[str, ...], Json]], *, named: bool = False
) -> Table:
    columns = [Column(first, width=16)]
    if named:
        columns += [
            Column(Text("名称", "Chinese name"), width=22),
            Column(Text("英文名称", "Name"), width=22),
        ]
    for key, zh, en in FIGURES:
        if key in RATES:
            columns += [Column(Text(zh, en), "percent"), Column(Text(f"{zh}样本", f"{en}: of"), "count")]
        else:
            columns.append(Column(Text(zh, en), "number" if key == "mean_hours" else "count"))
    cells = tuple((*keys, *_cells(row)) for keys, row in rows)
    return Table(title, tuple(columns), cells)


RATES = frozenset(
    {"acceptance", "completion", "on_time", "satisfaction", "returned", "rework", "false_incidents"}
)


def _cells(row: Json) -> tuple[Cell, ...]:
    found: list[Cell] = []
    for key, _, _ in FIGURES:
        if key in RATES:
            rate = cast("Mapping[str, Cell]", row[key])
            found += [rate["rate"], rate["of"]]
        else:
            found.append(cast("Cell", row[key]))
    return tuple(found)


def _name(row: Json) -> tuple[str, str]:
    name = cast("Mapping[str, str]", row["name"])
    return name["zh"], name["en"]


def _conditions(report: Json) -> Table:
    rows = cast("Sequence[Json]", report["conditions"])
    return Table(
        Text("告警条件", "Conditions"),
        (
            Column(Text("条件", "Condition"), width=24),
            Column(Text("名称", "Chinese name"), width=20),
            Column(Text("英文名称", "Name"), width=24),
            Column(Text("级别", "Severity")),
            Column(Text("告警", "Incidents"), "count"),
            Column(Text("失联", "Stale"), "count"),
            Column(Text("抖动", "Flapping"), "count"),
            Column(Text("误报率", "False incidents"), "percent"),
            Column(Text("已判定", "Judged"), "count"),
        ),
        tuple(
            (
                str(each["condition"]),
                *_name(each),
                str(each["severity"]),
                cast("int", each["raised"]),
                cast("int", each["stale"]),
                cast("int", each["flapping"]),
                *(cast("Mapping[str, Cell]", each["false_incidents"])[key] for key in ("rate", "of")),
            )
            for each in rows
        ),
    )


def _often(report: Json) -> Table:
    rows = cast("Sequence[Json]", report["often"])
    return Table(
        Text("频发", "Again and again"),
        (
            Column(Text("地点", "Place"), width=28),
            Column(Text("条件", "Condition"), width=24),
            Column(Text("名称", "Chinese name"), width=20),
            Column(Text("英文名称", "Name"), width=24),
            Column(Text("告警", "Incidents"), "count"),
        ),
        tuple(
            (str(each["place"]), str(each["condition"]), *_name(each), cast("int", each["raised"]))
            for each in rows
        ),
    )


def _steps(report: Json) -> Table:
    rows = cast("Sequence[Json]", report["steps"])
    return Table(
        Text("环节", "Steps"),
        (
            Column(Text("流程", "Workflow"), width=14),
            Column(Text("环节", "Step"), width=14),
            Column(Text("名称", "Chinese name"), width=22),
            Column(Text("英文名称", "Name"), width=28),
            Column(Text("完成", "Completed"), "count"),
            Column(Text("平均小时", "Mean hours"), "number"),
        ),
        tuple(
            (
                str(each["workflow"]),
                str(each["step"]),
                *_name(each),
                cast("int", each["completed"]),
                cast("float", each["mean_hours"]),
            )
            for each in rows
        ),
    )


def _answers(report: Json) -> Table:
    rows = cast("Sequence[Json]", report["answers"])
    return Table(
        Text("满意度", "Answers"),
        (
            Column(Text("由谁评价", "By")),
            Column(Text("方式", "How")),
            Column(Text("评价数", "Answers"), "count"),
            Column(Text("平均分", "Mean score"), "number"),
        ),
        tuple(
            (str(each["by"]), str(each["how"]), cast("int", each["n"]), cast("float", each["mean"]))
            for each in rows
        ),
    )


def _modes(report: Json) -> Table:
    rows = cast("Sequence[Json]", report["modes"])
    heads = (
        ("area", Text("区域", "Area")),
        ("mode", Text("模式", "Mode")),
        ("begun_at", Text("开始", "From")),
        ("ended_at", Text("结束", "To")),
        ("reason", Text("原因", "Reason")),
    )
    return Table(
        Text("平战模式", "Modes"),
        tuple(Column(head, width=26) for _, head in heads),
        tuple(tuple(str(each.get(key) or "") for key, _ in heads) for each in rows),
    )
