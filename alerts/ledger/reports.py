"""Reports: what alerts/rates.py defines, counted by the database over what a reader may see.

Every question is one GROUP BY, and each table is read once for a period: a report over many cases reads few rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.engine import Connection

from alerts.ledger.figure_tables import case_figures, case_steps
from alerts.ledger.sieve import visible
from alerts.ledger.tables import cases, incidents
from alerts.rates import Counts, Group, Period, total
from alerts.score import SATISFIED
from alerts.sight import Sight

Told = Literal["place", "day", "whole"]
"""What counts are told apart by: area, unit and kind; the day; or nothing."""

OFTEN = 4
"""A condition raised so many times or more at one place in the period is named."""
MOST_OFTEN = 50
"""Of those at most so many, the most frequent."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is narrowed to; None asks nothing. `areas` hold the descendants, too.

    `own` says for (workflow, step) whether it is done by the case's own units.
    """

    period: Period
    as_of: datetime
    areas: Collection[str] | None = None
    unit: str | None = None
    kind: str | None = None
    own: Callable[[str, str], bool] = lambda _workflow, _step: False


@dataclass(frozen=True, slots=True)
class Counted:
    """What one report is made of.

    Attributes:
        groups: Everything, by area, unit and kind.
        steps: (workflow, step, how many were completed in the period, mean hours), false alarms left out.
        raised: Incidents raised in the period by (condition, severity).
    """

    groups: list[Group]
    steps: list[tuple[str, str, int, float]]
    raised: list[tuple[str, str, Counts]]


def counted(conn: Connection, sight: Sight, asked: Asked) -> Counted:
    """Everything that is counted of a period, each table read once."""
    due, steps = _walked(conn, sight, asked)
    hits, raised = _raised(conn, sight, asked)
    by_place: Told = "place"
    groups = [*_opened(conn, sight, asked, by_place), *_closed(conn, sight, asked, by_place), *due, *hits]
    return Counted(groups, steps, raised)


def days(conn: Connection, sight: Sight, asked: Asked) -> list[Group]:
    """The same counts by day only."""
    return _groups(conn, sight, asked, "day")


def whole(conn: Connection, sight: Sight, asked: Asked) -> Counts:
    """The same counts of the period as a whole, which costs least: the units' own steps are not told apart."""
    return total(_groups(conn, sight, asked, "whole"))


def _groups(conn: Connection, sight: Sight, asked: Asked, told: Told) -> list[Group]:
    return [
        *_opened(conn, sight, asked, told),
        *_closed(conn, sight, asked, told),
        *_due(conn, sight, asked, told),
        *_hits(conn, sight, asked, told),
    ]


def _opened(conn: Connection, sight: Sight, asked: Asked, told: Told) -> list[Group]:
    state = cases.c.state
    counts = state.not_in(("merged", "cancelled"))
    false_alarm = state == "false_alarm"
    sums = {
        "opened": counts,
        "accepted": and_(counts, or_(case_figures.c.accepted_at.is_not(None), false_alarm)),
        "owed": and_(counts, ~false_alarm),
        "completed": state == "closed",
        "merged": state == "merged",
    }
    parts = [*_cases(sight, asked), *_within(cases.c.opened_at, asked.period)]
    return _of_cases(conn, parts, _numbers(sums), _keys(told, cases.c.opened_at, asked.period), asked.period)


def _closed(conn: Connection, sight: Sight, asked: Asked, told: Told) -> list[Group]:
    closed = cases.c.state == "closed"
    score = case_figures.c.score
    lasted = _ms(cases.c.closed_at) - _ms(cases.c.opened_at)
    sums = {
        "closed": closed,
        "returned": and_(closed, case_figures.c.returns > 0),
        "reworked": and_(closed, case_figures.c.reopens > 0),
        "answers": and_(closed, score.is_not(None)),
        "satisfied": and_(closed, score >= SATISFIED),
        "false_alarms": cases.c.state == "false_alarm",
        "cancelled": cases.c.state == "cancelled",
    }
    more = {
        "open_ms": func.sum(case((closed, lasted), else_=0)),
        "score": func.sum(case((and_(closed, score.is_not(None)), score), else_=0)),
    }
    parts = [*_cases(sight, asked), *_within(cases.c.closed_at, asked.period)]
    keys = _keys(told, cases.c.closed_at, asked.period)
    return _of_cases(conn, parts, {**_numbers(sums), **more}, keys, asked.period)


def _due(conn: Connection, sight: Sight, asked: Asked, told: Told) -> list[Group]:
    """Steps whose limit ended in the period, and is over now."""
    joined = case_steps.join(cases, cases.c.id == case_steps.c.case_id)
    where = [*_steps(sight, asked), *_is_due(asked)]
    numbers = (func.count().label("due"), _number(_in_time()).label("on_time"))
    if told == "whole":
        row = conn.execute(select(*numbers).select_from(joined).where(*where)).one()
        return [_group([], _of_steps(row.due, int(row.on_time or 0), own=False), asked.period)]
    keys = _keys(told, case_steps.c.due_at, asked.period)
    query = (
        select(*keys, cases.c.workflow, case_steps.c.step, *numbers)
        .select_from(joined)
        .where(*where)
        .group_by(*keys, cases.c.workflow, case_steps.c.step)
    )
    found: list[Group] = []
    for *key, workflow, step, due, on_time in conn.execute(query):
        counts = _of_steps(int(due), int(on_time), own=asked.own(workflow, step))
        found.append(_group(key, counts, asked.period))
    return found


