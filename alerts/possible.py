"""Possible: what somebody may do to a case as it stands, and the way it goes, as a screen offers them; pure."""

from __future__ import annotations

from alerts.act import moves, waits_for
from alerts.case import Actor, Case
from alerts.directory import Directory
from alerts.workflow import Action, Step, Workflow

NAMES_UNIT = frozenset({"transfer", "call"})
"""Effects whose `to` is a unit; that of a merge is a case."""


def possible(case: Case, workflow: Workflow, who: Actor, *, above: str | None) -> list[dict[str, object]]:
    """What `who` may do now, the due step first.

    Each is `{action, name, step, effect, needs, to, rated, waits_for}`: `needs` is what the request must carry (note,
    score, a photo, to), `to` what it names (unit, case or nothing), `waits_for` the units that must report in before.
    """
    return [_shown(case, move, who) for move in moves(case, workflow, who, above=above)]


def way(workflow: Workflow) -> dict[str, object]:
    """The closed loop that a case goes through: `{id, name, steps: [{step, name}]}`."""
    return {
        "id": workflow.id,
        "name": workflow.name.as_dict(),
        "steps": [{"step": each.step, "name": each.name.as_dict()} for each in workflow.steps],
    }


def names(case: Case, directory: Directory) -> dict[str, object]:
    """What the places and units of a case are called: whoever handles it may know no other place."""
    site, area = directory.sites.get(case.place.site or ""), directory.areas.get(case.place.area or "")
    units = {
        each: directory.units[each].name.as_dict()
        for each in sorted(case.place.units)
        if each in directory.units
    }
    return {
        "site": None if site is None else site.name.as_dict(),
        "area": None if area is None else area.name.as_dict(),
        "units": units,
    }


def _shown(case: Case, move: Step | Action, who: Actor) -> dict[str, object]:
    step = isinstance(move, Step)
    proposed = step and case.unit is not None  # a unit that the route named may stay
    return {
        "action": move.step if isinstance(move, Step) else move.action,
        "name": move.name.as_dict(),
        "step": step,
        "effect": "complete" if isinstance(move, Step) else move.effect,
        "needs": sorted(move.needs - {"to"} if proposed else move.needs),
        "to": _named(move),
        "rated": move.rated or "score" in move.needs,
        "waits_for": list(waits_for(case, move, who)),
    }


def _named(move: Step | Action) -> str | None:
    if isinstance(move, Step):
        return "unit" if "to" in move.needs else None
    if move.effect in NAMES_UNIT:
        return "unit"
    return "case" if move.effect == "merge" else None
