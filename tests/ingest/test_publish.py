"""A PUBLISH packet without properties is read as MQTT 5 writes it; any other is left to paho."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.mqtt.publish import plain


def _written(topic: bytes, payload: bytes, *, qos: int = 1, mid: int = 7, properties: bytes = b"\0") -> bytes:
    """What follows the length of the packet (MQTT 5, 3.3.2)."""
    identifier = mid.to_bytes(2, "big") if qos else b""
    return len(topic).to_bytes(2, "big") + topic + identifier + properties + payload


@given(
    topic=st.text(min_size=1, max_size=40),
    payload=st.binary(max_size=300),
    qos=st.sampled_from([0, 1]),
    mid=st.integers(1, 65_535),
    duplicate=st.booleans(),
    retain=st.booleans(),
)
def test_what_was_written_is_read(
    topic: str, payload: bytes, qos: int, mid: int, duplicate: bool, retain: bool
) -> None:
    """Every field of a message comes back, whatever its payload looks like."""
    command = 0x30 | qos << 1 | duplicate << 3 | retain
    message = plain(command, _written(topic.encode("utf-8", "replace"), payload, qos=qos, mid=mid))
    assert message is not None
    assert message.topic == topic.encode("utf-8", "replace").decode()
    assert (message.payload, message.qos, message.dup, message.retain) == (payload, qos, duplicate, retain)
    assert message.mid == (mid if qos else 0)
    assert message.properties is None


@pytest.mark.parametrize(
    ("command", "packet", "why"),
    [
        (0x32, _written(b"t", b"x", properties=b"\x02\x01\x01"), "it says that the payload is text"),
        (0x34, _written(b"t", b"x", qos=1), "QoS 2 has a hand-shake of its own"),
        (0x32, b"", "nothing came"),
        (0x40, _written(b"t", b"x"), "it is no message but an acknowledgement"),
        (0x32, b"\x00\x05ab", "it ends within the topic"),
        (0x32, b"\x00\x01t\x00", "it ends within the packet identifier"),
        (0x32, b"\x00\x01t\x00\x01", "MQTT 5 always writes how long the properties are"),
    ],
)
def test_what_it_does_not_read(command: int, packet: bytes, why: str) -> None:
    """Paho reads it, or says what is wrong with it."""
    assert plain(command, packet) is None, why
