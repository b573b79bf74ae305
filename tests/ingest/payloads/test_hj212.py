"""hj212 (HJ 212-2017, appendix A for the checksum; frames of public test suites of the standard)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ingest.errors import MalformedPayload
from ingest.interpret import interpret
from ingest.payload import Decoded, Status
from ingest.payloads.hj212 import checksum

if TYPE_CHECKING:
    from tests.ingest.payloads.conftest import Say

COMMAND = (
    "##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;"
    "CP=&&RtdInterval=30&&1C80\r\n"
)
"""HJ 212-2017, appendix A: the standard's own example of the checksum."""
AIR = (
    "##0453QN=20160801085000001;ST=22;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=7;CP=&&"
    "DataTime=20160801084000;a21005-Rtd=1.1,a21005-Flag=N;a21004-Rtd=112,a21004-Flag=N;a21026-Rtd=58,a21026-Flag=N;"
    "LA-td=50.1,LA-Flag=N;a34004-Rtd=207,a34004-Flag=N;a34002-Rtd=295,a34002-Flag=N;a01001-Rtd=12.6,a01001-Flag=N;"
    "a01002-Rtd=32,a01002-Flag=N;a01006-Rtd=101.02,a01006-Flag=N;a01007-Rtd=2.1,a01007-Flag=N;"
    "a01008-Rtd=120,a01008-Flag=N;a34001-Rtd=217,a34001-Flag=N;&&c0c1"
)
"""com.hj212 T212MapperTest, readStringData."""
NOISE = (
    "QN=20160801085857223;ST=23;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5;"
    "CP=&&DataTime=20160801085857; LA-Rtd=50.1&&"
)
"""HJ 212-2017, appendix C: real-time noise."""


def framed(segment: str) -> str:
    return f"##{len(segment):04}{segment}{checksum(segment.encode()):04X}\r\n"


def sent(say: Say, body: str) -> Decoded:
    return say("hj212", "dtu/station-1", body, filtered=False)


def test_the_standards_checksum() -> None:
    """Appendix A gives the example and its sum."""
    assert checksum(COMMAND[6:-6].encode()) == 0x1C80


def test_an_air_station(say: Say) -> None:
    """Codes become fields with their unit; the station's time has no zone: the area's is meant."""
    decoded = sent(say, AIR)
    read = interpret(decoded.observations, "x", received_at=say.now)
    assert {each.quantity: each.value for each in read.readings} == {
        "pm2_5": 207.0,
        "temperature": 12.6,
        "humidity": 32.0,
        "wind": 2.1,
    }
    assert {each.at for each in read.readings} == {datetime(2016, 8, 1, 0, 40, tzinfo=UTC)}
    assert decoded.statuses == (Status("010000A8900016F000169DC0", online=True),)
    assert not decoded.refused


def test_noise_with_a_blank_before_its_name(say: Say) -> None:
    """As the standard prints it."""
    [found] = sent(say, framed(NOISE)).observations
    assert (found.field, found.value, found.unit) == ("noise", "50.1", "dB")


def test_commands_and_averages_are_no_present_values(say: Say) -> None:
    """They only show that the station is there."""
    for body in (COMMAND, framed(NOISE.replace("2011", "2051").replace("-Rtd", "-Avg"))):
        decoded = sent(say, body)
        assert decoded.observations == ()
        assert decoded.statuses


@pytest.mark.parametrize(("flag", "kept"), [("N", True), ("T", True), *((each, False) for each in "FMSDCB")])
def test_flags(say: Say, flag: str, kept: bool) -> None:
    """Only a working analyser is believed; over its range it must still be heard. The others are told."""
    decoded = sent(say, framed(NOISE.replace("LA-Rtd=50.1", f"LA-Rtd=50.1,LA-Flag={flag}")))
    assert bool(decoded.observations) is kept
    assert [each.reason for each in decoded.refused] == ([] if kept else ["flagged"])


def test_several_frames_in_one_message(say: Say) -> None:
    """A DTU sends what its buffer holds; MNs tell the stations apart."""
    other = NOISE.replace("9DC0", "9DC1")
    decoded = sent(say, framed(NOISE) + framed(other))
    assert [each.name[-4:] for each in decoded.observations] == ["9DC0", "9DC1"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "wrong-shape"),
        ("hello", "wrong-shape"),
        (AIR[:200], "truncated"),
        (AIR[:-1], "truncated"),
        (AIR.replace("207", "208"), "wrong-checksum"),
        (COMMAND.replace("##0101", "##0100"), "wrong-length"),
        (framed(NOISE.replace("20160801085857;", "20161301085857;")), "bad-time"),
        (framed(NOISE.replace("20160801085857;", "yesterday;")), "bad-time"),
        (framed(NOISE.replace("MN=010000A8900016F000169DC0;", "")), "bad-name"),
    ],
)
def test_damaged_frames(say: Say, body: str, reason: str) -> None:
    """Nothing of them is used."""
    with pytest.raises(MalformedPayload) as wrong:
        sent(say, body)
    assert wrong.value.reason == reason
