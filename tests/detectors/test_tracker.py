"""Tracker: ids stay through crossings, gaps, weak detections and changes of mind; tables of small films."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from detectors.detections import Detections
from detectors.track import Track
from detectors.track_json import pack_track, unpack_track
from detectors.tracker import Tracker, Tuning

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
LABELS = ("person", "car", "truck", "dog")
FPS = 5

Thing = tuple[float, float, float, str]
"""Middle x, middle y, certainty, label; a box of 0.06 × 0.2."""


def at(frame: int) -> datetime:
    return START + timedelta(seconds=frame / FPS)


def detections(things: Sequence[Thing]) -> Detections:
    boxes = [(x - 0.03, y - 0.1, x + 0.03, y + 0.1) for x, y, _, _ in things]
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array([thing[2] for thing in things], np.float32),
        np.array([LABELS.index(thing[3]) for thing in things], np.int64),
        LABELS,
    )


def play(
    scene: Callable[[int], Sequence[Thing]], frames: int, tracker: Tracker | None = None
) -> list[tuple[Track, ...]]:
    tracker = tracker or Tracker()
    return [tracker.update(detections(scene(frame)), at(frame)) for frame in range(frames)]


def owner(tracks: tuple[Track, ...], x: float, y: float) -> int | None:
    """The id of the track whose middle is at (x, y)."""
    for track in tracks:
        left, top, right, bottom = track.box
        if abs((left + right) / 2 - x) < 1e-3 and abs((top + bottom) / 2 - y) < 1e-3:
            return track.id
    return None


def person(x: float, y: float = 0.5, certainty: float = 0.9) -> Thing:
    return (x, y, certainty, "person")


def crossing(frame: int) -> list[Thing]:
    """Two persons walk towards and through each other, one a little lower."""
    return [person(0.2 + 0.02 * frame, 0.50), person(0.8 - 0.02 * frame, 0.53)]


def crossing_hidden(frame: int) -> list[Thing]:
    """The same, and while they overlap most the model sees only one of them."""
    both = crossing(frame)
    return both if abs(both[0][0] - both[1][0]) > 0.03 else both[:1]


def side_by_side(frame: int) -> list[Thing]:
    """Two walk together the same way, their boxes touching, found in changing order."""
    pair = [person(0.2 + 0.02 * frame), person(0.26 + 0.02 * frame)]
    return pair if frame % 2 else pair[::-1]


def overtaking(frame: int) -> list[Thing]:
    """A runner passes a walker."""
    return [person(0.2 + 0.01 * frame, 0.5), person(0.1 + 0.025 * frame, 0.52)]


Position = Callable[[int], tuple[float, float]]
PAIRS: list[tuple[str, Callable[[int], list[Thing]], Position, Position, int]] = [
    ("crossing", crossing, lambda f: (0.2 + 0.02 * f, 0.5), lambda f: (0.8 - 0.02 * f, 0.53), 30),
    ("crossing, hidden", crossing_hidden, lambda f: (0.2 + 0.02 * f, 0.5), lambda f: (0.8 - 0.02 * f, 0.53), 30),
    ("side by side", side_by_side, lambda f: (0.2 + 0.02 * f, 0.5), lambda f: (0.26 + 0.02 * f, 0.5), 25),
    ("overtaking", overtaking, lambda f: (0.2 + 0.01 * f, 0.5), lambda f: (0.1 + 0.025 * f, 0.52), 25),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "scene", "first", "second", "frames"), PAIRS, ids=[row[0] for row in PAIRS]
)
def test_two_keep_their_ids(
    reason: str, scene: Callable[[int], list[Thing]], first: Position, second: Position, frames: int
) -> None:
    """Each keeps at the end the id it had at the beginning, and no third id was given."""
    shown = play(scene, frames)
    begun = owner(shown[0], *first(0)), owner(shown[0], *second(0))
    ended = owner(shown[-1], *first(frames - 1)), owner(shown[-1], *second(frames - 1))
    assert None not in begun
    assert begun == ended, reason
    assert {track.id for tracks in shown for track in tracks} == set(begun), reason


def gap(begin: int, end: int, speed: float = 0.01, certainty: float = 0.0) -> Callable[[int], list[Thing]]:
    """A walker whom the model misses (or sees only weakly) from frame `begin` to before `end`."""

    def scene(frame: int) -> list[Thing]:
        sure = certainty if begin <= frame < end else 0.9
        return [person(0.1 + speed * frame, certainty=sure)] if sure else []

    return scene


SINGLES: list[tuple[str, Callable[[int], list[Thing]], int, list[int]]] = [
    ("stands still", lambda _: [person(0.5)], 20, [1]),
    ("walks", gap(0, 0), 30, [1]),
    ("runs: a box and a half per frame", gap(0, 0, speed=0.05), 15, [1]),
    ("missed for 0.8 s", gap(8, 12), 25, [1]),
    ("missed for 1.8 s while walking", gap(8, 17), 30, [1]),
    ("gone for 3 s: somebody else, as far as anybody knows", gap(8, 23), 30, [1, 2]),
    ("seen only weakly for 5 s", gap(5, 30, certainty=0.3), 35, [1]),
    ("weaker than weak is not seen", gap(5, 30, certainty=0.2), 35, [1, 2]),
    ("never seen surely: never a track", gap(0, 99, certainty=0.45), 20, []),
]


@pytest.mark.parametrize(("reason", "scene", "frames", "ids"), SINGLES, ids=[row[0] for row in SINGLES])
def test_one_walker(reason: str, scene: Callable[[int], list[Thing]], frames: int, ids: list[int]) -> None:
    """Which ids one walker gets."""
    shown = play(scene, frames)
    assert sorted({track.id for tracks in shown for track in tracks}) == ids, reason


def test_only_what_is_seen_now_is_told() -> None:
    """In a gap there is no track; rules have their own patience."""
    shown = play(gap(8, 12), 20)
    assert [len(tracks) for tracks in shown] == [1] * 8 + [0] * 4 + [1] * 8


def test_vehicles_change_their_mind_and_stay_the_same() -> None:
    """car, truck, car: one track, called what most certainty says."""
    shown = play(lambda frame: [(0.5, 0.5, 0.6, "truck" if frame == 2 else "car")], 6)
    assert {track.id for tracks in shown for track in tracks} == {1}
    assert {track.label for tracks in shown for track in tracks} == {"car"}


def test_a_person_is_never_continued_by_a_dog() -> None:
    """Classes that are not alike do not share a track, however well they overlap."""
    shown = play(lambda frame: [(0.5, 0.5, 0.9, "person" if frame < 3 else "dog")], 6)
    assert [tracks[0].label for tracks in shown] == ["person"] * 3 + ["dog"] * 3
    assert shown[-1][0].id == 2


def test_what_a_track_tells() -> None:
    """First and latest time, latest and highest certainty."""
    track = play(lambda frame: [person(0.5, certainty=(0.6, 0.95, 0.4)[frame])], 3)[-1][0]
    assert (track.first_at, track.at) == (at(0), at(2))
    assert track.certainty == pytest.approx(0.4)
    assert track.peak == pytest.approx(0.95)
    assert track.foot == pytest.approx((0.5, 0.6))


def test_where_a_track_was_first_seen() -> None:
    """It stays with it while it walks on, through JSON too; a state of an older version knows none."""
    told = play(lambda frame: [person(0.2 + 0.02 * frame)], 10)
    first, last = told[0][0], told[-1][0]
    assert first.first_box == first.box == last.first_box
    assert last.box != first.box
    table = json.loads(json.dumps(pack_track(last)))
    assert unpack_track(table) == last
    del table["first_box"]
    assert unpack_track(table) == replace(last, first_box=None)


def test_expected_places_are_for_blurring() -> None:
    """A person missed in this frame is expected where the walk leads; other classes are not asked for."""
    tracker = Tracker()
    play(lambda frame: [(0.1 + 0.02 * frame, 0.5, 0.9, "person"), (0.8, 0.5, 0.9, "car")], 10, tracker)
    tracker.update(detections([]), at(10))
    (box,) = tracker.expected(at(10), frozenset({"person"}))
    assert (box[0] + box[2]) / 2 == pytest.approx(0.30, abs=0.005)


def test_the_same_film_gives_the_same_tracks() -> None:
    """Nothing random, no clock: two trackers agree to the last digit."""
    assert play(crossing_hidden, 30) == play(crossing_hidden, 30)


def test_time_does_not_go_back() -> None:
    """An older frame is an error of the caller; the same moment twice is not."""
    tracker = Tracker()
    tracker.update(detections([person(0.5)]), at(5))
    tracker.update(detections([person(0.5)]), at(5))
    with pytest.raises(ValueError, match="comes after"):
        tracker.update(detections([]), at(4))


def test_a_crowd_is_followed() -> None:
    """Thirty persons at once keep thirty ids."""

    def scene(frame: int) -> list[Thing]:
        return [
            person(0.05 + 0.09 * column + 0.005 * frame, 0.15 + 0.3 * row)
            for column in range(10)
            for row in range(3)
        ]

    shown = play(scene, 10)
    assert {len(tracks) for tracks in shown} == {30}
    assert {track.id for tracks in shown for track in tracks} == set(range(1, 31))


def test_patience_is_a_setting() -> None:
    """`keep` decides how long a gap may be."""
    shown = play(gap(8, 12), 20, Tracker(Tuning(keep=timedelta(seconds=0.5))))
    assert sorted({track.id for tracks in shown for track in tracks}) == [1, 2]


def parked(frame: int) -> list[Thing]:
    """A car that stands, its box breathing a little."""
    return [(0.5 + 0.002 * (frame % 3), 0.5, 0.9, "car")]


def test_what_does_not_move_stands_still() -> None:
    """After ten seconds in its place, and no longer once it leaves it."""
    tracker = Tracker()
    films = play(
        lambda frame: parked(frame) if frame < 60 else [(0.5 + 0.01 * (frame - 60), 0.5, 0.9, "car")],
        75,
        tracker,
    )
    assert [films[frame][0].still for frame in (0, 45, 55, 74)] == [False, False, True, False]
    assert {track.id for tracks in films for track in tracks} == {1}


def test_a_parked_car_is_the_same_after_a_minute_without_a_look() -> None:
    """Time in which nobody looked does not count against what stood still; what moved is another thing."""
    tracker = Tracker()
    play(lambda frame: [*parked(frame), person(0.1 + 0.002 * frame, 0.2)], 60, tracker)
    after = tracker.update(detections([*parked(0), person(0.9, 0.8)]), at(60 + 60 * FPS))
    assert owner(after, 0.5, 0.5) == 1
    assert owner(after, 0.9, 0.8) == 3


def test_nothing_changed_says_what_stands_there() -> None:
    """Only what stood still and was seen in the latest pictures: what drove off is not conjured up again."""
    tracker = Tracker()
    play(lambda frame: [*parked(frame), person(0.1 + 0.005 * frame, 0.2)], 60, tracker)
    assert [(track.id, track.label, track.at) for track in tracker.unchanged(at(70))] == [(1, "car", at(70))]
    gone = [tracker.update(detections([]), at(frame)) for frame in range(71, 71 + 3 * FPS)]
    assert not any(gone)
    assert tracker.unchanged(at(100)) == ()
    seen = tracker.update(detections(parked(0)), at(90))  # it waited, and is not too late
    assert owner(seen, 0.5, 0.5) == 1
