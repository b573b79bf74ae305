"""A case that the command platform is master of: what it tells counts, the hub watches the condition, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts import desk, mastering
from alerts.case import Actor, Request
from alerts.directory import Directory
from alerts.intake import Report, report
from alerts.ledger import cases, conflicts, mappings
from alerts.ledger.check import violations
from alerts.ledger.engine import Connection, Ledger
from alerts.mapping import Row
from alerts.master import Standing, Told, beside
from alerts.mastering import Taken
from alerts.router import apply_signals
from alerts.sight import Sight
from ingest.errors import Conflict, InvalidInput, MasteredElsewhere, UnknownAction
from tests.alerts.county import DISPATCHER, HANDLER, NOW, OPERATOR, SUPERVISOR, county, do, look, signal

ALL = Sight.everything()
CITY = Actor("city", "platform")
TOLD = Told("p-1", "县指 2026-77", "open", None, None, 5, None, NOW)


def with_master() -> Directory:
    """The small county, with every case decided by the platform."""
    plain = county()
    return replace(plain, routes=tuple(replace(each, mastered_by="platform") for each in plain.routes))


class Room:
    """One ledger and one mastered case about a warm fridge."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.directory = with_master()
        self.now = NOW
        self.say(1)
        self.case = str(self.cases()[0]["id"])

    def say(self, n: int, **changes: object) -> None:
        one = signal(n, **changes)
        self.now = max(self.now, one.at)
        self._do(lambda tx: apply_signals(tx, [one], directory=self.directory, now=self.now, origin="serve"))

    def tell(self, told: Told, case: str = "") -> Taken:
        self.now += timedelta(seconds=1)
        return do(
            self.ledger,
            lambda tx: mastering.tell(
                tx, ALL, case or self.case, told, who=CITY, directory=self.directory, now=self.now
            ),
        )

    def act(self, action: str, who: Actor) -> dict[str, object]:
        request = Request(action, note="because", to="traffic")
        return do(
            self.ledger,
            lambda tx: desk.act(tx, ALL, self.case, request, who=who, directory=self.directory, now=self.now),
        )

    def get(self) -> dict[str, object]:
        return look(self.ledger, lambda conn: cases.get(conn, ALL, self.case, now=self.now))

    def cases(self) -> list[dict[str, object]]:
        return look(self.ledger, lambda conn: cases.page(conn, ALL, now=self.now)).items

    def conflicts(self) -> list[object]:
        return [each["kind"] for each in look(self.ledger, lambda conn: conflicts.page(conn, ALL)).items]

    def _do(self, act: Callable[[Connection], object]) -> None:
        do(self.ledger, act)


@pytest.fixture
def room(ledger: Ledger) -> Room:
    return Room(ledger)


ORDER: list[tuple[str, Told | None, Told, Standing]] = [
    ("the first", None, TOLD, "new"),
    ("a higher version", TOLD, replace(TOLD, version=6), "new"),
    ("a lower version", TOLD, replace(TOLD, version=4, state="closed"), "older"),
    ("the very same, received again", TOLD, replace(TOLD, received_at=NOW + timedelta(hours=1)), "same"),
    ("one version with two contents", TOLD, replace(TOLD, state="closed"), "differs"),
    (
        "later by the clock of the platform",
        replace(TOLD, version=None, updated_at=NOW),
        replace(TOLD, version=None, updated_at=NOW + timedelta(milliseconds=1)),
        "new",
    ),
    (
        "earlier by the clock of the platform",
        replace(TOLD, version=None, updated_at=NOW),
        replace(TOLD, version=None, updated_at=NOW - timedelta(milliseconds=1)),
        "older",
    ),
]


@pytest.mark.parametrize(("why", "last", "new", "standing"), ORDER, ids=[row[0] for row in ORDER])
def test_which_telling_is_newer(why: str, last: Told | None, new: Told, standing: Standing) -> None:
    """By version, else by the platform's own time; never by the order of arrival."""
    assert beside(last, new) == standing, why


def test_version_and_time_cannot_be_mixed() -> None:
    """What cannot be compared is refused, not guessed."""
    with pytest.raises(InvalidInput, match="always give the same"):
        beside(TOLD, replace(TOLD, version=None, updated_at=NOW))


def test_what_the_platform_tells_counts(room: Room) -> None:
    """Number, state, step and unit are the platform's; the hub's own number stays; no clock runs here."""
    before = room.get()
    assert (before["mastered_by"], before["clocks"]) == ("platform", [])
    do(room.ledger, lambda tx: mappings.replace(tx, "unit", [Row("330-07", "traffic")]))
    taken = room.tell(replace(TOLD, step="handle", unit="330-07"))
    case = taken.case
    assert taken.how == "new"
    assert (case["number"], case["platform_number"]) == (before["number"], "县指 2026-77")
    assert (case["step"], case["unit"], case["external_id"]) == ("handle", "traffic", "p-1")
    assert case["codes"] == {"unit": "330-07"}
    assert room.tell(replace(TOLD, version=6, state="closed")).case["state"] == "closed"
    assert room.tell(replace(TOLD, version=7, state="open", step="accept")).case["state"] == "open"
    assert [each["action"] for each in room.get()["history"]] == ["open", *["platform"] * 3]  # type: ignore[attr-defined]
    assert look(room.ledger, violations) == []


