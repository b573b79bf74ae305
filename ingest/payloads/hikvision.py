"""hikvision: events that Hikvision cameras and recorders push over HTTP, `EventNotificationAlert` in XML or JSON.

The body is the alert itself or multipart with pictures behind it, which are not kept. An event is pushed every second
while it holds, and hardly any device says when it is over: 5 s without it, and it is. `videoloss` that is `inactive` is
the heartbeat. The channel is the name (`external_id`); a camera alone is found by its topic, `push/<device>`. Faces and
plates are not read.
Source: Hikvision ISAPI, "Event notification", HTTP listening; npm iobroker.hikvision-alarmserver, README (the 5 s).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from xml.etree import ElementTree as ET

from ingest import document
from ingest.errors import MalformedPayload
from ingest.mqtt.message import Message
from ingest.payload import Decoded, Described, Episode, Status, moment

FILTERS: tuple[str, ...] = ()

LASTS = timedelta(seconds=5)
MAX_PUSH = 8 * 1024 * 1024
"""With its pictures; the alert itself is at most as large as any other payload."""
ROOT = "EventNotificationAlert"

EVENTS = {
    "vmd": "motion",
    "pir": "motion",
    "linedetection": "line_crossing",
    "fielddetection": "intrusion",
    "regionentrance": "intrusion",
    "regionexiting": "intrusion",
    "loitering": "loitering",
    "shelteralarm": "tamper",
    "tamperdetection": "tamper",
    "scenechangedetection": "tamper",
    "videoloss": "video_loss",
    "firedetection": "fire",
    "smokedetection": "smoke",
    "smokeandfiredetection": "fire",
}
"""eventType in small letters → quantity; another one is a `device_alarm`."""

TARGETS = {"human": "person", "vehicle": "vehicle"}
"""What crossed or entered, where the camera says so."""
TARGET_KEYS = frozenset({"detectionTarget", "targetType"})

HEARTBEAT = frozenset({"heartbeat"})
DEVICE = frozenset(
    {"diskfull", "diskerror", "nicbroken", "ipconflict", "illaccess", "videomismatch", "badvideo"}
)
"""The recorder's own troubles: no event of a place."""
IDENTITIES = ("face", "anpr", "vehicledetection", "humanrecognition", "alarmresult")

_SHORT_ZONE = re.compile(r"([+-])(\d):(\d\d)$")  # some firmware writes -8:00
_BOUNDARY = re.compile(rb"\A(?:\r?\n)*--([^\r\n]{1,200})\r?\n")


def decode(message: Message, *, zone: tzinfo, described: Described) -> Decoded:  # noqa: ARG001 - one signature for the shelf
    """What holds at each channel; any push shows that the device is there."""
    if len(message.payload) > MAX_PUSH:
        raise MalformedPayload(
            f"{len(message.payload)} bytes, at most {MAX_PUSH} are read", reason="too-large"
        )
    said = [_alert(each, zone) for each in _alerts(message.payload)]
    return Decoded(
        statuses=tuple(dict.fromkeys(status for status, _, _ in said)),
        episodes=tuple(each for _, episodes, _ in said for each in episodes),
        hint=next((hint for _, _, hint in said if hint), ""),
    )


def _alerts(payload: bytes) -> list[bytes]:
    """The alerts in a body: the whole of it, or the parts that are no picture."""
    begins = _BOUNDARY.match(payload)
    if begins is None:
        return [payload]
    found = []
    for part in payload.split(b"--" + begins[1])[1:]:
        head, _, body = part.partition(b"\r\n\r\n") if b"\r\n\r\n" in part else part.partition(b"\n\n")
        if body.lstrip()[:1] in {b"<", b"{"} and b"image/" not in head.lower():
            found.append(body.strip())
    if not found:
        raise MalformedPayload("no alert among the parts", reason="wrong-shape", where="multipart")
    return found


def _alert(body: bytes, zone: tzinfo) -> tuple[Status, list[Episode], str]:
    fields, targets = _json(body) if body.lstrip()[:1] == b"{" else _xml(body)
    channel = fields.get("dynChannelID") or fields.get("channelID") or "1"
    name = document.name(channel, "channelID")
    sort = document.name(fields.get("eventType"), "eventType")
    state = str(fields.get("eventState", "active")).strip().lower()
    at = _time(fields.get("dateTime"), zone)
    here, small = Status(name, online=True), sort.lower()
    if small in HEARTBEAT or (small == "videoloss" and state == "inactive"):
        return here, [], "heartbeat"
    if small in DEVICE or small.startswith(IDENTITIES):
        return here, [], "not-wanted"
    quantities = [EVENTS.get(small, "device_alarm"), *(TARGETS[each] for each in targets if each in TARGETS)]
    whose = fields.get("macAddress") or fields.get("ipAddress") or ""
    return (
        here,
        [
            Episode(
                name, each, f"hikvision|{whose}|{name}|{sort}|{each}"[:500], state == "inactive", at, LASTS
            )
            for each in dict.fromkeys(quantities)
        ],
        "",
    )


def _json(body: bytes) -> tuple[dict[str, object], list[str]]:
    fields = document.mapping(document.parse(body), "payload")
    fields = document.mapping(fields.get(ROOT, fields), ROOT)
    targets = [
        str(value).lower() for key, value in document.leaves(fields) if key.rpartition(".")[2] in TARGET_KEYS
    ]
    return fields, targets


def _xml(body: bytes) -> tuple[dict[str, object], list[str]]:
    if len(body) > document.MAX_BYTES:
        raise MalformedPayload(
            f"{len(body)} bytes, at most {document.MAX_BYTES} are read", reason="too-large"
        )
    if any(each in body for each in (b"<!DOCTYPE", b"<!ENTITY", b"\0")):
        raise MalformedPayload("an alert declares no entities", reason="unsupported")
    try:
        root = ET.fromstring(body)  # noqa: S314 - entities are refused above, and the size is bounded
    except (ET.ParseError, ValueError, LookupError) as wrong:
        raise MalformedPayload(f"the alert is not XML: {str(wrong)[:80]}", reason="not-xml") from wrong
    if _plain(root.tag) != ROOT:
        raise MalformedPayload(f"{_plain(root.tag)[:40]!r} is no {ROOT}", reason="wrong-shape")
    fields: dict[str, object] = {_plain(each.tag): (each.text or "").strip() for each in root}
    targets = [(each.text or "").lower() for each in root.iter() if _plain(each.tag) in TARGET_KEYS]
    return fields, targets


def _plain(tag: str) -> str:
    """Without its namespace, which differs from firmware to firmware."""
    return tag.rpartition("}")[2]


def _time(value: object, zone: tzinfo) -> datetime | None:
    if value in (None, ""):
        return None
    text = _SHORT_ZONE.sub(r"\g<1>0\g<2>:\g<3>", value) if isinstance(value, str) else value
    return moment(text, zone=zone, where="dateTime")
