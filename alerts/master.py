"""Master: a case whose number, state, step and unit the command platform decides; pure.

The hub keeps its own number beside theirs, watches the condition, and writes down what the platform tells. What
comes late (an older version) or twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from alerts.case import HUB, Actor, Case, Done, Request, begin, end, written
from alerts.workflow import Action, Status, Workflow
from alerts.working_time import Calendar
from ingest.errors import InvalidInput, MasteredElsewhere

PlatformState = Literal["open", "paused", "closed", "false_alarm", "cancelled"]
"""States that a platform may tell; merging stays the hub's own matter."""

Standing = Literal["new", "same", "older", "differs"]
"""What a telling is beside the last one: newer, the very same, older, or of one version and not the same."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the platform says of one case.

    Attributes:
        external_id: Its id there; of one case only.
        number: Its number there, as people read it.
        state: In the hub's words.
        step: Word of the case's workflow, None to leave it as it is.
        unit: As the platform wrote it (its own code, or an id of the registry); None to leave it as it is.
        version: Rises with every change there; None when `updated_at` says which is newer.
        updated_at: When it changed there (UTC); None when `version` says which is newer.
        received_at: When it came (UTC).
    """

    external_id: str
    number: str
    state: PlatformState
    step: str | None
    unit: str | None
    version: int | None
    updated_at: datetime | None
    received_at: datetime


def beside(last: Told | None, new: Told) -> Standing:
    """How `new` stands to what was told last; by version where both have one, else by `updated_at`."""
    if last is None:
        return "new"
    if last.version is not None and new.version is not None:
        order = (new.version > last.version) - (new.version < last.version)
    elif last.updated_at is not None and new.updated_at is not None:
        order = (new.updated_at > last.updated_at) - (new.updated_at < last.updated_at)
    else:
        raise InvalidInput(
            "version and updated_at take turns: what came before cannot be compared with this",
            where="version",
            mend="always give the same one of the two",
        )
    if order > 0:
        return "new"
    if order < 0:
        return "older"
    return "same" if replace(last, received_at=new.received_at) == new else "differs"


def take(
    case: Case,
    told: Told,
    workflow: Workflow,
    *,
    unit: str | None,
    who: Actor,
    calendar: Calendar,
    now: datetime,
) -> Done:
    """The case as the platform says it is; `unit` is ours, None to leave it. Raises InvalidInput for the step."""
    if told.step is not None and told.step not in {each.step for each in workflow.steps}:
        raise InvalidInput(
            f"workflow {workflow.id} has no step {told.step!r}",
            where="step",
            mend=f"one of {workflow.words()}",
        )
    # a case that came from elsewhere keeps the number it came with
    own = case.external_id is None and case.source == HUB
    after = replace(case, external_id=told.external_id if own else case.external_id)
    if unit is not None and unit != case.unit:
        units = (case.place.units - {case.unit}) | {unit}
        after = replace(after, unit=unit, place=case.place.with_units(units))
    after = _in_state(after, told, workflow, now, calendar)
    note = f"{told.number} {told.external_id}: {told.state}"
    request = Request("platform", note=note if told.step is None else f"{note}, {told.step}")
    return written(after, who, request, came_from=case.position, unit=unit, now=now)


def _in_state(case: Case, told: Told, workflow: Workflow, now: datetime, calendar: Calendar) -> Case:
    state: Status = told.state
    if told.step is not None and told.step != case.step:
        case = replace(begin(case, workflow.step(told.step), now, calendar), closed_at=case.closed_at)
    if state in {"open", "paused"}:
        return replace(case, state=state, closed_at=None)
    return replace(case, state=state) if case.closed_at is not None else end(case, state, now)


def refuse(case: Case, action: str, beside_steps: Action | None) -> None:
    """Raise MasteredElsewhere unless the table allows the action on a case whose state is decided elsewhere."""
    if case.mastered_by == HUB or (beside_steps is not None and beside_steps.anywhere):
        return
    raise MasteredElsewhere(
        f"the command platform decides case {case.number}; {action!r} is done there",
        where="action",
        mend="note and report-in are possible here",
    )


def cleared(case: Case, incident: str, *, now: datetime) -> Done:
    """The condition is over, which the platform is told; whether the case closes is its decision."""
    request = Request("condition-cleared", note=incident)
    return written(case, Actor(HUB, HUB), request, came_from=case.position, unit=None, now=now)
