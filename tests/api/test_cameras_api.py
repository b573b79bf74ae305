"""Pictures come from the worker that has the camera: through rights, within a time; a worker obeys serve only."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from api.worker_app import Form, create_worker_app
from ingest.errors import CameraUnreachable, EvidenceNone, EvidencePending, NotFound
from tests.servers.house import WORKER_TOKEN, House, served


class View:
    """A worker with one camera that works and one that does not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.forgotten: list[str] = []
        self.gone_to: list[tuple[str, str]] = []
        self.sent = 0

    def status(self) -> Mapping[str, object]:
        """Nothing much."""
        return {"worker": "w1"}

    def snapshot(self, device: str) -> bytes:
        """A picture of cam-1."""
        if device == "cam-1":
            return b"\xff\xd8 a picture"
        if device == "cam-2":
            raise CameraUnreachable("no picture", reason="timeout")
        raise NotFound("another worker's")

    def region(self, device: str, region: str) -> bytes:
        """Nobody is taught anything."""
        raise NotFound(f"{device} has no {region}")

    async def live(self, device: str, form: Form) -> AsyncGenerator[str | bytes]:
        """cam-1 sends far more than anybody's line takes; cam-2 shows nothing."""
        if device != "cam-1":
            raise CameraUnreachable("no picture", reason="timeout")
        yield json.dumps({"codec": "avc1.64001f", "as": form})
        while True:
            yield bytes(500_000)
            self.sent += 1
            await asyncio.sleep(0.01)

    async def playback(self, device: str, start: datetime, end: datetime) -> AsyncGenerator[str | bytes]:
        """Only its head."""
        yield json.dumps({"codec": f"{device} {start} {end}"})

    def evidence(self, ref: str, name: str) -> bytes:
        """The files of one folder; another is being written."""
        if ref == "busy":
            raise EvidencePending("being written", retry_after=1)
        try:
            return (self.folder / ref / name).read_bytes()
        except FileNotFoundError:
            raise EvidenceNone("not there") from None

    def goto(self, device: str, preset: str) -> None:
        """Kept; one preset is not set at the camera."""
        if preset == "lost":
            raise CameraUnreachable("not set at the camera", reason="no-preset", where=device)
        self.gone_to.append((device, preset))

    def forget(self, ref: str) -> None:
        """Kept."""
        self.forgotten.append(ref)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[tuple[str, View]]:
    """A served worker app."""
    view = View(tmp_path)
    (tmp_path / "ref-1").mkdir()
    (tmp_path / "ref-1" / "shown.jpg").write_bytes(b"shown")
    (tmp_path / "secret.txt").write_text("not evidence")
    with served(create_worker_app(view, WORKER_TOKEN)) as url:
        yield url, view


def test_a_picture_comes_through_the_worker(house: House, worker: tuple[str, View]) -> None:
    """With the right: the worker's bytes; without sight 404 and without asking the worker."""
    house.workers.addresses.update({"cam-1": worker[0], "cam-2": worker[0]})
    answer = house.client("olga").get("/cameras/cam-1/snapshot.jpg")
    assert answer.content == b"\xff\xd8 a picture"
    assert answer.headers["content-type"] == "image/jpeg"
    assert house.client("olga").get("/cameras/cam-9/snapshot.jpg").status_code == 404
    assert house.client("olga").get("/cameras/fridge-1/snapshot.jpg").status_code == 404
    assert house.client("ines").get("/cameras/cam-2/snapshot.jpg").status_code == 404


def test_a_camera_or_worker_that_is_away_is_told(house: House, worker: tuple[str, View]) -> None:
    """503 with the reason: no picture, no worker, a closed port, a silent port."""
    client = house.client("olga")

    def reason(address: str | None) -> tuple[int, str]:
        house.workers.addresses.pop("cam-2", None)
        if address is not None:
            house.workers.addresses["cam-2"] = address
        answer = client.get("/cameras/cam-2/snapshot.jpg")
        return answer.status_code, answer.json()["reason"]

    assert reason(worker[0]) == (503, "no-picture")
    assert reason(None) == (503, "worker-lost")
    assert reason("http://127.0.0.1:9") == (503, "unreachable")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert reason(f"http://127.0.0.1:{silent.getsockname()[1]}") == (503, "timeout")


def watching(house: House, name: str, device: str) -> ClientConnection:
    """A live view."""
    url = f"{house.url.replace('http', 'ws')}/api/v1/cameras/{device}/live"
    header = {"Authorization": f"Bearer {house.token(name)}"}
    return connect(url, additional_headers=header, max_size=None, max_queue=2)


def test_a_slow_viewer_is_closed_and_disturbs_nobody(house: House, worker: tuple[str, View]) -> None:
    """Who takes nothing is closed with 4008 and served no more; who takes everything goes on."""
    house.workers.addresses["cam-1"] = worker[0]
    with watching(house, "olga", "cam-1") as slow, watching(house, "dora", "cam-1") as quick:
        assert json.loads(quick.recv(timeout=10))["codec"] == "avc1.64001f"
        for _ in range(400):
            assert len(quick.recv(timeout=10)) == 500_000
        code = 0
        try:
            while True:
                slow.recv(timeout=20)
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 0
        assert code == 4008
        assert len(quick.recv(timeout=10)) == 500_000


