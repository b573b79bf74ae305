"""Figures: what reports count of a case, kept beside it as its history is written; never changed from elsewhere.

Two projections: one row per case (when it was first accepted, how often it was returned and reopened, the newest
answer to how satisfied somebody is) and one row per clock (which step, whose, from when, until when, done when).
Both follow from the history and could be made from it anew.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import bindparam, func, insert, literal, update
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.engine import Connection

from alerts.case import Case, Done, Entry
from alerts.ledger import pending, upsert
from alerts.ledger.columns import Instant
from alerts.ledger.figure_tables import case_figures, case_steps

STILL = frozenset({"join", "take-in", "give-back", "note", "rate", "urge", "supervised"})
"""Actions that move no clock."""


_OPENED = insert(case_figures)


def opened(conn: Connection, done: Done) -> None:
    """A new case."""
    pending.run(conn, _OPENED, {"case_id": done.case.id, "returns": 0, "reopens": 0})
    _clocks(conn, done.case, done.entry)


def went_on(conn: Connection, done: Done) -> None:
    """One more entry in the history of a case."""
    case, entry = done.case, done.entry
    changes: dict[str, object] = {}
    if (
        entry.action == entry.came_from
    ):  # a step was completed, and the first to be is the first of its workflow
        changes["accepted_at"] = func.coalesce(case_figures.c.accepted_at, literal(entry.at, Instant()))
    elif entry.action == "return":
        changes["returns"] = case_figures.c.returns + 1
    elif entry.action == "reopen":
        changes["reopens"] = case_figures.c.reopens + 1
    if entry.score is not None:
        changes |= {
            "score": entry.score.value,
            "score_by": entry.score.by,
            "score_how": entry.score.how,
        }
    if changes:
        conn.execute(update(case_figures).where(case_figures.c.case_id == case.id).values(**changes))
    if entry.action not in STILL:
        _clocks(conn, case, entry)


def _clocks(conn: Connection, case: Case, entry: Entry) -> None:
    """The last two clocks as they are now: no action moves more, and a finished one is never touched again."""
    for n, clock in list(enumerate(case.clocks))[-2:]:
        completed = clock.done_at == entry.at and clock.step == entry.action == entry.came_from
        row = {
            "case_id": case.id,
            "n": n,
            "step": clock.step,
            "unit": case.unit,
            "started_at": clock.started_at,
            "due_at": clock.due_at,
            "paused_at": clock.paused_at,
            "done_at": clock.done_at,
            "completed": completed,
        }
        pending.run(conn, _clock(conn.dialect.name, tuple(row), over=clock.done_at is not None), row)


@cache
def _clock(dialect: str, names: tuple[str, ...], *, over: bool) -> Insert:
    """Built once: whose a step was is said while it runs, for the next one may already be another unit's."""
    statement = upsert.insert_of(dialect, case_steps).values({name: bindparam(name) for name in names})
    left = {"case_id", "n", *({"unit"} if over else ())}
    return statement.on_conflict_do_update(
        index_elements=["case_id", "n"],
        set_={name: statement.excluded[name] for name in names if name not in left},
        where=case_steps.c.done_at.is_(None),
    )
