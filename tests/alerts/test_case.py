"""Cases by the shipped workflows: who may do what when, what it does, and a history that holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from alerts.act import act
from alerts.case import Actor, Case, Done, Opening, Request, join, open_case
from alerts.chain import broken_at
from alerts.score import By, How, Score, score_of
from alerts.sight import Visibility
from alerts.workflow import STATUSES, Step
from ingest.errors import Conflict, HubError, InvalidInput, NotPermitted, UnknownAction, VersionStale
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
UNITS = {"market", "traffic"}
CONTENT = Score(4, "reporter", "call")

STEPS = {
    "seven-step": "accept report dispatch handle feedback verify evaluate",
    "six-step": "discover accept dispatch handle verify archive",
    "grid": "collect assign supervise handle feedback assess",
    "four-step": "accept assign supervise follow-up",
    "hotline": "receive assign handle reply evaluate inspect assess",
}
"""The step words of the contract."""


def fresh(workflow: str = "seven-step") -> Case:
    opening = Opening(
        id="01CASE", number="2026-000007", kind="threshold", category="fridge-warm", severity="major",
        place=Visibility("east", "canteen-school", "school"), title="冰箱高于 8 °C",
        explanation=Text("冰箱高于 8 °C", "fridge above 8 °C"), group_key="school|fridge-warm",
    )  # fmt: skip
    return open_case(opening, FLOWS[workflow], who=Actor("hub", "hub"), now=NOW).case


def do(
    case: Case,
    who: Actor,
    action: str,
    *,
    minutes: float = 1,
    note: str = "because",
    to: str | None = None,
    expect_version: int | None = None,
    score: Score | None = None,
) -> Done:
    request = Request(action, note=note, to=to, expect_version=expect_version, score=score)
    now = case.updated_at + timedelta(minutes=minutes)
    return act(
        case, FLOWS[case.workflow], who, request, now=now, known_unit=UNITS.__contains__, above="county"
    )


def walk(case: Case, until: str) -> Case:
    """The straight way of seven-step, up to where `until` is due."""
    way = [
        (OPERATOR, "accept", None), (OPERATOR, "report", None), (DISPATCHER, "dispatch", "market"),
        (HANDLER, "handle", None), (HANDLER, "feedback", None), (INSPECTOR, "verify", None),
        (SUPERVISOR, "evaluate", None),
    ]  # fmt: skip
    for who, action, to in way:
        if case.step == until:
            return case
        case = do(case, who, action, to=to).case
    return case


def test_the_shipped_workflows_have_the_words_of_the_contract() -> None:
    """Five, in their order."""
    assert {key: " ".join(each.step for each in flow.steps) for key, flow in FLOWS.items()} == STEPS


def test_the_straight_way_closes_the_case() -> None:
    """Each step's action makes the next one due, with its own clock; the last one closes."""
    case = walk(fresh(), "nothing")
    assert (case.state, case.version, case.unit, case.handlers) == ("closed", 8, "market", frozenset({"han"}))
    assert [clock.step for clock in case.clocks] == STEPS["seven-step"].split()
    assert all(clock.done_at for clock in case.clocks)
    assert case.closed_at == NOW + timedelta(minutes=7)


@pytest.mark.parametrize("workflow", sorted(STEPS))
def test_every_pair_is_either_in_the_table_or_named(workflow: str) -> None:
    """For each status, step and action: it is allowed to somebody, or UnknownAction names both of the pair."""
    flow = FLOWS[workflow]
    everyone = [OPERATOR, DISPATCHER, HANDLER, INSPECTOR, SUPERVISOR]
    words = {*(each.step for each in flow.steps), *flow.actions, "dance"}
    for status, step, action in product(STATUSES, flow.steps, sorted(words)):
        case = replace(
            fresh(workflow), state=status, step=step.step, unit="market", extension_asked=True,
            place=Visibility("east", units=frozenset({"market"})),
        )  # fmt: skip
        outcomes: list[HubError | Done] = []
        for who in everyone:
            try:
                to = "traffic" if action == "call" else "market"
                score = CONTENT if action == "rate" else None
                outcomes.append(do(case, who, action, to=to, score=score))
            except HubError as wrong:
                outcomes.append(wrong)
        known = action in flow.open_actions(status, step.step)
        first = action == "return" and flow.before(step.step) is None
        if known and not first:
            assert any(isinstance(each, Done) for each in outcomes), (status, step.step, action, outcomes)
        elif not known:
            for each in outcomes:
                assert isinstance(each, UnknownAction)
                assert repr(action) in str(each)
                assert status in str(each)


