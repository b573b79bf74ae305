"""Subscriptions: nothing is asked for twice, nothing is missed, one handler per message."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.mqtt.message import Ack, Message
from ingest.mqtt.subscriptions import Subscriptions, Wish
from ingest.mqtt.topics import matches


def first(_message: Message, _ack: Ack) -> None:
    """A handler."""


def second(_message: Message, _ack: Ack) -> None:
    """Another one."""


def test_what_another_filter_covers_is_not_asked_for() -> None:
    """A registered device's topic under a convention's filter would be delivered twice."""
    wishes = Subscriptions()
    wishes.add([("zigbee2mqtt/#", 1), ("hub/v1/+/+/telemetry", 1)], first, "new")
    wishes.add(
        [("zigbee2mqtt/a", 1), ("zigbee2mqtt", 1), ("hub/v1/s/+/telemetry", 1), ("z2m/a", 1)], second, "new"
    )
    assert set(wishes.wanted()) == {"zigbee2mqtt/#", "hub/v1/+/+/telemetry", "z2m/a"}
    assert set(wishes.covered()) == {"zigbee2mqtt/a", "zigbee2mqtt", "hub/v1/s/+/telemetry"}
    assert wishes.handler("zigbee2mqtt/a") is first
    assert wishes.handler("z2m/a") is second
    wishes.remove(["zigbee2mqtt/#"])
    assert set(wishes.wanted()) == {"zigbee2mqtt/a", "zigbee2mqtt", "hub/v1/+/+/telemetry", "z2m/a"}
    assert wishes.handler("zigbee2mqtt/a") is second
    assert wishes.handler("zigbee2mqtt/b") is None


def test_a_weaker_wish_covers_nothing() -> None:
    """Neither a lower QoS nor one that leaves kept messages out at a reconnect."""
    wishes = Subscriptions()
    wishes.add([("a/#", 0)], first, "new")
    wishes.add([("a/b", 1)], second, "new")
    wishes.add([("c/#", 1)], first, "new")
    wishes.add([("c/config", 1)], second, "always")
    assert set(wishes.wanted()) == {"a/#", "a/b", "c/#", "c/config"}
    wishes.add([("c/config", 0)], first, "new")
    assert wishes.wanted()["c/config"] == Wish(1, "always")


def test_shared_subscriptions_stand_alone() -> None:
    """The broker gives each message of a share to one of several clients."""
    wishes = Subscriptions()
    wishes.add([("$share/hub/a/#", 1), ("a/b", 1), ("#", 1)], first, "new")
    assert set(wishes.wanted()) == {"$share/hub/a/#", "#"}
    assert wishes.handler("a/x") is first


def test_wildcards_do_not_cover_dollar_topics() -> None:
    """MQTT 5 §4.7.2."""
    wishes = Subscriptions()
    wishes.add(
        [("#", 1), ("+/devices/#", 1), ("$oc/devices/+/sys/properties/+", 1), ("$oc/#", 1)], first, "new"
    )
    assert set(wishes.wanted()) == {"#", "$oc/#"}


LEVELS = st.sampled_from(["a", "b", "", "$s"])
TOPICS = st.lists(LEVELS, min_size=1, max_size=4).map("/".join).filter(bool)
FILTERS = (
    st.lists(st.sampled_from(["a", "b", "", "$s", "+"]), min_size=1, max_size=4)
    .flatmap(lambda levels: st.sampled_from(["/".join(levels), "/".join([*levels[:3], "#"]), "#"]))
    .filter(bool)
)
ENTRIES = st.lists(
    st.tuples(
        st.lists(st.tuples(FILTERS, st.integers(0, 1)), min_size=1, max_size=4),
        st.sampled_from(["new", "always"]),
    ),
    min_size=1,
    max_size=4,
)


@given(ENTRIES, TOPICS)
def test_nothing_is_missed_and_nothing_covered_is_asked_for(
    entries: list[tuple[list[tuple[str, int]], str]], topic: str
) -> None:
    """Against the plain definition, for any filters and topics."""
    wishes = Subscriptions()
    handlers = []
    for filters, retained in entries:

        def handler(_message: Message, _ack: Ack) -> None:
            """One of several."""

        handlers.append(handler)
        wishes.add(filters, handler, "always" if retained == "always" else "new")
    expected = next(
        (
            handler
            for (filters, _), handler in zip(entries, handlers, strict=True)
            if any(matches(name, topic) for name, _ in filters)
        ),
        None,
    )
    assert wishes.handler(topic) is expected
    wanted = wishes.wanted()
    asked_qos = max((wish.qos for name, wish in wanted.items() if matches(name, topic)), default=None)
    wished_qos = max(
        (qos for filters, _ in entries for name, qos in filters if matches(name, topic)), default=None
    )
    assert asked_qos == wished_qos
    assert not set(wanted) & set(wishes.covered())
    for name in wishes.covered():
        if matches(name, topic):
            assert any(matches(other, topic) for other in wanted)
