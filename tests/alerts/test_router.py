"""Signals through the router into a real ledger, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy.exc import IntegrityError

from alerts.directory import Directory
from alerts.incident import Incident, Source
from alerts.ledger import cases, events, incidents, signals
from alerts.ledger.check import violations
from alerts.ledger.engine import Ledger
from alerts.mark import Mark
from alerts.router import Applied, apply_signals, mark_stale, retire
from alerts.sight import Sight, Visibility
from detectors.signal import Signal
from tests.alerts.county import NOW, do, look, signal

ALL = Sight.everything()


def send(ledger: Ledger, directory: Directory, *signals: Signal, late: float = 0) -> Applied:
    now = max(each.at for each in signals) + timedelta(seconds=late)
    return do(
        ledger,
        lambda tx: apply_signals(tx, signals, directory=directory, now=now, origin="worker-1"),
    )


def types(ledger: Ledger) -> list[str]:
    return [each.type for each in look(ledger, lambda conn: events.after(conn, 0, 1000, ALL))]


def shown(ledger: Ledger) -> list[dict[str, object]]:
    return look(ledger, lambda conn: incidents.page(conn, ALL).items)


def shown_cases(ledger: Ledger) -> list[dict[str, object]]:
    return look(ledger, lambda conn: cases.page(conn, ALL, now=NOW).items)


@pytest.fixture(autouse=True)
def _sound(ledger: Ledger) -> object:
    """After every test the checker finds nothing."""
    yield
    assert look(ledger, violations) == []


def test_a_signal_raises_one_incident_and_opens_its_case(ledger: Ledger, directory: Directory) -> None:
    """Incident, case and both events are there after one commit, shaped as the contract says."""
    send(ledger, directory, signal())
    (incident,), (case,) = shown(ledger), shown_cases(ledger)
    assert incident == incident | {
        "kind": "threshold", "condition": "fridge-warm", "place": "school", "severity": "major",
        "site": "school", "area": "east", "devices": ["fridge"], "rules": ["fridge-warm"], "state": "open",
        "stale": False, "acked": False, "raised_at": "2026-11-22T08:00:01.000Z", "cleared_at": None,
        "value": 9.5, "limit": 8.0, "count": 1, "certainty": 1.0, "members": [], "case": case["id"],
        "evidence": {"snapshot": "none", "clip": "none", "sha256": {}},
        "explanation": {"zh": "冰箱高于 8 °C", "en": "fridge above 8 °C"},
    }  # fmt: skip
    assert case == case | {
        "number": "2026-000001", "workflow": "seven-step", "step": "accept", "state": "open",
        "kind": "threshold", "category": "fridge-warm", "severity": "major", "area": "east", "site": "school",
        "unit": "market", "units": ["market"], "mastered_by": "hub", "incidents": [incident["id"]],
        "version": 1, "explanation": incident["explanation"],
    }  # fmt: skip
    assert types(ledger) == ["incident.raised", "case.opened"]
    raised, opened = look(ledger, lambda conn: events.after(conn, 0, 10, ALL))
    assert raised.data == incident
    assert opened.data["change"] == {"action": "open", "who": "hub"}
    assert "history" not in opened.data
    assert opened.visibility == Visibility("east", "canteen-school", "school", frozenset({"market"}))


@pytest.mark.parametrize(
    ("second", "counted", "reason"),
    [
        pytest.param(signal(1), (1, 0), None, id="the same again: QoS 1 may deliver twice"),
        pytest.param(signal(0, state="inactive"), (0, 1), None, id="an older one of the same epoch"),
        pytest.param(signal(9, epoch=0), (0, 0), "old-epoch", id="a worker that lost its assignment"),
        pytest.param(signal(2, place="nowhere"), (0, 0), "unknown-place", id="a place the registry lacks"),
        pytest.param(signal(2, device="ghost"), (0, 0), "unknown-device", id="a device the registry lacks"),
    ],
)
def test_what_must_not_count_does_not(
    ledger: Ledger, directory: Directory, second: Signal, counted: tuple[int, int], reason: str | None
) -> None:
    """Duplicates and refused signals change nothing and write no event."""
    send(ledger, directory, signal(1))
    before = shown(ledger)
    applied = send(ledger, directory, second)
    assert (applied.duplicates, applied.late) == counted
    assert [each.reason for each in applied.refused] == ([reason] if reason else [])
    assert (applied.events, shown(ledger), len(types(ledger))) == ((), before, 2)


def test_a_signal_of_tomorrow_is_refused(ledger: Ledger, directory: Directory) -> None:
    """A sender whose clock is far ahead must not raise anything."""
    wild = signal(1, at=NOW + timedelta(days=1))
    applied = do(ledger, lambda tx: apply_signals(tx, [wild], directory=directory, now=NOW, origin="serve"))
    assert [each.reason for each in applied.refused] == ["future"]
    assert types(ledger) == []


def test_a_second_rule_merges_and_the_higher_severity_wins(ledger: Ledger, directory: Directory) -> None:
    """One incident, two rules, two devices; it clears only when both let go."""
    other = signal(2, rule="gas-high", device="gas", severity="life", value=30.0)
    send(ledger, directory, signal(1), other)
    (incident,) = shown(ledger)
    assert incident["rules"] == ["fridge-warm", "gas-high"]
    assert (incident["severity"], incident["value"], incident["count"]) == ("life", 30.0, 2)
    send(ledger, directory, replace(other, n=3, state="inactive", at=NOW + timedelta(seconds=3)))
    assert [each["state"] for each in shown(ledger)] == ["open"]
    send(ledger, directory, signal(4, state="inactive"))
    (incident,) = shown(ledger)
    assert (incident["state"], incident["cleared_at"]) == ("cleared", "2026-11-22T08:00:04.000Z")
    assert types(ledger) == [
        "incident.raised", "case.opened", "incident.updated", "case.changed", "incident.cleared",
    ]  # fmt: skip
    (case,) = shown_cases(ledger)
    assert (case["severity"], case["version"]) == ("life", 2)


def test_a_renewal_writes_no_event(ledger: Ledger, directory: Directory) -> None:
    """The value moves, the log does not: it holds what a reader would notice."""
    send(ledger, directory, signal(1), signal(11, value=10.25))
    assert shown(ledger)[0]["value"] == 10.25
    assert shown(ledger)[0]["raised_at"] == "2026-11-22T08:00:01.000Z"
    assert types(ledger) == ["incident.raised", "case.opened"]


def test_what_comes_back_joins_the_case_that_is_still_open(ledger: Ledger, directory: Directory) -> None:
    """Two incidents, one case, no second number; severity of the case rises with the second."""
    send(ledger, directory, signal(1), signal(2, state="inactive"), signal(3, severity="critical"))
    (case,) = shown_cases(ledger)
    assert (len(shown(ledger)), case["severity"], case["version"]) == (2, "critical", 2)
    assert case["incidents"] == sorted(str(each["id"]) for each in shown(ledger))
    assert types(ledger)[-2:] == ["incident.raised", "case.changed"]


def test_a_route_may_record_without_a_case(ledger: Ledger, directory: Directory) -> None:
    """`open_case: false`."""
    send(ledger, directory, signal(1, condition="test-only"))
    assert (shown(ledger)[0]["case"], shown_cases(ledger)) == (None, [])
    assert types(ledger) == ["incident.raised"]


def test_not_renewed_is_stale_and_never_cleared(ledger: Ledger, directory: Directory) -> None:
    """30 s after the last signal it is stale, with one event; the next signal takes that back."""
    send(ledger, directory, signal(1))
    for seconds in (20, 31, 35, 90):
        do(ledger, partial(mark_stale, now=NOW + timedelta(seconds=1 + seconds)))
    assert [(each["state"], each["stale"]) for each in shown(ledger)] == [("open", True)]
    send(ledger, directory, signal(100))
    assert [(each["state"], each["stale"]) for each in shown(ledger)] == [("open", False)]
    assert types(ledger) == ["incident.raised", "case.opened", "incident.updated", "incident.updated"]


def test_time_is_asked_only_of_what_was_not_renewed(ledger: Ledger, directory: Directory) -> None:
    """Of many open incidents the ledger gives out those that nobody renewed for 30 s, and no cleared or stale one."""
    send(ledger, directory, *(signal(1, place=f"school/z{each}") for each in range(20)))
    send(ledger, directory, *(signal(20, place=f"school/z{each}") for each in range(2, 20)))
    send(ledger, directory, signal(21, place="school/z2", state="inactive"))

    def due(seconds: int) -> list[str]:
        at = NOW + timedelta(seconds=seconds)
        return [each.incident.place for each in look(ledger, lambda conn: incidents.due(conn, at, 100))]

    assert due(30) == []
    assert sorted(due(31)) == ["school/z0", "school/z1"]
    do(ledger, partial(mark_stale, now=NOW + timedelta(seconds=32)))
    assert due(33) == []
    assert len(due(60)) == 17
    later = NOW + timedelta(seconds=60)
    portions = [do(ledger, partial(mark_stale, now=later, directory=directory, most=10)) for _ in range(2)]
    assert portions == [True, False], "what is left is said, and is less with each portion"
    assert due(60) == []


def test_unknown_is_stale_at_once(ledger: Ledger, directory: Directory) -> None:
    """A rule that has no data says so; the incident stays open."""
    send(ledger, directory, signal(1), signal(2, state="unknown"))
    assert [(each["state"], each["stale"]) for each in shown(ledger)] == [("open", True)]


def test_unknown_alone_raises_nothing(ledger: Ledger, directory: Directory) -> None:
    """No data is no alarm."""
    send(ledger, directory, signal(1, state="unknown"), signal(2, state="inactive"))
    assert shown(ledger) == []


def test_a_rule_that_left_lets_go(ledger: Ledger, directory: Directory) -> None:
    """Otherwise an incident of a deleted rule would stay open for ever."""
    send(ledger, directory, signal(1))
    do(ledger, lambda tx: retire(tx, rules=frozenset({"another"}), now=NOW + timedelta(seconds=5)))
    assert shown(ledger)[0]["state"] == "open"
    do(ledger, lambda tx: retire(tx, rules=frozenset({"fridge-warm"}), now=NOW + timedelta(seconds=5)))
    assert shown(ledger)[0]["state"] == "cleared"


def test_evidence_is_expected_once(ledger: Ledger, directory: Directory) -> None:
    """The first reference counts; the incident says that a picture is coming."""
    send(
        ledger,
        directory,
        signal(1, device="school-cam", evidence_ref="e-1"),
        signal(2, device="school-cam", evidence_ref="e-2"),
    )
    assert shown(ledger)[0]["evidence"] == {"snapshot": "pending", "clip": "pending", "sha256": {}}


def test_the_year_of_a_number_is_the_countys(ledger: Ledger, directory: Directory) -> None:
    """At 16:30 UTC on New Year's Eve it is next year in the county already."""
    at = NOW.replace(month=12, day=31, hour=16, minute=30)
    send(ledger, directory, signal(1, at=at))
    assert shown_cases(ledger)[0]["number"] == "2027-000001"


