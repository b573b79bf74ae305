"""onvif (developer.axis.com: "MQTT Event Bridge"; Bosch: "What is MQTT and how does it work (ONVIF Profile M)?")."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ingest.bindings import Binding, Bindings
from ingest.errors import MalformedPayload
from ingest.payload import NOTHING, Status

if TYPE_CHECKING:
    from tests.ingest.payloads.conftest import Say

AXIS = "axis/B8A44FC5C075/event/tns:axis/CameraApplicationPlatform"


def axis(topic: str, data: dict[str, str], source: dict[str, str] | None = None) -> dict[str, object]:
    return {
        "topic": f"axis:CameraApplicationPlatform/{topic}",
        "timestamp": 1759713693673,
        "serial": "B8A44FC5C075",
        "message": {"source": source or {}, "key": {}, "data": data},
    }


@pytest.mark.parametrize(("active", "over"), [("1", False), ("0", True), ("true", False), ("false", True)])
def test_motion(say: Say, active: str, over: bool) -> None:
    """VMD's `active` is a text; its time is in milliseconds."""
    decoded = say("onvif", f"{AXIS}/VMD/Camera1ProfileANY", axis("VMD/Camera1ProfileANY", {"active": active}))
    [episode] = decoded.episodes
    assert (episode.name, episode.field, episode.over) == ("axis/B8A44FC5C075", "motion", over)
    assert episode.at == datetime(2025, 10, 6, 1, 21, 33, 673_000, tzinfo=UTC)


def test_object_analytics(say: Say) -> None:
    """What was seen, where the camera says so; another scenario is an alarm of the device."""
    topic = f"{AXIS}/ObjectAnalytics/Device1ScenarioANY"
    name = "ObjectAnalytics/Device1ScenarioANY"
    for data, field in (
        ({"objectId": "370312", "active": "0", "classTypes": "human"}, "person"),
        ({"active": "1"}, "device_alarm"),
    ):
        [episode] = say("onvif", topic, axis(name, data)).episodes
        assert episode.field == field


def test_two_profiles_are_two_episodes(say: Say) -> None:
    """One that ends does not end the other; nor do two sources of one topic."""
    names = ["VMD/Camera1ProfileANY", "VMD/Camera1Profile1"]
    said = [say("onvif", f"{AXIS}/{name}", axis(name, {"active": "1"})).episodes[0] for name in names]
    sources = [
        say("onvif", f"{AXIS}/VMD/x", axis("VMD/x", {"active": "1"}, {"video": each})).episodes[0] for each in "12"
    ]  # fmt: skip
    assert len({each.id for each in (*said, *sources)}) == 4


def test_profile_m(say: Say) -> None:
    """ONVIF JSON: UtcTime, Source, Data; the topic is MQTT's."""
    decoded = say(
        "onvif",
        "BoschCam1/onvif-ej/RuleEngine/CellMotionDetector/Motion/&1/Detect any motion 1",
        {"UtcTime": "2026-11-22T08:00:00Z", "Source": {"VideoSource": "1"}, "Data": {"IsMotion": "true"}},
    )
    [episode] = decoded.episodes
    assert (episode.name, episode.field, episode.over) == ("BoschCam1", "motion", False)
    assert decoded.statuses == (Status("BoschCam1", online=True, at=say.now),)


def test_a_crossed_line_has_no_end(say: Say) -> None:
    """Without a state it lasts five seconds."""
    [episode] = say(
        "onvif",
        "BoschCam1/onvif-ej/RuleEngine/LineDetector/Crossed/&1/Line",
        {"UtcTime": "2026-11-22T08:00:00Z", "Source": {"Rule": "Line"}, "Data": {"ObjectId": "7"}},
    ).episodes
    assert (episode.field, episode.lasts) == ("line_crossing", timedelta(seconds=5))


def test_counters_and_the_like_say_nothing_that_holds(say: Say) -> None:
    """They show that the camera is there."""
    decoded = say(
        "onvif",
        "BoschCamera1/onvif-ej/RuleEngine/CountAggregation/Counter/&1/Counter 4",
        {"UtcTime": "2026-11-22T08:00:00Z", "Source": {}, "Data": {"Count": "12"}},
    )
    assert decoded.episodes == ()
    assert decoded.statuses


def test_connection(say: Say) -> None:
    """Axis' will: the payload has a boolean `connected`."""
    decoded = say(
        "onvif", "axis/B8A44FC5C075/event/connection", {"message": {"connected": False}, "topic": "x"}
    )
    assert decoded.statuses == (Status("axis/B8A44FC5C075", online=False),)
    decoded = say("onvif", "axis/B8A44FC5C075/event/connection", {"connected": True})
    assert decoded.statuses == (Status("axis/B8A44FC5C075", online=True),)


def test_any_prefix_binds(say: Say) -> None:
    """The prefix is the user's; any of the device's topics names it."""
    bindings = Bindings([Binding("gate", "s", "onvif", topic="county/gate/event/#")])
    topic = "county/gate/event/tns:axis/CameraApplicationPlatform/VMD/Camera1ProfileANY"
    assert bindings.conventions(topic) == ("onvif",)
    decoded = say("onvif", topic, axis("VMD/Camera1ProfileANY", {"active": "1"}), filtered=False)
    assert bindings.resolve("onvif", topic, decoded.episodes[0].name) == "gate"
    assert say("onvif", "county/other", {}, filtered=False) == NOTHING


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("[]", "wrong-shape"),
        ({"message": 5, "topic": "VMD"}, "wrong-shape"),
        ({"message": {"data": []}, "topic": "VMD"}, "wrong-shape"),
        ({"message": {}}, "bad-name"),
        ({"topic": "VMD", "timestamp": "soon", "message": {}}, "bad-time"),
    ],
)
def test_wrong_bodies(say: Say, body: object, reason: str) -> None:
    """Each with its reason."""
    with pytest.raises(MalformedPayload) as wrong:
        say("onvif", f"{AXIS}/VMD/Camera1ProfileANY", body)
    assert wrong.value.reason == reason
