"""What an escalation does next: a table with a reason per row; no clock, no ledger."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.escalation import Chain, End, Standing, Step, Tell, Wait, another, choose, decide, working_now
from alerts.route import Facts, Match
from config.calendars import with_own_calendars
from config.escalations import shipped_escalations, with_own_escalations
from config.nouns.escalation import Escalation
from tests.alerts.county import NOW

S = timedelta(seconds=1)
TWO = Chain("two", Match(), (Step(60 * S, "night"), Step(180 * S, "chief", ("phone",))))
SEEN = Standing(acknowledged=True)


@pytest.mark.parametrize(
    ("standing", "told", "seconds", "verdict"),
    [
        pytest.param(Standing(), 0, 0, Wait(NOW + 60 * S), id="it has just come"),
        pytest.param(Standing(), 0, 59.999, Wait(NOW + 60 * S), id="a moment before"),
        pytest.param(Standing(), 0, 60, Tell(0, NOW + 180 * S), id="at its value"),
        pytest.param(
            Standing(), 0, 7200, Tell(0, NOW + 180 * S), id="after a long stop: the first step first"
        ),
        pytest.param(Standing(), 1, 61, Wait(NOW + 180 * S), id="told once, the second is not due"),
        pytest.param(Standing(), 1, 180, Tell(1, None), id="the last step"),
        pytest.param(Standing(), 2, 9999, Wait(None), id="all are told: until an acknowledgement ends"),
        pytest.param(SEEN, 0, 60, Wait(None), id="acknowledged in time: nobody is told"),
        pytest.param(SEEN, 1, 180, Wait(None), id="acknowledged between two steps"),
        pytest.param(Standing(open=False), 0, 60, End("cleared"), id="over before anybody was told"),
        pytest.param(Standing(settled=True), 0, 60, End("settled"), id="judged false, or its case is over"),
        pytest.param(
            Standing(muted=True), 0, 60, Wait(NOW + 120 * S), id="muted: looked at again in a minute"
        ),
        pytest.param(
            Standing(open=False, acknowledged=True), 0, 60, End("cleared"), id="seen, and over: done with"
        ),
    ],
)
def test_what_comes_next(standing: Standing, told: int, seconds: float, verdict: Tell | Wait | End) -> None:
    """The same question has the same answer, whoever asks and how often."""
    now = NOW + timedelta(seconds=seconds)
    assert decide(TWO, standing, since=NOW, told=told, now=now) == verdict


def test_without_a_chain_nothing_is_told() -> None:
    """The county may have taken it out meanwhile."""
    assert decide(None, Standing(), since=NOW, told=0, now=NOW) == End("no-chain")


def facts(severity: str) -> Facts:
    """An incident of this severity."""
    return Facts("threshold", "gas-level", "school", severity, "school", "canteen-school", "east")


@pytest.mark.parametrize(
    ("severity", "working", "chain"),
    [
        pytest.param("life", True, "life", id="life by day"),
        pytest.param("life", False, "life", id="life by night"),
        pytest.param("critical", True, "critical-working", id="critical in office hours"),
        pytest.param("critical", False, "critical-off", id="critical at night"),
        pytest.param("major", False, None, id="nothing by default for the rest"),
        pytest.param("info", True, None, id="least of all for these"),
    ],
)
def test_the_shipped_chains(severity: str, working: bool, chain: str | None) -> None:
    """Life within 60 s; critical by hours; others only where the county says so."""
    found = choose(with_own_escalations(()), facts(severity), lambda area: (area,), working=lambda: working)
    assert (found.id if found else None) == chain
    if chain == "life":
        assert found is not None
        assert found.steps[0].after == 60 * S


def test_the_countys_own_come_first() -> None:
    """By id; one with a shipped id replaces that."""
    own = [
        Escalation.model_validate(
            {"id": each, "match": {"severity": "life"}, "steps": [{"after": "30s", "to": "x"}]}
        )
        for each in ("life", "a-first")
    ]
    ids = [each.id for each in with_own_escalations(own)]
    assert ids == ["a-first", "life", *(each for each in shipped_escalations() if each != "life")]


@pytest.mark.parametrize(
    ("wanted", "used", "left"),
    [
        pytest.param(["sms", "chat"], ["chat"], ("sms",), id="the other one"),
        pytest.param(["sms", "chat"], [], ("sms", "chat"), id="none was used"),
        pytest.param(["sms"], ["sms", "chat"], ("sms",), id="there is no other: the same again"),
        pytest.param(["sms", "sms"], [], ("sms",), id="each once"),
        pytest.param([], ["chat"], (), id="there is none"),
    ],
)
def test_another_channel(wanted: list[str], used: list[str], left: tuple[str, ...]) -> None:
    """What did not reach anybody is not tried again first."""
    assert another(wanted, used) == left


@pytest.mark.parametrize(
    ("moment", "working"),
    [
        pytest.param("2026-11-23 09:00", True, id="Monday morning"),
        pytest.param("2026-11-23 12:30", False, id="lunch"),
        pytest.param("2026-11-23 17:30", False, id="the moment work ends"),
        pytest.param("2026-11-22 09:00", False, id="Sunday"),
        pytest.param("2026-10-10 09:00", True, id="the make-up Saturday"),
        pytest.param("2026-10-01 09:00", False, id="National Day"),
    ],
)
def test_working_hours(moment: str, working: bool) -> None:
    """By the calendar, not by the week."""
    at = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    assert working_now(with_own_calendars(())["office"], at) is working
