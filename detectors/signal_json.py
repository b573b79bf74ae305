"""Signal as JSON: what a worker publishes and `serve` reads back. Pure."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import cast

import orjson

from detectors.signal import SEVERITIES, Severity, Signal, SignalState
from ingest.errors import InvalidInput, MalformedPayload
from ingest.instant import format_instant, parse_instant
from ingest.text import Text

STATES = ("active", "inactive", "unknown")
MAX_BYTES = 64 * 1024
MAX_TEXT = 4_000  # characters of one field


def to_json(signal: Signal) -> bytes:
    """One JSON object, UTF-8; instants as RFC 3339 with Z and milliseconds."""
    return json.dumps(
        {
            "id": signal.id,
            "rule": signal.rule,
            "kind": signal.kind,
            "condition": signal.condition,
            "place": signal.place,
            "device": signal.device,
            "state": signal.state,
            "since": format_instant(signal.since),
            "at": format_instant(signal.at),
            "severity": signal.severity,
            "value": signal.value,
            "limit": signal.limit,
            "certainty": signal.certainty,
            "evidence_ref": signal.evidence_ref,
            "epoch": signal.epoch,
            "n": signal.n,
            "explanation": signal.explanation.as_dict(),
        },
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
    ).encode()


def from_json(data: bytes) -> Signal:
    """The Signal that to_json() wrote; MalformedPayload (`not-json`, `wrong-shape`) for anything else.

    Unknown fields are ignored, so that an older `serve` understands a newer worker.
    """
    if len(data) > MAX_BYTES:
        raise MalformedPayload(f"{len(data)} bytes are no signal", reason="too-large")
    try:
        fields = orjson.loads(data)
    except ValueError as wrong:
        raise MalformedPayload("a signal is a JSON object", reason="not-json") from wrong
    if not isinstance(fields, dict):
        raise _wrong("signal", "a JSON object")
    explanation = fields.get("explanation")
    if not isinstance(explanation, dict):
        raise _wrong("explanation", "{zh, en}")
    return Signal(
        id=_text(fields, "id"),
        rule=_text(fields, "rule"),
        kind=_text(fields, "kind"),
        condition=_text(fields, "condition"),
        place=_text(fields, "place"),
        device=_text(fields, "device"),
        state=cast("SignalState", _word(fields, "state", STATES)),
        since=_instant(fields, "since"),
        at=_instant(fields, "at"),
        severity=cast("Severity", _word(fields, "severity", SEVERITIES)),
        value=_number(fields, "value"),
        limit=_number(fields, "limit"),
        certainty=_certainty(fields),
        evidence_ref=None if fields.get("evidence_ref") is None else _text(fields, "evidence_ref"),
        epoch=_count(fields, "epoch"),
        n=_count(fields, "n"),
        explanation=Text(_text(explanation, "zh", empty=True), _text(explanation, "en", empty=True)),
    )


def _wrong(field: str, wanted: str) -> MalformedPayload:
    return MalformedPayload(f"{field} must be {wanted}", reason="wrong-shape", where=field)


def _text(fields: dict[str, object], name: str, *, empty: bool = False) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or len(value) > MAX_TEXT or "\0" in value or not (value or empty):
        raise _wrong(name, "a text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _wrong(name, "a text of whole characters") from None
    return value


def _word(fields: dict[str, object], name: str, words: tuple[str, ...]) -> str:
    value = _text(fields, name)
    if value not in words:
        raise _wrong(name, f"one of {', '.join(words)}")
    return value


def _instant(fields: dict[str, object], name: str) -> datetime:
    try:
        return parse_instant(_text(fields, name))
    except (InvalidInput, OverflowError):
        raise _wrong(name, "an instant such as 2026-11-22T08:00:00.000Z") from None


def _number(fields: dict[str, object], name: str) -> float | None:
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, "a number or null")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _wrong(name, "a finite number")
    return number


def _certainty(fields: dict[str, object]) -> float:
    value = _number(fields, "certainty")
    if value is None or not 0 <= value <= 1:
        raise _wrong("certainty", "a number from 0 to 1")
    return value


def _count(fields: dict[str, object], name: str) -> int:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise _wrong(name, "a whole number, not negative")
    return value