def test_an_act_that_fails_gives_its_number_back(ledger: Ledger, directory: Directory) -> None:
    """An exception after the router has run undoes incident, case, number and events."""

    def then_fail(tx: object) -> None:
        apply_signals(tx, [signal(1)], directory=directory, now=NOW, origin="serve")  # type: ignore[arg-type]  # the writer's connection
        msg = "on purpose"
        raise RuntimeError(msg)

    with pytest.raises(RuntimeError, match="on purpose"):
        do(ledger, then_fail)
    assert (shown(ledger), shown_cases(ledger), types(ledger)) == ([], [], [])
    send(ledger, directory, signal(1))
    assert shown_cases(ledger)[0]["number"] == "2026-000001"
    assert look(ledger, events.head) == 2


def test_the_index_refuses_a_second_open_incident(ledger: Ledger, directory: Directory) -> None:
    """Whoever goes around the router meets the database itself."""
    send(ledger, directory, signal(1))
    second = Incident("01SECOND", "fridge-warm", "school", (Source.of(signal(5), NOW),))
    with pytest.raises(IntegrityError):
        do(ledger, lambda tx: incidents.add(tx, second, Visibility(), None))
    other_place = replace(second, place="cross")

    def announce(tx: object) -> None:
        incidents.add(tx, other_place, Visibility(), None)  # type: ignore[arg-type]  # the writer's connection
        said = signal(5, place="cross")
        signals.save(tx, {signals.key_of(said): Mark(said.epoch, said.n, said.at)})  # type: ignore[arg-type]  # the same
        events.append(tx, "incident.raised", NOW, incidents.get(tx, ALL, "01SECOND"), Visibility())  # type: ignore[arg-type]  # the same

    do(ledger, announce)
    assert len(shown(ledger)) == 2


def test_the_index_refuses_a_second_live_case_of_a_group(ledger: Ledger, directory: Directory) -> None:
    """No second case for the same condition, whoever writes."""
    send(ledger, directory, signal(1))
    (case,) = shown_cases(ledger)
    loaded = look(ledger, lambda conn: cases.load(conn, ALL, str(case["number"])))
    from alerts.case import Done, Entry  # noqa: PLC0415 - only this test builds them by hand

    double = replace(loaded, id="01DOUBLE", number="2026-000002")
    entry = Entry(1, NOW, "x", "x", "open", "", "accept", None, "", ())
    with pytest.raises(IntegrityError):
        do(ledger, lambda tx: cases.add(tx, Done(double, entry)))
