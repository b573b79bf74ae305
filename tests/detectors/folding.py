"""Folding: a rule's state over a row of readings, through JSON after each, as the ledger keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo

from pydantic import TypeAdapter

from detectors.rule import Level, ReadingRule, RuleState
from detectors.shelf import AnyRuleParams, build_reading_rule
from ingest.reading import Quality, Reading

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
"""A Sunday."""

Values = Iterable[tuple[float, float]]
"""(second after START, value)."""


def at(seconds: float) -> datetime:
    """A moment after START."""
    return START + timedelta(seconds=seconds)


def reading(
    seconds: float, value: float, quantity: str = "temperature", unit: str = "°C", quality: Quality = "good"
) -> Reading:
    """One of the device `fridge`."""
    return Reading("fridge", quantity, value, unit, at(seconds), at(seconds), quality)


def rule(keys: Mapping[str, object], zone: tzinfo = UTC) -> ReadingRule:
    """The rule that the registry's keys describe; those that are None are left out."""
    body = {"id": "r", "quantity": "temperature"} | {k: v for k, v in keys.items() if v is not None}
    return build_reading_rule(TypeAdapter(AnyRuleParams).validate_python(body), zone)


def fold(made: ReadingRule, values: Values, **more: str) -> RuleState:
    """The state after these readings."""
    state = made.start(START)
    for seconds, value in values:
        state = json.loads(json.dumps(made.observe(state, reading(seconds, value, **more))))  # type: ignore[arg-type] # quality is checked by the rows
    return state


def level(made: ReadingRule, values: Values, now: float, **more: str) -> Level:
    """What holds `now` seconds after START."""
    return made.level(fold(made, values, **more), at(now))


def every(step: float, begin: float, end: float, value: float) -> list[tuple[float, float]]:
    """The same value every `step` seconds from `begin` up to, not at, `end`."""
    return [(begin + step * n, value) for n in range(int((end - begin) // step))]
