"""Where a change matters: the rules' zones and what is near them."""

from __future__ import annotations

import json

import pytest

from detectors.zones import WHOLE
from hub.worker.where import where

DOOR = ((0.5, 0.4), (0.7, 0.4), (0.7, 0.8), (0.5, 0.8))
FAR = ((0.0, 0.0), (0.1, 0.0), (0.1, 0.1))


def test_zones_and_what_is_near_count() -> None:
    """Inside, and a person's height of a small person around; far away nothing counts."""
    mask = where([DOOR, FAR])
    assert mask is not None
    assert mask.shape == (90, 160)
    rows = [
        (0.6, 0.6, True, "inside"),
        (0.6, 0.34, True, "above: who stands at its upper edge changes there"),
        (0.45, 0.6, True, "beside"),
        (0.3, 0.6, False, "far"),
        (0.02, 0.02, True, "in the other zone"),
        (0.98, 0.98, False, "nowhere near"),
    ]
    for x, y, counts, why in rows:
        assert mask[int(y * 90), int(x * 160)] == counts, why


@pytest.mark.parametrize("zones", [[], [None], [DOOR, None], [DOOR, WHOLE]], ids=json.dumps)
def test_without_a_zone_everything_counts(zones: list[tuple[tuple[float, float], ...] | None]) -> None:
    """One rule that looks everywhere is enough, and so is none."""
    assert where(zones) is None