def test_told_twice_late_and_contradicting(room: Room) -> None:
    """Twice changes nothing; an older or contradicting one is ignored and listed, once however often it comes."""
    room.tell(TOLD)
    version = room.get()["version"]
    assert room.tell(TOLD).how == "same"
    for _ in range(2):
        assert room.tell(replace(TOLD, version=3, state="cancelled")).how == "older-version"
        assert room.tell(replace(TOLD, state="closed")).how == "same-version-differs"
    assert (room.get()["state"], room.get()["version"]) == ("open", version)
    assert sorted(map(str, room.conflicts())) == ["older-version", "same-version-differs"]


def test_one_external_id_is_of_one_case(room: Room) -> None:
    """The second case with it is not touched, and the conflict is listed."""
    room.tell(TOLD)
    room.say(2, condition="gas-level", device="gas")
    other = next(str(each["id"]) for each in room.cases() if each["id"] != room.case)
    assert room.tell(TOLD, other).how == "external-id-taken"
    assert room.conflicts() == ["external-id-taken"]


def test_an_unmapped_unit_is_listed_and_the_case_keeps_its_own(room: Room) -> None:
    """Nothing is lost and nothing guessed; the table settles it."""
    assert room.tell(replace(TOLD, unit="999")).case["unit"] == "market"
    assert room.conflicts() == ["unmapped-code"]
    do(room.ledger, lambda tx: conflicts.settle_codes(tx, "unit", {"999"}, room.now))
    assert room.conflicts() == []


def test_an_unknown_step_is_refused_with_those_there_are(room: Room) -> None:
    """Nothing happened then."""
    with pytest.raises(InvalidInput, match="no step 'dance'; one of accept"):
        room.tell(replace(TOLD, step="dance"))
    assert room.get()["platform"] is None


REFUSED = [
    ("accept", OPERATOR), ("cancel", DISPATCHER), ("merge", DISPATCHER), ("transfer", DISPATCHER),
    ("false-alarm", OPERATOR), ("escalate", SUPERVISOR),
]  # fmt: skip


@pytest.mark.parametrize(("action", "who"), REFUSED, ids=[row[0] for row in REFUSED])
def test_people_decide_it_over_there(room: Room, action: str, who: Actor) -> None:
    """Every action that would decide something is refused, and says where it is done."""
    with pytest.raises(MasteredElsewhere, match=f"'{action}' is done there"):
        room.act(action, who)
    assert room.get()["version"] == 1


def test_people_may_note_and_report_in(room: Room) -> None:
    """The table says which actions are possible anywhere."""
    room.act("note", OPERATOR)
    room.act("report-in", HANDLER)
    assert [each["action"] for each in room.get()["history"]] == ["open", "note", "report-in"]  # type: ignore[attr-defined]
    with pytest.raises((MasteredElsewhere, UnknownAction)):
        room.act("no-such-action", OPERATOR)


def test_the_condition_clears_and_the_case_stays_open(room: Room) -> None:
    """The platform is told by history and event; when it is back within a day, that is another case."""
    room.say(2, state="inactive")
    case = room.get()
    assert case["state"] == "open"
    assert [each["action"] for each in case["history"]] == ["open", "condition-cleared"]  # type: ignore[attr-defined]
    room.tell(replace(TOLD, state="closed"))
    room.say(3)
    assert len(room.cases()) == 2
    assert room.get()["state"] == "closed"


def test_a_case_of_the_hubs_own_is_not_decided_there(ledger: Ledger) -> None:
    """It is compared instead."""
    new = Report("litter", "Litter", "hotline", area="east", external_id="h-1")
    made = do(ledger, lambda tx: report(tx, ALL, new, who=OPERATOR, directory=county(), now=NOW))
    with pytest.raises(Conflict, match="decided here"):
        do(
            ledger,
            lambda tx: mastering.tell(
                tx, ALL, str(made.case["id"]), TOLD, who=CITY, directory=county(), now=NOW
            ),
        )


def test_what_the_hotline_opened_keeps_the_hotlines_number(ledger: Ledger) -> None:
    """The platform's id stands beside it."""
    new = Report("litter", "Litter", "hotline", area="east", external_id="h-1")
    made = do(ledger, lambda tx: report(tx, ALL, new, who=OPERATOR, directory=with_master(), now=NOW))
    case = str(made.case["id"])
    taken = do(
        ledger,
        lambda tx: mastering.tell(tx, ALL, case, TOLD, who=CITY, directory=with_master(), now=NOW),
    )
    assert taken.case["external_id"] == "h-1"
    assert taken.case["platform"] is not None
    again = do(ledger, lambda tx: report(tx, ALL, new, who=OPERATOR, directory=with_master(), now=NOW))
    assert (again.new, again.case["id"]) == (False, case)
