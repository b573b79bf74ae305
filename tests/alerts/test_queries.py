"""The queries of the smaller nouns, on both databases."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from alerts.directory import Directory
from alerts.ledger import (
    audit,
    cases,
    devices,
    events,
    evidence,
    evidence_expiry,
    idempotency,
    incidents,
    outbox,
    reading_expiry,
    readings,
    registry,
    rejected,
    rule_states,
    signals,
    tally,
    users,
    webhooks,
)
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.idempotency import Answer
from alerts.ledger.incidents import Wanted
from alerts.ledger.page import decode, encode, limit_of
from alerts.ledger.reading_spans import HOUR, SINGLE
from alerts.mark import Level, Mark
from alerts.router import apply_signals
from alerts.sight import NOUNS, Sight, Visibility
from ingest.errors import Conflict, EvidenceNone, EvidencePending, InvalidInput, NotFound, TooOld
from ingest.reading import Reading
from tests.alerts.county import NOW, OPERATOR, do, look, signal

ALL = Sight.everything()
NOBODY = Sight()
WEST = Sight(nouns=NOUNS, areas=frozenset({"west"}))


def at(seconds: float) -> Reading:
    moment = NOW + timedelta(seconds=seconds)
    return Reading("fridge", "temperature", 4.0 + seconds, "°C", moment, moment, "good", f"m{seconds}")


def test_readings_are_stored_once(ledger: Ledger, directory: Directory) -> None:
    """The same message again is the same row; another message at the same moment is another row."""
    both = [at(1), at(1), Reading("fridge", "temperature", 9, "°C", NOW, NOW, "good", "other")]
    assert do(ledger, partial(readings.add, new=both)) == 2
    assert do(ledger, partial(readings.add, new=both)) == 0
    page = look(ledger, lambda conn: readings.page(conn, ALL, directory=directory, device="fridge"))
    assert [each["value"] for each in page.items] == [9, 5]
    assert page.items[1] == {
        "device": "fridge", "quantity": "temperature", "value": 5.0, "unit": "°C", "quality": "good",
        "at": "2026-11-22T08:00:01.000Z", "received_at": "2026-11-22T08:00:01.000Z",
    }  # fmt: skip


def test_readings_are_paged_in_order(ledger: Ledger, directory: Directory) -> None:
    """Ascending, each once, over any number of pages; `since` includes its moment."""
    do(ledger, partial(readings.add, new=[at(each) for each in reversed(range(1200))]))
    found: list[object] = []
    cursor = None
    while True:
        with ledger.read() as conn:
            page = readings.page(
                conn, ALL, directory=directory, quantity="temperature", since=NOW + timedelta(seconds=100),
                limit=500, cursor=cursor,
            )  # fmt: skip
        found += [each["value"] for each in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert found == [4.0 + each for each in range(100, 1200)]
    newest = look(ledger, lambda conn: readings.latest(conn, ["fridge", "gas"]))
    assert newest["fridge"]["temperature"]["value"] == 1203.0
    assert "gas" not in newest
    assert look(ledger, lambda conn: readings.newest_at(conn, "fridge", "temperature")) == at(1199).at
    before = NOW + timedelta(seconds=1000)
    assert do(ledger, lambda conn: reading_expiry.forget(conn, SINGLE, before, HOUR)).rows == 1000


def test_readings_of_a_foreign_device_are_not_there(ledger: Ledger, directory: Directory) -> None:
    """Asked by name: NotFound, as for a device that does not exist; without a name: left out."""
    do(ledger, partial(readings.add, new=[at(1)]))
    for device in ("fridge", "ghost"):
        with pytest.raises(NotFound), ledger.read() as conn:
            readings.page(conn, WEST, directory=directory, device=device)
    assert look(ledger, lambda conn: readings.page(conn, WEST, directory=directory)).items == []


def test_registry_entries_are_versioned_and_announced(ledger: Ledger) -> None:
    """Each change is an event with the noun of the entry; secrets are never in it."""
    east = Visibility(area="east")
    put = partial(registry.put, noun="site", id="school", now=NOW, visibility=east)
    first = do(ledger, lambda conn: put(conn, body={"name": "小学"}, secrets={"password": "sealed"}))
    second = do(ledger, lambda conn: put(conn, body={"name": "学校"}))
    assert (first.version, second.version) == (1, 2)
    found = look(ledger, lambda conn: registry.get(conn, "site", "school"))
    assert found == second
    assert look(ledger, lambda conn: [each.id for each in registry.load_all(conn)]) == ["school"]
    do(ledger, lambda conn: registry.delete(conn, "site", "school", now=NOW, visibility=east))
    with pytest.raises(NotFound):
        do(ledger, lambda conn: registry.delete(conn, "site", "school", now=NOW))
    log = look(ledger, lambda conn: events.after(conn, 0, 9, ALL))
    assert [each.data for each in log] == [
        {"id": "school", "noun": "site", "change": what} for what in ("created", "updated", "deleted")
    ]
    assert look(ledger, registry.version) == 3
    assert look(ledger, lambda conn: events.after(conn, 0, 9, WEST)) == []


def test_users_are_entries(ledger: Ledger) -> None:
    """Looked up by name; the password's hash is among the secrets."""
    do(
        ledger,
        lambda conn: registry.put(conn, "user", "wang", {"role": "inspector"}, {"password": "h"}, now=NOW),
    )
    found = look(ledger, lambda conn: users.by_name(conn, "wang"))
    assert found is not None
    assert (found.body["role"], found.secrets["password"]) == ("inspector", "h")
    assert look(ledger, lambda conn: users.by_name(conn, "li")) is None
    assert [each.id for each in look(ledger, users.everyone)] == ["wang"]