def _walked(
    conn: Connection, sight: Sight, asked: Asked
) -> tuple[list[Group], list[tuple[str, str, int, float]]]:
    """Steps due in the period, by area, unit and kind; and those completed in it, by workflow and step."""
    steps = case_steps.c
    is_due = and_(*_is_due(asked))
    done = and_(steps.completed.is_(True), *_within(steps.done_at, asked.period))
    lasted = _ms(steps.done_at) - _ms(steps.started_at)
    keys = (cases.c.area, steps.unit, cases.c.kind, cases.c.workflow, steps.step)
    query = (
        select(
            *keys,
            _number(is_due),
            _number(and_(is_due, _in_time())),
            _number(done),
            func.sum(case((done, lasted), else_=0)),
        )
        .select_from(case_steps.join(cases, cases.c.id == steps.case_id))
        .where(*_steps(sight, asked), or_(is_due, done))
        .group_by(*keys)
    )
    found: list[Group] = []
    took: dict[tuple[str, str], tuple[int, int]] = {}
    for area, unit, kind, workflow, step, due, on_time, number, ms in conn.execute(query):
        counts = _of_steps(int(due), int(on_time), own=asked.own(workflow, step))
        found.append(Group(area, unit, kind, counts))
        before = took.get((workflow, step), (0, 0))
        took[workflow, step] = before[0] + int(number), before[1] + int(ms)
    means = [
        (*key, number, round(ms / number / 3_600_000, 2))
        for key, (number, ms) in sorted(took.items())
        if number
    ]
    return found, means


def _of_steps(due: int, on_time: int, *, own: bool) -> Counts:
    return Counts(due=due, on_time=on_time, own_due=due if own else 0, own_on_time=on_time if own else 0)


def _raised(
    conn: Connection, sight: Sight, asked: Asked
) -> tuple[list[Group], list[tuple[str, str, Counts]]]:
    """Incidents raised in the period, by area and kind, and by condition and severity."""
    sums = _incident_sums()
    keys = (incidents.c.area, incidents.c.kind, incidents.c.condition, incidents.c.severity)
    query = (
        select(*keys, *(value.label(name) for name, value in sums.items()))
        .where(*_incidents(sight, asked))
        .group_by(*keys)
    )
    found: list[Group] = []
    words: dict[tuple[str, str], Counts] = {}
    for row in conn.execute(query):
        area, kind, condition, severity = row[:4]
        counts = _counts(sums, row[4:])
        found.append(Group(area, None, kind, counts))
        words[condition, severity] = words.get((condition, severity), Counts()) + counts
    return found, [(*key, counts) for key, counts in sorted(words.items())]


def _hits(conn: Connection, sight: Sight, asked: Asked, told: Told) -> list[Group]:
    """Incidents raised in the period, by day or as a whole."""
    sums = _incident_sums()
    keys = [_day(incidents.c.raised_at, asked.period)] if told == "day" else []
    shown = [value.label(name) for name, value in sums.items()]
    query = select(*keys, *shown).where(*_incidents(sight, asked)).group_by(*keys)
    return [
        _group(list(row[: len(keys)]), _counts(sums, row[len(keys) :]), asked.period)
        for row in conn.execute(query)
        if row[-1] is not None  # a sum over nothing
    ]


def _incident_sums() -> dict[str, ColumnElement[int]]:
    return _numbers(
        {
            "raised": incidents.c.id.is_not(None),
            "stale": and_(incidents.c.state == "open", incidents.c.stale.is_(True)),
            "flapping": incidents.c.flapping.is_(True),
            "judged": incidents.c.verdict.is_not(None),
            "judged_false": incidents.c.verdict.is_(False),
        }
    )


def often(conn: Connection, sight: Sight, asked: Asked) -> list[dict[str, object]]:
    """Places where one condition was raised OFTEN times or more, the most frequent first."""
    number = func.count().label("number")
    query = (
        select(incidents.c.place, incidents.c.condition, number, func.max(_ms(incidents.c.raised_at)))
        .where(*_incidents(sight, asked))
        .group_by(incidents.c.place, incidents.c.condition)
        .having(func.count() >= OFTEN)
        .order_by(number.desc(), incidents.c.place, incidents.c.condition)
        .limit(MOST_OFTEN)
    )
    return [
        {"place": place, "condition": condition, "raised": int(n)}
        for place, condition, n, _ in conn.execute(query)
    ]


