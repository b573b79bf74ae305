"""Parameters of rules over readings that make no sense are refused when the registry is read."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pydantic import ValidationError

from tests.detectors.folding import rule
from tests.detectors.reading_tables import (
    CUTS,
    DANGER,
    LAMP,
    RANGE_KEYS,
    RIVER,
)

REFUSED: list[tuple[str, Mapping[str, object], str]] = [
    ("a band without bounds", {"kind": "exposure", "at_most": "2h"}, "give `above`"),
    ("nothing is in it", {**DANGER, "above": 60, "below": 8}, "nothing above 60"),
    ("two lengths", {**DANGER, "raise_after": "1m"}, "leave out `raise_after`"),
    ("two ends", {**DANGER, "clear_after": "1m"}, "leave out `clear_after`"),
    ("due more often than it lasts", {**LAMP, "every": "10m"}, "`every` must be longer"),
    ("starts over its band", {**LAMP, "starts_above": 50}, "is not over it"),
    ("once is not repeated", {**CUTS, "times": 1}, "greater than or equal to 2"),
    ("two ways", {**RIVER, "falls": 1}, "exactly one of"),
    ("no limit at all", {"kind": "range"}, "give `low`"),
    ("the wrong way round", {**RANGE_KEYS, "low": 9}, "not under"),
    ("a margin that leaves nothing", {**RANGE_KEYS, "margin": 4}, "leaves nothing"),
    ("no hours", {**RANGE_KEYS, "schedule": [{"hours": "8-9"}]}, "are no hours"),
    ("no days", {**RANGE_KEYS, "schedule": [{"days": "monday"}]}, "no days of the week"),
    ("learned for longer than remembered", {"kind": "silence", "quantity": None, "learn_for": "14d"}, "shorter"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "keys", "said"), REFUSED, ids=[row[0] for row in REFUSED])
def test_parameters_that_are_refused(reason: str, keys: Mapping[str, object], said: str) -> None:
    """Mistakes are found when the registry is read."""
    with pytest.raises(ValidationError, match=said) as caught:
        rule(keys)
    assert caught.value.error_count() == 1, reason
