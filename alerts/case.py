"""Case: what people do about a condition, step by step, in a history that seals itself; pure.

`open_case()` begins one, `join()` adds an incident, `act()` is everything people do. The table of what may be
done is the workflow's (alerts/workflow.py); alerts/effect.py knows what each action beside the steps means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal

from alerts.attachment import Attached
from alerts.chain import START, seal
from alerts.clock import Clock
from alerts.score import Score
from alerts.sight import Visibility
from alerts.workflow import Status, Step, Workflow
from alerts.working_time import PLAIN, Calendar
from detectors.signal import SEVERITIES, Severity
from ingest.instant import format_instant
from ingest.text import Text

HUB: Final = "hub"
"""Who the hub itself is in a history."""

Master = Literal["hub", "platform"]
"""Where number, state, step and unit of a case are decided."""

LIVE: frozenset[Status] = frozenset({"open", "paused"})
"""States in which somebody is still to do something."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: user name, role, and the units the user belongs to."""

    name: str
    role: str
    units: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants done.

    Attributes:
        action: Word of the workflow's table.
        note: Why.
        to: The unit (dispatch, transfer), the case (merge) or the area (escalate) it goes to.
        attachments: Ids of photos in the case's file.
        attached: The same photos, once somebody has looked them up.
        expect_version: The version the writer saw; None does not ask.
        score: How satisfied somebody is, None without an answer.
    """

    action: str
    note: str = ""
    to: str | None = None
    attachments: tuple[str, ...] = ()
    attached: tuple[Attached, ...] = ()
    expect_version: int | None = None
    score: Score | None = None


@dataclass(frozen=True, slots=True)
class ReportIn:
    """A called unit is there (报到): since when, and who said so."""

    unit: str
    at: datetime
    who: str


@dataclass(frozen=True, slots=True)
class Case:
    """One case as of one version.

    Attributes:
        id: ULID.
        number: `YYYY-NNNNNN`.
        workflow: Id of the closed loop.
        step: The step that is due.
        state: open, paused, closed, false_alarm, cancelled or merged.
        kind: Kind of the incident or of the report.
        category: What it is about, for clocks and reports.
        severity: The highest of its incidents.
        place: Where it stands; its units are the units called.
        unit: The unit that has it now, or None.
        mastered_by: hub or platform.
        source: Where it came from: hub, hotline, grid, public, operator or platform.
        external_id: Its number there, or None.
        group_key: Incidents with this key join it while it is live; None for cases without incidents.
        title: One line.
        description: As the reporter wrote it.
        explanation: Of the incident that opened it, or the title of a report.
        lat: Where it is, when no site says so.
        lon: Where it is, when no site says so.
        opened_at: UTC.
        updated_at: UTC.
        closed_at: UTC, None while live.
        clocks: Of every step so far; the last one runs.
        handlers: Names of those who did a step `by_unit`; they never verify.
        extension_asked: Somebody asked for more time.
        escalated_to: The area it was raised to.
        merged_into: Id of the case it became part of.
        reports: The called units that have reported in, in their order.
        before_merge: Its state when it became part of another, to which unmerge brings it back.
        version: Rises by one per history entry.
        last_hash: Hash of the newest history entry.
        calendar: Id of the calendar that its route named for its limits, or None.
    """

    id: str
    number: str
    workflow: str
    step: str
    state: Status
    kind: str
    category: str
    severity: Severity
    place: Visibility
    unit: str | None
    mastered_by: Master
    source: str
    external_id: str | None
    group_key: str | None
    title: str
    description: str
    explanation: Text
    lat: float | None
    lon: float | None
    opened_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    clocks: tuple[Clock, ...]
    handlers: frozenset[str]
    extension_asked: bool
    escalated_to: str | None
    merged_into: str | None
    version: int
    last_hash: str
    calendar: str | None = None
    before_merge: Status = "open"
    reports: tuple[ReportIn, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The units called that have not reported in."""
        return tuple(sorted(self.place.units - {each.unit for each in self.reports}))

    @property
    def position(self) -> str:
        """Where it stands in a history: the step that is due while open, else the state."""
        return self.step if self.state == "open" else self.state


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a history, as it is stored and shown; `hash` seals it and everything before.

    `proof` is kept by the entry that closes a watched case: each incident before and after (alerts/closing.py);
    `score` by an entry that came with an answer (alerts/score.py); `digests` by one that names photos: their sha256
    by id.
    """

    seq: int
    at: datetime
    who: str
    role: str
    action: str
    came_from: str
    went_to: str
    unit: str | None
    note: str
    attachments: tuple[str, ...]
    hash: str = ""
    proof: Mapping[str, object] | None = None
    score: Score | None = None
    digests: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """`{seq, at, who, role, action, from, to, unit, note, attachments, hash}`, and what it has beside."""
        shown: dict[str, object] = {
            "seq": self.seq,
            "at": format_instant(self.at),
            "who": self.who,
            "role": self.role,
            "action": self.action,
            "from": self.came_from,
            "to": self.went_to,
            "unit": self.unit,
            "note": self.note,
            "attachments": list(self.attachments),
            "hash": self.hash,
        }
        if self.score is not None:
            shown["rating"] = self.score.as_dict()
        if self.digests:
            shown["sha256"] = dict(self.digests)
        return shown if self.proof is None else {**shown, "proof": dict(self.proof)}


@dataclass(frozen=True, slots=True)
class Done:
    """The case afterwards, and the entry that says so."""

    case: Case
    entry: Entry


@dataclass(frozen=True, slots=True)
class Opening:
    """What a new case is made of, beside its workflow; attributes as of Case."""

    id: str
    number: str
    kind: str
    category: str
    severity: Severity
    place: Visibility
    title: str
    explanation: Text
    description: str = ""
    source: str = HUB
    external_id: str | None = None
    group_key: str | None = None
    unit: str | None = None
    lat: float | None = None
    lon: float | None = None
    calendar: str | None = None
    mastered_by: Master = HUB


def open_case(
    opening: Opening, workflow: Workflow, *, who: Actor, now: datetime, calendar: Calendar = PLAIN
) -> Done:
    """A new case, its first step due and its clock running in `calendar`."""
    first = workflow.steps[0]
    case = Case(
        id=opening.id,
        number=opening.number,
        workflow=workflow.id,
        step=first.step,
        state="open",
        kind=opening.kind,
        category=opening.category,
        severity=opening.severity,
        place=opening.place,
        unit=opening.unit,
        mastered_by=opening.mastered_by,
        source=opening.source,
        external_id=opening.external_id,
        group_key=opening.group_key,
        title=opening.title,
        description=opening.description,
        explanation=opening.explanation,
        lat=opening.lat,
        lon=opening.lon,
        opened_at=now,
        updated_at=now,
        closed_at=None,
        clocks=(),
        handlers=frozenset(),
        extension_asked=False,
        escalated_to=None,
        merged_into=None,
        version=0,
        last_hash=START,
        calendar=opening.calendar,
    )
    begun = begin(case, first, now, calendar)
    return written(begun, who, Request("open", note=opening.title), came_from="", unit=case.unit, now=now)


def join(case: Case, incident: str, severity: Severity, *, now: datetime) -> Done:
    """One more incident of the same group; the higher severity wins."""
    joined = _as_bad_as(case, severity, now)
    request = Request("join", note=incident)
    return written(joined, Actor(HUB, HUB), request, came_from=case.position, unit=None, now=now)


def absorb(case: Case, into: Case, *, now: datetime) -> Done:
    """The case goes on in `into`, which is about the same and more; its clock waits, as in a merge by hand."""
    clocks = on_last_clock(case, lambda clock: clock.pause(now))
    merged = replace(case, state="merged", merged_into=into.id, clocks=clocks)
    request = Request("merge", note=into.number)
    return written(merged, Actor(HUB, HUB), request, came_from=case.position, unit=None, now=now)


def worsen(case: Case, incident: str, severity: Severity, *, now: datetime) -> Done | None:
    """One of its incidents got worse; None when the case is over or was as bad already."""
    if case.state not in LIVE or worst(case.severity, severity) == case.severity:
        return None
    worse = _as_bad_as(case, severity, now)
    request = Request("worsen", note=incident)
    return written(worse, Actor(HUB, HUB), request, came_from=case.position, unit=None, now=now)


def _as_bad_as(case: Case, severity: Severity, now: datetime) -> Case:
    """At least that severe; what becomes a matter of life waits for no office to open."""
    after = replace(case, severity=worst(case.severity, severity))
    if after.severity == "life" and case.severity != "life":
        return replace(after, clocks=on_last_clock(case, lambda clock: clock.hurry(now)))
    return after


def recur(
    case: Case, incident: str, severity: Severity, first: Step, *, now: datetime, calendar: Calendar
) -> Done:
    """What the case was about came back soon after it closed: open again at its first step, with its history."""
    again = begin(
        replace(case, closed_at=None, reports=(), severity=worst(case.severity, severity)),
        first,
        now,
        calendar,
    )
    request = Request("reopen", note=incident)
    return written(again, Actor(HUB, HUB), request, came_from=case.position, unit=None, now=now)


def take_in(case: Case, other: str, who: Actor, *, now: datetime) -> Done:
    """The case with the number `other` became part of this one: said here, too, and nothing else changes."""
    return written(case, who, Request("take-in", note=other), came_from=case.position, unit=None, now=now)


def give_back(case: Case, other: str, who: Actor, *, now: datetime) -> Done:
    """The case with the number `other` is one of its own again."""
    return written(case, who, Request("give-back", note=other), came_from=case.position, unit=None, now=now)


def report_in(case: Case, who: Actor, now: datetime) -> Case:
    """The called units of `who` are there; those that were stay as they were."""
    new = tuple(ReportIn(unit, now, who.name) for unit in case.missing if unit in who.units)
    return replace(case, reports=(*case.reports, *new))


def worst(one: Severity, other: Severity) -> Severity:
    """The higher of two severities."""
    return SEVERITIES[min(SEVERITIES.index(one), SEVERITIES.index(other))]


def begin(case: Case, step: Step, now: datetime, calendar: Calendar) -> Case:
    """`step` is due: the clock before stops, its own runs; a case that is mastered elsewhere has its clocks there."""
    clocks = tuple(each.finish(now) for each in case.clocks)
    if step.limit is not None and case.mastered_by == HUB:
        life = case.severity == "life"
        clocks = (*clocks, Clock.start(step.step, step.limit, now, calendar, life=life))
    return replace(case, state="open", step=step.step, extension_asked=False, clocks=clocks)


def end(case: Case, state: Status, now: datetime) -> Case:
    """Nothing is due any more: every clock stops."""
    clocks = tuple(each.finish(now) for each in case.clocks)
    return replace(case, state=state, closed_at=now, extension_asked=False, clocks=clocks)


def supervise(case: Case, now: datetime) -> Done | None:
    """督办: its due step is red, which is written down once per step; None when there is nothing to write."""
    running = case.clocks[-1] if case.state == "open" and case.clocks else None
    if running is None or running.red_from() is None or running.light(now) != "red":
        return None
    marked = replace(case, clocks=on_last_clock(case, lambda clock: clock.supervise(now)))
    request = Request("supervised", note=running.step)
    return written(marked, Actor(HUB, HUB), request, came_from=case.position, unit=None, now=now)


def on_last_clock(case: Case, change: Callable[[Clock], Clock]) -> tuple[Clock, ...]:
    """The clocks, with `change` done to the one that runs."""
    return (*case.clocks[:-1], *(change(each) for each in case.clocks[-1:]))


def written(
    case: Case,
    who: Actor,
    request: Request,
    *,
    came_from: str,
    unit: str | None,
    now: datetime,
    proof: Mapping[str, object] | None = None,
) -> Done:
    """`case` with one more entry in its history, sealed onto the last."""
    entry = Entry(
        seq=case.version + 1,
        at=now,
        who=who.name,
        role=who.role,
        action=request.action,
        came_from=came_from,
        went_to=case.position,
        unit=unit,
        note=request.note,
        attachments=request.attachments,
        proof=proof,
        score=request.score,
        digests={each.id: each.sha256 for each in request.attached},
    )
    entry = replace(entry, hash=seal(entry.as_dict(), case.last_hash))
    return Done(replace(case, version=entry.seq, last_hash=entry.hash, updated_at=now), entry)
