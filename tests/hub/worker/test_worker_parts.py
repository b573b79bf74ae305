"""The worker's small parts: slots, assignment, crew, people."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.detections import Detections
from hub.worker.assignment import Assignment, Poller, parse
from hub.worker.crew import Crew
from hub.worker.people import WHOLE, find
from hub.worker.schedule import ROW
from hub.worker.slots import Slots
from ingest.errors import InvalidInput
from ingest.frame import Frame
from ingest.raster import Pixels
from tests.servers.assignments import TOKEN, AssignmentServer
from tests.servers.ports import free_port

START = datetime(2026, 11, 22, 8, tzinfo=UTC)
RULE: dict[str, object] = {"id": "seen", "kind": "presence", "classes": ["person"]}


def now() -> datetime:
    return datetime.now(UTC)


def take(slots: Slots) -> Frame | None:
    """One frame that is looked at in no time."""
    taken = slots.take(0)
    if taken is not None:
        slots.done(taken.device)
    return taken


def frame(device: str, second: float = 0) -> Frame:
    return Frame(device, second, START + timedelta(seconds=second), Pixels(np.zeros((4, 4, 3), np.uint8)))


def test_the_newest_frame_wins_and_the_lost_one_is_counted() -> None:
    """Of frames that nobody takes the oldest is pushed out, and the camera is told; without a shortage two wait."""
    slots = Slots(now)
    assert slots.put(frame("a", 1))
    assert slots.put(frame("a", 2))
    assert not slots.put(frame("a", 3))
    assert [each.pts for each in (take(slots), take(slots)) if each is not None] == [2, 3]
    assert slots.dropped("a") == 1
    assert slots.take(0.01) is None


def test_a_fast_camera_does_not_starve_a_slow_one() -> None:
    """Cameras are served in the order in which they began to wait."""
    slots = Slots(now)
    slots.put(frame("fast", 1))
    slots.put(frame("slow", 1))
    slots.put(frame("fast", 2))
    slots.put(frame("fast", 3))
    order = [taken.device for taken in (take(slots), take(slots)) if taken]
    assert order == ["fast", "slow"]
    slots.forget("fast")
    assert slots.dropped("fast") == 0


def test_frames_that_catch_up_wait_in_order() -> None:
    """The row is bounded, pushes nothing out, and gives the other cameras their turn in between."""
    slots = Slots(now)
    behind = [replace(frame("a", second), catch_up=True) for second in range(ROW + 1)]
    assert [slots.put(each) for each in behind] == [True] * ROW + [False]
    slots.put(frame("b"))
    assert [slots.put(frame("a", second)) for second in (9, 10)] == [
        True,
        True,
    ]  # caught up: they wait behind
    assert not slots.put(frame("a", 11))  # and the newest win, as always
    taken = [each for each in (take(slots) for _ in range(ROW + 3)) if each is not None]
    assert [(each.device, each.pts) for each in taken][:3] == [("a", 0), ("b", 0), ("a", 1)]
    assert [each.pts for each in taken if each.device == "a"] == [*range(ROW), 10, 11]
    assert slots.dropped("a") == 1


def task(device: str = "cam", **more: object) -> dict[str, object]:
    url = f"rtsp://admin:s3cr3t@127.0.0.1:{PORT}/x"
    return {"device": device, "site": "school-1", "url": url, "fps": 5, "model": "coco-ssd", **more}


PORT = free_port()


def assignment(*tasks: dict[str, object], epoch: int = 1) -> Assignment:
    return parse(json.dumps({"epoch": epoch, "broker": "mqtt://127.0.0.1:1", "cameras": tasks}).encode())


WRONG = [
    (b"<html>", "not JSON"),
    (b"[]", "a list"),
    (b'{"epoch": 1}', "no broker"),
    (json.dumps({"epoch": 1, "broker": "x", "cameras": [task(fps=0)]}).encode(), "no frames a second"),
    (
        json.dumps({"epoch": 1, "broker": "x", "cameras": [task(transport="smoke")]}).encode(),
        "no such transport",
    ),
    (
        json.dumps({"epoch": 1, "broker": "x", "cameras": [task(timezone="Mars/Base")]}).encode(),
        "no such zone",
    ),
]


@pytest.mark.parametrize(("content", "why"), WRONG, ids=[row[1] for row in WRONG])
def test_a_malformed_assignment_is_refused_without_telling_secrets(content: bytes, why: str) -> None:
    """The error names the field, never its value: the URL carries a password."""
    with pytest.raises(InvalidInput) as caught:
        parse(content)
    assert "s3cr3t" not in str(caught.value), why


def test_the_password_is_not_in_a_printed_task() -> None:
    """repr() of an assignment is safe to log."""
    assert "s3cr3t" not in repr(assignment(task()))


def test_the_poller_asks_and_says_once_what_is_wrong(caplog: pytest.LogCaptureFixture) -> None:
    """A good answer is an Assignment; a bad one is None, counted, and logged once."""
    with AssignmentServer({"epoch": 7, "broker": "mqtt://127.0.0.1:1", "cameras": [task()]}) as server:
        poller = Poller(server.url, name="w1", boot="b1", token=TOKEN)
        found = poller.ask(START)
        assert found is not None
        assert (found.epoch, found.cameras[0].device) == (7, "cam")
        assert server.asked[0] == {"worker": ["w1"], "boot": ["b1"]}
        for status in (500, 500, 404, 200):
            server.status = status
            poller.ask(START)
        stranger = Poller(server.url, name="w1", boot="b1", token="wrong")
        assert stranger.ask(START) is None
        assert "worker token" in stranger.health.reason
    assert poller.ask(START) is None  # the server is gone
    assert (poller.health.asked, poller.health.failed) == (2, 4)
    assert sum("answered 500" in record.message for record in caplog.records) == 1
    poller.close()
    stranger.close()


@pytest.fixture
def crew() -> Iterator[Crew]:
    """Cameras that reach nothing: only what is started and stopped matters."""
    made = Crew(Slots(now), clock=now)
    yield made
    made.close()


def test_only_what_changed_is_touched(crew: Crew) -> None:
    """Adding, changing and removing a camera leaves the others' streams and rules as they are."""
    assert crew.apply(assignment(task("a", rules=[RULE]), task("b", rules=[RULE])))
    a, b = crew.get("a"), crew.get("b")
    assert a is not None
    assert b is not None
    a_camera, b_camera, a_rule = a.camera, b.camera, a._rules["seen"]
    assert not crew.apply(assignment(task("a", rules=[RULE]), task("b", rules=[RULE])))
    crew.apply(assignment(task("a", rules=[RULE, {**RULE, "id": "second"}]), task("b", fps=2), task("c")))
    assert [watch.task.device for watch in crew.all()] == ["a", "b", "c"]
    assert crew.get("a") is a
    assert a.camera is a_camera  # a new rule does not disturb the stream
    assert a._rules["seen"] is a_rule  # nor the rule that was there
    assert set(a._rules) == {"seen", "second"}
    assert b.camera is not b_camera  # another frame rate is another stream
    assert b._rules == {}
    crew.apply(assignment(task("a")))
    assert crew.get("b") is None
    assert crew.models() == {"coco-ssd"}


