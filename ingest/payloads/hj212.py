"""hj212: environmental stations by HJ 212, frames carried over MQTT byte for byte, on any topic the registry names.

`##`, the length of the data segment in digits, the segment, its CRC in four hexadecimal digits; several frames may
share a message. Values are taken from real-time uploads (CN=2011, `-Rtd`); a value whose flag says that the analyser
stands still, is being mended or calibrated (F, M, C, D, B, S) is none. `DataTime` is the station's, without a zone.
The station's MN is its name. PM2.5 is read in µg/m³. A request for an answer (Flag) is left to the data centre.
Source: HJ 212-2017 (HJ/T 212-2005), 6.3 and appendices A, B.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from ingest import document
from ingest.errors import MalformedPayload
from ingest.mqtt.message import Message
from ingest.payload import MAX_NAME, MAX_OBSERVATIONS, Decoded, Described, Observation, Status, moment

FILTERS: tuple[str, ...] = ()

FRAME = re.compile(rb"##(\d{1,4})(?=[A-Za-z])")
REAL_TIME = "2011"
TRUSTED = frozenset({"N", "T"})  # normal; over the range, which must be heard
CRC_DIGITS = 4

CODES = {
    "a01001": ("temperature", "°C"),
    "a01002": ("humidity", "%"),
    "a01007": ("wind", "m/s"),
    "a34004": ("pm2_5", "µg/m³"),
    "w01010": ("water_temperature", "°C"),
    "w00000": ("flow", "l/s"),
    "LA": ("noise", "dB"),
    "TEM": ("temperature", "°C"),
    "RH": ("humidity", "%"),
    "WS": ("wind", "m/s"),
    "PM25": ("pm2_5", "µg/m³"),
    "NOIS": ("noise", "dB"),
    "B01": ("flow", "l/s"),
}
"""Codes of HJ 212-2017 and, below them, of stations that keep the letters of 2005."""


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """Readings of every real-time frame; any frame shows that its station is there."""
    raw = message.payload
    if len(raw) > document.MAX_BYTES:
        raise MalformedPayload(f"{len(raw)} bytes, at most {document.MAX_BYTES} are read", reason="too-large")
    found: list[Observation] = []
    heard: list[Status] = []
    refused: list[MalformedPayload] = []
    at = 0
    while at < len(raw):
        segment, at = _frame(raw, at)
        name, observations = _segment(segment, zone, refused)
        found += observations
        heard.append(Status(name, online=True))
        if len(found) > MAX_OBSERVATIONS:
            raise MalformedPayload(f"more than {MAX_OBSERVATIONS} values", reason="too-many-values")
    if not heard:
        raise MalformedPayload("an empty frame", reason="wrong-shape")
    return Decoded(tuple(found), statuses=tuple(dict.fromkeys(heard)), refused=tuple(refused))


def checksum(segment: bytes) -> int:
    """The CRC16 of appendix A: the byte meets the register's high half, the polynomial is 0xA001."""
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ byte
        for _ in range(8):
            register = (register >> 1) ^ 0xA001 if register & 1 else register >> 1
    return register


def _frame(raw: bytes, start: int) -> tuple[str, int]:
    """The data segment of the frame that begins at `start`, and where the next one begins."""
    head = FRAME.match(raw, start)
    if head is None:
        raise MalformedPayload(
            "no frame begins here (##, length)", reason="wrong-shape", where=f"byte {start}"
        )
    length = int(head[1])
    segment = raw[head.end() : head.end() + length]
    given = raw[head.end() + length : head.end() + length + CRC_DIGITS]
    if len(segment) < length or len(given) < CRC_DIGITS:
        raise MalformedPayload(f"{length} bytes were announced, fewer came", reason="truncated")
    try:
        expected = int(given, 16)
    except ValueError:
        raise MalformedPayload("no checksum after the announced length", reason="wrong-length") from None
    if expected != checksum(segment):
        raise MalformedPayload("the frame was damaged on the way", reason="wrong-checksum")
    after = head.end() + length + CRC_DIGITS
    while raw[after : after + 1] in {b"\r", b"\n"}:
        after += 1
    return segment.decode("ascii", "replace"), after


def _segment(segment: str, zone: tzinfo, refused: list[MalformedPayload]) -> tuple[str, list[Observation]]:
    """The station and what it measured just now."""
    head, marker, rest = segment.partition("CP=&&")
    fields = _pairs(head.replace(",", ";").split(";"))
    name = document.name(fields.get("MN"), "MN")
    if fields.get("CN") != REAL_TIME or not marker:
        return name, []  # commands, averages of minutes, hours, days
    values = _pairs(rest.removesuffix("&&").replace(",", ";").split(";"))
    at = _time(values.get("DataTime") or fields.get("QN"), zone)
    found = []
    for key, value in values.items():
        code, _, part = key.rpartition("-")
        if part != "Rtd":
            continue
        flag = values.get(f"{code}-Flag", "N")
        if flag not in TRUSTED:
            refused.append(
                MalformedPayload(
                    f"the station flags {code[:20]} as {flag[:5]}", reason="flagged", where=code[:20]
                )
            )
            continue
        field, unit = CODES.get(code, (code, None))
        found.append(Observation(name, document.name(field, "CP"), _value(value), unit, at))
    return name, found


def _pairs(parts: list[str]) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in parts)
    return {key.strip(): value.strip() for key, _, value in pairs if key}


def _value(text: str) -> str:
    if len(text) > MAX_NAME or not text.isprintable():
        raise MalformedPayload("a value of this length is none", reason="wrong-shape", where="CP")
    return text


def _time(text: str | None, zone: tzinfo) -> datetime | None:
    """`20160801085857`, with or without milliseconds, as the station's clock shows it."""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) not in {14, 17}:
        raise MalformedPayload(f"{text[:20]!r} is not a time", reason="bad-time", where="DataTime")
    day, clock = text[:8], text[8:14]
    iso = f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}"
    return moment(iso, zone=zone, where="DataTime")
