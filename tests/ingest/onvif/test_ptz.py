"""ONVIF against a real small camera: presets, going there, time; passwords never in the clear, answers read safely."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ingest.errors import CameraUnreachable
from ingest.onvif.ptz import Position, Ptz
from ingest.onvif.soap import digest, envelope
from tests.servers.onvif import PASSWORD, PRESETS, USER, OnvifServer
from tests.servers.ports import free_port
from tests.servers.wait import wait_until


def now() -> datetime:
    return datetime.now(UTC)


def test_it_goes_to_a_preset_and_says_where_it_is() -> None:
    """Services are found at the host that was asked, whatever the camera says; still profiles are passed over."""
    with OnvifServer() as camera, Ptz(camera.url, USER, PASSWORD, clock=now) as ptz:
        found = {each.token: each for each in ptz.presets()}
        assert {token: each.name for token, each in found.items()} == {"1": "Gate", "2": "Road"}
        assert found["2"].position == Position(*PRESETS["2"][1])
        ptz.goto("2")
        assert ptz.status().moving
        wait_until(lambda: not ptz.status().moving, within=10, what="it stands")
        assert ptz.status().position == found["2"].position
        with pytest.raises(CameraUnreachable) as caught:
            ptz.goto("9")
        assert caught.value.reason == "refused"


def test_a_camera_whose_clock_is_wrong_is_spoken_to_by_its_clock() -> None:
    """Its time is asked first, without a password; a token of our own time would be refused as too old."""
    with OnvifServer(ahead=timedelta(hours=-8)) as camera, Ptz(camera.url, USER, PASSWORD, clock=now) as ptz:
        assert len(ptz.presets()) == 2
        assert ptz.offset() == pytest.approx(-8 * 3600, abs=5)


def test_a_wrong_password_is_told_and_never_sent() -> None:
    """The digest of the profile, not the password."""
    with OnvifServer() as camera, Ptz(camera.url, USER, "guess", clock=now) as ptz:
        with pytest.raises(CameraUnreachable) as caught:
            ptz.presets()
        assert caught.value.reason == "unauthorized"
    content = envelope("", user="a&b", password=PASSWORD, nonce=b"0" * 16, at=now())
    assert PASSWORD.encode() not in content
    assert b"a&amp;b" in content
    # SHA-1 of "abc" is a published test vector: a9993e36 4706816a ba3e2571 7850c26c 9cd0d89d
    assert digest(b"", "", "abc") == "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="


GARBAGE = [
    (b"<html>", "garbage", "no XML"),
    (b"<a/>", "garbage", "no SOAP"),
    (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "garbage", "entities: they are never expanded"),
    (
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16"),
        "garbage",
        "the same, hidden in another encoding",
    ),
    (b'<?xml version="1.0" encoding="no-such"?><a/>', "garbage", "an encoding nobody knows"),
    (b"x" * 1_200_000, "garbage", "too much"),
]


@pytest.mark.parametrize(("answer", "reason", "why"), GARBAGE, ids=[row[2] for row in GARBAGE])
def test_garbage_is_an_error_with_a_reason(answer: bytes, reason: str, why: str) -> None:
    """Whatever a camera answers."""
    with OnvifServer(answer=answer) as camera, Ptz(camera.url, USER, PASSWORD, clock=now) as ptz:
        with pytest.raises(CameraUnreachable) as caught:
            ptz.presets()
        assert caught.value.reason == reason, why


def test_nobody_there() -> None:
    """A closed port is told at once."""
    with Ptz(f"http://127.0.0.1:{free_port()}/onvif", USER, PASSWORD, clock=now) as ptz:
        with pytest.raises(CameraUnreachable) as caught:
            ptz.status()
        assert caught.value.reason == "refused"
