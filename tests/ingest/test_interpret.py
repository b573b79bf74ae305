"""Interpretation: absurd values and times are refused, late and retained ones are marked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import MalformedPayload
from ingest.interpret import interpret, to_reading
from ingest.payload import Observation, Value
from ingest.quantity import QUANTITIES

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def observed(
    value: Value = 4.2, *, field: str = "temperature", at: datetime | None = None, unit: str | None = None
) -> Observation:
    return Observation("fridge", field, value, unit=unit, at=at, message_id="m1")


@pytest.mark.parametrize(
    ("field", "value", "unit", "quantity", "stored"),
    [
        ("temperature", 4.2, None, "temperature", 4.2),
        ("temperature", "4.2", None, "temperature", 4.2),
        ("temperature_f", 39.56, None, "temperature", 4.2),
        ("temperature_f", 4.2, "°C", "temperature", 4.2),
        ("battery", "100.00", None, "battery", 100.0),
        ("door", True, None, "door", 1.0),
        ("door", "closed", None, "door", 0.0),
        ("door", 1.0, None, "door", 1.0),
        ("door", "OPEN", None, "door", 1.0),
        ("smoke", "0", None, "smoke", 0.0),
        ("water_leak", "wet", None, "water_leak", 1.0),
        ("gas", True, None, "gas_alarm", 1.0),
        ("gas", "alarm", None, "gas_alarm", 1.0),
        ("gas", 1.0, None, "gas", 1.0),
        ("gas", 104.0, None, "gas", 104.0),
        ("gas", -0.5, None, "gas", -0.5),
        ("co", False, None, "co_alarm", 0.0),
        ("noise", 61.0, "dB(A)", "noise", 61.0),
    ],
)
def test_good_values(field: str, value: Value, unit: str | None, quantity: str, stored: float) -> None:
    """A detector above its range is heard; true/false under a number's name is the detector's alarm."""
    reading = to_reading(observed(value, field=field, unit=unit), "d", received_at=NOW)
    assert reading.quantity == quantity
    assert reading.value == pytest.approx(stored)
    assert reading.unit == QUANTITIES[quantity].unit
    assert (reading.at, reading.received_at, reading.quality, reading.message_id) == (NOW, NOW, "good", "m1")


@pytest.mark.parametrize(
    ("field", "value", "unit", "reason", "why"),
    [
        ("temperature", -127.0, None, "absurd-value", "a DS18B20 that is not connected"),
        ("temperature", 4200.0, None, "absurd-value", "milli-degrees"),
        ("temperature", 1e300, "°F", "absurd-value", "far beyond"),
        ("humidity", 4372.0, None, "absurd-value", "hundredths of a percent"),
        ("humidity", 101.0, None, "absurd-value", "more than everything"),
        ("battery", 3045.0, None, "absurd-value", "millivolts"),
        ("battery", -1.0, None, "absurd-value", "less than nothing"),
        ("wind", 900.0, None, "absurd-value", "no wind"),
        ("gas", 5000.0, None, "absurd-value", "ppm without saying so"),
        ("gas", 5000.0, "ppm", "wrong-unit", "which gas?"),
        ("temperature", 4.2, "kPa", "wrong-unit", "a pressure"),
        ("temperature", "warm", None, "wrong-type", "a word"),
        ("temperature", "", None, "wrong-type", "nothing"),
        ("temperature", "1_0", None, "wrong-type", "a number to Python alone"),
        ("temperature", "NaN", None, "not-finite", "a text of NaN"),
        ("temperature", "-inf", None, "not-finite", "a text of infinity"),
        ("temperature", "1e999", None, "not-finite", "a text that overflows"),
        ("door", "ajar", None, "wrong-type", "neither"),
        ("door", 2.0, None, "wrong-type", "neither"),
        ("linkquality", 99.0, None, "unknown-quantity", "radio"),
        ("power", "on", None, "unknown-quantity", "a switch, not watts"),
        ("battery", False, None, "unknown-quantity", "a low-battery flag, not a level"),
    ],
)
def test_absurd_values_are_refused(field: str, value: Value, unit: str | None, reason: str, why: str) -> None:
    """Nothing is stored wrong; the reason is the metric's label."""
    with pytest.raises(MalformedPayload) as wrong:
        to_reading(observed(value, field=field, unit=unit), "d", received_at=NOW)
    assert wrong.value.reason == reason, why


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), "a clock that was never set"),
        (datetime(2000, 1, 1, tzinfo=UTC), "a clock that was reset"),
        (datetime(2106, 2, 7, tzinfo=UTC), "32 bits ran over"),
        (NOW + timedelta(hours=24, seconds=1), "more than a day ahead"),
    ],
)
def test_absurd_times_are_refused(at: datetime, why: str) -> None:
    """Such a value has no known time: it is kept with the rejected payloads, not stored under a made-up one."""
    with pytest.raises(MalformedPayload) as wrong:
        to_reading(observed(at=at), "d", received_at=NOW)
    assert wrong.value.reason == "absurd-time", why


