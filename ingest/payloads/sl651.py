"""sl651: hydrological stations by SL 651, frames carried over MQTT byte for byte, on any topic the registry names.

Frames in HEX/BCD coding (`7E7E`), as bytes or written out in hexadecimal digits. Values are packed decimals behind an
identifier and a byte that says how many bytes and decimals; all F is a missing value, a leading FF a negative one. A
report of equal steps (31H) gives the step once, the identifier once, and then value after value. Times have no zone.
The ten digits of the station's address are its name. An answer, where one is due, is the data centre's.
Source: SL 651-2014, 6.2 (frames), 6.6 (reports), appendix C (identifiers).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from ingest import document
from ingest.errors import MalformedPayload
from ingest.mqtt.message import Message
from ingest.payload import Decoded, Described, Observation, Status, moment

FILTERS: tuple[str, ...] = ()

START = b"\x7e\x7e"
HEAD = 14  # bytes up to and with STX
TAIL = 3  # ETX or ETB, two bytes of CRC
STX, SYN = 0x02, 0x16
ENDS = frozenset({0x03, 0x17})  # ETX, ETB
UP = 0x0
SERIAL_AND_TIME = 8  # bytes before the elements

OBSERVED, STATION = b"\xf0\xf0", b"\xf1\xf1"
STEP = b"\x04\x18"
RAIN_5_MIN, LEVEL_5_MIN = 0xF4, 0xF5
REST_IS_TEXT_OR_PICTURE = frozenset({0xF2, 0xF3})
EXTENDED = 0xFF
STATE = 0x45  # four bytes of bits, not decimals

ELEMENTS = {
    0x02: ("air_temperature", "°C"),
    0x03: ("water_temperature", "°C"),
    0x1A: ("rain_hour", "mm"),
    0x1F: ("rain_day", "mm"),
    0x20: ("rain", "mm"),
    0x26: ("rain_total", "mm"),
    0x27: ("flow", "m³/s"),
    0x35: ("wind", "m/s"),
    0x38: ("voltage", "V"),
    0x39: ("water_level", "m"),
    0x3A: ("water_level_below", "m"),
    0x3B: ("water_level", "m"),
}
"""Identifier → field and unit; the level above a dam (3BH) is its water level."""


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """Readings of a station's report; every frame shows that the station is there."""
    raw = _bytes(message.payload)
    name, body = _frame(raw)
    if not body:
        return Decoded(statuses=(Status(name, online=True),))
    sent = _time(body[2:SERIAL_AND_TIME], zone)
    found = _elements(body[SERIAL_AND_TIME:], name, sent, zone)
    return Decoded(tuple(found), statuses=(Status(name, online=True, at=sent),))


def checksum(frame: bytes) -> int:
    """CRC-16 with polynomial 0xA001 over everything before it."""
    register = 0xFFFF
    for byte in frame:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ 0xA001 if register & 1 else register >> 1
    return register


def _bytes(payload: bytes) -> bytes:
    if len(payload) > document.MAX_BYTES:
        raise MalformedPayload(
            f"{len(payload)} bytes, at most {document.MAX_BYTES} are read", reason="too-large"
        )
    if payload[:4].upper() == b"7E7E":
        try:
            return bytes.fromhex(payload.decode("ascii"))
        except ValueError:
            raise MalformedPayload("not hexadecimal digits", reason="wrong-shape") from None
    return payload


def _frame(raw: bytes) -> tuple[str, bytes]:
    """The station's address and the report's body; nothing of a damaged frame is used."""
    if not raw.startswith(START):
        raise MalformedPayload("a frame begins with 7E7E", reason="wrong-shape")
    if len(raw) < HEAD + TAIL:
        raise MalformedPayload("the frame is cut off", reason="truncated")
    length = (raw[11] & 0x0F) << 8 | raw[12]
    if raw[11] >> 4 != UP:
        raise MalformedPayload("a frame to the station, not from it", reason="unsupported")
    if len(raw) < HEAD + length + TAIL:
        raise MalformedPayload(f"{length} bytes were announced, fewer came", reason="truncated")
    end = HEAD + length
    if raw[end] not in ENDS or len(raw) != end + TAIL:
        raise MalformedPayload("the frame does not end where it says", reason="wrong-length")
    if int.from_bytes(raw[end + 1 : end + TAIL]) != checksum(raw[: end + 1]):
        raise MalformedPayload("the frame was damaged on the way", reason="wrong-checksum")
    name = raw[3:8].hex().upper()
    if raw[13] == SYN:
        return name, b""  # a part of a picture or of a long report: no values of its own
    if raw[13] != STX:
        raise MalformedPayload("neither STX nor SYN", reason="wrong-shape")
    body = raw[HEAD:end]
    if len(body) < SERIAL_AND_TIME:
        raise MalformedPayload("a report has a serial number and a time", reason="truncated")
    return name, body


