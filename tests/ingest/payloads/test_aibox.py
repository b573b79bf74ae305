"""aibox (the fields are those of the project's survey of AI boxes: there is no common standard)."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ingest.bindings import Binding, Bindings
from ingest.episodes import Episodes
from ingest.errors import MalformedPayload
from ingest.payload import Decoded

if TYPE_CHECKING:
    from tests.ingest.payloads.conftest import Say

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
WARNING: dict[str, object] = {
    "event_id": "e-1",
    "stream_id": "kitchen-2",
    "algorithm_id": 1,
    "event_msg": "检测到烟雾",
    "image_url": "http://box/1.jpg",
    "result": {"score": 0.91},
}
CANCEL = {"event_id": "e-1"}
RECORDING = {"event_id": "e-1", "stream_id": "kitchen-2", "video_url": "http://box/1.mp4"}


def sent(say: Say, sort: str, body: object) -> Decoded:
    return say("aibox", f"aibox/box-1/{sort}", body, filtered=False)


def test_a_warning(say: Say) -> None:
    """The stream is the device, the words say what holds."""
    [episode] = sent(say, "warning", WARNING).episodes
    assert (episode.name, episode.field, episode.over, episode.at) == ("kitchen-2", "smoke", False, None)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ("明火离岗", "fire"),
        ("发现老鼠", "animal"),
        ("人员闯入", "intrusion"),
        ("摄像机遮挡", "tamper"),
        ("Person detected", "person"),
        ("operation vibration", "device_alarm"),
        ("未戴厨师帽", "device_alarm"),
        ("", "device_alarm"),
        (None, "device_alarm"),
    ],
)
def test_words(say: Say, said: object, field: str) -> None:
    """Whole words; what is not known is an alarm of the device, never nothing."""
    assert sent(say, "warning", {**WARNING, "event_msg": said}).episodes[0].field == field


@pytest.mark.parametrize("said", ["人脸识别", "车牌识别", "face matched"])
def test_identities_are_not_read(say: Say, said: str) -> None:
    """Whatever the box can do."""
    assert sent(say, "warning", {**WARNING, "event_msg": said}).episodes == ()


@pytest.mark.parametrize("order", list(itertools.permutations(["warning", "cancel", "record"])))
def test_in_any_order(say: Say, order: tuple[str, ...]) -> None:
    """Afterwards it is over; a cancellation that came first lets nothing be raised."""
    bodies = {"warning": WARNING, "cancel": CANCEL, "record": RECORDING}
    kept, values = Episodes((), NOW), []
    for second, sort in enumerate(order):
        said = [("cam" if each.name else "", each) for each in sent(say, sort, bodies[sort]).episodes]
        change = kept.hear(said, NOW + timedelta(seconds=second))
        values += [each.value for each in change.turns]
    assert values == ([True, False] if order.index("warning") < order.index("cancel") else [])


def test_two_warnings_one_cancelled(say: Say) -> None:
    """The other one holds."""
    kept = Episodes((), NOW)
    for number in (1, 2):
        kept.hear([("cam", sent(say, "warning", {**WARNING, "event_id": number}).episodes[0])], NOW)
    change = kept.hear([("", sent(say, "cancel", {"event_id": 1}).episodes[0])], NOW + timedelta(seconds=11))
    assert [each.value for each in change.turns] == [True]


def test_bound_by_its_stream() -> None:
    """One box, many streams; any of its topics names the box."""
    bindings = Bindings([Binding("k2", "s", "aibox", topic="aibox/box-1/warning", external_id="kitchen-2")])
    assert bindings.filters() == ("aibox/box-1/+",)
    assert bindings.resolve("aibox", "aibox/box-1/cancel", "kitchen-2") == "k2"
    assert bindings.resolve("aibox", "aibox/box-2/warning", "kitchen-2") is None
    assert bindings.conventions("aibox/box-1/cancel") == ("aibox",)
    assert bindings.conventions("aibox/box-2/cancel") == ()


def test_a_time_of_its_own(say: Say) -> None:
    """Where the box gives one; without a zone it is the area's."""
    [episode] = sent(say, "warning", {**WARNING, "event_time": "2026-11-22 15:59:58"}).episodes
    assert episode.at == datetime(2026, 11, 22, 7, 59, 58, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sort", "body", "reason"),
    [
        ("warning", {}, "bad-name"),
        ("warning", {"event_id": "e"}, "wrong-shape"),
        ("cancel", {"stream_id": "s"}, "bad-name"),
        ("warning", {**WARNING, "time": "soon"}, "bad-time"),
        ("warning", [], "wrong-shape"),
    ],
)
def test_wrong_bodies(say: Say, sort: str, body: object, reason: str) -> None:
    """Each with its reason."""
    with pytest.raises(MalformedPayload) as wrong:
        sent(say, sort, body)
    assert wrong.value.reason == reason
