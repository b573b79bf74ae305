"""Public report: what somebody sends by a QR code becomes a case; whose turn it is; what the sender may learn of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from alerts.case import HUB, LIVE, Actor
from alerts.directory import Directory
from alerts.ids import new_id
from alerts.intake import Report, report
from alerts.leader import Turn, first, in_hand, raised, upward
from alerts.ledger import cases, journal, notices, public_reports
from alerts.ledger.engine import Connection
from alerts.notice import Notice, Why
from alerts.public_kinds import PUBLIC_KINDS
from alerts.route import Chosen, Facts
from alerts.sight import Sight, Visibility
from alerts.throttle import Pace, let_in
from detectors.signal import Severity
from ingest.errors import InvalidInput, TooMany
from ingest.text import Text

WHO = Actor("public", "public")
"""How histories name people without an account."""
WORDS = 1000
"""Characters of what somebody writes."""
SEVERITY: Severity = "minor"

PACES: Mapping[str, Pace] = {
    # one person at a place where much is wrong; a mobile network shows many people under one address
    "address": Pace(10, timedelta(minutes=2)),
    # a micro-grid is a few streets
    "area": Pace(30, timedelta(minutes=1)),
    # a whole county in a storm; it also bounds how many rows the limits need
    "all": Pace(600, timedelta(seconds=1)),
}

Word = Literal["received", "handling", "done", "not-taken"]


@dataclass(frozen=True, slots=True)
class Sent:
    """One report, checked and cleaned by the edge.

    Attributes:
        area: Whose code it was sent by.
        kind: Word of PUBLIC_KINDS.
        words: As written; may be empty when there is a picture.
        key: Makes the same report sent twice the same; never shown.
        receipt: As it is kept (alerts/report_code.py).
        reporter: Sealed telephone number, None for an anonymous report.
        photo: (sealed picture, sha256 of the picture), or None.
    """

    area: str
    kind: str
    words: str
    key: str
    receipt: str
    reporter: str | None = None
    photo: tuple[bytes, str] | None = None


def let(conn: Connection, keys: Mapping[str, str], now: datetime) -> None:
    """Counts one report against every limit, or raises TooMany and counts nothing; `keys` by word of PACES."""
    moments: dict[str, datetime] = {}
    for word, key in keys.items():
        found = let_in(PACES[word], public_reports.until(conn, key), now)
        if found.until is None:
            wait = max(1, round(found.wait.total_seconds()))
            raise TooMany("too many reports from here in a short time", retry_after=wait)
        moments[key] = found.until
    public_reports.keep_limits(conn, moments, now)


def take(conn: Connection, sent: Sent, *, directory: Directory, now: datetime) -> None:
    """The case of a report, with the leader of its area; a report that came before changes nothing."""
    if public_reports.case_of(conn, sent.receipt) is not None:
        return
    if sent.kind not in PUBLIC_KINDS:
        raise InvalidInput(f"{sent.kind!r} is nothing to choose", where="kind")
    if not sent.words.strip() and sent.photo is None:
        raise InvalidInput("a report needs words or a photo", where="words")
    if len(sent.words) > WORDS:
        raise InvalidInput(f"more than {WORDS} characters", where="words")
    chosen = _chosen(directory, sent.kind, sent.area)
    plain = chosen.route.unit if chosen else ""
    turn = Turn(sent.area, None, plain, None)
    if chosen is None or chosen.route.mastered_by == HUB:
        turn = first(directory, sent.area, plain, now)
    name, where = PUBLIC_KINDS[sent.kind], directory.areas[sent.area].name
    new = Report(
        kind=sent.kind,
        title=f"{name.zh}（{where.zh}）",
        source="public",
        description=sent.words.strip(),
        external_id=sent.key,
        area=sent.area,
        severity=SEVERITY,
        reporter=sent.reporter,
        unit=turn.unit if turn.leader is not None else None,
    )

    def beside(case: str) -> None:
        public_reports.add(conn, case, receipt=sent.receipt, area=sent.area, turn=turn, now=now)
        if sent.photo is not None:
            public_reports.put_photo(conn, case, *sent.photo, now=now)
        if turn.leader is not None:
            place = Visibility(area=sent.area, units=frozenset({turn.unit}))
            _tell(
                conn,
                case,
                sent.kind,
                turn,
                why="first-told",
                chosen=chosen,
                place=place,
                where=where,
                now=now,
            )

    report(conn, Sight.everything(), new, who=WHO, directory=directory, now=now, beside=beside)


def raise_overdue(conn: Connection, directory: Directory, now: datetime) -> int:
    """What a leader did not take in hand in time goes upward; how many were looked at."""
    looked = public_reports.due(conn, now)
    for each in looked:
        case = cases.load(conn, Sight.everything(), each.case)
        acts = public_reports.acts(conn, each.case)
        if case.state not in LIVE or case.mastered_by != HUB or in_hand(acts, each.told_at):
            public_reports.rest(conn, each.case)
            continue
        chosen = _chosen(directory, case.kind, each.area)
        after = upward(directory, each.turn, each.area, chosen.route.unit if chosen else each.turn.unit, now)
        done = raised(case, each.turn, after, now)
        cases.save(conn, done)
        public_reports.give(conn, each.case, after, now)
        place = done.case.place
        journal.case(conn, case.id, "case.changed", action="escalate", who=HUB, place=place, now=now)
        area = directory.areas.get(each.area)
        _tell(
            conn,
            case.id,
            case.kind,
            after,
            why="not-mended",
            chosen=chosen,
            place=place,
            where=area.name if area else Text(each.area, each.area),
            now=now,
        )
    return len(looked)


def word_of(conn: Connection, receipt: str, now: datetime) -> dict[str, object] | None:
    """`{state, at}` of the report with this kept receipt: nothing but a word; None when there is none."""
    key = public_reports.case_of(conn, receipt)
    case = None if key is None else cases.surviving(conn, key)
    if key is None:
        return None
    subject = case.id if case is not None else key
    shown = cases.shown(conn, [subject], now=now)[subject]
    people = any(each.role not in {WHO.role, HUB} for each in public_reports.acts(conn, key))
    word: Word
    if shown["state"] == "closed":
        word = "done"
    elif shown["state"] in {"false_alarm", "cancelled"}:
        word = "not-taken"
    else:
        word = "handling" if people else "received"
    return {"state": word, "at": shown["updated_at"]}


def _chosen(directory: Directory, kind: str, area: str) -> Chosen | None:
    facts = Facts(
        kind=kind,
        condition=kind,
        place=area,
        severity=SEVERITY,
        site=None,
        site_kind=None,
        area=area,
        source="public",
    )
    return directory.choose(facts)


def _tell(
    conn: Connection,
    case: str,
    kind: str,
    turn: Turn,
    *,
    why: Why,
    chosen: Chosen | None,
    place: Visibility,
    where: Text,
    now: datetime,
) -> None:
    """A notice for whoever has it now, by the channels of the case's route; of the kind and the place, no more."""
    name = PUBLIC_KINDS.get(kind, Text(kind, kind))
    notices.add(
        conn,
        Notice(
            id=new_id(now),
            at=now,
            why=why,
            addressee=turn.leader or turn.unit,
            group=f"case|{case}",
            route=chosen.route.id if chosen else None,
            incidents=(),
            open=1,
            severity=SEVERITY,
            place=place,
            title=Text(f"公众上报：{name.zh}，{where.zh}", f"Reported by people: {name.en}, {where.en}"),
            channels=chosen.route.channels if chosen else (),
        ),
    )