@dataclass(slots=True)
class _Report:
    """Where the reader of a report stands: whose values, of when, how far apart."""

    name: str
    at: datetime
    step: timedelta = timedelta()
    found: list[Observation] = field(default_factory=list)


def _elements(data: bytes, name: str, sent: datetime, zone: tzinfo) -> list[Observation]:
    report, start = _Report(name, sent), 0
    while start < len(data):
        head = data[start : start + 2]
        if len(head) < 2:
            raise MalformedPayload("an element is cut off", reason="truncated")
        if head == STATION:
            start += 2 + 5 + 1
        elif head == OBSERVED:
            report.at = _time(data[start + 2 : start + 7], zone)
            start += 2 + 5
        elif head == STEP:
            report.step = _step(data[start + 2 : start + 5])
            start += 2 + 3
        elif head[0] in REST_IS_TEXT_OR_PICTURE:
            break
        elif head[0] in {RAIN_5_MIN, LEVEL_5_MIN}:
            start += 2 + (head[1] >> 3)
        elif head[0] == EXTENDED:  # the station's own element
            start = _values(data, start + 1, report, known=False)
        else:
            start = _values(data, start, report, known=True)
    return report.found


def _values(data: bytes, start: int, report: _Report, *, known: bool) -> int:
    """One element, or one in equal steps up to the end; answers where the next begins."""
    if start + 2 > len(data):
        raise MalformedPayload("an element is cut off", reason="truncated")
    identifier, width, decimals = data[start], data[start + 1] >> 3, data[start + 1] & 0x07
    start += 2
    while width and start < len(data):
        digits = data[start : start + width]
        if len(digits) < width:
            raise MalformedPayload("an element is cut off", reason="truncated", where=f"{identifier:02X}H")
        start += width
        value = _decimal(digits, decimals, identifier) if known and identifier != STATE else None
        if value is not None:
            name, unit = ELEMENTS.get(identifier, (f"{identifier:02X}H", None))
            report.found.append(Observation(report.name, name, value, unit, report.at))
        if not report.step:
            break
        report.at += report.step
    return start


def _decimal(digits: bytes, decimals: int, identifier: int) -> float | None:
    """A packed decimal; None for a missing one."""
    text = digits.hex()
    if set(text) <= {"f"} or set(text) <= {"a"}:
        return None
    negative = text.startswith("ff") and len(text) > 2
    text = text[2:] if negative else text
    if not text.isdigit():
        raise MalformedPayload(f"{text} is no packed decimal", reason="not-bcd", where=f"{identifier:02X}H")
    value = int(text) / 10.0**decimals
    return -value if negative else value


def _step(digits: bytes) -> timedelta:
    days, hours, minutes = _pairs(digits, 3, "04H")
    return timedelta(days=days, hours=hours, minutes=minutes)


def _time(digits: bytes, zone: tzinfo) -> datetime:
    """`YYMMDDHHmm`, with seconds in six bytes, as the station's clock shows it."""
    parts = _pairs(digits, 6 if len(digits) == 6 else 5, "time")
    year, month, day, hour, minute, second = (*parts, 0)[:6]
    iso = f"20{year:02}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
    return moment(iso, zone=zone, where="time")


def _pairs(digits: bytes, count: int, where: str) -> list[int]:
    text = digits.hex()
    if len(digits) != count:
        raise MalformedPayload("a time is cut off", reason="truncated", where=where)
    if not text.isdigit():
        raise MalformedPayload(f"{text} is no packed decimal", reason="not-bcd", where=where)
    return [int(text[place : place + 2]) for place in range(0, len(text), 2)]
