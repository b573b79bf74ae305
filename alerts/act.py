"""Act: one action on a case, checked in this order: version, table, who, what it carries; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from alerts import closing
from alerts.attachment import demand_photos
from alerts.case import Actor, Case, Done, Request, begin, end, report_in, written
from alerts.closing import Watched
from alerts.effect import EFFECT, Around
from alerts.master import refuse
from alerts.workflow import Action, Step, Workflow
from alerts.working_time import PLAIN, Calendar
from ingest.errors import Conflict, InvalidInput, MasteredElsewhere, NotPermitted, VersionStale

NOTE_CHARS = 4000


def act(
    case: Case,
    workflow: Workflow,
    who: Actor,
    request: Request,
    *,
    now: datetime,
    known_unit: Callable[[str], bool],
    above: str | None = None,
    calendar: Calendar = PLAIN,
    watched: Callable[[], Iterable[Watched]] = tuple,
) -> Done:
    """What `who` does to a case.

    `known_unit` says whether a unit is in the registry; `above` is the area one level up, for escalate;
    `calendar` is what limits are counted in;
    `watched` gives the incidents that must be over before the case may close.
    Raises VersionStale, UnknownAction (naming the pair), NotPermitted, InvalidInput or Conflict; then nothing
    has happened.
    """
    if request.expect_version is not None and request.expect_version != case.version:
        raise VersionStale(
            f"case {case.number} is at version {case.version}, not {request.expect_version}",
            where="expect_version",
            mend="read the case again and decide anew",
        )
    move = workflow.move(case.state, case.step, request.action)
    _may(case, move, who)
    _carries(move, request, known_unit, has_unit=case.unit is not None)
    proof = None
    if isinstance(move, Step):
        if workflow.after(move.step) is None:
            proof = closing.prove(case.number, watched(), clear_for=workflow.clear_for, now=now)
        after = _complete(case, workflow, move, who, to=request.to, now=now, calendar=calendar)
    else:
        after = EFFECT[move.effect](case, Around(workflow, request, now, above, calendar, who))
    unit = request.to if request.to is not None and known_unit(request.to) else None
    return written(after, who, request, came_from=case.position, unit=unit, now=now, proof=proof)


def may_act(case: Case, workflow: Workflow, who: Actor) -> bool:
    """Whether `who` may do anything to the case as it stands: what a photo in its file asks, too."""
    for word in workflow.open_actions(case.state, case.step):
        try:
            _may(case, workflow.move(case.state, case.step, word), who)
        except NotPermitted:
            continue
        return True
    return False


def moves(
    case: Case, workflow: Workflow, who: Actor, *, above: str | None = None
) -> tuple[Step | Action, ...]:
    """Everything that `who` may do to the case as it stands, the due step first: what a screen offers.

    `above` is the area one level up, for escalate. What the case itself forbids now is left out: an extension that
    nobody asked for, a return from the first step, a unit that has reported in.
    """
    found: list[Step | Action] = []
    for word in workflow.open_actions(case.state, case.step):
        move = workflow.move(case.state, case.step, word)
        try:
            refuse(case, word, workflow.actions.get(word))
            _may(case, move, who)
        except (MasteredElsewhere, NotPermitted):
            continue
        if isinstance(move, Step) or _fits(case, workflow, move, who, above):
            found.append(move)
    return tuple(found)


def waits_for(case: Case, move: Step | Action, who: Actor) -> tuple[str, ...]:
    """The units that have to report in before `who` can complete a step; empty when it waits for none."""
    if not isinstance(move, Step) or not move.all_reported:
        return ()
    own = who.units if move.by_unit else frozenset[str]()
    return tuple(each for each in case.missing if each not in own)


def _fits(case: Case, workflow: Workflow, move: Action, who: Actor, above: str | None) -> bool:
    if move.effect == "return":
        return workflow.before(case.step) is not None
    if move.effect == "extend":
        return case.extension_asked
    if move.effect == "report-in":
        return bool(who.units & set(case.missing))
    return move.effect != "escalate" or above is not None


def _may(case: Case, move: Step | Action, who: Actor) -> None:
    word = move.step if isinstance(move, Step) else move.action
    if who.role not in move.roles:
        allowed = ", ".join(sorted(move.roles))
        raise NotPermitted(f"{word} is not for the role {who.role}", where="action", mend=f"for {allowed}")
    if who.role == "handler" and not (who.units & case.place.units):
        raise NotPermitted(f"{word} is for the units of case {case.number}", where="action")
    if isinstance(move, Step) and move.independent and who.name in case.handlers:
        raise NotPermitted(
            f"{who.name} handled case {case.number} and cannot {word} it",
            where="action",
            mend="another person must",
        )


def _carries(
    move: Step | Action, request: Request, known_unit: Callable[[str], bool], *, has_unit: bool
) -> None:
    if len(request.note) > NOTE_CHARS:
        raise InvalidInput(f"the note is longer than {NOTE_CHARS} characters", where="note")
    if "note" in move.needs and not request.note.strip():
        raise InvalidInput(f"{request.action} needs a reason", where="note")
    if "score" in move.needs and request.score is None:
        raise InvalidInput(f"{request.action} needs a score", where="score")
    if request.score is not None and not (move.rated or "score" in move.needs):
        raise InvalidInput(f"{request.action} takes no score", where="score")
    if "to" in move.needs and not request.to and not (isinstance(move, Step) and has_unit):
        raise InvalidInput(f"{request.action} needs whom it goes to", where="to")
    names_unit = isinstance(move, Step) or move.effect in {"transfer", "call"}
    if request.to and names_unit and not known_unit(request.to):
        raise InvalidInput(
            f"there is no unit {request.to!r}", where="to", mend="GET /api/v1/units lists them"
        )
    demand_photos(request.action, move.needs, request.attached)


def _complete(
    case: Case,
    workflow: Workflow,
    step: Step,
    who: Actor,
    *,
    to: str | None,
    now: datetime,
    calendar: Calendar,
) -> Case:
    if step.by_unit:
        case = report_in(replace(case, handlers=case.handlers | {who.name}), who, now)
    if step.all_reported and case.missing:
        raise Conflict(
            f"case {case.number} cannot complete {step.step}: not yet reported in: {', '.join(case.missing)}",
            where="action",
            mend="each unit called reports in first (action report-in)",
        )
    if to:
        case = replace(case, unit=to, place=case.place.with_units((case.place.units - {case.unit}) | {to}))
    due = workflow.after(step.step)
    return end(case, "closed", now) if due is None else begin(case, due, now, calendar)
