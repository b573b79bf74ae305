"""Shifts: two people, two signatures, one record that nobody changes; and what is handed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from alerts import desk, handover
from alerts import shift as rules
from alerts.case import Actor
from alerts.directory import Directory
from alerts.intake import Report, report
from alerts.ledger import audit, matters, shifts
from alerts.ledger.check import violations
from alerts.ledger.devices import put_state
from alerts.ledger.engine import Ledger
from alerts.ledger.matters import Watch
from alerts.ledger.shift_tables import shift_records
from alerts.ledger.silence_tables import silences
from alerts.router import apply_signals
from alerts.shift import Shift
from alerts.sight import NOUNS, Sight
from ingest.errors import Conflict, InvalidInput, NotFound, NotPermitted, VersionStale
from tests.alerts.county import DISPATCHER, NOW, OPERATOR, do, look, signal

ALL = Sight.everything()
EAST = Sight(nouns=NOUNS, areas=frozenset({"east"}))
KITCHENS = Sight(nouns=NOUNS, areas=None, site_kinds=frozenset({"canteen-school"}))
NEXT = Actor("nele", "operator")

PLAIN = Shift("01SHIFT", "east", "open", "olga", NOW)
OFFERED = rules.offer(
    PLAIN, who="olga", role="operator", matters={"open": 1}, notes=[], note="quiet", now=NOW
)


def test_who_goes_signs_and_who_comes() -> None:
    """The record has both, what was open, and the digest that both signed."""
    taken = rules.take(
        OFFERED,
        who="nele",
        role="operator",
        digest=str(OFFERED.digest),
        note="seen",
        now=NOW + timedelta(minutes=5),
    )
    assert (taken.shift.state, taken.shift.taken_by, taken.shift.runs) == ("handed-over", "nele", False)
    assert taken.record["matters"] == {"open": 1}
    assert taken.record["outgoing"] == {
        "who": "olga", "role": "operator", "at": "2026-11-22T08:00:00.000Z", "note": "quiet",
    }  # fmt: skip
    assert cast("Mapping[str, object]", taken.record["incoming"])["who"] == "nele"
    assert taken.record["digest"] == OFFERED.digest


def test_nobody_signs_twice() -> None:
    """The one who went cannot come; another cannot go for him."""
    with pytest.raises(NotPermitted, match="cannot sign as the one who comes"):
        rules.take(OFFERED, who="olga", role="operator", digest=str(OFFERED.digest), note="", now=NOW)
    with pytest.raises(Conflict, match="olga does"):
        rules.offer(PLAIN, who="nele", role="operator", matters={}, notes=[], note="", now=NOW)


def test_what_is_signed_is_what_was_shown() -> None:
    """Another digest, nothing offered, or an offer taken back by a note: no hand-over."""
    with pytest.raises(VersionStale):
        rules.take(OFFERED, who="nele", role="operator", digest="0" * 64, note="", now=NOW)
    for not_offered in (PLAIN, rules.noted(OFFERED)):
        with pytest.raises(Conflict, match="not signed by olga"):
            rules.take(not_offered, who="nele", role="operator", digest=str(OFFERED.digest), note="", now=NOW)
    again = rules.offer(OFFERED, who="olga", role="operator", matters={"open": 2}, notes=[], note="", now=NOW)
    assert again.digest != OFFERED.digest


@pytest.mark.parametrize("state", ["handed-over", "left"])
def test_what_is_over_is_over(state: rules.State) -> None:
    """No note, no signature, no leaving."""
    over = replace(OFFERED, state=state)
    with pytest.raises(Conflict):
        rules.noted(over)
    with pytest.raises(Conflict):
        rules.offer(over, who="olga", role="operator", matters={}, notes=[], note="", now=NOW)
    with pytest.raises(Conflict):
        rules.take(over, who="nele", role="operator", digest=str(over.digest), note="", now=NOW)
    with pytest.raises(Conflict):
        rules.leave(over, who="nele", reason="gone", now=NOW)


def test_leaving_needs_a_reason() -> None:
    """And is shown."""
    with pytest.raises(InvalidInput):
        rules.leave(PLAIN, who="nele", reason="  ", now=NOW)
    left = rules.leave(PLAIN, who="nele", reason="was called away", now=NOW)
    assert left.as_dict()["without_handover"] is True


class Room:
    """The room of the east, on a ledger."""

    def __init__(self, ledger: Ledger, directory: Directory) -> None:
        self.ledger = ledger
        self.directory = directory
        self.minute = 0

    def begin(self, who: Actor, *, area: str = "east", sight: Sight = ALL, without: bool = False) -> str:
        self.minute += 1
        now = NOW + timedelta(minutes=self.minute)
        opened = do(
            self.ledger,
            lambda tx: handover.begin(
                tx, sight, area, without_handover=without, reason="gone" if without else "", who=who,
                directory=self.directory, now=now,
            ),
        )  # fmt: skip
        return str(opened["id"])

    def offer(self, shift: str, who: Actor = OPERATOR) -> Mapping[str, object]:
        self.minute += 1
        now = NOW + timedelta(minutes=self.minute)
        return do(
            self.ledger,
            lambda tx: handover.offer(tx, ALL, shift, note="", who=who, directory=self.directory, now=now),
        )

    def take(self, shift: str, digest: object, who: Actor = NEXT) -> str:
        self.minute += 1
        now = NOW + timedelta(minutes=self.minute)
        opened = do(
            self.ledger,
            lambda tx: handover.take(tx, ALL, shift, digest=str(digest), note="", who=who, now=now),
        )
        return str(opened["id"])

    def trail(self) -> list[object]:
        return [each["action"] for each in look(self.ledger, lambda conn: audit.page(conn, ALL)).items][::-1]


@pytest.fixture
def room(ledger: Ledger, directory: Directory) -> Room:
    return Room(ledger, directory)


def test_a_room_is_handed_over(room: Room) -> None:
    """Open, note, sign, sign: the next shift follows, the record is kept and checked, every act is in the trail."""
    first = room.begin(OPERATOR)
    do(room.ledger, lambda tx: handover.note(tx, ALL, first, text="闸门已锁", who=OPERATOR, now=NOW))
    offered = room.offer(first)
    second = room.take(first, offered["digest"])
    with room.ledger.read() as conn:
        record = shifts.record(conn, first)
        after = shifts.running(conn, "east")
        assert record is not None
        assert after is not None
        assert violations(conn) == []
    assert (record["seq"], record["digest"]) == (1, offered["digest"])
    assert [each["text"] for each in cast("list[Mapping[str, str]]", record["notes"])] == ["闸门已锁"]
    assert (after.id, after.holder, after.previous) == (second, "nele", first)
    assert room.trail() == ["shift.open", "shift.note", "shift.handover", "shift.takeover", "shift.open"]


def test_a_changed_record_is_named(room: Room) -> None:
    """Whoever changes one word of a signed record is found out, and so is who takes the newest away."""
    first = room.begin(OPERATOR)
    second = room.take(first, room.offer(first)["digest"])
    room.take(second, room.offer(second, who=NEXT)["digest"], who=OPERATOR)
    record = look(room.ledger, lambda conn: shifts.record(conn, first))
    assert record is not None
    forged = {key: value for key, value in record.items() if key != "hash"} | {"notes": ["all was well"]}
    do(
        room.ledger,
        lambda tx: tx.execute(update(shift_records).where(shift_records.c.seq == 1).values(entry=forged)),
    )
    found = look(room.ledger, violations)
    assert [(each.what, each.where) for each in found] == [("shift-chain", first)]


def test_one_shift_runs_in_a_room(room: Room) -> None:
    """The next waits for the hand-over, or says why not; the database holds it, whatever the code does."""
    first = room.begin(OPERATOR)
    with pytest.raises(Conflict, match="olga keeps the room"):
        room.begin(NEXT)
    with pytest.raises(Conflict, match="already"):
        room.begin(OPERATOR)
    second = room.begin(NEXT, without=True)
    left = look(room.ledger, lambda conn: shifts.load(conn, ALL, first))
    assert (left.state, left.taken_by, left.reason) == ("left", "nele", "gone")
    after = look(room.ledger, lambda conn: shifts.running(conn, "east"))
    assert after is not None
    assert (after.id, after.previous) == (second, first)
    with pytest.raises(IntegrityError):
        do(room.ledger, lambda tx: shifts.save(tx, replace(after, id="01OTHER")))


def test_a_shift_is_seen_where_all_of_the_room_is(room: Room) -> None:
    """Not by who sees another area, and not by who sees some kinds of its sites only."""
    shift = room.begin(DISPATCHER, area="west")
    for sight in (EAST, KITCHENS, Sight()):
        with pytest.raises(NotFound):
            look(room.ledger, lambda conn, sight=sight: shifts.load(conn, sight, shift))  # type: ignore[misc]  # bound now
        assert look(room.ledger, lambda conn, sight=sight: shifts.page(conn, sight)).items == []  # type: ignore[misc]  # bound now
    with pytest.raises(NotFound):
        room.begin(OPERATOR, area="west", sight=EAST)
    with pytest.raises(NotFound):
        room.begin(OPERATOR, area="nowhere")


def test_what_is_handed_over(room: Room) -> None:
    """What is open in the area, by severity and light; what was silenced, is blind, ends soon; what happened."""
    directory = room.directory
    cool = signal(2, state="inactive")
    hot = [
        signal(1),
        signal(3, rule="gas", condition="gas-level", device="gas", severity="life"),
        signal(4, rule="cam", condition="passer-by", place="cross", device="cross-cam", severity="info"),
    ]
    do(room.ledger, lambda tx: apply_signals(tx, [*hot, cool], directory=directory, now=NOW, origin="serve"))
    again = signal(5, rule="door", condition="door-left-open", severity="minor")
    do(room.ledger, lambda tx: apply_signals(tx, [again], directory=directory, now=NOW, origin="serve"))
    with room.ledger.read() as conn:
        seen = Watch(ALL, directory.descendants("east"), NOW, NOW + timedelta(minutes=1))
        before = cast("Mapping[str, Mapping[str, object]]", matters.matters(conn, seen, directory))
    gas = cast("list[Mapping[str, object]]", before["incidents"]["items"])[0]
    assert gas["condition"] == "gas-level"  # the gravest first; the crossroad of the west is not in it

    later = NOW + timedelta(minutes=3, hours=3)
    do(
        room.ledger,
        lambda tx: desk.acknowledge(
            tx, ALL, str(gas["id"]), who=OPERATOR, note="", now=NOW + timedelta(minutes=1)
        ),
    )
    new = Report("noise", "王先生 13800138000 半夜施工", "hotline", area="east")
    do(room.ledger, lambda tx: report(tx, ALL, new, who=OPERATOR, directory=directory, now=later))
    place = directory.visibility("school-cam")
    do(
        room.ledger,
        lambda tx: put_state(
            tx, directory.devices["school-cam"], state="offline", reason="no-packet", last_seen=None,
            now=NOW, place=place,
        ),
    )  # fmt: skip
    do(
        room.ledger,
        lambda tx: tx.execute(
            insert(silences).values(
                id="s1", match={"condition": "door-left-open"}, reason="repair", created_by="olga",
                created_at=NOW, ends_at=later + timedelta(hours=1), over=False, life=False, sight={},
                area="east", units="",
            )
        ),
    )  # fmt: skip
    with room.ledger.read() as conn:
        seen = Watch(ALL, directory.descendants("east"), NOW - timedelta(minutes=1), later)
        found = cast("Mapping[str, Mapping[str, object]]", matters.matters(conn, seen, directory))
    assert found["incidents"]["by_severity"] == {"life": 1, "minor": 1}
    assert found["incidents"]["unacknowledged"] == 1
    ending = cast("list[Mapping[str, object]]", found["incidents"]["acknowledgements_ending"])
    assert [each["id"] for each in ending] == [gas["id"]]  # it lasts four hours, three of them are over
    assert (found["cases"]["live"], found["cases"]["by_light"]) == (4, {"red": 3, "green": 1})
    assert [each["id"] for each in cast("list[Mapping[str, object]]", found["silences"])] == ["s1"]
    blind = cast("list[Mapping[str, object]]", found["devices"])
    assert [(each["device"], each["state"]) for each in blind] == [("school-cam", "offline")]
    assert found["happened"] == {
        "raised": 3, "cleared": 1, "acknowledged": 1, "judged": 0, "opened": 4, "closed": 0,
    }  # fmt: skip
    assert "13800138000" not in str(found)  # no text of a report is copied
