"""Rules over readings, each by its table; what is not fresh changes nothing, and states stay small."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import pytest

from ingest.errors import MalformedPayload
from ingest.reading import Quality
from tests.detectors.folding import START, Values, fold, level, reading, rule
from tests.detectors.reading_tables import (
    TABLES,
)

ROWS = [pytest.param(keys, *row[1:], id=f"{name}: {row[0]}") for name, keys, rows in TABLES for row in rows]


@pytest.mark.parametrize(("keys", "changes", "values", "now", "state", "since"), ROWS)
def test_levels(
    keys: Mapping[str, object],
    changes: Mapping[str, object],
    values: Values,
    now: float,
    state: str,
    since: float | None,
) -> None:
    """Readings (second, value), then a look; looking in between changes nothing."""
    whole = {**keys, **changes}
    found = level(rule(whole), values, now, quantity=str(whole.get("quantity", "temperature")))
    assert found.state == state, found.explanation.en
    if since is not None:
        assert (found.since - START).total_seconds() == pytest.approx(since, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "keys"), [(name, keys) for name, keys, _ in TABLES], ids=[t[0] for t in TABLES]
)
@pytest.mark.parametrize("quality", ["retained", "backfilled", "uncertain"])
def test_what_is_not_fresh_changes_nothing(name: str, keys: Mapping[str, object], quality: Quality) -> None:
    """Kept and late values raise nothing and end nothing: the very same state comes back."""
    made, quantity = rule(keys), str(keys.get("quantity", "temperature"))
    state = made.observe(made.start(START), reading(0, 1, quantity))
    for late in (
        reading(60, 100, quantity, quality=quality),
        reading(60, 100, "humidity"),
        reading(-60, 100, quantity),
    ):
        assert made.observe(state, late) is state, name
    with pytest.raises(MalformedPayload):
        made.observe(state, reading(60, math.nan, quantity))


def test_states_are_small() -> None:
    """A state is written with each batch of readings: a day of readings each minute leaves a few kilobytes at most."""
    for name, keys, _ in TABLES:
        quantity = str(keys.get("quantity", "temperature"))
        state = fold(rule(keys), [(60.0 * n, 5 + n % 11) for n in range(1440)], quantity=quantity)
        assert len(json.dumps(state)) < 3000, name