def test_a_stopped_camera_ends_its_thread(crew: Crew) -> None:
    """A camera taken away stops within its pause."""
    crew.apply(assignment(task("a")))
    watch = crew.get("a")
    assert watch is not None
    crew.apply(assignment())
    assert watch.camera.stop(5)


REFUSED = [
    ({**RULE, "kind": "telepathy"}, "telepathy", "no such kind"),
    ({**RULE, "classes": []}, "classes", "nothing to look for"),
    ({**RULE, "zone": [[0, 0], [2, 2], [0, 1]]}, "zone", "outside the picture"),
    (
        {"id": "warm", "kind": "threshold", "quantity": "temperature", "above": 8},
        "warm",
        "a rule over readings",
    ),
    ({"kind": "presence"}, "id", "no id"),
]


@pytest.mark.parametrize(("rule", "named", "why"), REFUSED, ids=[row[2] for row in REFUSED])
def test_a_rule_that_cannot_be_read_is_refused_alone(
    crew: Crew, rule: dict[str, object], named: str, why: str
) -> None:
    """The camera and its other rules go on; the refusal names the rule and the mistake."""
    good = {**RULE, "id": "good"}
    crew.apply(assignment(task("a", rules=[good, rule])))
    watch = crew.get("a")
    assert watch is not None
    assert set(watch._rules) == {"good"}
    assert len(watch.refused) == 1
    assert any(named in text for text in watch.refused.values()), why


def test_rules_are_unknown_while_nothing_can_be_seen(crew: Crew) -> None:
    """A camera that is away, or a model that failed: unknown, with the reason, never inactive."""
    crew.apply(assignment(task("a", rules=[RULE])))
    watch = crew.get("a")
    assert watch is not None
    seen = Detections(
        np.array([[0.4, 0.2, 0.6, 0.9]], np.float32), np.array([0.9], np.float32), np.array([0]), ("person",)
    )
    at = datetime.now(UTC)
    raised = watch.look(Frame("a", 1.0, at, Pixels(np.zeros((10, 10, 3), np.uint8))), seen, 0.25)
    assert [verdict.level.state for verdict in raised] == ["active"]
    assert raised[0].source.place == "school-1"
    away = watch.tick(at + timedelta(milliseconds=100), "refused")
    assert [verdict.level.state for verdict in away] == ["unknown"]
    assert "refused" in away[0].level.explanation.zh
    assert [verdict.level.state for verdict in watch.tick(at + timedelta(milliseconds=200), None)] == [
        "active"
    ]


