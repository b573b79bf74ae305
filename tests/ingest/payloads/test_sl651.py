"""sl651 (SL 651-2014; frames and elements of public test suites of the standard, named at each)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ingest.errors import MalformedPayload
from ingest.interpret import interpret
from ingest.payload import Decoded, Status
from ingest.payloads.sl651 import checksum

if TYPE_CHECKING:
    from tests.ingest.payloads.conftest import Say

STATION = (
    "7E7E010040803540000037002B02FCA7170206163612F1F1004080354050F0F01702061636"
    "201900000026190131433923009980993812118203BAFE"
)
"""A report (37H) as the TcpTest of SuperNAT sends it."""
FUTURE = (
    "7E7E010012345678123430002B020003591011154947F1F1001234567848F0F05910111549"
    "20190000052619000005392300000127381211150320FA"
)
"""The standard's test report, whose clock stands in 2059."""


def framed(elements: str, *, function: str = "32", sent: str = "261122160000") -> bytes:
    body = bytes.fromhex("0001" + sent + elements)
    head = bytes.fromhex("7E7E010012345678123400"[:20] + function) + len(body).to_bytes(2) + b"\x02"
    frame = head + body + b"\x03"
    return frame + checksum(frame).to_bytes(2)


def sent(say: Say, body: bytes | str) -> Decoded:
    return say("sl651", "dtu/river-1", body, filtered=False)


def test_a_stations_report(say: Say) -> None:
    """Rain, rain in all, level and voltage; the observation's time, in the area's zone."""
    decoded = sent(say, bytes.fromhex(STATION))
    assert say.values(decoded) == {
        "rain": 0.0,
        "rain_total": 1314.3,
        "water_level": 998.099,
        "voltage": 11.82,
    }
    assert {each.at for each in decoded.observations} == {datetime(2017, 2, 6, 8, 36, tzinfo=UTC)}
    [status] = decoded.statuses
    assert (status.name, status.online) == ("0040803540", True)
    read = interpret(decoded.observations, "x", received_at=say.now)
    assert {each.quantity: each.value for each in read.readings} == {"rain": 0.0, "water_level": 998.099}
    assert not read.refused


def test_written_out_in_digits(say: Say) -> None:
    """Gateways that publish text send the same frame in hexadecimal."""
    assert sent(say, STATION) == sent(say, bytes.fromhex(STATION))
    assert sent(say, STATION.lower()) == sent(say, STATION)


def test_a_clock_that_was_never_set(say: Say) -> None:
    """The values are read, and refused for their time: they are not stored under a made-up one."""
    read = interpret(sent(say, FUTURE).observations, "x", received_at=say.now)
    assert read.readings == ()
    assert {each.reason for each in read.refused} == {"absurd-time"}


@pytest.mark.parametrize(
    ("element", "value", "reason"),
    [
        ("392300011110", 11.11, "6.6: N(7,3), gtest decodeNumberElement's digits"),
        ("3923FFFFFFFF", None, "all F: missing"),
        ("3923AAAAAAAA", None, "all A: out of order"),
        ("3923FF001250", -1.25, "a leading FF is a minus"),
    ],
)
def test_packed_decimals(say: Say, element: str, value: float | None, reason: str) -> None:
    """Appendix C."""
    found = [each.value for each in sent(say, framed("F0F02611221555" + element)).observations]
    assert found == ([] if value is None else [value]), reason


def test_a_report_of_equal_steps(say: Say) -> None:
    """31H: step and identifier once, then seven values (gtest decodeTimeStepCodeElement), two of them missing."""
    values = "00000122 00000122 00000285 FFFFFFFF 00010490 00010490 FFFFFFFF".replace(" ", "")
    decoded = sent(say, framed("F0F026112215000418000005" + "3923" + values, function="31"))
    began = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
    assert [(each.value, (each.at or began) - began) for each in decoded.observations] == [
        (0.122, timedelta()),
        (0.122, timedelta(minutes=5)),
        (0.285, timedelta(minutes=10)),
        (10.49, timedelta(minutes=20)),
        (10.49, timedelta(minutes=25)),
    ]


def test_what_is_not_understood_is_passed_over(say: Say) -> None:
    """Bits of state (45H), rows of rain and level, a station's own element: the level behind them is read."""
    rows = "F460" + "00" * 12 + "F5C0" + "FF" * 24
    decoded = sent(say, framed("452000000000" + rows + "FF01120123" + "392300001250"))
    assert say.values(decoded) == {"water_level": 1.25}


def test_a_sign_of_life(say: Say) -> None:
    """2FH carries nothing but its number and its time."""
    decoded = sent(say, framed("", function="2F"))
    assert decoded.observations == ()
    assert decoded.statuses == (
        Status("0012345678", online=True, at=datetime(2026, 11, 22, 8, 0, tzinfo=UTC)),
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "wrong-shape"),
        (b"\x01", "wrong-shape"),
        (b"7E7E0Z", "wrong-shape"),
        (bytes.fromhex(STATION)[:10], "truncated"),
        (bytes.fromhex(STATION)[:-4], "truncated"),
        (bytes.fromhex(STATION) + b"\x00", "wrong-length"),
        (bytes.fromhex(STATION.replace("998099", "998199")), "wrong-checksum"),
        (bytes.fromhex(STATION.replace("37002B", "37802B")), "unsupported"),
        (framed("39230000125A"), "not-bcd"),
        (framed("3923000012"), "truncated"),
        (framed("39"), "truncated"),
        (framed("F0F026"), "truncated"),
        (framed("", sent="261322160000"), "bad-time"),
        (framed("", sent="2A1122160000"), "not-bcd"),
    ],
)
def test_damaged_frames(say: Say, body: bytes, reason: str) -> None:
    """Nothing of them is used."""
    with pytest.raises(MalformedPayload) as wrong:
        sent(say, body)
    assert wrong.value.reason == reason