@pytest.mark.parametrize(
    ("due", "action", "who", "reason"),
    [
        ("accept", "accept", HANDLER, "accept: operator or dispatcher"),
        ("accept", "accept", ADMINISTRATOR, "the administrator has no part in cases"),
        ("dispatch", "dispatch", OPERATOR, "dispatch: dispatcher only"),
        ("handle", "return", HANDLER, "return: dispatcher only"),
        ("handle", "transfer", OPERATOR, "transfer: dispatcher only"),
        ("handle", "handle", FOREIGN_HANDLER, "handle: of the case's unit"),
        ("handle", "handle", DISPATCHER, "handle: the unit, not the centre"),
        ("feedback", "feedback", FOREIGN_HANDLER, "feedback: of the case's unit"),
        ("verify", "verify", HANDLER, "never the handler"),
        ("verify", "verify", DISPATCHER, "verify: operator or inspector"),
        ("verify", "verify", SUPERVISOR, "verify: operator or inspector"),
        ("evaluate", "evaluate", OPERATOR, "evaluate: supervisor"),
        ("handle", "urge", DISPATCHER, "urge: supervisor"),
        ("handle", "extend", DISPATCHER, "approve extension: supervisor"),
    ],
)
def test_who_may_not(due: str, action: str, who: Actor, reason: str) -> None:
    """One row per rule of the contract's `Who may`."""
    with pytest.raises(NotPermitted):
        do(walk(fresh(), due), who, action, to="market")
    assert reason


def test_the_handler_never_verifies_even_in_another_role() -> None:
    """The same person with an operator's account, by name, is refused; another operator may."""
    case = walk(fresh(), "verify")
    with pytest.raises(NotPermitted, match="han handled case 2026-000007"):
        do(case, Actor("han", "operator"), "verify")
    assert do(case, OPERATOR, "verify").case.step == "evaluate"


def test_a_handler_of_long_ago_still_never_verifies() -> None:
    """Returned and handled anew by somebody else: both stay handlers."""
    case = do(walk(fresh(), "feedback"), DISPATCHER, "return").case
    case = do(case, Actor("new", "handler", frozenset({"market"})), "handle").case
    case = do(case, HANDLER, "feedback").case
    for name in ("han", "new"):
        with pytest.raises(NotPermitted):
            do(case, Actor(name, "inspector"), "verify")


def test_a_stale_version_changes_nothing() -> None:
    """Whoever decided on an older version decides anew."""
    case = walk(fresh(), "report")
    with pytest.raises(VersionStale, match="version 2, not 1"):
        do(case, OPERATOR, "report", expect_version=1)
    assert do(case, OPERATOR, "report", expect_version=2).case.version == 3


@pytest.mark.parametrize(
    ("due", "who", "action", "more", "where"),
    [
        pytest.param(
            "dispatch", DISPATCHER, "dispatch", {"to": "nobody"}, "to", id="a unit that is not there"
        ),
        pytest.param("dispatch", DISPATCHER, "dispatch", {}, "to", id="no unit, and none proposed"),
        pytest.param("feedback", HANDLER, "feedback", {"note": " "}, "note", id="feedback without words"),
        pytest.param(
            "handle", OPERATOR, "false-alarm", {"note": ""}, "note", id="a false alarm needs a reason"
        ),
        pytest.param("handle", DISPATCHER, "return", {"note": ""}, "note", id="a return needs a reason"),
        pytest.param("accept", OPERATOR, "accept", {"note": "x" * 5000}, "note", id="a note without end"),
    ],
)
def test_what_a_request_must_carry(
    due: str, who: Actor, action: str, more: dict[str, str], where: str
) -> None:
    """InvalidInput names the field."""
    with pytest.raises(InvalidInput) as wrong:
        do(walk(fresh(), due), who, action, note=more.get("note", "because"), to=more.get("to"))
    assert wrong.value.where == where


def test_return_goes_back_to_the_step_the_table_says() -> None:
    """From verify to handle, from handle to dispatch; from the first step nowhere."""
    case = do(walk(fresh(), "verify"), DISPATCHER, "return").case
    assert case.step == "handle"
    assert do(case, DISPATCHER, "return").case.step == "dispatch"
    with pytest.raises(UnknownAction, match="'return' in status 'open, accept due'"):
        do(fresh(), DISPATCHER, "return")


def test_transfer_moves_the_case_to_another_unit() -> None:
    """The old unit loses it, the new one handles."""
    case = do(walk(fresh(), "handle"), DISPATCHER, "transfer", to="traffic").case
    assert (case.unit, case.place.units, case.step) == ("traffic", frozenset({"traffic"}), "handle")
    with pytest.raises(NotPermitted):
        do(case, HANDLER, "handle")
    assert do(case, FOREIGN_HANDLER, "handle").case.step == "feedback"


def test_an_approved_extension_stops_the_clock() -> None:
    """Asked for by the unit, approved by the supervisor; the time it stood still is added."""
    case = walk(fresh(), "handle")
    due = case.clocks[-1].due_at
    with pytest.raises(Conflict, match="nobody asked"):
        do(case, SUPERVISOR, "extend")
    case = do(do(case, HANDLER, "ask-extension").case, SUPERVISOR, "extend").case
    assert (case.state, case.clocks[-1].paused_at is not None) == ("paused", True)
    with pytest.raises(UnknownAction, match="'handle' in status 'paused'"):
        do(case, HANDLER, "handle")
    case = do(case, SUPERVISOR, "resume", minutes=600).case
    assert (case.state, case.clocks[-1].due_at - due) == ("open", timedelta(minutes=600))