def test_a_late_frame_does_not_turn_back_what_a_tick_said(crew: Crew) -> None:
    """A frame older than the latest tick is judged at the tick's time: no flicker, no second raise."""
    crew.apply(assignment(task("a", rules=[RULE])))
    watch = crew.get("a")
    assert watch is not None
    at = datetime.now(UTC)
    box = np.array([[0.4, 0.2, 0.6, 0.9]], np.float32)
    seen = Detections(box, np.array([0.9], np.float32), np.array([0]), ("person",))
    none = Detections.none(("person",))
    image = Pixels(np.zeros((10, 10, 3), np.uint8))
    watch.look(Frame("a", 1.0, at, image), seen, 0.25)
    watch.look(Frame("a", 1.2, at + timedelta(seconds=0.2), image), none, 0.25)
    states = [watch.tick(at + timedelta(seconds=3), None)[0].level.state]
    states.append(watch.look(Frame("a", 2.9, at + timedelta(seconds=2.9), image), none, 0.25)[0].level.state)
    assert states == ["inactive", "inactive"]


def test_a_parked_car_holds_no_gate_and_is_not_lost(crew: Crew) -> None:
    """Its rule goes on while the quiet camera says that nothing changed; who drives or walks holds the gate."""
    labels = ("person", "car")
    rule: dict[str, object] = {"id": "parking", "kind": "presence", "classes": list(labels)}
    crew.apply(assignment(task("a", rules=[rule])))
    watch = crew.get("a")
    assert watch is not None
    image = Pixels(np.zeros((10, 10, 3), np.uint8))
    begun = datetime.now(UTC)

    def look(second: float, *, walker: bool) -> datetime | None:
        boxes = [(0.4, 0.4, 0.6, 0.6), (0.1, 0.2, 0.2, 0.8)][: 1 + walker]
        seen = Detections(
            np.array(boxes, np.float32),
            np.full(len(boxes), 0.9, np.float32),
            np.array([1, 0])[: len(boxes)],
            labels,
        )
        at = begun + timedelta(seconds=second)
        watch.look(Frame("a", second, at, image), seen, 0.25)
        return watch.camera._hold_until

    held = [look(0.2 * number, walker=False) for number in range(100)]
    assert held[0] != held[40]  # not yet known to stand
    assert held[60] == held[99]  # parked
    watch._unchanged(begun + timedelta(seconds=60))
    still = watch.tick(begun + timedelta(seconds=61), None)[0].level
    assert (still.state, still.value) == ("active", 1.0)
    standing = [look(61 + 0.2 * number, walker=True) for number in range(100)]
    assert standing[-2] != standing[-1]  # a person counts, however still
    watch._unchanged(begun + timedelta(seconds=90))
    assert [track.label for track in watch.tick(begun + timedelta(seconds=91), None)[0].level.tracks] == [
        "car"
    ]


def test_a_parked_car_goes_on_dwelling_while_the_camera_is_quiet(crew: Crew) -> None:
    """Nothing moves, so nothing is looked at closely: its time goes on, and is told when it is over."""
    rule: dict[str, object] = {
        "id": "parking", "kind": "dwell", "classes": ["car"], "longer_than": "30s", "reach": 0.5,
    }  # fmt: skip
    crew.apply(assignment(task("a", rules=[rule])))
    watch = crew.get("a")
    assert watch is not None
    image = Pixels(np.zeros((10, 10, 3), np.uint8))
    begun = datetime.now(UTC)
    box = np.array([[0.4, 0.4, 0.6, 0.6]], np.float32)
    for number in range(75):
        seen = Detections(box, np.array([0.9], np.float32), np.array([0]), ("car",))
        watch.look(Frame("a", number / 5, begun + timedelta(seconds=number / 5), image), seen, 0.25)
    states = []
    for second in range(18, 38, 4):
        watch._unchanged(begun + timedelta(seconds=second))
        states.append(watch.tick(begun + timedelta(seconds=second), None)[0].level.state)
    assert states == ["inactive", "inactive", "inactive", "active", "active"]  # at 18, 22, 26, 30, 34 s


def detections(*boxes: tuple[float, float, float, float]) -> Detections:
    n = len(boxes)
    return Detections(
        np.array(boxes, np.float32).reshape(n, 4),
        np.full(n, 0.2, np.float32),
        np.zeros(n, np.int64),
        ("person",),
    )


def test_people_are_looked_for_in_tiles_too() -> None:
    """What only shows in a corner tile is found, and its box is put where it is in the whole picture."""

    def detect(image: NDArray[np.uint8]) -> Detections:
        return (
            detections((0.5, 0.5, 1.0, 1.0)) if image.shape[0] < 100 and image[0, 0, 0] == 9 else detections()
        )

    image = np.zeros((100, 100, 3), np.uint8)
    image[40, 40] = 9  # the first pixel of the lower right tile
    corner = [pytest.approx((0.7, 0.7, 1.0, 1.0))]
    found = find(image, detect)
    assert (found.persons == corner, found.faces) == (True, [])
    found = find(image, lambda _: detections(), (detect,))
    assert (found.persons, found.faces == corner) == ([], True)


def test_without_a_model_everything_is_hidden() -> None:
    """No model that knows persons: the whole picture is blurred, never shown in good faith."""
    assert find(np.zeros((20, 20, 3), np.uint8), None).persons == [WHOLE]


def test_taking_waits_no_longer_than_told() -> None:
    """The analysis thread comes back to its ticks."""
    begun = time.monotonic()
    assert Slots(now).take(0.05) is None
    assert time.monotonic() - begun < 2
