"""frigate (docs.frigate.video, "MQTT": `frigate/events`, `frigate/reviews`, `frigate/available`)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ingest.bindings import Binding, Bindings
from ingest.errors import MalformedPayload
from ingest.payload import NOTHING, Decoded

if TYPE_CHECKING:
    from tests.ingest.payloads.conftest import Say

AFTER: dict[str, object] = {
    "id": "1607123955.475377-mxklsc",
    "camera": "front_door",
    "frame_time": 1607123962.082975,
    "snapshot_time": 1607123961.837752,
    "label": "person",
    "top_score": 0.958984375,
    "false_positive": False,
    "start_time": 1607123955.475377,
    "end_time": None,
    "score": 0.87890625,
    "box": [432, 496, 544, 854],
    "current_zones": ["yard", "driveway"],
    "entered_zones": ["yard", "driveway"],
    "has_snapshot": False,
    "stationary": False,
}
"""The documentation's example of `frigate/events`, `after`, shortened."""
REVIEW: dict[str, object] = {
    "id": "1718987129.308396-fqk5ka",
    "camera": "front_cam",
    "start_time": 1718987129.308396,
    "end_time": None,
    "severity": "alert",
    "data": {"detections": ["1718987128.947436-g92ztx"], "objects": ["person", "car"], "zones": ["front_yard"]},
}  # fmt: skip
"""The documentation's example of `frigate/reviews`, `after`, shortened."""


def event(say: Say, sort: str, *, topic: str = "frigate/events", **changed: object) -> Decoded:
    after = {**(AFTER if topic.endswith("events") else REVIEW), **changed}
    return say("frigate", topic, {"type": sort, "before": after, "after": after})


def test_an_object(say: Say) -> None:
    """The camera is the device, the label what is there."""
    [episode] = event(say, "update").episodes
    assert (episode.name, episode.field, episode.over, episode.once) == ("front_door", "person", False, True)
    assert episode.at == datetime(2020, 12, 4, 23, 19, 22, 82975, tzinfo=UTC)


def test_one_id_many_updates(say: Say) -> None:
    """new, update, update, end: one episode."""
    said = [event(say, sort, end_time=1607123990.0).episodes[0] for sort in ("new", "update", "end")]
    assert len({each.id for each in said}) == 1
    assert [each.over for each in said] == [False, False, True]
    assert said[-1].at == datetime(2020, 12, 4, 23, 19, 50, tzinfo=UTC)


@pytest.mark.parametrize(
    ("label", "field"),
    [("car", "vehicle"), ("truck", "vehicle"), ("cat", "animal"), ("fire", "fire"), ("package", "device_alarm")],
)  # fmt: skip
def test_labels(say: Say, label: str, field: str) -> None:
    """Kinds, never identities."""
    assert event(say, "new", label=label).episodes[0].field == field


@pytest.mark.parametrize("label", ["face", "license_plate"])
def test_identities_are_not_read(say: Say, label: str) -> None:
    """Nor is the name that Frigate may have found (`sub_label`)."""
    assert event(say, "new", label=label).episodes == ()
    named = event(say, "new", sub_label=["somebody", 0.98], recognized_license_plate="X1")
    assert "somebody" not in str(named)
    assert "X1" not in str(named)


def test_a_false_positive_is_none(say: Say) -> None:
    """Not yet, or not at all."""
    assert event(say, "update", false_positive=True).episodes == ()


def test_reviews(say: Say) -> None:
    """What Frigate calls an alert; a mere detection is seen in the events already."""
    [episode] = event(say, "new", topic="frigate/reviews").episodes
    assert (episode.name, episode.field) == ("front_cam", "device_alarm")
    assert event(say, "new", topic="frigate/reviews", severity="detection").episodes == ()


def test_frigate_begins_anew(say: Say) -> None:
    """What it tracked before its start has no end of its own."""
    [episode] = say("frigate", "frigate/available", "online").episodes
    assert (episode.over, event(say, "new").episodes[0].id.startswith(episode.id[:-1])) == (True, True)
    assert say("frigate", "frigate/available", "offline") == NOTHING


def test_another_prefix() -> None:
    """`topic_prefix` is the user's; the registry names one of the topics and the camera."""
    bindings = Bindings([Binding("door", "s", "frigate", topic="nvr-2/events", external_id="front_door")])
    assert bindings.filters() == ("nvr-2/events", "nvr-2/reviews", "nvr-2/available")
    for topic in bindings.filters():
        assert bindings.conventions(topic) == ("frigate",)
        assert bindings.resolve("frigate", topic, "front_door") == "door"
    assert bindings.conventions("nvr-3/events") == ()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{", "not-json"),
        ({"after": AFTER}, "wrong-shape"),
        ({"type": "new"}, "wrong-shape"),
        ({"type": "new", "after": {**AFTER, "camera": None}}, "bad-name"),
        ({"type": "new", "after": {**AFTER, "id": {}}}, "bad-name"),
        ({"type": "new", "after": {**AFTER, "frame_time": "x"}}, "bad-time"),
    ],
)
def test_wrong_bodies(say: Say, body: object, reason: str) -> None:
    """Each with its reason."""
    with pytest.raises(MalformedPayload) as wrong:
        say("frigate", "frigate/events", body)
    assert wrong.value.reason == reason
