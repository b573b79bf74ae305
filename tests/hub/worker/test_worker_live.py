"""Live views and playback: real RTSP, a real worker app, a real house before it."""

from __future__ import annotations

import io
import json
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import av
import cv2
import httpx
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from api.worker_app import Form, create_worker_app
from hub.worker.assignment import Assignment, CameraTask
from hub.worker.crew import Crew
from hub.worker.live import Live
from hub.worker.playback import Playbacks
from hub.worker.slots import Slots
from ingest.errors import EvidenceNone
from tests.servers.cameras import Cameras
from tests.servers.clips import raw_clip
from tests.servers.house import WORKER_TOKEN, House, default_settings, open_house, served
from tests.servers.wait import wait_until

pytestmark = pytest.mark.slow

Json = dict[str, object]


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class View:
    """A worker with the real live views of a real crew, and nothing else."""

    def __init__(self, crew: Crew) -> None:
        self._live = Live(crew, snapshot=self.snapshot, clock=now)
        self._playbacks = Playbacks(crew)

    def status(self) -> Mapping[str, object]:
        return {"viewers": self._live.viewers()}

    def snapshot(self, device: str) -> bytes:
        return f"a blurred picture of {device}, {time.monotonic()}".encode()

    def region(self, device: str, region: str) -> bytes:
        return f"{region} of {device} as it is".encode()

    def live(self, device: str, form: Form) -> AsyncGenerator[str | bytes]:
        return self._live.watch(device, form)

    def playback(self, device: str, start: datetime, end: datetime) -> AsyncGenerator[str | bytes]:
        return self._playbacks.watch(device, start, end)

    def evidence(self, ref: str, name: str) -> bytes:
        raise EvidenceNone(f"{ref}/{name}")

    def goto(self, device: str, preset: str) -> None:
        """Not part of this."""

    def forget(self, ref: str) -> None:
        """Nothing to forget."""


@dataclass
class County:
    """Cameras, the worker that reads them and the house that shows them."""

    cameras: Cameras
    leaving: Cameras
    crew: Crew
    house: House
    worker: str

    def status(self) -> Json:
        """What the worker says of its viewers."""
        answer = httpx.get(f"{self.worker}/status", headers={"Authorization": f"Bearer {WORKER_TOKEN}"})
        return cast("Json", answer.json()["viewers"])

    def watch(self, name: str, path: str) -> ClientConnection:
        """A websocket of this user below `/cameras`."""
        url = f"{self.house.url.replace('http', 'ws')}/api/v1/cameras/{path}"
        header = {"Authorization": f"Bearer {self.house.token(name)}"}
        return connect(url, additional_headers=header, max_size=None, compression=None)


def task(device: str, url: str, playback: str | None = None) -> CameraTask:
    """A camera that is only watched for health."""
    return CameraTask(device=device, site="school-1", url=url, playback=playback)


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """`cam-1` sends H.264 and is recorded, `cam-2` H.265, `cam-9` H.264 until it goes away."""
    folder = tmp_path_factory.mktemp("live")
    h264 = raw_clip(folder / "a.h264", seconds=4, gop=50)
    files = {"a": h264, "b": raw_clip(folder / "b.h265", seconds=4, gop=50)}
    crew = Crew(Slots(clock=now), clock=now)
    with ExitStack() as stack:
        cameras = stack.enter_context(Cameras(files))
        leaving = stack.enter_context(Cameras({"c": h264}))
        recorder = cameras.url("a") + "?from={start}&to={end_local:%H_%M_%S}"
        tasks = (
            task("cam-1", cameras.url("a"), recorder),
            task("cam-2", cameras.url("b")),
            task("cam-9", leaving.url("c")),
        )
        crew.apply(Assignment(epoch=1, cameras=tasks, broker="mqtt://127.0.0.1:1"))
        stack.callback(crew.close)
        worker = stack.enter_context(served(create_worker_app(View(crew), WORKER_TOKEN)))
        settings = default_settings(folder, guest=True, heartbeat=timedelta(seconds=1))
        house = stack.enter_context(open_house(folder, settings))
        house.workers.addresses.update(dict.fromkeys(("cam-1", "cam-2", "cam-9"), worker))
        for each in crew.all():
            wait_until(lambda: bool(each.camera.recent_gop()), within=30, what="a keyframe")  # noqa: B023 - at once
        yield County(cameras, leaving, crew, house, worker)


def first(ws: ClientConnection) -> Json:
    """The head."""
    return cast("Json", json.loads(ws.recv(timeout=10)))


def binary(ws: ClientConnection) -> bytes:
    """The next message, which is no text."""
    message = ws.recv(timeout=10)
    assert isinstance(message, bytes)
    return message


