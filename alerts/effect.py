"""Effect: what each action beside the steps does to a case; a table from word to function, pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.case import Actor, Case, Request, begin, end, on_last_clock, report_in
from alerts.workflow import Effect, Workflow
from alerts.working_time import Calendar
from ingest.errors import Conflict, UnknownAction


@dataclass(frozen=True, slots=True)
class Around:
    """What an effect needs to know beside the case.

    Attributes:
        workflow: The case's closed loop.
        request: What is asked.
        now: When (UTC).
        above: The area one level up, None at the top.
        calendar: What limits are counted in.
        who: Who asks.
    """

    workflow: Workflow
    request: Request
    now: datetime
    above: str | None
    calendar: Calendar
    who: Actor


def _return(case: Case, around: Around) -> Case:
    back = around.workflow.before(case.step)
    if back is None:
        raise UnknownAction(
            f"workflow {case.workflow} has no action {around.request.action!r} in status "
            f"'open, {case.step} due': it is the first step",
            where="action",
        )
    return begin(case, back, around.now, around.calendar)


def _transfer(case: Case, around: Around) -> Case:
    to = around.request.to or ""
    reports = tuple(each for each in case.reports if each.unit != case.unit)
    units = (case.place.units - {case.unit}) | {to}
    return replace(case, unit=to, place=case.place.with_units(units), reports=reports)


def _call(case: Case, around: Around) -> Case:
    to = around.request.to or ""
    if to in case.place.units:
        raise Conflict(f"{to} was called to case {case.number} already", where="to")
    return replace(case, place=case.place.with_units(case.place.units | {to}))


def _report_in(case: Case, around: Around) -> Case:
    after = report_in(case, around.who, around.now)
    if after == case:
        raise Conflict(f"the unit of {around.who.name} has reported in to case {case.number} already")
    return after


def _ask_extension(case: Case, _around: Around) -> Case:
    return replace(case, extension_asked=True)


def _extend(case: Case, around: Around) -> Case:
    if not case.extension_asked:
        raise Conflict(f"nobody asked for more time in case {case.number}", where="action")
    clocks = on_last_clock(case, lambda clock: clock.pause(around.now))
    return replace(case, state="paused", extension_asked=False, clocks=clocks)


def _resume(case: Case, around: Around) -> Case:
    life = case.severity == "life"
    clocks = on_last_clock(case, lambda clock: clock.resume(around.now, around.calendar, life=life))
    return replace(case, state="open", merged_into=None, clocks=clocks)


def _nothing(case: Case, _around: Around) -> Case:
    return case


def _escalate(case: Case, around: Around) -> Case:
    if around.above is None:
        raise Conflict(f"there is no level above for case {case.number}", where="action")
    return replace(case, escalated_to=around.above)


def _merge(case: Case, around: Around) -> Case:
    clocks = on_last_clock(case, lambda clock: clock.pause(around.now))
    return replace(
        case, state="merged", merged_into=around.request.to, before_merge=case.state, clocks=clocks
    )


def _unmerge(case: Case, around: Around) -> Case:
    if case.before_merge == "paused":  # its clock stood before the merge, and stands on
        return replace(case, state="paused", merged_into=None)
    return _resume(case, around)


def _reopen(case: Case, around: Around) -> Case:
    return begin(
        replace(case, closed_at=None, reports=()), around.workflow.steps[0], around.now, around.calendar
    )


def _false_alarm(case: Case, around: Around) -> Case:
    return end(case, "false_alarm", around.now)


def _cancel(case: Case, around: Around) -> Case:
    return end(case, "cancelled", around.now)


EFFECT: Mapping[Effect, Callable[[Case, Around], Case]] = {
    "return": _return,
    "transfer": _transfer,
    "call": _call,
    "report-in": _report_in,
    "ask-extension": _ask_extension,
    "extend": _extend,
    "resume": _resume,
    "urge": _nothing,
    "note": _nothing,
    "escalate": _escalate,
    "merge": _merge,
    "unmerge": _unmerge,
    "reopen": _reopen,
    "false-alarm": _false_alarm,
    "cancel": _cancel,
}
