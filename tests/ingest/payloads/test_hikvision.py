"""hikvision (alerts as cameras push them: fixtures of maciej-or/hikvision_next, tests/fixtures/ISAPI)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ingest.errors import MalformedPayload
from ingest.payload import Decoded, Status
from ingest.payloads.hikvision import MAX_PUSH

if TYPE_CHECKING:
    from tests.ingest.payloads.conftest import Say

TOPIC = "push/gate"
FIELD = """<EventNotificationAlert version="2.0"
  xmlns="http://www.hikvision.com/ver20/XMLSchema">
  <ipAddress>1.0.0.255</ipAddress>
  <macAddress>ac:b9:2f:49:44:75</macAddress>
  <channelID>1</channelID>
  <dateTime>2022-01-31T13:53:05+01:00</dateTime>
  <activePostCount>1</activePostCount>
  <eventType>fielddetection</eventType>
  <eventState>active</eventState>
  <eventDescription>fielddetection alarm</eventDescription>
  <DetectionRegionList>
    <DetectionRegionEntry>
      <regionID>3</regionID>
      <sensitivityLevel>50</sensitivityLevel>
      <detectionTarget>human</detectionTarget>
    </DetectionRegionEntry>
  </DetectionRegionList>
</EventNotificationAlert>
"""
"""fielddetection_human.xml, without the coordinates."""
RECORDER = """<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert version="1.0"
  xmlns="urn:psialliance-org">
  <channelID>34</channelID>
  <dateTime>2023-01-13T19:16:39+01:00</dateTime>
  <activePostCount>174</activePostCount>
  <eventType>fielddetection</eventType>
  <eventState>active</eventState>
</EventNotificationAlert>"""
"""nvr_home_fielddetection.xml."""
VMD = """<EventNotificationAlert version="1.0"
  xmlns="http://www.hikvision.com/ver20/XMLSchema">
  <macAddress>a6:63:9e:f8:01:09</macAddress>
  <dynChannelID>1</dynChannelID>
  <dateTime>2025-03-05T10:50:46+00:00</dateTime>
  <activePostCount>1</activePostCount>
  <eventType>VMD</eventType>
  <eventState>active</eventState>
  <eventDescription>Motion alarm</eventDescription>
</EventNotificationAlert>
"""
"""vmd_human.xml, without its picture."""


def pushed(say: Say, body: str | bytes) -> Decoded:
    return say("hikvision", TOPIC, body, filtered=False)


def holds(decoded: Decoded) -> dict[str, bool]:
    return {each.field: not each.over for each in decoded.episodes}


def test_a_cameras_alert(say: Say) -> None:
    """An intrusion and what intruded; it lasts five seconds unless it is pushed again."""
    decoded = pushed(say, FIELD)
    assert holds(decoded) == {"intrusion": True, "person": True}
    assert {each.name for each in decoded.episodes} == {"1"}
    assert {each.at for each in decoded.episodes} == {datetime(2022, 1, 31, 12, 53, 5, tzinfo=UTC)}
    assert {each.lasts for each in decoded.episodes} == {timedelta(seconds=5)}


@pytest.mark.parametrize(
    ("body", "channel", "field", "reason"),
    [
        (RECORDER, "34", "intrusion", "a recorder with the PSIA namespace"),
        (VMD, "1", "motion", "a recorder says dynChannelID"),
        (VMD.replace("dynChannelID>1<", "channelID>33</channelID><dynChannelID>2<"), "2", "motion", "both: the shown"),
        (VMD.replace("VMD", "shelteralarm"), "1", "tamper", "covered"),
        (VMD.replace("VMD", "videoloss"), "1", "video_loss", "a loss that is active is no heartbeat"),
        (VMD.replace("VMD", "audioexception"), "1", "device_alarm", "another event"),
    ],
)  # fmt: skip
def test_kinds_and_channels(say: Say, body: str, channel: str, field: str, reason: str) -> None:
    """The event's name and the channel."""
    [episode] = pushed(say, body).episodes
    assert (episode.name, episode.field) == (channel, field), reason