def test_merge_and_unmerge_keep_the_number() -> None:
    """A merged case keeps its number and waits; unmerged it goes on where it was."""
    case = do(walk(fresh(), "handle"), DISPATCHER, "merge", to="01OTHER").case
    assert (case.state, case.merged_into, case.number) == ("merged", "01OTHER", "2026-000007")
    case = do(case, DISPATCHER, "unmerge").case
    assert (case.state, case.merged_into, case.step) == ("open", None, "handle")


@pytest.mark.parametrize(
    ("who", "action", "state"),
    [(OPERATOR, "false-alarm", "false_alarm"), (DISPATCHER, "cancel", "cancelled")],
)
def test_an_end_with_a_reason(who: Actor, action: str, state: str) -> None:
    """The reason is in the history, every clock stands."""
    done = do(walk(fresh(), "handle"), who, action, note="steam, no smoke")
    assert (done.case.state, done.entry.note, done.entry.went_to) == (state, "steam, no smoke", state)
    assert all(clock.done_at for clock in done.case.clocks)


def test_reopened_it_begins_anew() -> None:
    """At the first step, with a fresh clock, in the same history."""
    case = do(walk(fresh(), "nothing"), OPERATOR, "reopen").case
    assert (case.state, case.step, case.closed_at, case.version) == ("open", "accept", None, 9)
    assert case.clocks[-1].done_at is None


def test_escalate_needs_a_level_above() -> None:
    """One level up; at the top there is none."""
    assert do(fresh(), SUPERVISOR, "escalate").case.escalated_to == "county"
    with pytest.raises(Conflict, match="no level above"):
        act(fresh(), FLOWS["seven-step"], SUPERVISOR, Request("escalate", note="x"), now=NOW,
            known_unit=UNITS.__contains__, above=None)  # fmt: skip


def test_joining_raises_the_severity_and_never_lowers_it() -> None:
    """The higher severity wins."""
    worse = join(fresh(), "01B", "life", now=NOW).case
    assert (worse.severity, join(worse, "01C", "info", now=NOW).case.severity) == ("life", "life")


def test_the_history_is_a_chain() -> None:
    """Every entry seals the one before; a changed word, a lost or a swapped entry is found."""
    case, entries = fresh(), []
    opening = join(case, "01B", "major", now=NOW)  # any entry will do as the second
    first = open_case(
        Opening("01CASE", "2026-000007", "threshold", "fridge-warm", "major",
                Visibility("east", "canteen-school", "school"), "冰箱高于 8 °C",
                Text("冰箱高于 8 °C", "fridge above 8 °C"), group_key="school|fridge-warm"),
        FLOWS["seven-step"], who=Actor("hub", "hub"), now=NOW,
    )  # fmt: skip
    entries = [first.entry.as_dict(), opening.entry.as_dict()]
    case = opening.case
    for who, action in ((OPERATOR, "accept"), (OPERATOR, "report")):
        done = do(case, who, action)
        case = done.case
        entries.append(done.entry.as_dict())
    assert broken_at(entries) is None
    assert case.last_hash == entries[-1]["hash"]
    assert broken_at([*entries[:2], {**entries[2], "who": "somebody else"}, entries[3]]) == 2
    assert broken_at([entries[0], *entries[2:]]) == 1
    assert broken_at([entries[0], entries[2], entries[1], entries[3]]) == 1
    assert broken_at([{**entries[0], "hash": "0" * 64}]) == 0


def test_a_step_knows_its_own_roles() -> None:
    """The table answers steps and actions as different things."""
    assert isinstance(FLOWS["seven-step"].move("open", "verify", "verify"), Step)
    assert not isinstance(FLOWS["seven-step"].move("open", "verify", "return"), Step)


def test_a_score_comes_with_the_step_that_takes_one() -> None:
    """It stands in the sealed entry; a step that takes none refuses it, and so does `rate` without one."""
    case = walk(fresh(), "evaluate")
    done = do(case, SUPERVISOR, "evaluate", score=CONTENT)
    assert done.entry.as_dict()["rating"] == {"score": 4, "by": "reporter", "how": "call"}
    assert broken_at([done.entry.as_dict()]) is not None  # its seal covers what went before
    with pytest.raises(InvalidInput, match="accept takes no score"):
        do(fresh(), OPERATOR, "accept", score=CONTENT)
    with pytest.raises(InvalidInput, match="rate needs a score"):
        do(done.case, OPERATOR, "rate")
    later = do(done.case, OPERATOR, "rate", score=Score(2, "site", "visit"))
    assert (later.case.state, later.entry.score) == ("closed", Score(2, "site", "visit"))


@pytest.mark.parametrize(
    ("value", "by", "how"),
    [
        (None, "site", "call"),  # who and how, and no answer
        (3, None, "call"),
        (3, "site", None),
        (0, "site", "call"),
        (6, "site", "call"),
    ],
)
def test_half_a_score_is_none(value: int | None, by: By | None, how: How | None) -> None:
    """A score says how much, by whom and how; nothing of it is guessed."""
    with pytest.raises(InvalidInput):
        score_of(value, by, how)
