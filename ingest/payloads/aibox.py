"""aibox: video-analysis boxes that publish a warning, its cancellation and its recording as separate messages.

`{"event_id", "stream_id", "algorithm_id", "event_msg", "image_url", "result"}`, on topics that the registry names; the
topic's last level says which of the three it is (`…/cancel`, `…/record…`, else a warning). They arrive in any order and
may be repeated: the `event_id` ties them together, and a warning whose cancellation came first raises nothing. A
cancellation may leave out everything but the `event_id`. The stream is the device (`external_id`). What a warning
means is read from words in `event_msg`; without one that is known here it is a `device_alarm`. Pictures and clips stay
at the box. Boxes of different makers agree on these fields, not on a standard.
Source: the survey of AI boxes in the project's own domain notes.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from ingest import document
from ingest.errors import MalformedPayload
from ingest.mqtt.message import Message
from ingest.payload import Decoded, Described, Episode, Status, moment

FILTERS: tuple[str, ...] = ()

CANCELS = ("cancel", "clear", "recover")
RECORDS = ("record", "video", "clip")
TIMES = ("event_time", "timestamp", "time")

WORDS = tuple(
    (re.compile(words), field)
    for words, field in (
        (r"车牌|人脸|\bface\b|\bplate\b", None),  # identities are not read
        (r"烟雾|\bsmoke\b", "smoke"),
        (r"明火|火焰|火灾|\bfire\b|\bflame\b", "fire"),
        (r"老鼠|鼠患|\brats?\b|\bmouse\b", "animal"),
        (r"入侵|闯入|\bintrusion\b", "intrusion"),
        (r"越界|越线|\bcrossing\b", "line_crossing"),
        (r"徘徊|\bloitering\b", "loitering"),
        (r"遮挡|\btamper(ing)?\b", "tamper"),
        (r"车辆|\bvehicles?\b", "vehicle"),
        (r"人员|行人|\bpersons?\b", "person"),
    )
)
"""Words in `event_msg` → quantity, the first that is found; None: left out."""


def device_of(topic: str) -> str:
    """The topic without its last level: the box."""
    return topic.rpartition("/")[0] or topic


def topics_of(topic: str) -> tuple[str, ...]:
    """Warnings, cancellations and recordings of the box."""
    return (f"{device_of(topic)}/+",) if "/" in topic and "#" not in topic else (topic,)


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """What holds at a stream."""
    sort = message.topic.rpartition("/")[2].lower()
    fields = document.mapping(document.parse(message.payload), "payload")
    event = document.name(fields.get("event_id"), "event_id")
    stream = fields.get("stream_id")
    name = document.name(stream, "stream_id") if stream is not None else ""
    here = (Status(name, online=True),) if name else ()
    if any(word in sort for word in RECORDS):
        return Decoded(statuses=here, hint="recording")
    at = _time(fields, zone)
    identity = f"aibox|{device_of(message.topic)}|{event}"
    if any(word in sort for word in CANCELS):
        return Decoded(statuses=here, episodes=(Episode(name, "", identity, True, at, once=True),))
    if not name:
        raise MalformedPayload("a warning names its stream", reason="wrong-shape", where="stream_id")
    said = fields.get("event_msg")
    field = _quantity(said if isinstance(said, str) else "")
    if field is None:
        return Decoded(statuses=here, hint="not-wanted")
    return Decoded(statuses=here, episodes=(Episode(name, field, identity, False, at, once=True),))


def _quantity(said: str) -> str | None:
    small = said[:1000].lower()
    return next((field for words, field in WORDS if words.search(small)), "device_alarm")


def _time(fields: dict[str, object], zone: tzinfo) -> datetime | None:
    seen = next((fields[key] for key in TIMES if fields.get(key) is not None), None)
    return moment(seen, zone=zone, where="time") if seen is not None else None