def test_the_same_event_is_the_same_episode(say: Say) -> None:
    """It is pushed every second, counted up; the identifier is the same."""
    again = VMD.replace("<activePostCount>1<", "<activePostCount>2<").replace(":46+", ":47+")
    [one], [two] = pushed(say, VMD).episodes, pushed(say, again).episodes
    assert one.id == two.id
    assert not one.once


def test_a_heartbeat_is_no_event(say: Say) -> None:
    """`videoloss` that is inactive is sent all the time, and clears nothing."""
    body = VMD.replace("VMD", "videoloss").replace(">active<", ">inactive<")
    assert pushed(say, body) == Decoded(statuses=(Status("1", online=True),), hint="heartbeat")


def test_a_clear_that_is_sent_is_heard(say: Say) -> None:
    """The few devices that do say so."""
    assert holds(pushed(say, VMD.replace(">active<", ">inactive<"))) == {"motion": False}


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2016-12-24T18:59:49-8:00", datetime(2016, 12, 25, 2, 59, 49, tzinfo=UTC)),
        ("2026-11-22T16:00:00", datetime(2026, 11, 22, 8, 0, tzinfo=UTC)),
    ],
)
def test_times(say: Say, written: str, at: datetime) -> None:
    """A zone of one digit, as older firmware writes it; none at all: the area's."""
    [episode] = pushed(say, VMD.replace("2025-03-05T10:50:46+00:00", written)).episodes
    assert episode.at == at


def test_json(say: Say) -> None:
    """The same in JSON, bare or under its name, the channel a number."""
    fields = {
        "macAddress": "44:47:cc:cf:82:17",
        "channelID": 4,
        "dateTime": "2021-07-01T09:11:21+02:00",
        "activePostCount": 1,
        "eventType": "VMD",
        "eventState": "active",
        "eventDescription": "Motion alarm",
    }
    for body in (fields, {"EventNotificationAlert": fields}):
        [episode] = pushed(say, json.dumps(body)).episodes
        assert (episode.name, episode.field) == ("4", "motion")


def test_multipart(say: Say) -> None:
    """The alert in a part, its picture in another; pictures are not kept."""
    body = (
        b"--MIME_boundary\r\n"
        b'Content-Disposition: form-data; name="fielddetection"; filename="fielddetection.xml"\r\n'
        b"Content-Type: application/xml; charset=UTF-8\r\n\r\n" + FIELD.encode() + b"\r\n"
        b"--MIME_boundary\r\n"
        b'Content-Disposition: form-data; name="intrusionImage"; filename="intrusionImage.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xe0" + bytes(300_000) + b"\r\n--MIME_boundary--\r\n"
    )
    assert holds(pushed(say, body)) == {"intrusion": True, "person": True}


@pytest.mark.parametrize("kind", ["faceCapture", "FaceRecognition", "ANPR", "vehicleDetection"])
def test_identities_are_not_read(say: Say, kind: str) -> None:
    """Faces and plates are no business of the hub: no value, and nothing is kept."""
    assert pushed(say, VMD.replace("VMD", kind)).episodes == ()


def test_a_recorders_own_troubles_are_no_events_of_a_place(say: Say) -> None:
    """A full disk."""
    assert pushed(say, VMD.replace("VMD", "diskfull")).episodes == ()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not-xml"),
        (b"<EventNotificationAlert>", "not-xml"),
        (b"<other/>", "wrong-shape"),
        (b"<EventNotificationAlert/>", "bad-name"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><EventNotificationAlert/>', "unsupported"),
        (b'{"eventType": ', "not-json"),
        (b'{"eventState": "active"}', "bad-name"),
        (b"--b\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\r\n--b--", "wrong-shape"),
        (VMD.replace("2025-03-05T10:50:46+00:00", "soon").encode(), "bad-time"),
        (b"<" * (MAX_PUSH + 1), "too-large"),
        (b"<" * 300_000, "too-large"),
    ],
)
def test_wrong_bodies(say: Say, body: bytes, reason: str) -> None:
    """Each with its reason."""
    with pytest.raises(MalformedPayload) as wrong:
        pushed(say, body)
    assert wrong.value.reason == reason
