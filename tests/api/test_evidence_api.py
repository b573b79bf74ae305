"""Evidence over HTTP: blurred for those who may look, pending and missing told apart, originals by right only."""

from __future__ import annotations

import pytest

from alerts.ledger import audit
from alerts.sight import Sight
from tests.servers.house import House


@pytest.fixture
def incident(house: House) -> str:
    """An incident whose evidence is ready."""
    found, _ = house.raise_at("school-1", "fridge-1")
    house.evidence.files[found, "shown.jpg"] = b"blurred"
    house.evidence.files[found, "shown-boxes.jpg"] = b"blurred with boxes"
    house.evidence.files[found, "original.mp4"] = b"the sealed original"
    return found


def test_the_snapshot_with_and_without_boxes(house: House, incident: str) -> None:
    """Two pictures, both blurred, kept by no cache."""
    client = house.client("olga")
    plain = client.get(f"/incidents/{incident}/snapshot.jpg")
    assert plain.content == b"blurred"
    assert plain.headers["content-type"] == "image/jpeg"
    assert plain.headers["cache-control"] == "no-store"
    assert client.get(f"/incidents/{incident}/snapshot.jpg?boxes=1").content == b"blurred with boxes"
    assert client.get(f"/incidents/{incident}/snapshot.jpg?boxes=0").content == b"blurred"


def test_pending_and_none_are_told_apart(house: House, incident: str) -> None:
    """409 with Retry-After while it is being written, 404 evidence-none when it never comes."""
    client = house.client("olga")
    none = client.get(f"/incidents/{incident}/clip.mp4")
    assert none.status_code == 404
    assert none.json()["type"] == "urn:hub:problem:evidence-none"
    house.evidence.pending.add(incident)
    pending = client.get(f"/incidents/{incident}/snapshot.jpg")
    house.evidence.pending.clear()
    assert pending.status_code == 409
    assert pending.json()["type"] == "urn:hub:problem:evidence-pending"
    assert pending.headers["retry-after"] == "2"


def test_waiting_for_a_clip_is_no_error(house: House, incident: str) -> None:
    """Whether it is there is asked without reading it: pending with the seconds to wait, then ready, 404 for never."""
    client, path = house.client("olga"), f"/incidents/{incident}/clip"
    never = client.get(path)
    assert (never.status_code, never.json()["type"]) == (404, "urn:hub:problem:evidence-none")
    house.evidence.pending.add(incident)
    coming = client.get(path)
    house.evidence.pending.clear()
    assert (coming.status_code, coming.json()) == (200, {"state": "pending", "retry_after": 2})
    house.evidence.files[incident, "shown.mp4"] = b"a clip"
    assert client.get(path).json() == {"state": "ready", "retry_after": None}
    del house.evidence.files[incident, "shown.mp4"]


def test_the_original_opens_by_right_and_reason_and_leaves_a_trail(house: House, incident: str) -> None:
    """Without a reason 422, without the right 403, with both the clip and one line in the audit chain."""
    path = f"/incidents/{incident}/clip.mp4"
    assert house.client("olga").get(f"{path}?original=1").status_code == 422
    assert house.client("olga").get(f"{path}?original=1&reason=%20%20%20%20%20").status_code == 422
    for name in ("admin", "guest", "kim", "hans", "sue"):
        assert house.client(name).get(f"{path}?original=1&reason=curious").status_code == 403, name
    answer = house.client("olga").get(path, params={"original": 1, "reason": "person may be hurt"})
    assert answer.content == b"the sealed original"
    with house.ledger.read() as conn:
        trail = [
            each
            for each in audit.page(conn, Sight.everything(), subject=incident).items
            if each["action"] == "evidence.original"
        ]
    assert len(trail) == 1
    assert trail[0]["who"] == "olga"
    assert trail[0]["detail"] == {"reason": "person may be hurt"}


def test_a_clip_comes_in_parts_and_the_original_whole(house: House, incident: str) -> None:
    """A browser jumps in the shown clip; an original is looked at as a whole: one look, one line."""
    house.evidence.files[incident, "shown.mp4"] = bytes(range(200))
    client, path = house.client("olga"), f"/incidents/{incident}/clip.mp4"
    whole = client.get(path)
    assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "bytes")
    part = client.get(path, headers={"Range": "bytes=100-149"})
    assert (part.status_code, part.content) == (206, bytes(range(100, 150)))
    assert part.headers["content-range"] == "bytes 100-149/200"
    beyond = client.get(path, headers={"Range": "bytes=200-"})
    assert (beyond.status_code, beyond.json()["type"]) == (416, "urn:hub:problem:range-not-there")
    asked = f"{path}?original=1&reason=person may be hurt"
    original = client.get(asked, headers={"Range": "bytes=0-3"})
    assert (original.status_code, original.content) == (200, b"the sealed original")


def test_an_auditor_sees_hashes_and_no_pictures(house: House, incident: str) -> None:
    """The incident is visible, its pictures are 403."""
    client = house.client("aude")
    assert "evidence" in client.get(f"/incidents/{incident}").json()
    assert client.get(f"/incidents/{incident}/snapshot.jpg").status_code == 403
    assert client.get("/cameras/cam-1/snapshot.jpg").status_code == 403


def test_a_verdict_needs_a_reason_when_false(house: House, incident: str) -> None:
    """A person decides; a false alarm says why; both are pushed."""
    client = house.client("olga")
    assert client.post(f"/incidents/{incident}/judge", json={"verdict": False}).status_code == 422
    judged = client.post(f"/incidents/{incident}/judge", json={"verdict": False, "reason": "steam"})
    assert judged.json()["verdict"] is False
    acked = client.post(f"/incidents/{incident}/ack", json={"note": "on it"})
    assert acked.json()["acked"] is True
    assert acked.json()["verdict_reason"] == "steam"