def closing(ws: ClientConnection, within: float = 20) -> tuple[int, str]:
    """Code and reason of the close."""
    end = time.monotonic() + within
    try:
        while True:
            ws.recv(timeout=end - time.monotonic())
    except ConnectionClosed as closed:
        return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (0, "")


def times(mp4: bytes) -> list[float]:
    """When each picture of an MP4 is shown."""
    with av.open(io.BytesIO(mp4), "r") as container:
        return [float(frame.time or 0) for frame in container.decode(video=0)]


def test_a_view_begins_with_the_newest_keyframe(county: County) -> None:
    """Codec first, then what can be shown at once, then a fragment a picture: all of it decodes, without a gap."""
    with county.watch("olga", "cam-1/live") as ws:
        head = first(ws)
        assert head["codec"] == head["mime"].split('"')[1] if isinstance(head["mime"], str) else ""
        assert str(head["codec"]).startswith("avc1.")
        assert (head["as"], head["width"], head["height"], head["otherwise"]) == ("fmp4", 320, 240, "jpeg")
        begin = binary(ws)
        fragments = [binary(ws) for _ in range(30)]
    assert begin[4:8] == b"ftyp"
    assert all(each[4:8] == b"moof" for each in fragments)
    shown = times(begin + b"".join(fragments))
    assert len(shown) == begin.count(b"moof") + 30
    steps = np.diff(shown)
    assert steps.min() > 0.03, "no picture twice"
    assert steps.max() < 0.06, "no picture is missing between the ring and the stream"


