"""Whether the gate misses anything: how that is judged, and one short film through it."""

from __future__ import annotations

import pytest

from bench.video.films import KITCHEN, ROOT, STREET
from bench.video.missed import Span, compare, judge
from bench.video.walks import CLOSES, Walk, kitchen
from detectors.detector import Detector
from hub.demo.scene import ENTERS

MODEL = ROOT / "models" / "coco-ssd"

# (why, the reference's, the gate's, (conditions, missed, extra))
ROWS: list[tuple[str, list[Span], list[Span], tuple[int, int, int]]] = [
    ("the same", [(5, 20)], [(5, 20)], (1, 0, 0)),
    ("within a GOP", [(5, 20)], [(6.9, 19)], (1, 0, 0)),
    ("too late", [(5, 20)], [(7.5, 20)], (1, 1, 0)),
    ("never", [(5, 20)], [], (1, 1, 0)),
    ("made up", [(5, 20)], [(5, 20), (40, 45)], (1, 0, 1)),
    ("shorter than a GOP", [(5, 6)], [], (0, 0, 0)),
    ("shorter than a GOP, and seen", [(5, 6)], [(5, 6)], (0, 0, 0)),
    ("one of two", [(5, 20), (40, 60)], [(40, 60)], (2, 1, 0)),
]


@pytest.mark.parametrize(("why", "true", "seen", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_how_it_is_judged(
    why: str, true: list[Span], seen: list[Span], expected: tuple[int, int, int]
) -> None:
    """With a GOP of 2 s."""
    assert judge(true, seen, 2.0)[:3] == expected, why


@pytest.mark.slow
@pytest.mark.skipif(
    not (KITCHEN.is_file() and STREET.is_file() and MODEL.is_dir()),
    reason="needs `make setup`: footage and model",
)
def test_who_comes_in_right_after_the_gate_closed_is_seen_from_the_begin() -> None:
    """At constant bitrate, where packet sizes say nothing; the same conditions as with every picture decoded."""
    walk = Walk("short", *kitchen(ENTERS - CLOSES - 0.2, 12))
    outcome = compare(Detector.load(MODEL), walk, 2, "cbr")
    assert outcome.holds, outcome
    assert outcome.quiet > 0
