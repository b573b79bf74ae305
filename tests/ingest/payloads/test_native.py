"""native: the hub's own convention (design: "MQTT"; domain.md §7, last row)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ingest.errors import MalformedPayload
from ingest.payload import Status

if TYPE_CHECKING:
    from tests.ingest.payloads.conftest import Say

TOPIC = "hub/v1/school-1/fridge/telemetry"


def test_the_documented_example(say: Say) -> None:
    """`{"ts", "values"}` with an offset: the time is the device's, in UTC."""
    [found] = say(
        "native", TOPIC, '{"ts":"2026-11-22T08:00:00+08:00","values":{"temperature":4.2}}'
    ).observations
    assert (found.name, found.field, found.value) == ("school-1/fridge", "temperature", 4.2)
    assert found.at == datetime(2026, 11, 22, 0, 0, tzinfo=UTC)


def test_flat(say: Say) -> None:
    """A flat object has no time unless it carries `ts`."""
    decoded = say("native", TOPIC, {"temperature": 4.2, "door": False})
    assert say.values(decoded) == {"temperature": 4.2, "door": False}
    assert {each.at for each in decoded.observations} == {None}
    [timed] = say("native", TOPIC, {"ts": 1_795_334_400_000, "temperature": 4.2}).observations
    assert timed.at == datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def test_an_array_fills_back(say: Say) -> None:
    """What was measured while the link was down comes as an array, each with its time and identifier."""
    decoded = say(
        "native", TOPIC, [{"ts": 1_795_334_400 + n, "id": n, "values": {"gas": n}} for n in range(3)]
    )
    assert [each.value for each in decoded.observations] == [0, 1, 2]
    assert [each.message_id for each in decoded.observations] == ["0", "1", "2"]
    first, second, _ = (each.at for each in decoded.observations)
    assert first is not None
    assert second is not None
    assert second - first == timedelta(seconds=1)


@pytest.mark.parametrize(
    ("ts", "reason"),
    [
        ("2026-11-22T16:00:00", "without a zone: the county's"),
        ("2026-11-22T08:00:00Z", "UTC"),
        ("2026-11-22 08:00:00.000+00:00", "a space for the T"),
        (1_795_334_400_000, "milliseconds"),
        (1_795_334_400, "seconds"),
        ("1795334400000", "milliseconds as text"),
        (1_795_334_400.0, "a float of seconds"),
    ],
)
def test_ways_to_write_a_time(say: Say, ts: object, reason: str) -> None:
    """All of these are 08:00 UTC."""
    [found] = say("native", TOPIC, {"ts": ts, "values": {"temperature": 1}}).observations
    assert found.at == datetime(2026, 11, 22, 8, 0, tzinfo=UTC), reason


@pytest.mark.parametrize(
    "ts", ["yesterday", "", True, {}, [], "1e400", "99999-01-01", 1e300, "0001-01-01T00:00:00+14:00"]
)
def test_what_is_no_time_is_refused(say: Say, ts: object) -> None:
    """A time that cannot be read is an error, never "now"."""
    with pytest.raises(MalformedPayload) as wrong:
        say("native", TOPIC, {"ts": ts, "values": {"temperature": 1}})
    assert wrong.value.reason == "bad-time"
    assert TOPIC in str(wrong.value)


@pytest.mark.parametrize(("payload", "online"), [("online", True), ("offline", False), (" Online\n", True)])
def test_status(say: Say, payload: str, online: bool) -> None:
    """`…/status` is the device's last will and its return."""
    topic = "hub/v1/school-1/fridge/status"
    assert say("native", topic, payload).statuses == (Status("school-1/fridge", online),)


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("hub/v1/school-1/fridge/status", "asleep", "wrong-status"),
        (TOPIC, "", "not-json"),
        (TOPIC, "4.2", "wrong-shape"),
        (TOPIC, "null", "wrong-shape"),
        (TOPIC, '{"ts":1,"values":[1]}', "wrong-shape"),
        (TOPIC, '{"temperature":NaN}', "not-finite"),
        (TOPIC, '{"temperature":Infinity}', "not-finite"),
        (TOPIC, '{"temperature":1e999}', "not-finite"),
        (TOPIC, '{"temperature":1,"temperature":90}', "duplicate-key"),
        (TOPIC, b"\xff\xfe", "not-utf8"),
        (TOPIC, b"\x00", "not-json"),
        (TOPIC, '{"a\\u0000b":1}', "bad-name"),
        (TOPIC, '{"\\ud800":1}', "bad-name"),
        ("hub/v1/a\x01/b/telemetry", '{"temperature":1}', "bad-name"),
    ],
)
def test_wrong_payloads_name_their_reason(say: Say, topic: str, payload: str | bytes, reason: str) -> None:
    """The reason is the metric's label."""
    with pytest.raises(MalformedPayload) as wrong:
        say("native", topic, payload)
    assert wrong.value.reason == reason