def test_rejected_payloads_are_kept_up_to_a_bound(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest stay; a long payload is cut and says how long it was; bytes are shown escaped."""
    monkeypatch.setattr(rejected, "KEEP", 3)

    def fill(conn: Connection) -> None:
        for number in range(5):
            rejected.add(
                conn, at=NOW, reason="not-json" if number % 2 else "absurd-value", convention="native",
                topic=f"t/{number}", payload=b"\xff" + b"x" * 5000, message="no JSON",
            )  # fmt: skip

    do(ledger, fill)
    page = look(ledger, lambda conn: rejected.page(conn, ALL, limit=2))
    assert [each["topic"] for each in page.items] == ["t/4", "t/3"]
    assert (page.items[0]["bytes"], len(str(page.items[0]["payload"]))) == (5001, 4099)
    rest = look(ledger, lambda conn: rejected.page(conn, ALL, limit=2, cursor=page.next))
    assert ([each["topic"] for each in rest.items], rest.next) == (["t/2"], None)
    assert look(ledger, rejected.by_reason) == {"absurd-value": 2, "not-json": 1}
    assert look(ledger, lambda conn: rejected.page(conn, NOBODY)).items == []
    assert len(look(ledger, lambda conn: rejected.page(conn, ALL, reason="not-json")).items) == 1


def test_a_device_event_only_when_something_changed(ledger: Ledger, directory: Directory) -> None:
    """State or reason; `since` is when that began, `last_seen` only moves forward."""
    gas = directory.devices["gas"]

    def put(seconds: int, state: devices.DeviceState, reason: str) -> bool:
        now = NOW + timedelta(seconds=seconds)
        return do(
            ledger,
            lambda conn: devices.put_state(
                conn,
                gas,
                state=state,
                reason=reason,
                last_seen=now,
                now=now,
                place=directory.visibility("gas"),
            ),
        )

    changes = [
        put(1, "online", ""), put(2, "online", ""), put(9, "unknown", "broker-away"),
        put(10, "unknown", "broker-away"), put(11, "unknown", "worker-lost"), put(12, "online", ""),
    ]  # fmt: skip
    assert changes == [True, False, True, False, True, True]
    log = look(ledger, lambda conn: events.after(conn, 0, 9, ALL))
    assert [(each.type, each.data["state"], each.data["reason"]) for each in log] == [
        ("device.changed", "online", ""), ("device.changed", "unknown", "broker-away"),
        ("device.changed", "unknown", "worker-lost"), ("device.changed", "online", ""),
    ]  # fmt: skip
    assert log[0].data == {
        "id": "gas", "kind": "sensor", "site": "school", "name": {"zh": "燃气", "en": "Gas"}, "state": "online",
        "reason": "", "since": "2026-11-22T08:00:01.000Z", "last_seen": "2026-11-22T08:00:01.000Z",
    }  # fmt: skip
    stored = look(ledger, devices.all_states)["gas"]
    assert (stored.since, stored.last_seen) == (NOW + timedelta(seconds=12), NOW + timedelta(seconds=12))


def test_counters_of_cameras_are_kept_beside_the_state(ledger: Ledger, directory: Directory) -> None:
    """A change of state keeps them; the tally counts them; when it was last heard of is news, and no event."""
    cam = directory.devices["cross-cam"]
    put = partial(
        devices.put_state, device=cam, last_seen=NOW, now=NOW, place=directory.visibility("cross-cam"),
        extra={"received_fps": 25.0},
    )  # fmt: skip
    assert do(ledger, partial(put, state="online", reason=""))
    do(ledger, lambda conn: devices.put_counters(conn, {"cross-cam": {"received": 9}}))
    assert do(ledger, partial(put, state="offline", reason="timeout"))
    do(ledger, lambda conn: devices.put_seen(conn, {"cross-cam": NOW + timedelta(seconds=3)}))
    counted = look(ledger, tally.counts)
    assert (counted.cameras, counted.events, counted.head) == (
        {"cross-cam": {"received": 9}}, {"device.changed": 2}, 2,
    )  # fmt: skip
    assert look(ledger, devices.all_states)["cross-cam"].last_seen == NOW + timedelta(seconds=3)


def raised(ledger: Ledger, directory: Directory, ref: str | None = "ref-1") -> str:
    do(
        ledger,
        lambda tx: apply_signals(
            tx, [signal(1, evidence_ref=ref)], directory=directory, now=NOW, origin="w-1"
        ),
    )
    return str(look(ledger, lambda conn: incidents.page(conn, ALL)).items[0]["id"])


def test_evidence_from_pending_to_ready_to_expired(ledger: Ledger, directory: Directory) -> None:
    """Pending says come again, ready says where and with which digest, gone says none."""
    key = raised(ledger, directory)
    wanted = look(ledger, evidence.pending)
    assert {(each.name, each.ref, each.worker) for each in wanted} == {
        (name, "ref-1", "w-1") for name in evidence.EXPECTED
    }
    with pytest.raises(EvidencePending), ledger.read() as conn:
        evidence.find(conn, key, "shown.jpg")
    with pytest.raises(EvidenceNone), ledger.read() as conn:
        evidence.find(conn, key, "shown.mp4")
    ready = partial(evidence.set_ready, incident=key, path="p", sha256="ab" * 32, size=7, now=NOW)
    do(ledger, lambda conn: ready(conn, name="shown.jpg"))
    assert look(ledger, lambda conn: evidence.find(conn, key, "shown.jpg")).size == 7
    assert look(ledger, lambda conn: evidence.unfinished(conn, "ref-1")) == 2
    do(ledger, lambda conn: evidence.set_none(conn, key, "original.mp4", now=NOW))
    shown = look(ledger, lambda conn: incidents.get(conn, ALL, key))["evidence"]
    assert shown == {"snapshot": "ready", "clip": "none", "sha256": {"shown.jpg": "ab" * 32}}
    late = NOW + timedelta(days=30)
    assert (
        look(
            ledger,
            lambda conn: evidence_expiry.expired(
                conn, unbound_before=late, originals_before=late, bound_before=late
            ),
        )
        == []
    )  # the incident and its case live
    do(ledger, lambda conn: evidence.set_expired(conn, key, "shown.jpg", now=late))
    with pytest.raises(EvidenceNone, match="no longer"), ledger.read() as conn:
        evidence.find(conn, key, "shown.jpg")
    assert len(look(ledger, lambda conn: evidence.overdue(conn, late, timedelta(minutes=5)))) == 1


def test_webhooks_get_what_their_sight_sees_in_order(ledger: Ledger, directory: Directory) -> None:
    """One outbox row per visible event of a wanted type, in the same commit; the oldest goes first."""
    add = partial(webhooks.add, url="https://x/", secret="sealed", who="adam", now=NOW)
    do(ledger, lambda conn: add(conn, id="all", types=[], sight=ALL))
    do(ledger, lambda conn: add(conn, id="cases", types=["case.opened"], sight=ALL))
    do(ledger, lambda conn: add(conn, id="west", types=[], sight=WEST))
    raised(ledger, directory)
    later = NOW + timedelta(seconds=60)
    assert look(ledger, outbox.hooks_on) == ["all", "cases", "west"]
    due = look(ledger, lambda conn: outbox.pending_of(conn, "all"))
    assert [(each.seq, each.event.type, each.attempts) for each in due] == [
        (1, "incident.raised", 0), (2, "case.opened", 0),
    ]  # fmt: skip
    do(ledger, lambda conn: outbox.failed(conn, "all", 1, reason="timeout", next_at=later))
    first = look(ledger, lambda conn: outbox.pending_of(conn, "all"))[0]
    assert (first.seq, first.attempts, first.next_at) == (1, 1, later)  # 2 waits behind 1
    do(ledger, lambda conn: outbox.delivered(conn, "all", 1))
    do(ledger, lambda conn: outbox.dropped(conn, "all", 2, reason="410", now=NOW))
    assert look(ledger, outbox.count) == 1
    page = look(ledger, lambda conn: webhooks.page(conn, ALL, limit=2))
    assert [(each["id"], each["pending"]) for each in page.items] == [("all", 0), ("cases", 1)]
    assert "sealed" not in str(page.items)
    assert [
        each["id"] for each in look(ledger, lambda conn: webhooks.page(conn, ALL, cursor=page.next)).items
    ] == ["west"]
    do(ledger, lambda conn: webhooks.set_state(conn, "cases", "off", "410"))
    assert look(ledger, outbox.hooks_on) == ["all", "west"]
    assert look(ledger, lambda conn: outbox.pending_of(conn, "cases")) == []
    do(ledger, lambda conn: webhooks.remove(conn, "cases"))
    with pytest.raises(NotFound):
        do(ledger, lambda conn: webhooks.remove(conn, "cases"))
    assert look(ledger, outbox.count) == 0


def test_the_log_forgets_only_its_beginning(ledger: Ledger) -> None:
    """What still has to go to a webhook stays; asking for what is gone says where to start."""

    def fill(conn: Connection) -> None:
        for number in range(6):
            if number == 4:
                webhooks.add(conn, id="h", url="u", secret="s", types=[], sight=ALL, who="a", now=NOW)
            moment = NOW + timedelta(days=number)
            events.append(conn, "device.changed", moment, {"id": str(number)}, Visibility())

    do(ledger, fill)
    assert do(ledger, lambda conn: events.forget(conn, NOW + timedelta(days=2))) == 2
    assert look(ledger, events.oldest) == 3
    assert do(ledger, lambda conn: events.forget(conn, NOW + timedelta(days=99))) == 2  # 5 still has to go
    assert [each.seq for each in look(ledger, lambda conn: events.after(conn, 0, 9, ALL))] == [5, 6]
    assert [each.seq for each in look(ledger, lambda conn: events.after(conn, 4, 9, ALL))] == [5, 6]
    with pytest.raises(TooOld) as wrong, ledger.read() as conn:
        events.after(conn, 3, 9, ALL)
    assert wrong.value.oldest == 5
    assert [each.seq for each in look(ledger, lambda conn: events.about(conn, "5"))] == [6]
    for seq in (5, 6):
        do(ledger, partial(outbox.delivered, hook="h", seq=seq))
    assert do(ledger, lambda conn: events.forget(conn, NOW + timedelta(days=99))) == 1  # the newest stays
    assert look(ledger, events.oldest) == 6


def test_an_idempotency_key_answers_the_same(ledger: Ledger) -> None:
    """Per user; another request under the same key is a conflict; old ones are forgotten."""
    keep = partial(idempotency.keep, who="olga", key="k", request="d1", now=NOW)
    do(ledger, lambda conn: keep(conn, answer=Answer(201, {"id": 1})))
    do(ledger, lambda conn: keep(conn, answer=Answer(500, {})))  # the first one stays
    find = partial(idempotency.find, key="k", request="d1")
    assert look(ledger, lambda conn: find(conn, who="olga")) == Answer(201, {"id": 1})
    assert look(ledger, lambda conn: find(conn, who="dan")) is None
    with pytest.raises(Conflict), ledger.read() as conn:
        idempotency.find(conn, who="olga", key="k", request="d2")
    assert do(ledger, lambda conn: idempotency.forget(conn, NOW + timedelta(days=1))) == 1


def test_the_audit_trail_is_paged_and_limited(ledger: Ledger) -> None:
    """The newest first; a reader of one area sees that area and what has none."""
    for subject, area in (("a", "east"), ("b", "west"), ("c", None)):
        do(
            ledger,
            partial(audit.add, at=NOW, who=OPERATOR, action="x.y", noun="x", subject=subject, area=area),
        )
    page = look(ledger, lambda conn: audit.page(conn, ALL, limit=2))
    assert [each["subject"] for each in page.items] == ["c", "b"]
    assert [
        each["subject"] for each in look(ledger, lambda conn: audit.page(conn, ALL, cursor=page.next)).items
    ] == ["a"]
    assert [each["subject"] for each in look(ledger, lambda conn: audit.page(conn, WEST)).items] == ["c", "b"]
    assert look(ledger, lambda conn: audit.page(conn, NOBODY)).items == []
    assert len(look(ledger, lambda conn: audit.page(conn, ALL, subject="a", who="olga")).items) == 1


def test_rule_states_and_marks(ledger: Ledger) -> None:
    """Remembered, replaced, forgotten."""
    do(ledger, lambda conn: rule_states.put(conn, "r|d", {"since": 1}, NOW))
    do(ledger, lambda conn: rule_states.put(conn, "r|d", {"since": 2}, NOW))
    assert look(ledger, lambda conn: rule_states.get(conn, "r|d")) == {"since": 2}
    assert look(ledger, rule_states.load_all) == {"r|d": {"since": 2}}
    do(ledger, lambda conn: rule_states.forget(conn, [rule_states.Orphan("r|d", NOW)]))
    assert look(ledger, lambda conn: rule_states.get(conn, "r|d")) is None
    assert look(ledger, signals.highest_epoch) == 0
    mark = Mark(4, 1, NOW, (Level("active", 4, 1, NOW, (4, 1)),))
    do(ledger, lambda conn: signals.save(conn, {signals.Key("r", "p", "d"): mark}))
    assert look(ledger, lambda conn: signals.load(conn, {signals.Key("r", "p", "d")})) == {
        ("r", "p", "d"): mark
    }
    assert look(ledger, signals.highest_epoch) == 4


def test_incidents_and_cases_are_narrowed_and_paged(ledger: Ledger, directory: Directory) -> None:
    """Every filter alone; pages hold each row once, newest first."""
    many = [
        signal(n, place="school", condition=f"c{n}", rule=f"r{n}", severity="minor" if n % 2 else "life")
        for n in range(1, 8)
    ]
    do(
        ledger,
        lambda tx: apply_signals(
            tx, [*many, signal(9, place="cross", device="cross-cam", kind="presence")],
            directory=directory, now=NOW + timedelta(seconds=9), origin="w",
        ),
    )  # fmt: skip

    def number(wanted: Wanted, sight: Sight = ALL) -> int:
        return len(look(ledger, lambda conn: incidents.page(conn, sight, wanted=wanted).items))

    assert number(Wanted(state="open")) == 8
    assert number(Wanted(kind="presence")) == 1
    assert number(Wanted(condition="c3")) == 1
    assert number(Wanted(severity="life")) == 3
    assert number(Wanted(site="school")) == 7
    assert number(Wanted(areas=directory.descendants("west"))) == 1
    assert number(Wanted(areas=directory.descendants("county"))) == 8
    assert number(Wanted(areas=())) == 0
    assert number(Wanted(since=NOW + timedelta(seconds=6))) == 3
    assert number(Wanted(), WEST) == 1
    assert look(ledger, incidents.open_by_severity) == {"life": 3, "minor": 4, "major": 1}
    first = look(ledger, lambda conn: cases.page(conn, ALL, now=NOW, limit=5))
    second = look(ledger, lambda conn: cases.page(conn, ALL, now=NOW, limit=5, cursor=first.next))
    found = [each["id"] for each in (*first.items, *second.items)]
    assert (len(found), found, second.next) == (8, sorted(found, key=str, reverse=True), None)
    assert (
        len(look(ledger, lambda conn: cases.page(conn, ALL, now=NOW, wanted=cases.Wanted(unit="room"))).items)
        == 1
    )
    of_one = look(ledger, lambda conn: incidents.of_case(conn, str(found[0])))
    assert len(of_one) == 1


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", encode(1), encode("a", "b"), "🐀", "W" * 10_000])
def test_a_cursor_of_somebody_elses_making_is_refused(cursor: str) -> None:
    """InvalidInput that names the parameter, whatever the bytes."""
    with pytest.raises(InvalidInput) as wrong:
        decode(cursor, str)
    assert wrong.value.where == "cursor"


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_limit_out_of_bounds_is_refused(limit: int) -> None:
    """1 to 1000."""
    with pytest.raises(InvalidInput):
        limit_of(limit)
