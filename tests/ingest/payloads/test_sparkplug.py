"""sparkplug (Eclipse Sparkplug 3.0: the flow of chapter 5, the payload of 6.4)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ingest.errors import MalformedPayload
from ingest.interpret import interpret
from ingest.payload import NOTHING, Decoded, Described
from ingest.payloads._sparkplug_b_pb2 import Payload

if TYPE_CHECKING:
    from tests.ingest.payloads.conftest import Say

MS = 1_795_334_400_000  # 2026-11-22T08:00:00Z
FLOAT, INT16, INT32, INT64, BOOLEAN, TEXT = 9, 2, 3, 4, 11, 12


def payload(*metrics: Payload.Metric, seq: int | None = 0) -> bytes:
    return bytes(Payload(timestamp=MS, seq=seq, metrics=metrics).SerializeToString())


def born(name: str, alias: int, value: float, unit: str = "") -> Payload.Metric:
    metric = Payload.Metric(name=name, alias=alias, datatype=FLOAT, float_value=value, timestamp=MS - 1000)
    if unit:
        metric.properties.keys.append("engUnit")
        metric.properties.values.add(string_value=unit)
    return metric


BD_SEQ = Payload.Metric(name="bdSeq", datatype=INT64, long_value=3)
NBIRTH = payload(BD_SEQ, Payload.Metric(name="Node Control/Rebirth", datatype=BOOLEAN, boolean_value=False))
DBIRTH = payload(born("Inputs/Temperature", 1, 39.2, "°F"), born("Inputs/Door", 2, 0.0), seq=1)


def hear(say: Say, described: Described, kind: str, body: bytes) -> tuple[Decoded, Described]:
    device = "/fridge" if kind.startswith("D") else ""
    decoded = say("sparkplug", f"spBv1.0/county/{kind}/school-1{device}", body, described=described)
    after = described if decoded.announcement is None else described.after(decoded.announcement)
    return decoded, after


@pytest.fixture
def births(say: Say) -> Described:
    _, described = hear(say, Described(), "NBIRTH", NBIRTH)
    return hear(say, described, "DBIRTH", DBIRTH)[1]


def test_a_birth_carries_the_present_values(say: Say) -> None:
    """Names, units by property, each metric's own time; what controls the node is no value."""
    decoded, _ = hear(say, Described(), "DBIRTH", DBIRTH)
    [reading] = interpret(decoded.observations[:1], "x", received_at=say.now).readings
    assert (reading.quantity, reading.value, reading.unit) == ("temperature", 4.0, "°C")
    assert reading.at == datetime(2026, 11, 22, 7, 59, 59, tzinfo=UTC)
    assert [(each.name, each.online) for each in decoded.statuses] == [("county/school-1/fridge", True)]
    assert hear(say, Described(), "NBIRTH", NBIRTH)[0].observations == ()
    assert decoded.announcement is not None
    assert not decoded.announcement.lasting  # after a restart the node may have been born anew


def test_data_carry_aliases_and_only_what_changed(say: Say, births: Described) -> None:
    """The birth says what alias 1 is, its type and its unit."""
    data = payload(Payload.Metric(alias=1, float_value=41.0), seq=2)
    decoded, _ = hear(say, births, "DDATA", data)
    assert decoded.observations == ()
    assert decoded.numbered is not None
    [found] = decoded.numbered.observations
    assert (found.field, found.value, found.unit) == ("Inputs/Temperature", 41.0, "°F")
    assert found.at == datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def test_an_alias_without_a_birth_says_nothing(say: Say) -> None:
    """Nor does one that the birth does not name; a metric with its name does."""
    data = payload(Payload.Metric(alias=1, float_value=41.0), born("Humidity", 9, 40.0), seq=2)
    decoded, _ = hear(say, Described(), "DDATA", data)
    assert decoded.numbered is not None
    assert decoded.numbered.observations == ()
    assert say.values(decoded) == {"Humidity": 40.0}


