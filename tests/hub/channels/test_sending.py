"""Notices to channels: signed, in order, life first, given up in the end; a hanging one delays nobody."""

from __future__ import annotations

import json

import pytest
import standardwebhooks

from alerts.ledger import deliveries
from alerts.retry import NOTICE
from tests.hub.channels.house import SECRET, House, nothing_private
from tests.servers.ports import free_port
from tests.servers.receiver import OK, Receiver, cut, hang, status
from tests.servers.wait import until

pytestmark = pytest.mark.slow


async def test_a_webhook_is_signed_and_its_id_is_stable(house: House) -> None:
    """The lost acknowledgement brings the same webhook-id again; the JSON carries no more than the text."""
    with Receiver(cut, status(503), OK) as receiver:
        house.apply(f'channels: [{{id: platform, kind: webhook, url: "{receiver.url}", secret: {SECRET}}}]')
        async with house.sending():
            key = house.tell("platform")
            await until(lambda: house.figures("platform").pending == 0, "taken")
    assert receiver.ids() == [f"{key}.platform"] * 3
    for each in receiver.got:
        standardwebhooks.Webhook(SECRET).verify(each.body, dict(each.headers))
    body = json.loads(receiver.got[0].body)
    assert set(body) == {"id", "type", "at", "why", "severity", "title", "site", "open", "link"}
    nothing_private(receiver.got[0].body.decode())


async def test_a_hanging_channel_delays_no_other(house: House) -> None:
    """While one hangs and one is not there, the third has all its notices."""
    with Receiver(hang) as bad, Receiver() as good:
        house.apply(f"""channels:
          - {{id: bad, kind: webhook, url: "{bad.url}", secret: {SECRET}}}
          - {{id: none, kind: webhook, url: "http://127.0.0.1:{free_port()}/", secret: {SECRET}}}
          - {{id: good, kind: webhook, url: "{good.url}", secret: {SECRET}}}""")
        async with house.sending():
            for _ in range(10):
                house.tell("bad", "none", "good")
            await until(lambda: len(good.got) == 10, "the good one has them")
            assert len(bad.got) <= 3
            assert house.figures("none").pending == 10


async def test_life_goes_first_and_a_group_keeps_its_order(house: House) -> None:
    """What waits when a channel comes back: life safety first, then the oldest; of one group the earlier first."""
    with Receiver() as receiver:
        a1 = house.tell("w", group="a")
        b1 = house.tell("w", group="b")
        a2 = house.tell("w", group="a", why="resolved", open=0)
        life = house.tell("w", severity="life")
        house.apply(f'channels: [{{id: w, kind: webhook, url: "{receiver.url}", secret: {SECRET}}}]')
        async with house.sending():
            await until(lambda: len(receiver.got) == 4, "all came")
    assert receiver.ids() == [f"{each}.w" for each in (life, a1, b1, a2)]


async def test_over_is_never_told_before_begun(house: House) -> None:
    """The first notice of a group fails once; its end is not told before it."""
    with Receiver(status(500), OK) as receiver:
        house.apply(f'channels: [{{id: w, kind: webhook, url: "{receiver.url}", secret: {SECRET}}}]')
        first = house.tell("w", group="a")
        last = house.tell("w", group="a", why="resolved")
        async with house.sending():
            await until(lambda: house.figures("w").pending == 0, "all came")
    assert receiver.ids() == [f"{first}.w"] * 2 + [f"{last}.w"]


async def test_given_up_after_a_day(house: House) -> None:
    """A notice that nobody took for a day is a dead letter."""
    house.apply(
        f'channels: [{{id: w, kind: webhook, url: "http://127.0.0.1:{free_port()}/", secret: {SECRET}}}]'
    )
    async with house.sending():
        house.tell("w")
        await until(lambda: house.figures("w").failing, "tried")
        house.shift += NOTICE
        await until(lambda: house.figures("w").dead == 1, "given up")


async def test_a_channel_that_was_removed(house: House) -> None:
    """What still waits for it is a dead letter; nothing waits for ever."""
    async with house.sending():
        house.tell("never-there")
        await until(lambda: house.figures("never-there").dead == 1, "set aside")


def test_nothing_waits_in_an_empty_ledger(house: House) -> None:
    """No channel, no notice."""
    with house.ledger.read() as conn:
        assert deliveries.channels(conn) == []
        assert deliveries.next_at(conn, "x") is None
        assert deliveries.next_of(conn, "x", house.now()) is None
