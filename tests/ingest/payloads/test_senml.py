"""senml (RFC 8428, section 5.1: the examples are the RFC's)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ingest.errors import MalformedPayload
from ingest.interpret import interpret

if TYPE_CHECKING:
    from ingest.payload import Decoded
    from tests.ingest.payloads.conftest import Say


def pack(say: Say, body: object) -> Decoded:
    return say("senml", "any/topic", body, filtered=False)


def test_single_data_point(say: Say) -> None:
    """§5.1.1: the unit says that it is a temperature."""
    decoded = pack(say, [{"n": "urn:dev:ow:10e2073a01080063", "u": "Cel", "v": 23.1}])
    [reading] = interpret(decoded.observations, "x", received_at=say.now).readings
    assert (reading.quantity, reading.value, reading.unit) == ("temperature", 23.1, "°C")
    assert decoded.observations[0].name == "urn:dev:ow:10e2073a01080063"


def test_multiple_data_points(say: Say) -> None:
    """§5.1.2: base name, base time, base unit; times relative to the base time."""
    decoded = pack(
        say,
        [
            {"bn": "urn:dev:ow:10e2073a0108006:", "bt": 1.276020076001e09, "bu": "A", "bver": 5,
             "n": "voltage", "u": "V", "v": 120.1},
            {"n": "current", "t": -5, "v": 1.2},
            {"n": "current", "t": -4, "v": 1.3},
        ],
    )  # fmt: skip
    assert [(each.field, each.value, each.unit) for each in decoded.observations] == [
        ("voltage", 120.1, "V"),
        ("current", 1.2, "A"),
        ("current", 1.3, "A"),
    ]
    assert {each.name for each in decoded.observations} == {"urn:dev:ow:10e2073a0108006"}
    assert decoded.observations[1].at == datetime(2010, 6, 8, 18, 1, 11, 1_000, tzinfo=UTC)


def test_base_fields_hold_until_changed(say: Say) -> None:
    """§5.1.3: humidity over time, with positions between."""
    decoded = pack(
        say,
        [
            {"bn": "urn:dev:ow:10e2073a01080063", "bt": 1.320067464e09, "bu": "%RH", "v": 20},
            {"u": "lon", "v": 24.30621},
            {"u": "lat", "v": 60.07965},
            {"t": 60, "v": 20.3},
        ],
    )
    read = interpret(decoded.observations, "x", received_at=say.now)
    assert [(each.quantity, each.value) for each in read.readings] == [("humidity", 20.0), ("humidity", 20.3)]
    assert read.readings[1].at - read.readings[0].at == timedelta(seconds=60)
    assert read.extras == ("lon", "lat")


def test_small_times_are_relative_to_now(say: Say) -> None:
    """§4.5.3: below 2^28 a time is relative; absent or 0 is now."""
    decoded = pack(
        say, [{"bn": "urn:x:", "n": "temperature", "t": -30, "v": 4}, {"n": "temperature", "v": 5}]
    )
    assert [each.at for each in decoded.observations] == [say.now - timedelta(seconds=30), None]


def test_base_value_and_booleans(say: Say) -> None:
    """§4.1: `bv` is added to `v`; `vb` is true/false; a record without a value is a base only."""
    decoded = pack(
        say, [{"bn": "urn:x:"}, {"bv": 20, "n": "temperature", "v": 1.5}, {"n": "door", "vb": True}]
    )
    assert say.values(decoded) == {"temperature": 21.5, "door": True}


@pytest.mark.parametrize(
    "body",
    [
        {},
        [1],
        [{"bver": 11, "n": "a", "v": 1}],
        [{"n": "a", "v": 1, "must_": 2}],
        [{"n": "a", "v": "1"}],
        [{"v": 1}],
        [{"n": "a", "t": -1e300, "v": 1}],
        [{"n": "a", "t": 1e300, "v": 1}],
        [{"n": 5.5, "v": 1}],
    ],
)
def test_wrong_packs(say: Say, body: object) -> None:
    """A record without a name is a value of nothing; labels with `_` at the end must be understood (§4.4)."""
    with pytest.raises(MalformedPayload):
        pack(say, body)
