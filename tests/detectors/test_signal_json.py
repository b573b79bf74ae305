"""Signal as JSON: the contract's names, a lossless round trip, and nothing but MalformedPayload."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.signal import SEVERITIES, Signal
from detectors.signal_json import STATES, from_json, to_json
from ingest.errors import MalformedPayload
from ingest.instant import from_epoch_ms
from ingest.text import Text

AT = datetime(2026, 11, 22, 8, 0, 0, 250_000, tzinfo=UTC)
SIGNAL = Signal(
    id="01JD9Z0000000000000000000A",
    rule="after-hours",
    kind="presence",
    condition="person-after-hours",
    place="school-1/store",
    device="school-1-cam",
    state="active",
    since=AT,
    at=AT,
    severity="major",
    value=1.0,
    limit=None,
    certainty=0.83,
    epoch=3,
    n=17,
    evidence_ref="e1",
    explanation=Text("库房有人，自 08:00 起", "a person in the store since 08:00"),
)


def test_the_names_are_those_of_the_contract() -> None:
    """Worker and serve may be of different age: the names never change."""
    fields = json.loads(to_json(SIGNAL))
    assert set(fields) == {
        "id", "rule", "kind", "place", "condition", "device", "state", "since", "at", "severity",
        "value", "limit", "certainty", "evidence_ref", "epoch", "n", "explanation",
    }  # fmt: skip
    assert fields["at"] == "2026-11-22T08:00:00.250Z"
    assert fields["explanation"] == {"zh": SIGNAL.explanation.zh, "en": SIGNAL.explanation.en}


_words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=80)
_instants = st.integers(946_684_800_000, 4_102_444_800_000).map(from_epoch_ms)
_numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.builds(
        Signal,
        id=_words,
        rule=_words,
        kind=_words,
        condition=_words,
        place=_words,
        device=_words,
        state=st.sampled_from(STATES),
        since=_instants,
        at=_instants,
        severity=st.sampled_from(SEVERITIES),
        value=_numbers,
        limit=_numbers,
        certainty=st.floats(0, 1),
        epoch=st.integers(0, 2**62),
        n=st.integers(0, 2**62),
        evidence_ref=st.none() | _words,
        explanation=st.builds(Text, _words, _words),
    )
)
def test_a_round_trip_loses_nothing(signal: Signal) -> None:
    """Every field comes back as it was."""
    assert from_json(to_json(signal)) == signal


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", "on"),
        ("state", ["active"]),
        ("severity", "urgent"),
        ("at", "yesterday"),
        ("at", "2026-11-22T08:00:00"),
        ("at", "0001-01-01T00:00:00+14:00"),
        ("since", 5),
        ("value", True),
        ("certainty", 1.5),
        ("certainty", None),
        ("n", -1),
        ("n", 1.5),
        ("epoch", True),
        ("rule", ""),
        ("rule", "a\0b"),
        ("explanation", "because"),
        ("explanation", {"zh": 1, "en": ""}),
        ("id", None),
    ],
)
def test_a_wrong_field_is_named(field: str, value: object) -> None:
    """The error says which field; the reason is the metric's label."""
    with pytest.raises(MalformedPayload) as wrong:
        from_json(json.dumps({**json.loads(to_json(SIGNAL)), field: value}).encode())
    assert wrong.value.reason == "wrong-shape"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (float("nan"), "NaN is no JSON (RFC 8259, 6)"),
        (10**400, "no computer's number is so large"),
        ("\ud800", "half a character is none"),
    ],
)
def test_what_json_cannot_say_is_refused(value: object, why: str) -> None:
    """Python writes it, and no reader has to understand it."""
    with pytest.raises(MalformedPayload) as wrong:
        from_json(json.dumps({**json.loads(to_json(SIGNAL)), "value": value}).encode())
    assert wrong.value.reason == "not-json", why


def test_unknown_fields_are_ignored() -> None:
    """A newer worker may say more."""
    assert from_json(json.dumps({**json.loads(to_json(SIGNAL)), "more": [1]}).encode()) == SIGNAL


def test_a_number_that_is_no_number_is_never_sent() -> None:
    """NaN is no JSON."""
    with pytest.raises(ValueError, match="JSON"):
        to_json(dataclasses.replace(SIGNAL, value=float("nan")))


@given(st.binary(max_size=200) | st.just(b"[" * 60_000) | st.just(b'{"n":' * 10_000) | st.just(b" " * 70_000))
def test_any_bytes_decode_or_are_refused(data: bytes) -> None:
    """Nothing but MalformedPayload comes out."""
    with pytest.raises(MalformedPayload):
        from_json(data)
