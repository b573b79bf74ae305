"""frigate: objects and alerts of cameras behind Frigate.

`<prefix>/events`: one message for each change of a tracked object, all under one `id`; `type: end` is the last.
`<prefix>/reviews`: the same for what Frigate calls an alert. The camera is the device (`external_id`), the label says
what is seen there. A false positive is none; names and plates that Frigate may add (`sub_label`) are not read.
When Frigate starts anew (`<prefix>/available`: `online`) whatever it tracked before is over.
Source: docs.frigate.video, "MQTT".
"""

from __future__ import annotations

from datetime import tzinfo

from ingest import document
from ingest.errors import MalformedPayload
from ingest.mqtt.message import Message
from ingest.payload import NOTHING, Decoded, Described, Episode, Status, moment

FILTERS = ("frigate/events", "frigate/reviews", "frigate/available")
MANY = True
"""All cameras share the topics."""

TYPES = frozenset({"new", "update", "end"})
ALERT = "alert"

LABELS = {
    "person": "person",
    **dict.fromkeys(("car", "truck", "bus", "motorcycle", "bicycle", "boat"), "vehicle"),
    **dict.fromkeys(("dog", "cat", "bird", "mouse", "rat", "horse", "sheep", "cow", "bear"), "animal"),
    "fire": "fire",
    "smoke": "smoke",
}
"""Label → quantity; another label is a `device_alarm`."""

IDENTITIES = frozenset({"face", "license_plate"})
"""Never read: places are watched, not persons."""


def device_of(topic: str) -> str:
    """The prefix: Frigate itself."""
    return topic.rpartition("/")[0]


def topics_of(topic: str) -> tuple[str, ...]:
    """All that Frigate says under this prefix."""
    return tuple(f"{device_of(topic)}/{each}" for each in ("events", "reviews", "available"))


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """What is seen at a camera."""
    prefix, _, sort = message.topic.rpartition("/")
    if sort == "available":
        began = message.payload.strip().lower() == b"online" and not message.retain
        return Decoded(episodes=(Episode("", "", f"frigate|{prefix}|*", True),)) if began else NOTHING
    if sort not in {"events", "reviews"}:
        return NOTHING
    fields = document.mapping(document.parse(message.payload), "payload")
    if str(fields.get("type")) not in TYPES:
        raise MalformedPayload("the type is new, update or end", reason="wrong-shape", where="type")
    after = document.mapping(fields.get("after"), "after")
    name = document.name(after.get("camera"), "after.camera")
    over = fields["type"] == "end"
    seen = after.get("end_time") if over else after.get("frame_time") or after.get("start_time")
    at = moment(seen, zone=zone, where="after") if seen is not None else None
    here = (Status(name, online=True),)
    field = _alert(after) if sort == "reviews" else _label(after)
    if field is None:
        return Decoded(statuses=here, hint="not-wanted")
    identity = f"frigate|{prefix}|{document.name(after.get('id'), 'after.id')}"
    return Decoded(statuses=here, episodes=(Episode(name, field, identity, over, at, once=True),))


def _label(after: dict[str, object]) -> str | None:
    label = document.name(after.get("label"), "after.label")
    if label in IDENTITIES or after.get("false_positive") is True:
        return None
    return LABELS.get(label, "device_alarm")


def _alert(after: dict[str, object]) -> str | None:
    return "device_alarm" if after.get("severity") == ALERT else None