def test_a_birth_again_may_change_the_aliases(say: Say, births: Described) -> None:
    """The newest birth counts."""
    _, again = hear(say, births, "DBIRTH", payload(born("Humidity", 1, 40.0), seq=1))
    decoded, _ = hear(say, again, "DDATA", payload(Payload.Metric(alias=1, float_value=41.0), seq=2))
    assert decoded.numbered is not None
    assert [each.field for each in decoded.numbered.observations] == ["Humidity"]


def test_numbers_and_the_request(say: Say, births: Described) -> None:
    """One number for the node and its devices; only the node's birth begins anew; the request is an NCMD."""
    first, _ = hear(say, Described(), "NBIRTH", NBIRTH)
    data, _ = hear(say, births, "DDATA", payload(seq=255))
    for decoded, number, begins in ((first, 0, True), (data, 255, False)):
        assert decoded.numbered is not None
        assert (decoded.numbered.sender, decoded.numbered.number) == ("spBv1.0/county/school-1", number)
        assert decoded.numbered.first is begins
        assert decoded.numbered.ask.topic == "spBv1.0/county/NCMD/school-1"
        [metric] = Payload.FromString(decoded.numbered.ask.payload).metrics
        assert (metric.name, metric.datatype, metric.boolean_value) == ("Node Control/Rebirth", BOOLEAN, True)


def test_deaths(say: Say, births: Described) -> None:
    """A device's; a node's, which is its devices' too; the will of an earlier session is nobody's."""
    decoded, _ = hear(say, births, "DDEATH", payload(seq=2))
    assert [(each.name, each.online) for each in decoded.statuses] == [("county/school-1/fridge", False)]
    decoded, _ = hear(say, births, "NDEATH", payload(BD_SEQ, seq=None))
    assert [(each.name, each.online) for each in decoded.statuses] == [
        ("county/school-1", False),
        ("county/school-1/fridge", False),
    ]
    assert decoded.numbered is not None
    assert decoded.numbered.number is None
    earlier = Payload.Metric(name="bdSeq", datatype=INT64, long_value=2)
    assert hear(say, births, "NDEATH", payload(earlier, seq=None))[0].statuses == ()


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        (Payload.Metric(datatype=INT16, int_value=0xFFEE), -18.0),
        (Payload.Metric(datatype=INT32, int_value=0xFFFFFFEE), -18.0),
        (Payload.Metric(datatype=INT64, long_value=2**64 - 18), -18.0),
        (Payload.Metric(datatype=FLOAT, float_value=4.2), 4.2),
        (Payload.Metric(datatype=10, double_value=4.2), 4.2),
        (Payload.Metric(datatype=BOOLEAN, boolean_value=True), True),
        (Payload.Metric(datatype=TEXT, string_value="4.2"), "4.2"),
        (Payload.Metric(datatype=FLOAT, is_null=True), None),
        (Payload.Metric(datatype=FLOAT), None),
    ],
)
def test_types(say: Say, metric: Payload.Metric, value: object) -> None:
    """6.4.16: signed integers travel in unsigned fields; null is no value."""
    metric.name = "x"
    decoded, _ = hear(say, Described(), "DDATA", payload(metric))
    assert say.values(decoded) == ({} if value is None else {"x": value})


@pytest.mark.parametrize(
    "topic",
    ["spBv1.0/county/NCMD/school-1", "spBv1.0/county/DCMD/school-1/fridge", "spBv1.0/STATE/host/x"],
)
def test_commands_and_hosts_are_passed_over(say: Say, topic: str) -> None:
    """Also our own request."""
    assert say("sparkplug", topic, b"\xff") == NOTHING


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff\xff", "not-protobuf"),
        (payload(seq=None), "wrong-shape"),
        (payload(seq=256), "wrong-shape"),
        (payload(Payload.Metric(name="a\nb", float_value=1.0)), "bad-name"),
        (payload(Payload.Metric(name="x", float_value=float("nan"))), "not-finite"),
        (payload(Payload.Metric(name="x", float_value=1.0, timestamp=2**63)), "bad-time"),
        (bytes(300_000), "too-large"),
    ],
)
def test_wrong_payloads(say: Say, body: bytes, reason: str) -> None:
    """Each with its reason."""
    with pytest.raises(MalformedPayload) as wrong:
        hear(say, Described(), "DDATA", body)
    assert wrong.value.reason == reason