def test_a_view_that_cannot_be_says_why(house: House, worker: tuple[str, View]) -> None:
    """No picture, no worker, a closed port: 4013 and the reason, as over HTTP."""

    def closing(address: str | None) -> tuple[int, str]:
        house.workers.addresses.pop("cam-2", None)
        if address is not None:
            house.workers.addresses["cam-2"] = address
        with watching(house, "olga", "cam-2") as ws, pytest.raises(ConnectionClosed) as ended:
            ws.recv(timeout=10)
        assert ended.value.rcvd is not None
        return ended.value.rcvd.code, ended.value.rcvd.reason.partition(":")[0]

    assert closing(worker[0]) == (4013, "timeout")
    assert closing(None) == (4013, "worker-lost")
    assert closing("http://127.0.0.1:9") == (4013, "unreachable")


def test_a_worker_streams_to_serve_only(worker: tuple[str, View]) -> None:
    """Without the worker token the handshake is refused."""
    url = f"{worker[0].replace('http', 'ws')}/cameras/cam-1/live"
    for header in ({}, {"Authorization": "Bearer x"}):
        with pytest.raises(InvalidStatus) as refused, connect(url, additional_headers=header):
            pass
        assert refused.value.response.status_code == 401
    assert worker[1].sent == 0


def test_health_is_the_device(house: House) -> None:
    """State and rates as `serve` judges them; never seen is unknown, not OK."""
    client = house.client("olga")
    fresh = client.get("/cameras/cam-1/health").json()
    assert (fresh["state"], fresh["reason"]) == ("unknown", "never-seen")
    house.states["cam-1"] = {"state": "online", "reason": "", "received_fps": 25.0, "gate": "open"}
    after = client.get("/cameras/cam-1/health").json()
    assert (after["state"], after["received_fps"]) == ("online", 25.0)
    assert client.get("/devices/cam-1").json() == after
    listed = {each["id"]: each for each in client.get("/devices?kind=camera").json()["items"]}
    assert set(listed) == {"cam-1", "cam-2"}
    assert [each["id"] for each in client.get("/devices?state=online").json()["items"]] == ["cam-1"]


def test_a_worker_shows_itself_to_serve_only(worker: tuple[str, View]) -> None:
    """Every path needs the worker token."""
    url, _ = worker
    for path in ("/status", "/cameras/cam-1/snapshot.jpg", "/evidence/ref-1/shown.jpg", "/openapi.json"):
        assert httpx.get(url + path).status_code in {401, 404}
        assert httpx.get(url + path, headers={"Authorization": "Bearer x"}).status_code in {401, 404}
    assert httpx.delete(f"{url}/evidence/ref-1").status_code == 401


def test_a_worker_gives_evidence_and_nothing_else(worker: tuple[str, View]) -> None:
    """Known names below known refs; pending is 409; a path out of the folder is not there."""
    url, view = worker
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {WORKER_TOKEN}"}) as client:
        assert client.get("/status").json() == {"worker": "w1"}
        assert client.get("/evidence/ref-1/shown.jpg").content == b"shown"
        assert client.get("/evidence/ref-1/original.mp4").status_code == 404
        assert client.get("/evidence/busy/shown.jpg").status_code == 409
        for path in (
            "/evidence/../secret.txt",
            "/evidence/..%2F/secret.txt",
            "/evidence/ref-1/..%2Fsecret.txt",
        ):
            assert client.get(path).status_code == 404
        assert client.delete("/evidence/ref-1").status_code == 204
        assert view.forgotten == ["ref-1"]


def test_a_camera_is_sent_to_a_preset(house: House, worker: tuple[str, View]) -> None:
    """By right, audited before it moves; what it cannot do is told with the reason."""
    house.workers.addresses["cam-1"] = worker[0]
    client = house.client("olga")
    listed = client.get("/cameras/cam-1/presets").json()
    assert [each["id"] for each in listed["items"]] == ["gate", "lost"]
    assert (listed["home"], listed["preset"]) == ("gate", None)
    assert client.post("/cameras/cam-1/preset", json={"preset": "gate"}).status_code == 202
    assert worker[1].gone_to == [("cam-1", "gate")]
    unknown = client.post("/cameras/cam-1/preset", json={"preset": "moon"})
    assert (unknown.status_code, "one of: gate, lost" in unknown.text) == (422, True)
    refused = client.post("/cameras/cam-1/preset", json={"preset": "lost"})
    assert (refused.status_code, refused.json()["reason"]) == (503, "no-preset")
    assert house.client("ines").post("/cameras/cam-1/preset", json={"preset": "gate"}).status_code == 403
    trail = house.client("admin").get("/audit?subject=cam-1").json()["items"]
    assert [(each["who"], each["action"], each["detail"]["preset"]) for each in trail[:2]] == [
        ("olga", "camera.preset", "lost"),
        ("olga", "camera.preset", "gate"),
    ]
