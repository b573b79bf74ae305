"""What the broker is asked for, packet by packet: in step with what is wanted, whoever is faster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from ingest.mqtt.asked import FILTERS_AT_ONCE, Asked
from ingest.mqtt.mishaps import Mishaps
from ingest.mqtt.subscriptions import Wish

if TYPE_CHECKING:
    from ingest.mqtt.wire import EnduringPaho

GRANTED = ReasonCode(PacketTypes.SUBACK, "Granted QoS 1")
REFUSED = ReasonCode(PacketTypes.SUBACK, "Not authorized")


class Wire:
    """Stands in for the network: a thread that is overtaken by the broker's answer cannot be had from a real one."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.taken_back: list[str] = []
        self.at_once: Callable[[int], None] = lambda _packet: None

    def subscribe(self, wishes: Sequence[tuple[str, object]]) -> tuple[int, int]:
        """Packets are numbered from 1."""
        self.asked.append([name for name, _ in wishes])
        self.at_once(len(self.asked))
        return 0, len(self.asked)

    def unsubscribe(self, names: Sequence[str]) -> None:
        """Kept."""
        self.taken_back += names


def made(wanted: dict[str, Wish]) -> tuple[Asked, Wire, Mishaps]:
    """One client's subscriptions, nothing asked yet."""
    wire, mishaps = Wire(), Mishaps("test")
    return Asked(cast("EnduringPaho", wire), lambda: dict(wanted), mishaps), wire, mishaps


def test_nothing_is_asked_without_a_connection() -> None:
    """With one everything is, in packets of a bounded size; the last answer opens it."""
    wanted = {f"t/{n}": Wish(1, "new") for n in range(FILTERS_AT_ONCE + 1)}
    asked, wire, _ = made(wanted)
    assert asked.ask() == set()
    assert not wire.asked
    assert not asked.begin()
    assert [len(each) for each in wire.asked] == [FILTERS_AT_ONCE, 1]
    assert not asked.answered
    assert not asked.answer(2, [GRANTED])
    assert asked.answer(1, [GRANTED] * FILTERS_AT_ONCE)
    assert asked.answered


def test_only_what_changed_is_asked() -> None:
    """What is wanted no longer is taken back; what is refused is known until nobody wants it."""
    wanted = {"a": Wish(1, "new")}
    asked, wire, mishaps = made(wanted)
    asked.begin()
    asked.answer(1, [GRANTED])
    wanted |= {"b": Wish(1, "new")}
    asked.ask()
    assert not asked.answer(2, [REFUSED]), "the connection was open before"
    assert (wire.asked, asked.refused) == ([["a"], ["b"]], ("b",))
    assert "subscription to b refused" in mishaps.last
    del wanted["b"]
    asked.forget(["b"])
    asked.ask()
    assert (wire.taken_back, asked.refused) == (["b"], ())


def test_an_answer_that_is_faster_than_the_asker() -> None:
    """It counts when the asker comes to it."""
    wanted: dict[str, Wish] = {}
    asked, wire, _ = made(wanted)
    asked.begin()
    wanted |= {"a": Wish(1, "new"), "b": Wish(1, "new")}

    def answer(packet: int) -> None:
        assert not asked.answer(packet, [GRANTED, REFUSED])

    wire.at_once = answer
    asked.ask()
    assert asked.answered
    assert asked.refused == ("b",)


def test_a_new_connection_is_asked_for_everything() -> None:
    """What the one before was asked is never answered, and nobody waits for it."""
    asked, wire, _ = made({"a": Wish(1, "new")})
    asked.begin()
    asked.end()
    assert not asked.answered
    asked.begin()
    assert wire.asked == [["a"], ["a"]]
    assert asked.answer(2, [GRANTED])
    assert asked.answered


def test_who_wants_nothing_waits_for_nothing() -> None:
    """The connection is open at once."""
    asked, wire, _ = made({})
    assert asked.begin()
    assert not wire.asked
