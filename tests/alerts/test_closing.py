"""Verified closing, and what comes back soon after: by tables, and through the router on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts import desk
from alerts.case import Actor, Request
from alerts.chain import broken_at
from alerts.closing import CLEAR_FOR, REOPEN_WITHIN, Watched, prove
from alerts.directory import Directory
from alerts.ledger import cases, events, evidence, incidents
from alerts.ledger.check import violations
from alerts.ledger.engine import Ledger
from alerts.router import apply_signals, mark_stale
from alerts.sight import Sight
from detectors.signal import Signal
from ingest.errors import Conflict
from tests.alerts.county import (
    DISPATCHER,
    HANDLER,
    INSPECTOR,
    NOW,
    OPERATOR,
    SUPERVISOR,
    look,
    signal,
)
from tests.alerts.county import do as write

ALL = Sight.everything()
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)

WATCHED = Watched(
    incident="01INC", condition="fridge-warm", place="school", state="cleared", stale=False, raised_at=NOW,
    value=9.5, limit=8.0, cleared_at=NOW + 5 * MINUTE, cleared_value=6.5, pictures={"shown.jpg": "ab" * 32},
)  # fmt: skip

Shown = dict[str, object]


@pytest.mark.parametrize(
    ("watched", "at", "told"),
    [
        pytest.param(
            replace(WATCHED, state="open", cleared_at=None), 9 * MINUTE,
            r"incident 01INC \(fridge-warm at school\) is still open", id="the condition holds",
        ),
        pytest.param(
            replace(WATCHED, state="open", stale=True, cleared_at=None), 9 * MINUTE,
            "01INC .* is stale: nobody knows", id="nobody knows whether it holds: not gone",
        ),
        pytest.param(WATCHED, 5 * MINUTE, "clear since 2026-11-22T08:05:00.000Z only", id="just cleared"),
        pytest.param(WATCHED, 6 * MINUTE - SECOND, "1m are needed", id="a second too early"),
        pytest.param(WATCHED, 4 * MINUTE, "clear since", id="cleared by a clock ahead of ours"),
    ],
)  # fmt: skip
def test_what_keeps_a_case_open(watched: Watched, at: timedelta, told: str) -> None:
    """The conflict names the incident, its state, and what to wait for."""
    with pytest.raises(Conflict, match=told) as wrong:
        prove(
            "2026-000001", [replace(WATCHED, incident="01A"), watched][1:], clear_for=CLEAR_FOR, now=NOW + at
        )
    assert wrong.value.mend
    assert "2026-000001" in str(wrong.value)


def test_the_proof_has_before_and_after() -> None:
    """Value, limit and digests from when it was raised; value and moment from when it was gone."""
    proof = prove("2026-000001", [WATCHED], clear_for=CLEAR_FOR, now=NOW + 6 * MINUTE)
    assert proof == {
        "incidents": [
            {
                "incident": "01INC",
                "condition": "fridge-warm",
                "place": "school",
                "before": {
                    "at": "2026-11-22T08:00:00.000Z", "value": 9.5, "limit": 8.0,
                    "sha256": {"shown.jpg": "ab" * 32},
                },
                "after": {"at": "2026-11-22T08:05:00.000Z", "value": 6.5},
            }
        ]
    }  # fmt: skip


def test_nobody_watches_a_telephone_call() -> None:
    """A case without incidents closes without proof."""
    assert prove("2026-000001", [], clear_for=CLEAR_FOR, now=NOW) is None


class County:
    """A ledger with a clock of its own, walked by hand."""

    def __init__(self, ledger: Ledger, directory: Directory) -> None:
        self.ledger, self.directory, self.now = ledger, directory, NOW

    def say(self, *signals: Signal) -> None:
        """Signals through the router."""
        write(
            self.ledger,
            lambda tx: apply_signals(tx, signals, directory=self.directory, now=self.now, origin="w"),
        )

    def at(self, n: int, **changes: object) -> None:
        """One signal, `n` seconds after NOW, heard at once."""
        self.now = max(self.now, NOW + n * SECOND)
        self.say(signal(n, **changes))

    def act(self, who: Actor, action: str, *, to: str | None = None, case: str = "2026-000001") -> Shown:
        request = Request(action, note="because", to=to)
        return write(
            self.ledger,
            lambda tx: desk.act(tx, ALL, case, request, who=who, directory=self.directory, now=self.now),
        )

    def walk(self) -> None:
        """Everything up to the last step."""
        for who, action in [
            (OPERATOR, "accept"), (OPERATOR, "report"), (DISPATCHER, "dispatch"), (HANDLER, "handle"),
            (HANDLER, "feedback"), (INSPECTOR, "verify"),
        ]:  # fmt: skip
            self.act(who, action)

    def close(self) -> Shown:
        """The last step."""
        return self.act(SUPERVISOR, "evaluate")

    def case(self, number: str = "2026-000001") -> Shown:
        return look(self.ledger, lambda conn: cases.get(conn, ALL, number, now=self.now))

    def numbers(self) -> list[str]:
        found = look(self.ledger, lambda conn: cases.page(conn, ALL, now=self.now)).items
        return sorted(str(each["number"]) for each in found)

    def types(self) -> list[str]:
        return [each.type for each in look(self.ledger, lambda conn: events.after(conn, 0, 999, ALL))]


def entries(case: Shown) -> list[dict[str, object]]:
    """Its history."""
    history = case["history"]
    assert isinstance(history, list)
    return history


@pytest.fixture
def here(ledger: Ledger, directory: Directory) -> Iterator[County]:
    yield County(ledger, directory)
    assert look(ledger, violations) == []


def closed(here: County) -> None:
    """The first case: raised, walked, cleared at 100 s, closed at 170 s."""
    here.at(1)
    here.walk()
    here.at(100, state="inactive", value=6.5)
    here.now = NOW + 170 * SECOND
    here.close()


def test_a_case_closes_when_its_condition_is_gone(here: County) -> None:
    """Open: no. Stale: no. Clear for 59 s: no. Clear for a minute: yes, with the values before and after."""
    here.at(1)
    here.walk()
    with pytest.raises(Conflict, match="still open"):
        here.close()
    here.now = NOW + 60 * SECOND
    write(here.ledger, lambda tx: mark_stale(tx, here.now))
    with pytest.raises(Conflict, match="stale"):
        here.close()
    here.at(100, state="inactive", value=6.5)
    here.now = NOW + 159 * SECOND
    with pytest.raises(Conflict, match="clear since 2026-11-22T08:01:40"):
        here.close()
    assert here.case()["state"] == "open"
    here.now = NOW + 160 * SECOND
    case = here.close()
    (key,) = [str(each["id"]) for each in look(here.ledger, lambda conn: incidents.page(conn, ALL)).items]
    assert case["state"] == "closed"
    assert entries(case)[-1]["proof"] == {
        "incidents": [
            {
                "incident": key,
                "condition": "fridge-warm",
                "place": "school",
                "before": {"at": "2026-11-22T08:00:01.000Z", "value": 9.5, "limit": 8.0, "sha256": {}},
                "after": {"at": "2026-11-22T08:01:40.000Z", "value": 6.5},
            }
        ]
    }
    assert broken_at(entries(case)) is None
    assert all("proof" not in each for each in entries(case)[:-1])


def test_the_picture_of_before_is_in_the_proof(here: County) -> None:
    """Its sha256: whoever holds the picture can show that it is the one."""
    here.at(1, device="school-cam", evidence_ref="e-1")
    (key,) = [str(each["id"]) for each in look(here.ledger, lambda conn: incidents.page(conn, ALL)).items]
    write(
        here.ledger,
        lambda tx: evidence.set_ready(tx, key, "shown.jpg", path="x", sha256="cd" * 32, size=3, now=here.now),
    )
    here.walk()
    here.at(100, state="inactive", device="school-cam")
    here.now = NOW + 170 * SECOND
    proof = entries(here.close())[-1]["proof"]
    assert proof["incidents"][0]["before"]["sha256"] == {"shown.jpg": "cd" * 32}  # type: ignore[index]  # JSON


def test_other_ends_need_no_proof(here: County) -> None:
    """A false alarm or a cancelled case is over while the condition is still said to hold."""
    here.at(1)
    assert here.act(OPERATOR, "false-alarm")["state"] == "false_alarm"


def test_back_within_a_day_reopens_the_case(here: County) -> None:
    """The same number, by the hub, at the first step, with both incidents; no second case, nothing twice."""
    closed(here)
    for _ in range(2):  # the second delivery is a duplicate
        here.at(3600, severity="critical")
    case = here.case()
    assert here.numbers() == ["2026-000001"]
    assert (case["state"], case["step"], case["closed_at"], case["severity"]) == (
        "open", "accept", None, "critical",
    )  # fmt: skip
    last = entries(case)[-1]
    assert (last["action"], last["who"], last["from"], last["to"]) == ("reopen", "hub", "closed", "accept")
    assert last["note"] in case["incidents"]  # type: ignore[operator]  # a list of ids
    assert len(case["incidents"]) == 2  # type: ignore[arg-type]  # a list of ids
    assert broken_at(entries(case)) is None
    assert here.types()[-2:] == ["incident.raised", "case.changed"]
    assert here.types().count("case.opened") == 1
    # and it closes again only when that second one is gone, too
    here.walk()
    with pytest.raises(Conflict, match=str(last["note"])):
        here.close()


@pytest.mark.parametrize(
    ("after", "within", "numbers"),
    [
        pytest.param(REOPEN_WITHIN, REOPEN_WITHIN, 1, id="on the last moment of the day"),
        pytest.param(REOPEN_WITHIN + SECOND, REOPEN_WITHIN, 2, id="a second after it"),
        pytest.param(2 * MINUTE, MINUTE, 2, id="a route that says a minute"),
        pytest.param(SECOND, timedelta(0), 2, id="a route that never reopens"),
        pytest.param(3 * REOPEN_WITHIN, timedelta(days=7), 1, id="a route that says a week"),
    ],
)
def test_how_soon_is_soon(here: County, after: timedelta, within: timedelta, numbers: int) -> None:
    """`reopen_within` of the route, from the closing to the next raise."""
    routes = tuple(replace(each, reopen_within=within) for each in here.directory.routes)
    here.directory = replace(here.directory, routes=routes)
    closed(here)
    here.at(170 + round(after.total_seconds()))
    assert len(here.numbers()) == numbers
    assert here.case()["state"] == ("open" if numbers == 1 else "closed")


def test_a_false_alarm_that_comes_back_is_another_case(here: County) -> None:
    """Only what was closed comes back to its case; a false alarm stays one."""
    here.at(1)
    here.act(OPERATOR, "false-alarm")
    here.at(2, state="inactive")
    here.at(3)
    assert here.numbers() == ["2026-000001", "2026-000002"]


def test_an_act_that_fails_reopens_nothing(here: County) -> None:
    """Raise and reopening are one transaction."""
    closed(here)

    def then_fail(tx: object) -> None:
        apply_signals(tx, [signal(900)], directory=here.directory, now=NOW + 900 * SECOND, origin="w")  # type: ignore[arg-type]  # the writer's connection
        msg = "on purpose"
        raise RuntimeError(msg)

    before = here.types()
    with pytest.raises(RuntimeError, match="on purpose"):
        write(here.ledger, then_fail)
    assert (here.case()["state"], here.types()) == ("closed", before)
