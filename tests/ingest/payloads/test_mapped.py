"""Devices that follow no convention: the registry's mapping reads them, and nothing is stored wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from config.load import load
from hub.serve.sensors import bindings_of
from ingest.decode import decode
from ingest.errors import InvalidRegistry, MalformedPayload
from ingest.interpret import interpret
from ingest.mqtt.message import Message
from ingest.payload import Decoded, Described
from ingest.quantity import QUANTITIES, quantity_of

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HEAD = """
areas: [{id: county, level: county, name: 县}]
sites: [{id: s1, area: county, kind: village, name: 点}]
devices:
"""
DEVICE = "  - {id: d1, site: s1, kind: sensor, payload: mapped, topic: factory/+/data, mapping: %s}\n"
OTHER = "  - {id: d2, site: s1, kind: sensor, payload: mapped, topic: factory/1/data, mapping: %s}\n"


def said(mapping: str, body: object, *, other: str = "") -> Decoded:
    """What a message on factory/1/data says by this mapping."""
    registry = load(HEAD + DEVICE % mapping + (OTHER % other if other else ""), "test")
    bindings = bindings_of(registry)
    assert bindings.conventions("factory/1/data") == ("mapped",)
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    message = Message("factory/1/data", payload, 1, retain=False, received_at=NOW)
    found = decode(
        "mapped", message, zone=ZoneInfo("Asia/Shanghai"), described=Described(mapped=bindings.mapped)
    )
    for each in found.observations:
        assert bindings.resolve("mapped", "factory/1/data", each.name) == each.name
    return found


def read(mapping: str, body: object) -> list[tuple[str, float, datetime]]:
    """The readings of d1."""
    found = interpret(said(mapping, body).observations, "d1", received_at=NOW)
    assert not found.refused
    return [(each.quantity, each.value, each.at) for each in found.readings]


@pytest.mark.parametrize(
    ("mapping", "body", "readings", "why"),
    [
        ("{values: {temperature: t}}", {"t": 4.2}, [("temperature", 4.2, NOW)], "the shortest"),
        ("{values: {temperature: t}}", {"t": "4.2"}, [("temperature", 4.2, NOW)], "numbers as texts"),
        ("{values: {door: \"r == 'OPEN'\"}}", {"r": "OPEN"}, [("door", 1.0, NOW)], "a comparison is true/false"),
        ("{values: {door: r}}", {"r": "closed"}, [("door", 0.0, NOW)], "a word that means it"),
        (
            "{values: {water_level: {value: raw, scale: 0.5, offset: 10, unit: cm}}}",
            {"raw": 100},
            [("water_level", 0.6, NOW)],
            "scaled in the device's unit, then converted",
        ),
        (
            "{values: {temperature: {value: v, unit_from: u}}}",
            {"v": 39.56, "u": "°F"},
            [("temperature", 4.2, NOW)],
            "the message says its unit",
        ),
        (
            "{time: ts, values: {temperature: t}}",
            {"t": 4.2, "ts": 1795334100000},
            [("temperature", 4.2, datetime(2026, 11, 22, 7, 55, tzinfo=UTC))],
            "Unix milliseconds",
        ),
        (
            '{time: ts, time_format: "%Y/%m/%d %H:%M:%S", values: {temperature: t}}',
            {"t": 4.2, "ts": "2026/11/22 15:55:00"},
            [("temperature", 4.2, datetime(2026, 11, 22, 7, 55, tzinfo=UTC))],
            "its own way, in the zone of the area",
        ),
        (
            "{each: data, time: ts, values: {temperature: t}}",
            {"data": [{"t": 4.2, "ts": "2026-11-22T07:58:00Z"}, {"t": 4.3, "ts": "2026-11-22T07:59:00Z"}]},
            [
                ("temperature", 4.2, datetime(2026, 11, 22, 7, 58, tzinfo=UTC)),
                ("temperature", 4.3, datetime(2026, 11, 22, 7, 59, tzinfo=UTC)),
            ],
            "several entries",
        ),
        ("{when: \"sn == 'B'\", values: {temperature: t}}", {"sn": "A", "t": 4.2}, [], "another device's"),
        ("{format: text, values: {temperature: to_number(@)}}", b" 4.2\n", [("temperature", 4.2, NOW)], "text"),
        ("{values: {temperature: a, humidity: b}}", {"b": 61}, [("humidity", 61.0, NOW)], "one is left out"),
    ],
)  # fmt: skip
def test_reads(mapping: str, body: object, readings: list[tuple[str, float, datetime]], why: str) -> None:
    """Each quantity where its expression says, in the stored unit, under its own time."""
    assert read(mapping, body) == readings, why


@pytest.mark.parametrize(
    ("mapping", "body", "reason", "why"),
    [
        ("{values: {temperature: t}}", {"x": 4.2}, "nothing-found", "no expression finds anything"),
        ("{values: {temperature: t}}", {"t": {"v": 4}}, "wrong-type", "an object"),
        ("{values: {temperature: t}}", {"t": True}, "wrong-type", "true is no temperature"),
        ("{values: {temperature: {value: t, scale: 2}}}", {"t": "warm"}, "wrong-type", "a word, scaled"),
        ("{values: {temperature: to_number(t)}}", {"t": "nan"}, "not-finite", "a text of NaN"),
        ("{time: ts, values: {temperature: t}}", {"t": 4}, "bad-time", "the time is missing"),
        ("{time: ts, values: {temperature: t}}", {"t": 4, "ts": "soon"}, "bad-time", "no time"),
        ("{each: data, values: {temperature: t}}", {"t": 4}, "nothing-found", "no entries"),
        ("{values: {temperature: t}}", b"4.2.1", "not-json", "no JSON"),
        ("{values: {temperature: abs(t)}}", {"t": "x"}, "wrong-type", "a function that cannot take it"),
    ],
)
def test_refuses(mapping: str, body: object, reason: str, why: str) -> None:
    """With a reason, never with a value that nobody sent."""
    with pytest.raises(MalformedPayload) as wrong:
        said(mapping, body)
    assert wrong.value.reason == reason, why


def test_one_failure_is_not_the_others() -> None:
    """Two devices on one topic: what one mapping cannot read, the other still does, and the failure is told."""
    found = said("{values: {temperature: abs(t)}}", {"t": "x", "h": 61}, other="{values: {humidity: h}}")
    assert [(each.name, each.field, each.value) for each in found.observations] == [("d2", "humidity", 61.0)]
    assert [each.reason for each in found.refused] == ["wrong-type"]


@pytest.mark.parametrize(
    ("mapping", "said_of_it"),
    [
        ("{values: {temprature: t}}", "test:5: devices[0].mapping.values.temprature: 'temprature' is no quantity"),
        ("{values: {temperature: t-1}}", "test:5: devices[0].mapping.values.temperature"),
        ("{values: {temperature: {value: t, unit: kPa}}}", "'kPa' cannot be read as °C"),
        ("{values: {door: {value: t, scale: 2}}}", "door is true or false"),
        ("{values: {}}", "too few entries"),
        ('{values: {temperature: t}, time_format: "%Y"}', "does not name a moment"),
        ("{values: {temperature: t}, whenn: x}", "unknown key whenn; did you mean when?"),
        ('{values: {temperature: {value: "f(t)"}}}', "there is no function f()"),
    ],
)  # fmt: skip
def test_mistakes_of_a_mapping_are_told_with_their_line(mapping: str, said_of_it: str) -> None:
    """At apply, not when the first message comes."""
    with pytest.raises(InvalidRegistry) as wrong:
        load(HEAD + DEVICE % mapping, "test")
    assert len(wrong.value.mistakes) == 1, wrong.value.mistakes
    assert said_of_it in str(wrong.value.mistakes[0])
    assert "test:5" in str(wrong.value.mistakes[0])


@pytest.mark.parametrize(
    ("device", "what"),
    [
        ("{id: d1, site: s1, kind: sensor, payload: mapped, topic: a}", "needs its topic and its mapping"),
        (
            "{id: d1, site: s1, kind: sensor, payload: tasmota, topic: a, mapping: {values: {temperature: t}}}",
            "read by its convention",
        ),
    ],
)
def test_a_mapping_belongs_to_mapped_devices(device: str, what: str) -> None:
    """Both or neither."""
    with pytest.raises(InvalidRegistry) as wrong:
        load(f"{HEAD}  - {device}\n", "test")
    assert what in str(wrong.value.mistakes[0])


def test_every_quantity_can_be_mapped() -> None:
    """The quantity's own word means the quantity at the edge too."""
    for word in QUANTITIES:
        found = quantity_of(word)
        assert found is not None
        assert found[0].word == word
