"""onvif: events of ONVIF cameras over MQTT, as Axis and Profile M devices publish them.

Axis: `<prefix>/event/…`, `{"topic", "timestamp", "message": {"source", "key", "data"}}`. ONVIF JSON (Profile M):
`<prefix>/onvif-ej/…`, `{"UtcTime", "Source", "Key", "Data"}`. Booleans are texts (`"1"`, `"true"`). One camera has
several sources and rules: the quantity is true while any of them is. An event without a state (a line was crossed) is
taken to last 5 s. The prefix is the device's own; it is its name.
Source: developer.axis.com, "MQTT Event Bridge"; ONVIF Core, "Event handling", MQTT; community.boschsecurity.com, "What
is MQTT and how does it work (Bosch ONVIF Profile M)?".
"""

from __future__ import annotations

from datetime import timedelta, tzinfo

from ingest import document
from ingest.interpret import truth
from ingest.mqtt.message import Message
from ingest.payload import NOTHING, Decoded, Described, Episode, Status, moment

FILTERS = ("axis/+/event/#", "+/onvif-ej/#")

EVENT, JSON_EVENT = "event", "onvif-ej"
PULSE = timedelta(seconds=5)

STATES = ("active", "state", "ismotion", "logicalstate", "istamper", "triggered", "alarm", "inside")
"""Names of the item that says whether it holds, in small letters; the first that is there counts."""

WORDS = (
    ("tamper", "tamper"),
    ("globalscenechange", "tamper"),
    ("signalloss", "video_loss"),
    ("linedetector", "line_crossing"),
    ("linecross", "line_crossing"),
    ("crossline", "line_crossing"),
    ("fenceguard", "line_crossing"),
    ("fielddetector", "intrusion"),
    ("loitering", "loitering"),
    ("fire", "fire"),
    ("smoke", "smoke"),
    ("motion", "motion"),
    ("vmd", "motion"),
    ("pir", "motion"),
    ("digitalinput", "button"),
    ("io/virtualinput", "device_alarm"),
    ("io/port", "button"),
    ("objectanalytics", "device_alarm"),
)
"""A part of the event's topic in small letters → the quantity that holds meanwhile."""


CLASSES = {"human": "person", "car": "vehicle", "truck": "vehicle", "bus": "vehicle", "bike": "vehicle"}
"""What Axis' object analytics saw (`classTypes`)."""


def device_of(topic: str) -> str:
    """The prefix before `/event/` or `/onvif-ej/`."""
    for mark in (JSON_EVENT, EVENT):
        before, found, _ = topic.partition(f"/{mark}/")
        if found:
            return before
    return topic


def topics_of(topic: str) -> tuple[str, ...]:
    """All events of the device."""
    prefix = device_of(topic)
    return (f"{prefix}/{EVENT}/#", f"{prefix}/{JSON_EVENT}/#")


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """What holds at the camera; `connected: false` is its last will."""
    name = document.name(device_of(message.topic), "topic")
    if name == message.topic:
        return NOTHING
    fields = document.mapping(document.parse(message.payload), "payload")
    if "message" in fields:
        inner = document.mapping(fields["message"], "message")
        topic = document.name(fields.get("topic"), "topic")
        seen, source, key, data = fields.get("timestamp"), "source", "key", "data"
    else:
        inner, topic = fields, message.topic[len(name) + 1 :].partition("/")[2]
        seen, source, key, data = fields.get("UtcTime"), "Source", "Key", "Data"
    if isinstance(inner.get("connected"), bool):
        return Decoded(statuses=(Status(name, online=inner["connected"] is True),))
    at = moment(seen, zone=zone, where="timestamp") if seen is not None else None
    here = (Status(name, online=True, at=at),)
    field = _quantity(topic)
    if field is None:
        return Decoded(statuses=here, hint="no-event")
    items = {
        item.rpartition(".")[2].lower(): value
        for item, value in document.leaves(document.mapping(inner.get(data, {}), data))
    }
    field = CLASSES.get(str(items.get("classtypes")).lower(), field)
    holds = next((truth(items[each]) for each in STATES if each in items), None)
    where = [
        f"{item}={value}"
        for part in (source, key)
        for item, value in document.leaves(document.mapping(inner.get(part) or {}, part))
    ]
    identity = "|".join(["onvif", name, topic, *where])[:1000]
    if holds is None:
        return Decoded(statuses=here, episodes=(Episode(name, field, identity, False, at, PULSE),))
    return Decoded(statuses=here, episodes=(Episode(name, field, identity, not holds, at),))


def _quantity(topic: str) -> str | None:
    small = topic.lower()
    return next((quantity for word, quantity in WORDS if word in small), None)