def test_twenty_viewers_are_one_session_and_see_the_same(county: County) -> None:
    """However many watch, the camera is read once; what each gets after its start is the same bytes."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(county.watch("olga", "cam-1/live")) for _ in range(20)]
        for ws in sockets:
            first(ws)
            binary(ws)
        assert county.status() == {"cam-1": 20}
        assert county.cameras.sessions("a") == 1
        last = binary(sockets[-1])
        for ws in sockets[:-1]:
            assert any(binary(ws) == last for _ in range(200))
    wait_until(lambda: county.status() in ({}, {"cam-1": 0}), within=10, what="everybody is gone")
    assert county.cameras.sessions("a") == 1


def test_what_a_browser_cannot_play_comes_as_pictures(county: County) -> None:
    """H.265 is named as such with the way out; `?as=jpeg` shows moving pictures."""
    with county.watch("olga", "cam-2/live") as ws:
        head = first(ws)
        assert str(head["codec"]).startswith("hev1.1.6.L")
        assert head["otherwise"] == "jpeg"
        assert binary(ws)[4:8] == b"ftyp"
    with county.watch("olga", "cam-2/live?as=jpeg") as ws:
        assert first(ws) == {
            "codec": "jpeg", "mime": "image/jpeg", "as": "jpeg", "width": 320, "height": 240, "otherwise": None,
        }  # fmt: skip
        shown = [cv2.imdecode(np.frombuffer(binary(ws), np.uint8), cv2.IMREAD_COLOR) for _ in range(3)]
    assert all(each is not None and each.shape == (240, 320, 3) for each in shown)
    assert shown[0] is not None
    assert shown[2] is not None
    assert np.abs(shown[0].astype(int) - shown[2].astype(int)).mean() > 1


@pytest.mark.parametrize(
    ("name", "device", "sees"),
    [
        ("olga", "cam-1", "fmp4"),
        ("ines", "cam-1", "fmp4"),
        ("ines", "cam-2", 4004),  # a crossroad: not an inspector's
        ("kim", "cam-1", "fmp4"),
        ("kim", "cam-2", 4004),  # another site
        ("dora", "cam-2", "fmp4"),
        ("sue", "cam-1", "fmp4"),
        ("admin", "cam-1", "fmp4"),  # hangs cameras
        ("hans", "cam-1", 4004),  # sees cases of the own unit, no places
        ("aude", "cam-1", 4003),  # verifies trails: no picture
        ("city", "cam-1", 4003),  # a machine
        ("guest", "cam-1", "shown"),  # the demo's visitor: blurred
        ("olga", "cam-9", 4004),  # another town
        ("olga", "fridge-1", 4004),  # no camera
        ("olga", "no-such", 4004),
    ],
)
def test_who_sees_what(county: County, name: str, device: str, sees: str | int) -> None:
    """By right and place; without `camera.live` persons are blurred, whatever was asked for."""
    with county.watch(name, f"{device}/live") as ws:
        if isinstance(sees, int):
            assert closing(ws)[0] == sees
        else:
            assert first(ws)["as"] == sees
            message = binary(ws)
            assert message.startswith(b"a blurred picture") == (sees == "shown")


def test_every_opening_is_in_the_trail(county: County) -> None:
    """Who, what, in which form, before the first picture; a refusal leaves no line."""

    def trail() -> list[Json]:
        items = county.house.client("aude").get("/audit?limit=1000").json()["items"]
        return [each for each in items if str(each["action"]).startswith("camera.")]

    before = len(trail())
    with county.watch("dora", "cam-2/live?as=jpeg") as ws:
        first(ws)
        newest = trail()[0]
    assert (newest["who"], newest["action"], newest["subject"]) == ("dora", "camera.live", "cam-2")
    assert newest["detail"] == {"as": "jpeg"}
    with county.watch("olga", "cam-9/live") as ws:
        closing(ws)
    assert len(trail()) == before + 1


def test_rights_that_end_close_the_view(county: County) -> None:
    """A user who looks at other places from now on sees no more of this one."""
    admin = county.house.client("admin")
    body = {"name": "zoe", "role": "operator", "areas": ["east"], "password": "zoe-has-a-long-password"}
    admin.put("/users/zoe", json=body).raise_for_status()
    given = {"username": "zoe", "password": "zoe-has-a-long-password"}
    token = httpx.post(f"{county.house.url}/api/v1/auth/login", json=given).json()["access_token"]
    url = f"{county.house.url.replace('http', 'ws')}/api/v1/cameras/cam-1/live"
    with connect(url, subprotocols=[f"bearer.{token}"], max_size=None) as ws:  # type: ignore[list-item] # a str is one
        first(ws)
        admin.put("/users/zoe", json={**body, "areas": ["west"]}).raise_for_status()
        assert closing(ws)[0] == 4003


def test_a_recorded_time_comes_as_mp4_and_ends(county: County) -> None:
    """By HTTP and by websocket the same; its end is no error, and the recorder's session ends with it."""
    asked = "cam-1/playback?from=2026-11-22T08:00:00Z&to=2026-11-22T08:00:02Z&reason=a+complaint"
    answer = county.house.client("olga").get(f"/cameras/{asked}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "video/mp4"
    assert 45 <= len(times(answer.content)) <= 50
    with county.watch("olga", asked) as ws:
        assert str(first(ws)["codec"]).startswith("avc1.")
        assert binary(ws)[4:8] == b"ftyp"
        assert closing(ws)[0] == 1000
    wait_until(lambda: county.cameras.sessions("a") == 1, within=10, what="only the camera itself is read")
    newest = county.house.client("aude").get("/audit?limit=1").json()["items"][0]
    assert newest["action"] == "camera.playback"
    assert newest["detail"] == {
        "from": "2026-11-22T08:00:00.000Z", "to": "2026-11-22T08:00:02.000Z", "reason": "a complaint",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "path", "status", "slug", "code"),
    [
        ("olga", "cam-2/playback?from=2026-11-22T08:00:00Z", 409, "no-recorder", 4009),
        ("dora", "cam-1/playback?from=2026-11-22T08:00:00Z", 403, "not-permitted", 4003),
        ("olga", "cam-9/playback?from=2026-11-22T08:00:00Z", 404, "not-found", 4004),
        ("olga", "cam-1/playback?from=2026-11-22T08:00:00Z&to=2026-11-22T07:00:00Z", 422, "invalid-input", 4022),
        ("olga", "cam-1/playback?from=2026-11-22T08:00:00Z&to=2026-11-22T09:00:01Z", 422, "invalid-input", 4022),
        ("olga", "cam-1/playback?from=yesterday", 422, "invalid-input", None),
        ("olga", "cam-1/playback", 422, "invalid-input", None),
    ],
)  # fmt: skip
def test_a_playback_that_cannot_be(
    county: County, name: str, path: str, status: int, slug: str, code: int | None
) -> None:
    """No recorder, no right, not visible, no such time: a problem over HTTP, a close code over a websocket."""
    answer = county.house.client(name).get(f"/cameras/{path}")
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:hub:problem:{slug}")
    if code is not None:
        with county.watch(name, path) as ws:
            assert closing(ws)[0] == code


def test_a_camera_that_goes_away_ends_its_views(county: County) -> None:
    """Both forms are closed with 4013 and the reason; a new view is refused in the same way."""
    with county.watch("admin", "cam-9/live") as one, county.watch("admin", "cam-9/live?as=jpeg") as other:
        first(one)
        first(other)
        county.leaving.stop()
        for ws in (one, other):
            code, reason = closing(ws)
            assert code == 4013
            assert reason.partition(":")[0] in {"ended", "refused", "timeout"}
    with county.watch("admin", "cam-9/live") as ws:
        assert closing(ws)[0] == 4013
