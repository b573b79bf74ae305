"""Reports: what alerts/rates.py defines, counted by the database over what a reader may see.

Every question is one GROUP BY: a report over many cases reads few rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
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
from alerts.rates import Counts, Group, Period
from alerts.score import SATISFIED
from alerts.sight import Sight

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


def groups(conn: Connection, sight: Sight, asked: Asked, *, by_day: bool = False) -> list[Group]:
    """Everything that is counted, by area, unit and kind; with `by_day` by day only."""
    return [
        *_opened(conn, sight, asked, by_day),
        *_closed(conn, sight, asked, by_day),
        *_due(conn, sight, asked, by_day),
        *_raised(conn, sight, asked, by_day),
    ]


def _opened(conn: Connection, sight: Sight, asked: Asked, by_day: bool) -> list[Group]:
    state = cases.c.state
    counted = state.not_in(("merged", "cancelled"))
    false_alarm = state == "false_alarm"
    sums = {
        "opened": counted,
        "accepted": and_(counted, or_(case_figures.c.accepted_at.is_not(None), false_alarm)),
        "owed": and_(counted, ~false_alarm),
        "completed": state == "closed",
        "merged": state == "merged",
    }
    place = cases.outerjoin(case_figures, case_figures.c.case_id == cases.c.id)
    parts = [*_cases(sight, asked), *_within(cases.c.opened_at, asked.period)]
    return _counted(
        conn, place, parts, _numbers(sums), period=asked.period, moment=cases.c.opened_at if by_day else None
    )


def _closed(conn: Connection, sight: Sight, asked: Asked, by_day: bool) -> list[Group]:
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
    place = cases.outerjoin(case_figures, case_figures.c.case_id == cases.c.id)
    parts = [*_cases(sight, asked), *_within(cases.c.closed_at, asked.period)]
    sums_of = {**_numbers(sums), **more}
    return _counted(
        conn, place, parts, sums_of, period=asked.period, moment=cases.c.closed_at if by_day else None
    )


def _due(conn: Connection, sight: Sight, asked: Asked, by_day: bool) -> list[Group]:
    """Steps whose limit ended in the period, and is over now."""
    steps = case_steps.c
    in_time = and_(steps.done_at.is_not(None), steps.done_at <= steps.due_at)
    still = and_(steps.paused_at.is_not(None), steps.done_at.is_(None))
    keys = [_day(steps.due_at, asked.period)] if by_day else [cases.c.area, steps.unit, cases.c.kind]
    keys += [cases.c.workflow, steps.step]
    query = (
        select(*keys, func.count().label("due"), _number(in_time).label("on_time"))
        .select_from(case_steps.join(cases, cases.c.id == steps.case_id))
        .where(
            *_seen_cases(sight, asked),
            *([steps.unit == asked.unit] if asked.unit is not None else []),
            *_within(steps.due_at, asked.period),
            steps.due_at < asked.as_of,
            cases.c.state.in_(("open", "paused", "closed")),
            ~still,
        )
        .group_by(*keys)
    )
    found: list[Group] = []
    for *key, workflow, step, due, on_time in conn.execute(query):
        own = asked.own(workflow, step)
        counts = Counts(
            due=int(due),
            on_time=int(on_time),
            own_due=int(due) if own else 0,
            own_on_time=int(on_time) if own else 0,
        )
        found.append(_group(key, counts, asked.period))
    return found


def _raised(conn: Connection, sight: Sight, asked: Asked, by_day: bool) -> list[Group]:
    keys: list[ColumnElement[str] | ColumnElement[int]] = (
        [_day(incidents.c.raised_at, asked.period)] if by_day else [incidents.c.area, incidents.c.kind]
    )
    sums = _incident_sums()
    shown = [value.label(name) for name, value in sums.items()]
    query = select(*keys, *shown).where(*_incidents(sight, asked)).group_by(*keys)
    found: list[Group] = []
    for row in conn.execute(query):
        key = list(row[: len(keys)])
        counts = _counts(sums, row[len(keys) :])
        found.append(_group(key if by_day else [key[0], None, key[1]], counts, asked.period))
    return found


def _incident_sums() -> dict[str, ColumnElement[int]]:
    return _numbers(
        {
            "raised": incidents.c.id.is_not(None),
            "stale": and_(incidents.c.state == "open", incidents.c.stale.is_(True)),
            "judged": incidents.c.verdict.is_not(None),
            "judged_false": incidents.c.verdict.is_(False),
        }
    )


def steps(conn: Connection, sight: Sight, asked: Asked) -> list[tuple[str, str, int, float]]:
    """(workflow, step, how many were completed in the period, mean hours), false alarms left out."""
    done = case_steps.c
    query = (
        select(
            cases.c.workflow,
            done.step,
            func.count(),
            func.sum(_ms(done.done_at) - _ms(done.started_at)),
        )
        .select_from(case_steps.join(cases, cases.c.id == done.case_id))
        .where(
            *_seen_cases(sight, asked),
            *([done.unit == asked.unit] if asked.unit is not None else []),
            *_within(done.done_at, asked.period),
            done.completed.is_(True),
            cases.c.state.in_(("open", "paused", "closed")),
        )
        .group_by(cases.c.workflow, done.step)
        .order_by(cases.c.workflow, done.step)
    )
    return [
        (flow, step, int(n), round(int(ms) / int(n) / 3_600_000, 2))
        for flow, step, n, ms in conn.execute(query)
    ]


def raised(conn: Connection, sight: Sight, asked: Asked) -> list[tuple[str, str, Counts]]:
    """Incidents raised in the period by (condition, severity)."""
    sums = _incident_sums()
    keys = (incidents.c.condition, incidents.c.severity)
    query = (
        select(*keys, *(value.label(name) for name, value in sums.items()))
        .where(*_incidents(sight, asked))
        .group_by(*keys)
        .order_by(*keys)
    )
    return [(row[0], row[1], _counts(sums, row[2:])) for row in conn.execute(query)]


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


def _counted(
    conn: Connection,
    place: FromClause,
    parts: list[ColumnElement[bool]],
    sums: Mapping[str, ColumnElement[int]],
    *,
    period: Period,
    moment: ColumnElement[datetime] | None,
) -> list[Group]:
    """Sums by area, unit and kind, or by the day that `moment` is on."""
    keys = [cases.c.area, cases.c.unit, cases.c.kind] if moment is None else [_day(moment, period)]
    shown = [value.label(name) for name, value in sums.items()]
    query = select(*keys, *shown).select_from(place).where(*parts).group_by(*keys)
    number = len(keys)
    return [_group(list(row[:number]), _counts(sums, row[number:]), period) for row in conn.execute(query)]


def _counts(names: Iterable[str], values: Iterable[object]) -> Counts:
    """PostgreSQL adds up big integers to decimals."""
    return Counts(**{name: int(cast("int", value)) for name, value in zip(names, values, strict=True)})


def _group(key: list[object], counts: Counts, period: Period) -> Group:
    if len(key) == 1:
        return Group(None, None, "", counts, period.days()[cast("int", key[0])][0])
    area, unit, kind = key
    return Group(_text(area), _text(unit), str(kind), counts)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
