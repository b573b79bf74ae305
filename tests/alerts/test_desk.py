"""The desk on a real ledger: people act on incidents and cases; events, audit and rights come along."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from alerts import desk, intake
from alerts.case import Actor, Request
from alerts.directory import Directory
from alerts.intake import Opened, Report
from alerts.ledger import audit, cases, events, incidents
from alerts.ledger.check import violations
from alerts.ledger.engine import Ledger
from alerts.router import apply_signals
from alerts.sight import NOUNS, Sight
from detectors.signal import Signal
from ingest.errors import Conflict, InvalidInput, NotFound, NotPermitted, VersionStale
from tests.alerts.county import (
    DISPATCHER,
    FOREIGN_HANDLER,
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
WEST = Sight(nouns=NOUNS, areas=frozenset({"west"}))
TRAFFIC = Sight(nouns=NOUNS, areas=None, units=frozenset({"traffic"}))
MARKET = Sight(nouns=NOUNS, areas=None, units=frozenset({"market"}))

Shown = dict[str, object]


class Room:
    """The desk of one ledger, each act a minute after the last."""

    def __init__(self, ledger: Ledger, directory: Directory) -> None:
        self.ledger = ledger
        self.directory = directory
        self.now = NOW + timedelta(minutes=1)

    def act(self, case: object, who: Actor, action: str, *, sight: Sight = ALL, to: str | None = None,
            expect_version: int | None = None) -> Shown:  # fmt: skip
        self.now += timedelta(minutes=1)
        request = Request(action, note="because", to=to, expect_version=expect_version)
        return write(
            self.ledger,
            lambda tx: desk.act(
                tx, sight, str(case), request, who=who, directory=self.directory, now=self.now
            ),
        )

    def report(self, new: Report, *, who: Actor = OPERATOR, sight: Sight = ALL) -> Opened:
        self.now += timedelta(minutes=1)
        return write(
            self.ledger,
            lambda tx: intake.report(tx, sight, new, who=who, directory=self.directory, now=self.now),
        )

    def log(self, sight: Sight = ALL) -> list[str]:
        return [each.type for each in look(self.ledger, lambda conn: events.after(conn, 0, 999, sight))]

    def trail(self) -> list[object]:
        return [each["action"] for each in look(self.ledger, lambda conn: audit.page(conn, ALL)).items][::-1]

    def say(self, *signals: Signal) -> None:
        write(
            self.ledger,
            lambda tx: apply_signals(tx, signals, directory=self.directory, now=self.now, origin="serve"),
        )

    def raise_one(self) -> Shown:
        write(
            self.ledger,
            lambda tx: apply_signals(
                tx, [signal(1)], directory=self.directory, now=NOW + timedelta(seconds=1), origin="serve"
            ),
        )
        return look(self.ledger, lambda conn: cases.page(conn, ALL, now=self.now).items[0])


@pytest.fixture
def room(ledger: Ledger, directory: Directory) -> Iterator[Room]:
    yield Room(ledger, directory)
    assert look(ledger, violations) == []


CALL = Report("noise", "半夜施工", "hotline", external_id="12345-1", area="east")


def test_a_case_goes_all_the_way(room: Room) -> None:
    """Seven steps, eight events, eight sealed entries; the row, the log and the history agree."""
    case = room.raise_one()["id"]
    for who, action, to in [
        (OPERATOR, "accept", None), (OPERATOR, "report", None), (DISPATCHER, "dispatch", "market"),
        (HANDLER, "handle", None), (HANDLER, "feedback", None), (INSPECTOR, "verify", None),
    ]:  # fmt: skip
        room.act(case, who, action, to=to)
    room.say(signal(2, state="inactive"))
    shown = room.act(case, SUPERVISOR, "evaluate")
    history = shown["history"]
    assert isinstance(history, list)
    assert (shown["state"], shown["version"], len(history)) == ("closed", 8, 8)
    assert [each["action"] for each in history][:2] == ["open", "accept"]
    assert [(each["from"], each["to"], each["unit"]) for each in history][3] == (
        "dispatch",
        "handle",
        "market",
    )
    assert room.log() == [
        "incident.raised", "case.opened", *["case.changed"] * 6, "incident.cleared", "case.changed",
    ]  # fmt: skip
    assert room.trail()[-1] == "case.evaluate"


def test_the_proposed_unit_need_not_be_named_again(room: Room) -> None:
    """The route said who: dispatch without `to` goes there."""
    case = room.raise_one()["id"]
    room.act(case, OPERATOR, "accept")
    room.act(case, OPERATOR, "report")
    shown = room.act(case, DISPATCHER, "dispatch")
    assert (shown["step"], shown["unit"]) == ("handle", "market")


def test_a_stale_version_writes_nothing(room: Room) -> None:
    """No event, no audit row, no entry."""
    case = room.raise_one()["id"]
    with pytest.raises(VersionStale):
        room.act(case, OPERATOR, "accept", expect_version=7)
    assert (room.log(), room.trail()) == (["incident.raised", "case.opened"], [])


@pytest.mark.parametrize("sight", [WEST, TRAFFIC, Sight()])
def test_what_one_does_not_see_is_not_there(room: Room, sight: Sight) -> None:
    """Foreign area, foreign unit, nobody: NotFound, as for a number that does not exist."""
    case = room.raise_one()
    with pytest.raises(NotFound, match="no case"):
        room.act(case["number"], DISPATCHER, "accept", sight=sight)
    with pytest.raises(NotFound, match="no case"):
        room.act("2026-999999", DISPATCHER, "accept", sight=sight)
    (incident,) = look(room.ledger, lambda conn: incidents.page(conn, ALL).items)
    with pytest.raises(NotFound, match="no incident"):
        write(
            room.ledger,
            lambda tx: desk.acknowledge(tx, sight, str(incident["id"]), who=OPERATOR, note="", now=NOW),
        )


def test_a_transfer_moves_what_units_see(room: Room) -> None:
    """The new unit sees case and incident; the old one still learns that it lost the case, then nothing."""
    case = room.raise_one()["id"]
    room.act(case, DISPATCHER, "transfer", to="traffic")
    before = len(room.log(MARKET))
    with pytest.raises(NotFound):
        room.act(case, HANDLER, "handle", sight=MARKET)
    assert look(room.ledger, lambda conn: incidents.page(conn, MARKET).items) == []
    assert len(look(room.ledger, lambda conn: incidents.page(conn, TRAFFIC).items)) == 1
    room.act(case, OPERATOR, "accept", sight=TRAFFIC)
    assert (before, len(room.log(MARKET))) == (3, 3)
    assert room.log(TRAFFIC) == ["case.changed", "case.changed"]
    with pytest.raises(NotPermitted):
        room.act(case, FOREIGN_HANDLER, "report", sight=TRAFFIC)


def test_an_acknowledgement_ends(room: Room) -> None:
    """Four hours later it counts as not seen, once and with an event; a new one lasts anew; cleared ones rest."""
    room.raise_one()
    (incident,) = look(room.ledger, lambda conn: incidents.page(conn, ALL).items)
    key, end = str(incident["id"]), NOW + desk.ACK_LASTS

    def ack(minutes: float) -> Shown:
        at = NOW + timedelta(minutes=minutes)
        return write(
            room.ledger, lambda tx: desk.acknowledge(tx, ALL, key, who=OPERATOR, note="seen", now=at)
        )

    def expire(late: timedelta) -> int:
        return len(write(room.ledger, lambda tx: desk.expire_acknowledgements(tx, end + late)))

    assert ack(0)["ack_until"] == "2026-11-22T12:00:00.000Z"
    second = timedelta(seconds=1)
    assert [expire(-second), expire(timedelta(0)), expire(second)] == [0, 1, 0]
    (after,) = look(room.ledger, lambda conn: incidents.page(conn, ALL).items)
    assert (after["acked"], after["acked_by"]) == (False, "olga")
    assert look(room.ledger, lambda conn: events.about(conn, key))[-1].data == after
    assert ack(10)["acked"] is True
    assert expire(timedelta(minutes=9)) == 0
    room.say(signal(99, state="inactive"))
    assert expire(timedelta(minutes=11)) == 0


def test_acknowledge_and_judge(room: Room) -> None:
    """Both are events and audit rows; a false verdict needs a reason; the incident goes on."""
    room.raise_one()
    (before,) = look(room.ledger, lambda conn: incidents.page(conn, ALL).items)
    key = str(before["id"])
    acked = write(
        room.ledger,
        lambda tx: desk.acknowledge(tx, ALL, key, who=OPERATOR, note="on my way", now=NOW),
    )
    assert (acked["acked"], acked["acked_by"], acked["ack_note"]) == (True, "olga", "on my way")
    with pytest.raises(InvalidInput):
        write(
            room.ledger,
            lambda tx: desk.judge(tx, ALL, key, verdict=False, who=OPERATOR, reason=" ", now=NOW),
        )
    judged = write(
        room.ledger,
        lambda tx: desk.judge(tx, ALL, key, verdict=False, who=INSPECTOR, reason="a cook", now=NOW),
    )
    assert (judged["verdict"], judged["verdict_reason"], judged["state"]) == (False, "a cook", "open")
    assert room.log() == ["incident.raised", "case.opened", "incident.updated", "incident.updated"]
    assert room.trail() == ["incident.ack", "incident.judge"]


def test_a_report_opens_one_case_however_often_it_is_sent(room: Room) -> None:
    """The same source and number again: the same case, no second number, no second event."""
    first, second = room.report(CALL), room.report(CALL)
    assert (first.new, second.new, first.case) == (True, False, second.case)
    assert (first.case["number"], first.case["source"], first.case["workflow"]) == (
        "2026-000001", "hotline", "four-step",
    )  # fmt: skip
    other = room.report(Report("noise", "x", "grid", external_id="12345-1", area="east"))
    assert other.case["number"] == "2026-000002"
    assert room.log() == ["case.opened", "case.opened"]


@pytest.mark.parametrize(
    ("new", "area", "unit"),
    [
        pytest.param(Report("noise", "t", "grid", site="school"), "east", "market", id="at a site"),
        pytest.param(Report("noise", "t", "grid", area="west"), "west", "room", id="in an area"),
        pytest.param(Report("noise", "t", "public", lat=35.9, lon=117.1), "west", "room", id="at a point"),
    ],
)
def test_where_a_report_stands(room: Room, new: Report, area: str, unit: str) -> None:
    """Its place decides area and route."""
    case = room.report(new).case
    assert (case["area"], case["unit"]) == (area, unit)


@pytest.mark.parametrize(
    ("new", "sight", "error"),
    [
        pytest.param(Report("noise", "t", "grid"), ALL, InvalidInput, id="no place at all"),
        pytest.param(Report("noise", "t", "grid", site="moon"), ALL, NotFound, id="no such site"),
        pytest.param(Report("noise", "t", "grid", area="moon"), ALL, NotFound, id="no such area"),
        pytest.param(Report("noise", "t", "grid", site="school"), WEST, NotFound, id="outside one's sight"),
        pytest.param(Report("noise", " ", "grid", area="east"), ALL, InvalidInput, id="no title"),
        pytest.param(Report("noise", "t" * 201, "grid", area="east"), ALL, InvalidInput, id="a novel"),
    ],
)
def test_a_report_that_cannot_be(room: Room, new: Report, sight: Sight, error: type[Exception]) -> None:
    """Refused, and no number is used up."""
    with pytest.raises(error):
        room.report(new, sight=sight)
    assert room.report(CALL).case["number"] == "2026-000001"


def test_merged_cases_pass_new_incidents_on(room: Room) -> None:
    """After a merge the next incident of that group joins the case it was merged into."""
    case = room.raise_one()
    into = room.report(Report("fridge", "老投诉", "hotline", site="school")).case
    with pytest.raises(Conflict):
        room.act(case["id"], DISPATCHER, "merge", to=str(case["number"]))
    merged = room.act(case["id"], DISPATCHER, "merge", to=str(into["number"]))
    assert (merged["state"], merged["merged_into"]) == ("merged", into["id"])
    write(
        room.ledger,
        lambda tx: apply_signals(
            tx,
            [signal(2, state="inactive"), signal(3)],
            directory=room.directory,
            now=room.now,
            origin="serve",
        ),
    )
    joined = look(room.ledger, lambda conn: cases.get(conn, ALL, str(into["id"]), now=room.now))
    assert (len(list(map(str, joined["incidents"]))), joined["severity"]) == (1, "major")  # type: ignore[call-overload]  # a list of ids
    with pytest.raises(Conflict):
        room.act(into["id"], DISPATCHER, "merge", to=str(merged["number"]))


def test_a_case_does_not_come_back_beside_its_successor(room: Room) -> None:
    """Closed, then the condition came again: reopening the old one is refused and names the new one."""
    case = room.raise_one()
    room.act(case["id"], OPERATOR, "false-alarm")
    write(
        room.ledger,
        lambda tx: apply_signals(
            tx,
            [signal(2, state="inactive"), signal(3)],
            directory=room.directory,
            now=room.now,
            origin="serve",
        ),
    )
    with pytest.raises(Conflict, match="2026-000002"):
        room.act(case["id"], OPERATOR, "reopen")