@pytest.mark.parametrize(
    ("at", "newest", "retained", "stored", "quality", "why"),
    [
        (None, None, False, NOW, "good", "no time of its own: the arrival"),
        (NOW - MINUTE, None, False, NOW - MINUTE, "good", "a minute under way"),
        (NOW - MINUTE, NOW - 2 * MINUTE, False, NOW - MINUTE, "good", "newer than what is known"),
        (NOW - MINUTE, NOW - MINUTE, False, NOW - MINUTE, "good", "the same moment: the same value again"),
        (NOW - 2 * MINUTE, NOW - MINUTE, False, NOW - 2 * MINUTE, "backfilled", "overtaken by a newer one"),
        (NOW - 11 * MINUTE, None, False, NOW - 11 * MINUTE, "backfilled", "history, though new to us"),
        (
            NOW - 11 * MINUTE,
            NOW - 60 * MINUTE,
            False,
            NOW - 11 * MINUTE,
            "backfilled",
            "the first after an outage",
        ),
        (NOW + MINUTE, None, False, NOW + MINUTE, "good", "a clock may be a little ahead"),
        (
            NOW + 8 * 60 * MINUTE,
            None,
            False,
            NOW,
            "uncertain",
            "local time sold as UTC: true at arrival at latest",
        ),
        (NOW - MINUTE, None, True, NOW - MINUTE, "retained", "the broker's copy keeps the device's time"),
        (None, None, True, NOW, "retained", "the broker's copy of unknown age"),
        (NOW - 600 * MINUTE, None, True, NOW - 600 * MINUTE, "retained", "old and retained"),
    ],
)
def test_quality(
    at: datetime | None, newest: datetime | None, retained: bool, stored: datetime, quality: str, why: str
) -> None:
    """Only `good` readings may raise anything fresh."""
    reading = to_reading(observed(at=at), "d", received_at=NOW, retained=retained, newest=newest)
    assert (reading.at, reading.quality) == (stored, quality), why


def test_a_value_under_its_arrival_keeps_the_message_apart() -> None:
    """Beside one whose own time is that very moment: both stay."""
    ahead = Observation("x", "temperature", 4, at=NOW + 480 * MINUTE)
    exact = Observation("x", "temperature", 5, at=NOW)
    found = [to_reading(each, "d", received_at=NOW, message_id="p1.abc") for each in (ahead, exact)]
    assert [(each.at, each.message_id) for each in found] == [(NOW, "p1.abc"), (NOW, "")]


def test_interpret_knows_the_newest_per_quantity() -> None:
    """An old temperature does not make a fresh humidity late."""
    observations = [
        Observation("x", "temperature", 4, at=NOW - 2 * MINUTE),
        Observation("x", "humidity", 40, at=NOW - 2 * MINUTE),
    ]
    read = interpret(observations, "d", received_at=NOW, newest={"temperature": NOW - MINUTE})
    assert {each.quantity: each.quality for each in read.readings} == {
        "temperature": "backfilled",
        "humidity": "good",
    }


def test_one_bad_value_does_not_spoil_the_others() -> None:
    """It is refused by name; the rest of the message stands, and what means nothing is listed."""
    observations = [observed(4.2), observed(5000.0, field="humidity"), observed(9.0, field="linkquality")]
    read = interpret(observations, "d", received_at=NOW)
    assert [each.quantity for each in read.readings] == ["temperature"]
    assert [wrong.reason for wrong in read.refused] == ["absurd-value"]
    assert read.extras == ("linkquality",)


def test_equal_doubles_are_one_and_unequal_ones_none() -> None:
    """`temp` and `temperature` may both be there."""
    same = [observed(4.2), observed(4.2, field="temp")]
    assert len(interpret(same, "d", received_at=NOW).readings) == 1
    read = interpret([*same, observed(90.0, field="DS18B20.Temperature")], "d", received_at=NOW)
    assert read.readings == ()
    assert [wrong.reason for wrong in read.refused] == ["ambiguous-quantity"]


def test_the_packets_key_only_stands_in_for_time_and_identifier() -> None:
    """A message that carries its own time is unique by it."""
    bare = Observation("x", "temperature", 4.2)
    assert to_reading(bare, "d", received_at=NOW, message_id="p7.1").message_id == "p7.1"
    timed = Observation("x", "temperature", 4.2, at=NOW)
    assert to_reading(timed, "d", received_at=NOW, message_id="p7.1").message_id == ""


@given(
    st.text(max_size=30) | st.sampled_from(["temperature", "gas", "door", "battery", "temperature_f"]),
    st.floats() | st.booleans() | st.text(max_size=30),
    st.none() | st.text(max_size=10),
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.booleans(),
)
def test_anything_is_a_plausible_reading_or_refused(
    field: str, value: Value, unit: str | None, at: datetime | None, retained: bool
) -> None:
    """Whatever a decoder might say: in range, in its unit, at a believable time, or MalformedPayload."""
    read = interpret([Observation("x", field, value, unit, at)], "d", received_at=NOW, retained=retained)
    assert len(read.readings) + len(read.refused) + len(read.extras) == 1
    for reading in read.readings:
        quantity = QUANTITIES[reading.quantity]
        assert quantity.low <= reading.value <= quantity.high
        assert reading.unit == quantity.unit
        assert datetime(2010, 1, 1, tzinfo=UTC) <= reading.at <= NOW + timedelta(minutes=2)