def answers(conn: Connection, sight: Sight, asked: Asked) -> list[dict[str, object]]:
    """Answers about cases closed in the period by who gave them and how: `{by, how, n, mean}`."""
    figures = case_figures.c
    query = (
        select(figures.score_by, figures.score_how, func.count(), func.sum(figures.score))
        .select_from(cases.join(case_figures, figures.case_id == cases.c.id))
        .where(
            *_cases(sight, asked),
            *_within(cases.c.closed_at, asked.period),
            cases.c.state == "closed",
            figures.score.is_not(None),
        )
        .group_by(figures.score_by, figures.score_how)
        .order_by(figures.score_by, figures.score_how)
    )
    return [
        {"by": by, "how": how, "n": int(n), "mean": round(int(score) / int(n), 2)}
        for by, how, n, score in conn.execute(query)
    ]


# -- parts of the questions --------------------------------------------------------------------------------


def _seen_cases(sight: Sight, asked: Asked) -> list[ColumnElement[bool]]:
    parts = [visible(sight, "case", cases)]
    if asked.areas is not None:
        parts.append(cases.c.area.in_(sorted(asked.areas)))
    if asked.kind is not None:
        parts.append(cases.c.kind == asked.kind)
    return parts


def _cases(sight: Sight, asked: Asked) -> list[ColumnElement[bool]]:
    unit = [] if asked.unit is None else [cases.c.unit == asked.unit]
    return [*_seen_cases(sight, asked), *unit]


def _incidents(sight: Sight, asked: Asked) -> list[ColumnElement[bool]]:
    parts = [visible(sight, "incident", incidents), *_within(incidents.c.raised_at, asked.period)]
    if asked.areas is not None:
        parts.append(incidents.c.area.in_(sorted(asked.areas)))
    if asked.kind is not None:
        parts.append(incidents.c.kind == asked.kind)
    if asked.unit is not None:
        parts.append(incidents.c.units.contains(f",{asked.unit},", autoescape=True))
    return parts


def _steps(sight: Sight, asked: Asked) -> list[ColumnElement[bool]]:
    """Steps of cases that count."""
    unit = [] if asked.unit is None else [case_steps.c.unit == asked.unit]
    return [*_seen_cases(sight, asked), *unit, cases.c.state.in_(("open", "paused", "closed"))]


def _is_due(asked: Asked) -> list[ColumnElement[bool]]:
    """The limit ended in the period and is over now, and the clock does not stand."""
    steps = case_steps.c
    still = and_(steps.paused_at.is_not(None), steps.done_at.is_(None))
    return [*_within(steps.due_at, asked.period), steps.due_at < asked.as_of, ~still]


def _in_time() -> ColumnElement[bool]:
    return and_(case_steps.c.done_at.is_not(None), case_steps.c.done_at <= case_steps.c.due_at)


def _within(column: ColumnElement[datetime], period: Period) -> list[ColumnElement[bool]]:
    return [column >= period.start, column < period.end]


def _ms(column: ColumnElement[datetime]) -> ColumnElement[int]:
    """An instant as the number it is stored as."""
    return type_coerce(column, BigInteger())


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """For how many rows it holds."""
    return func.sum(case((condition, 1), else_=0))


def _numbers(conditions: Mapping[str, ColumnElement[bool]]) -> dict[str, ColumnElement[int]]:
    return {name: _number(condition) for name, condition in conditions.items()}


def _day(column: ColumnElement[datetime], period: Period) -> ColumnElement[int]:
    """Which day of the period, from 0; the zone's own midnights, also where a day has 23 hours."""
    ends = [end for _, end in period.days()]
    whens = [(column < end, number) for number, end in enumerate(ends[:-1])]
    return (case(*whens, else_=len(whens)) if whens else literal(0)).label("day")


def _keys(
    told: Told, moment: ColumnElement[datetime], period: Period
) -> list[ColumnElement[str] | ColumnElement[int]]:
    """What cases are told apart by: area, unit and kind; the day that `moment` is on; or nothing."""
    if told == "place":
        return [cases.c.area, cases.c.unit, cases.c.kind]
    return [_day(moment, period)] if told == "day" else []


def _of_cases(
    conn: Connection,
    parts: list[ColumnElement[bool]],
    sums: Mapping[str, ColumnElement[int]],
    keys: list[ColumnElement[str] | ColumnElement[int]],
    period: Period,
) -> list[Group]:
    """Sums over cases and their figures, by `keys`."""
    shown = [value.label(name) for name, value in sums.items()]
    joined = cases.outerjoin(case_figures, case_figures.c.case_id == cases.c.id)
    query = select(*keys, *shown).select_from(joined).where(*parts).group_by(*keys)
    number = len(keys)
    return [
        _group(list(row[:number]), _counts(sums, row[number:]), period)
        for row in conn.execute(query)
        if row[-1] is not None  # a sum over nothing
    ]


def _counts(names: Iterable[str], values: Iterable[object]) -> Counts:
    """PostgreSQL adds up big integers to decimals."""
    return Counts(**{name: int(cast("int", value)) for name, value in zip(names, values, strict=True)})


def _group(key: list[object], counts: Counts, period: Period) -> Group:
    if not key:
        return Group(None, None, "", counts)
    if len(key) == 1:
        return Group(None, None, "", counts, period.days()[cast("int", key[0])][0])
    area, unit, kind = key
    return Group(_text(area), _text(unit), str(kind), counts)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
