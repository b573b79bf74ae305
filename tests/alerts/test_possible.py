"""Possible: a screen offers exactly what act() takes, for every role at every step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.act import act
from alerts.case import Actor, Case, Opening, ReportIn, Request, open_case
from alerts.possible import possible, way
from alerts.score import Score
from alerts.sight import Visibility
from ingest.errors import Conflict, NotPermitted, UnknownAction
from ingest.text import Text
from tests.alerts.county import (
    ADMINISTRATOR,
    DISPATCHER,
    FOREIGN_HANDLER,
    HANDLER,
    INSPECTOR,
    NOW,
    OPERATOR,
    SUPERVISOR,
    workflows,
)

FLOWS = workflows()
EVERYBODY = (OPERATOR, DISPATCHER, HANDLER, FOREIGN_HANDLER, INSPECTOR, SUPERVISOR, ADMINISTRATOR)


def at(step: str, **changes: object) -> Case:
    """A case of the seven steps that market has, with `step` due."""
    opening = Opening(
        id="01CASE", number="2026-000007", kind="threshold", category="fridge-warm", severity="major",
        place=Visibility("east", "canteen-school", "school", frozenset({"market"})), title="冰箱", unit="market",
        explanation=Text("冰箱高于 8 °C", "fridge above 8 °C"), group_key="school|fridge-warm",
    )  # fmt: skip
    fresh = open_case(opening, FLOWS["seven-step"], who=Actor("hub", "hub"), now=NOW).case
    return replace(fresh, step=step, **changes)  # type: ignore[arg-type]  # any attribute of a case


def words(case: Case, who: Actor, above: str | None = "county") -> list[str]:
    """What is offered, as words."""
    return [str(each["action"]) for each in possible(case, FLOWS[case.workflow], who, above=above)]


@pytest.mark.parametrize("who", EVERYBODY, ids=lambda who: who.name)
@pytest.mark.parametrize("step", [each.step for each in FLOWS["seven-step"].steps])
def test_what_is_offered_is_what_is_taken(step: str, who: Actor) -> None:
    """Whatever the table has: offered when act() takes it from this person now, and not otherwise."""
    case, flow = at(step), FLOWS["seven-step"]
    offered = words(case, who)
    for word in {step, *flow.actions}:
        score = Score(4, "reporter", "call") if word == "rate" else None
        request = Request(word, note="because", to="traffic", score=score)
        try:
            act(
                case,
                flow,
                who,
                request,
                now=NOW,
                known_unit={"market", "traffic"}.__contains__,
                above="county",
            )
            taken = True
        except (Conflict, NotPermitted, UnknownAction):
            taken = False
        assert (word in offered) == taken, word


@pytest.mark.parametrize(
    ("case", "who", "has", "lacks"),
    [
        (at("accept"), DISPATCHER, {"accept", "transfer"}, {"return"}),  # nothing lies before the first step
        (at("handle"), DISPATCHER, {"return"}, {"handle"}),
        (at("handle"), SUPERVISOR, {"urge", "escalate"}, {"extend"}),  # nobody asked for more time
        (at("handle", extension_asked=True), SUPERVISOR, {"extend"}, set()),
        (at("handle", state="paused"), HANDLER, {"resume"}, {"handle"}),
        (at("verify", handlers=frozenset({"ina"})), INSPECTOR, {"note"}, {"verify"}),  # never the own work
        (at("verify"), HANDLER, {"note"}, {"verify"}),
        (at("handle", reports=(ReportIn("market", NOW, "han"),)), HANDLER, {"handle"}, {"report-in"}),
        (at("handle", mastered_by="platform"), DISPATCHER, {"note"}, {"return", "transfer"}),
    ],
)
def test_the_case_decides_too(case: Case, who: Actor, has: set[str], lacks: set[str]) -> None:
    """What the case itself forbids now is not offered."""
    offered = set(words(case, who))
    assert has <= offered
    assert not lacks & offered


def test_nothing_above_the_county() -> None:
    """At the top there is nobody to escalate to."""
    assert "escalate" not in words(at("handle"), DISPATCHER, above=None)


def test_what_each_asks_for() -> None:
    """The due step first; what it needs, whom it names, and whom it waits for."""
    flow = FLOWS["seven-step"]
    [dispatch, *_] = possible(at("dispatch"), flow, DISPATCHER, above=None)
    assert (dispatch["action"], dispatch["step"], dispatch["to"]) == ("dispatch", True, "unit")
    assert dispatch["needs"] == [], "the unit of the route may stay"
    [bare, *_] = possible(at("dispatch", unit=None), flow, DISPATCHER, above=None)
    assert bare["needs"] == ["to"]
    others = {str(each["action"]): each for each in possible(at("handle"), flow, DISPATCHER, above=None)}
    assert (others["merge"]["to"], others["transfer"]["to"], others["note"]["to"]) == ("case", "unit", None)
    assert others["transfer"]["needs"] == ["note", "to"]
    called = at(
        "feedback", place=Visibility("east", "canteen-school", "school", frozenset({"market", "traffic"}))
    )
    [feedback, *_] = possible(called, flow, HANDLER, above=None)
    assert (feedback["needs"], feedback["waits_for"]) == (["note"], ["traffic"])
    [evaluate, *_] = possible(at("evaluate"), flow, SUPERVISOR, above=None)
    assert evaluate["rated"] is True


def test_the_way() -> None:
    """Every step of the loop in its order, named in both languages."""
    shown = way(FLOWS["seven-step"])
    assert shown["id"] == "seven-step"
    steps = shown["steps"]
    assert isinstance(steps, list)
    assert [each["step"] for each in steps][:2] == ["accept", "report"]
    assert steps[0]["name"] == {"zh": "受理", "en": "Accept"}
