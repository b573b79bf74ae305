"""Lessons in the ledger: with their examples and trainings; what was cut out of pictures lies in the evidence store."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.engine import Connection

from alerts.ledger import events
from alerts.ledger.lesson_tables import examples, lessons
from alerts.ledger.page import Page, decode, encode, limit_of
from alerts.ledger.sieve import standing, stands, visible
from alerts.lesson import MOST_EXAMPLES, Asked, Example, Lesson
from alerts.sight import Sight, Visibility
from ingest.errors import Conflict, NotFound
from ingest.instant import format_instant

WAITING = ("asked", "running")


def add(conn: Connection, new: Lesson, *, who: str, place: Visibility, now: datetime) -> None:
    """A new lesson; Conflict when its id is taken."""
    if conn.execute(select(lessons.c.id).where(lessons.c.id == new.id)).one_or_none() is not None:
        raise Conflict(f"there is a lesson {new.id!r} already", where="id", mend="choose another id")
    conn.execute(
        insert(lessons).values(
            id=new.id,
            device=new.device,
            condition=new.condition,
            region=new.region,
            created_by=who,
            created_at=now,
            **stands(place),
        )
    )
    _told(conn, new.id, "created", place, now)


def get(conn: Connection, sight: Sight, lesson: str) -> dict[str, object]:
    """One lesson as it is shown; NotFound, also when it is not visible."""
    return _shown(conn, _visible(conn, sight, lesson))


def find(conn: Connection, sight: Sight, lesson: str) -> Lesson:
    """One lesson; NotFound, also when it is not visible."""
    return _lesson(_visible(conn, sight, lesson))


def page(
    conn: Connection,
    sight: Sight,
    *,
    device: str | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> Page:
    """Lessons by id."""
    query = select(lessons).where(visible(sight, "lesson", lessons)).order_by(lessons.c.id)
    if device is not None:
        query = query.where(lessons.c.device == device)
    if cursor is not None:
        query = query.where(lessons.c.id > str(decode(cursor, str)[0]))
    rows = conn.execute(query.limit(limit_of(limit) + 1)).all()
    more = len(rows) > limit
    return Page([_shown(conn, row) for row in rows[:limit]], encode(rows[limit - 1].id) if more else None)


def remove(conn: Connection, lesson: str, *, now: datetime) -> list[Example]:
    """The lesson and its examples are gone; answers whose files are to be deleted. Conflict while it is trained."""
    row = _row(conn, lesson)
    if row.training in WAITING:
        raise Conflict("it is being trained", where=lesson, mend="wait until the training has ended")
    gone = all_examples(conn, lesson)
    conn.execute(delete(examples).where(examples.c.lesson_id == lesson))
    conn.execute(delete(lessons).where(lessons.c.id == lesson))
    _told(conn, lesson, "deleted", _place(row), now)
    return gone


# -- examples ----------------------------------------------------------------------------------------------


def add_example(conn: Connection, new: Example, *, who: str, now: datetime) -> dict[str, object]:
    """A judged crop more; Conflict when there are enough, or the same crop is there already."""
    row = _row(conn, new.lesson)
    same = select(examples.c.holds).where(examples.c.lesson_id == new.lesson, examples.c.sha256 == new.sha256)
    if conn.execute(same).first() is not None:
        raise Conflict("the same picture is an example already", where="example", mend="take another moment")
    if sum(_counts(conn, new.lesson).values()) >= MOST_EXAMPLES:
        raise Conflict(f"the lesson has {MOST_EXAMPLES} examples already", where=new.lesson, mend="train it")
    conn.execute(
        insert(examples).values(
            id=new.id,
            lesson_id=new.lesson,
            holds=new.holds,
            incident_id=new.incident,
            second=new.second,
            at=new.at,
            sha256=new.sha256,
            bytes=new.size,
            created_by=who,
            created_at=now,
        )
    )
    _told(conn, new.lesson, "updated", _place(row), now)
    return _example_shown(_example_row(conn, new.lesson, new.id))


def find_example(conn: Connection, lesson: str, key: str) -> Example:
    """One example; NotFound."""
    return _example(_example_row(conn, lesson, key))


def examples_of(conn: Connection, lesson: str) -> list[dict[str, object]]:
    """Every example of a lesson, the newest first."""
    rows = conn.execute(select(examples).where(examples.c.lesson_id == lesson).order_by(examples.c.id.desc()))
    return [_example_shown(row) for row in rows]


def all_examples(conn: Connection, lesson: str) -> list[Example]:
    """Every example of a lesson, in the order in which they were seen."""
    rows = conn.execute(
        select(examples).where(examples.c.lesson_id == lesson).order_by(examples.c.at, examples.c.id)
    )
    return [_example(row) for row in rows]


def remove_example(conn: Connection, lesson: str, key: str, *, now: datetime) -> Example:
    """The example is no longer taught with; answers whose file is to be deleted. NotFound."""
    gone = find_example(conn, lesson, key)
    conn.execute(delete(examples).where(examples.c.id == key))
    _told(conn, lesson, "updated", _place(_row(conn, lesson)), now)
    return gone


def known(conn: Connection) -> set[tuple[str, str]]:
    """(lesson, example) of every example."""
    return {(row.lesson_id, row.id) for row in conn.execute(select(examples.c.lesson_id, examples.c.id))}


# -- trainings ---------------------------------------------------------------------------------------------


def ask_training(conn: Connection, lesson: str, *, who: str, now: datetime) -> None:
    """It is to be trained; Conflict while it waits for that already."""
    row = _row(conn, lesson)
    if row.training in WAITING:
        raise Conflict("a training is under way already", where=lesson, mend="wait until it has ended")
    _set(conn, row, now, training="asked", training_by=who, training_at=now, training_ended_at=None)


def next_training(conn: Connection) -> Asked | None:
    """Who asked first, one that was broken off by a restart before all others; None when nobody did."""
    row = conn.execute(
        select(lessons)
        .where(lessons.c.training.in_(WAITING))
        .order_by(lessons.c.training.desc(), lessons.c.training_at)
    ).first()
    return None if row is None else Asked(_lesson(row), str(row.training_by))


def step(conn: Connection, lesson: str, said: str, *, now: datetime) -> None:
    """It is being trained, and this is how far it is."""
    _set(conn, _row(conn, lesson), now, training="running", training_said=said)


def end_training(conn: Connection, lesson: str, *, said: str, version: int | None, now: datetime) -> None:
    """It is over: with a version, or failed for the reason `said`."""
    _set(
        conn,
        _row(conn, lesson),
        now,
        training="failed" if version is None else "done",
        training_said=said,
        training_version=version,
        training_ended_at=now,
    )


# -- inside ------------------------------------------------------------------------------------------------


def _set(conn: Connection, row: Row[tuple[object, ...]], now: datetime, **values: object) -> None:
    conn.execute(update(lessons).where(lessons.c.id == row.id).values(**values))
    _told(conn, str(row.id), "updated", _place(row), now)


def _row(conn: Connection, lesson: str) -> Row[tuple[object, ...]]:
    row = conn.execute(select(lessons).where(lessons.c.id == lesson)).one_or_none()
    if row is None:
        raise NotFound(f"no lesson {lesson!r}")
    return cast("Row[tuple[object, ...]]", row)


def _visible(conn: Connection, sight: Sight, lesson: str) -> Row[tuple[object, ...]]:
    row = conn.execute(
        select(lessons).where(lessons.c.id == lesson, visible(sight, "lesson", lessons))
    ).one_or_none()
    if row is None:
        raise NotFound(f"no lesson {lesson!r}")
    return cast("Row[tuple[object, ...]]", row)


def _counts(conn: Connection, lesson: str) -> dict[bool, int]:
    rows = conn.execute(
        select(examples.c.holds, func.count())
        .where(examples.c.lesson_id == lesson)
        .group_by(examples.c.holds)
    )
    return {bool(holds): int(count) for holds, count in rows}


def _told(conn: Connection, lesson: str, change: str, place: Visibility, now: datetime) -> None:
    data = {"id": lesson, "noun": "lesson", "change": change}
    events.append(conn, "registry.changed", now, data, place, noun="lesson")


def _place(row: Row[tuple[object, ...]]) -> Visibility:
    return standing(row.area, row.site_kind, row.site, row.units)


def _lesson(row: Row[tuple[object, ...]]) -> Lesson:
    return Lesson(row.id, row.device, row.condition, row.region, row.area)


def _example(row: Row[tuple[object, ...]]) -> Example:
    return Example(
        row.id, row.lesson_id, row.holds, row.incident_id, row.second, row.at, row.sha256, row.bytes
    )


def _example_row(conn: Connection, lesson: str, key: str) -> Row[tuple[object, ...]]:
    row = conn.execute(
        select(examples).where(examples.c.id == key, examples.c.lesson_id == lesson)
    ).one_or_none()
    if row is None:
        raise NotFound(f"the lesson has no example {key}")
    return cast("Row[tuple[object, ...]]", row)


def _example_shown(row: Row[tuple[object, ...]]) -> dict[str, object]:
    return {
        "id": row.id,
        "holds": row.holds,
        "incident": row.incident_id,
        "second": row.second,
        "at": format_instant(row.at),
        "sha256": row.sha256,
        "bytes": row.bytes,
        "created_by": row.created_by,
        "created_at": format_instant(row.created_at),
    }


def _shown(conn: Connection, row: Row[tuple[object, ...]]) -> dict[str, object]:
    counts = _counts(conn, str(row.id))
    training = None
    if row.training is not None:
        training = {
            "state": row.training,
            "by": row.training_by,
            "asked_at": format_instant(row.training_at),
            "ended_at": None if row.training_ended_at is None else format_instant(row.training_ended_at),
            "said": row.training_said,
            "version": row.training_version,
        }
    return {
        "id": row.id,
        "device": row.device,
        "condition": row.condition,
        "region": row.region,
        "examples": {"yes": counts.get(True, 0), "no": counts.get(False, 0)},
        "training": training,
        "created_by": row.created_by,
        "created_at": format_instant(row.created_at),
        "area": row.area,
        "site": row.site,
    }
