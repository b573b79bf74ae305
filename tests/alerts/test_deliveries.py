"""Deliveries, receivers and dead letters in the ledger, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.channel import Outcome
from alerts.ledger import dead_letters, deliveries, events, notices, outbox, receivers, webhooks
from alerts.ledger.engine import Connection, Ledger
from alerts.ledger.receivers import Figures
from alerts.notice import Notice
from alerts.sight import Sight, Visibility
from detectors.signal import Severity
from ingest.errors import Conflict, NotFound
from ingest.text import Text
from tests.alerts.county import NOW, do, look

ALL = Sight.everything()
SENT = Outcome(ok=True, retry=False, reason="sent", code=204)
AWAY = Outcome(ok=False, retry=True, reason="timeout")


def add(ledger: Ledger, key: str, *channels: str, group: str = "g", severity: Severity = "major") -> None:
    """A notice, due at once."""
    made = Notice(
        key, NOW + timedelta(seconds=int(key[1:])), "new-group", "u", group, None, ("i",), 1, severity,
        Visibility("east", "canteen-school", "school"), Text("热", "warm"), channels,
    )  # fmt: skip
    do(ledger, lambda conn: notices.add(conn, made))


def test_what_is_due(ledger: Ledger) -> None:
    """Life first, then the oldest; of one group only the first; what failed comes later; channels apart."""
    add(ledger, "n1", "a", "b", group="x")
    add(ledger, "n2", "a", group="x")
    add(ledger, "n3", "a", group="y")
    add(ledger, "n4", "a", group="z", severity="life")
    now = NOW + timedelta(minutes=1)

    def following(conn: Connection) -> str | None:
        due = deliveries.next_of(conn, "a", now)
        return None if due is None else due.notice

    seen = []
    while (key := look(ledger, following)) is not None:
        seen.append(key)

        def act(conn: Connection, key: str = key) -> None:
            due = deliveries.next_of(conn, "a", now)
            assert due is not None
            assert due.message_id == f"{key}.a"
            if key == "n3":
                deliveries.failed(conn, due, AWAY, now + timedelta(hours=1))
            else:
                deliveries.sent(conn, due, SENT, now)

        do(ledger, act)
    assert seen == ["n4", "n1", "n2", "n3"]
    assert look(ledger, lambda conn: deliveries.next_at(conn, "a")) == now + timedelta(hours=1)
    assert look(ledger, deliveries.channels) == ["a", "b"]
    assert look(ledger, lambda conn: deliveries.channels(conn, now)) == ["b"]


def test_how_a_receiver_stands(ledger: Ledger) -> None:
    """`since` moves with the reason, `failing_since` only with the first failure; a 2xx ends it."""
    cut = Outcome(ok=False, retry=True, reason="cut")
    told = []
    for seconds, outcome in enumerate([SENT, SENT, AWAY, AWAY, cut, SENT]):
        at = NOW + timedelta(seconds=seconds)
        stands = do(ledger, lambda conn, o=outcome, at=at: receivers.note(conn, "channel", "a", o, at))  # type: ignore[misc] # bound now
        failing = stands.failing_since and (stands.failing_since - NOW).seconds
        told.append((stands.reason, (stands.since - NOW).seconds, failing))
    assert told == [
        ("sent", 0, None), ("sent", 0, None), ("timeout", 2, 2), ("timeout", 2, 2), ("cut", 4, 2), ("sent", 5, None),
    ]  # fmt: skip
    assert look(ledger, lambda conn: receivers.failing(conn, "channel")) == {}


def test_dead_letters_of_both_sorts(ledger: Ledger) -> None:
    """Listed together, the latest first, page by page; sent again once; counted."""

    def story(conn: Connection) -> None:
        webhooks.add(conn, id="h", url="u", secret="s", types=[], sight=ALL, who="a", now=NOW)
        for number in range(3):
            events.append(conn, "device.changed", NOW, {"id": str(number)}, Visibility())
        for seq in (1, 2):
            outbox.dropped(conn, "h", seq, reason="rejected (422)", now=NOW + timedelta(seconds=seq))

    do(ledger, story)
    add(ledger, "n1", "a")
    do(ledger, lambda conn: deliveries.dead_all(conn, "a", "removed", NOW + timedelta(seconds=9)))
    found, cursor = [], None
    while True:
        page = look(ledger, lambda conn, at=cursor: dead_letters.page(conn, ALL, limit=1, cursor=at))  # type: ignore[misc] # bound now
        found += [each["id"] for each in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert found == ["n1.a", "2.h", "1.h"]
    assert look(ledger, lambda conn: dead_letters.page(conn, Sight())).items == []
    assert look(ledger, receivers.figures) == [
        Figures("webhook", "h", 1, 2, failing=False), Figures("channel", "a", 0, 1, failing=False),
    ]  # fmt: skip
    assert do(ledger, lambda conn: dead_letters.replay(conn, "2.h", NOW)) == 1
    with pytest.raises(NotFound):
        do(ledger, lambda conn: dead_letters.replay(conn, "2.h", NOW))
    with pytest.raises(Conflict, match="no channel"):
        do(ledger, lambda conn: dead_letters.replay(conn, "n1.a", NOW))
    waiting = look(ledger, lambda conn: outbox.pending_of(conn, "h"))
    assert [(each.seq, each.attempts, each.refusals) for each in waiting] == [(2, 0, 0), (3, 0, 0)]


def test_off_and_on_again(ledger: Ledger) -> None:
    """What a hook missed while it was off is sent, or is a dead letter; nothing is left out."""

    def happen(conn: Connection) -> None:
        events.append(conn, "device.changed", NOW, {"id": "d"}, Visibility())

    def begin(conn: Connection) -> None:
        webhooks.add(conn, id="h", url="u", secret="s", types=[], sight=ALL, who="a", now=NOW)
        happen(conn)
        webhooks.set_state(conn, "h", "off", "gone (410)")
        outbox.drop_all(conn, "h", reason="gone (410)", now=NOW)
        for _ in range(3):
            happen(conn)

    do(ledger, begin)
    assert do(ledger, lambda conn: dead_letters.replay_from(conn, "h", 3, NOW)) == 2
    assert [each.seq for each in look(ledger, lambda conn: outbox.pending_of(conn, "h"))] == [3, 4]
    assert look(ledger, lambda conn: outbox.count(conn, "dropped")) == 2
    assert do(ledger, lambda conn: dead_letters.replay_dead(conn, "h", NOW)) == 4
