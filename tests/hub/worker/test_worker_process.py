"""The worker as a real process: real RTSP, real mosquitto, a stand-in for serve, the real model."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import av
import cv2
import httpx
import numpy as np
import pytest

from tests.servers import nasty
from tests.servers.assignments import TOKEN, AssignmentServer
from tests.servers.broker import Mosquitto
from tests.servers.clips import raw_clip, raw_pictures
from tests.servers.demo_cameras import DemoCameras
from tests.servers.ear import Ear
from tests.servers.rtsp import GstServer
from tests.servers.wait import wait_until
from tests.servers.workers import ROOT, WorkerProcess, get

Json = dict[str, object]

pytestmark = pytest.mark.slow

STREET = ROOT / "build" / "footage" / "source" / "vtest.avi"
MODEL = ROOT / "models" / "coco-ssd"
WORD = "s3cr3t-word"
RULE: Json = {
    "id": "street-watch",
    "kind": "presence",
    "condition": "person-after-hours",
    "classes": ["person"],
    "zone": [[0, 0.05], [1, 0.05], [1, 1], [0, 1]],
    "zone_name": "store",
    "raise_after": "500ms",
    "clear_after": "2s",
    "severity": "major",
}


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GstServer]:
    """`street` and `again` show pedestrians on a road (real footage), 10 s in a loop."""
    folder = tmp_path_factory.mktemp("street")
    clip = raw_pictures(raw_clip(folder / "street.h264", size="768x576", seconds=10, source=STREET))
    with GstServer({"street": clip, "again": clip}) as server:
        yield server


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker."""
    with Mosquitto(tmp_path) as running:
        yield running


@pytest.fixture
def ear(broker: Mosquitto) -> Iterator[Ear]:
    """An ear at the broker."""
    listening = Ear(broker.url)
    yield listening
    listening.close()


def camera(device: str, url: str, *rules: Json, **more: object) -> Json:
    return {
        "device": device,
        "site": "school-1",
        "url": url.replace("rtsp://", f"rtsp://admin:{WORD}@"),
        "fps": 5,
        "model": "coco-ssd",
        "rules": list(rules),
        **more,
    }


def decoded(png: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The picture of a PNG."""
    assert png.startswith(b"\x89PNG")
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def assignment(broker: Mosquitto, *cameras: Json, epoch: int = 4) -> Mapping[str, object]:
    return {"epoch": epoch, "version": 1, "broker": broker.url, "cameras": list(cameras)}


@pytest.mark.alone  # evidence is made with what others leave over, and must be there in time all the same
def test_from_video_to_signal_and_evidence(
    street: GstServer, broker: Mosquitto, ear: Ear, tmp_path: Path
) -> None:
    """Persons on real footage raise; the level is renewed after 10 s; evidence is whole, blurred and digested."""
    task = assignment(broker, camera("street", street.url("street"), RULE))
    with AssignmentServer(task) as serve, WorkerProcess(serve.url, tmp_path / "w1") as worker:
        wait_until(lambda: "active" in ear.states("street"), within=20, what="a raise")
        raised = next(each for each in ear.signals if each["state"] == "active")
        assert (raised["rule"], raised["place"], raised["epoch"]) == ("street-watch", "school-1/store", 4)
        assert (raised["kind"], raised["condition"], raised["severity"]) == (
            "presence",
            "person-after-hours",
            "major",
        )
        explanation = cast("dict[str, str]", raised["explanation"])
        assert "street-watch" in explanation["zh"]
        assert "street-watch" in explanation["en"]

        wait_until(lambda: bool(ear.statuses), within=5, what="a status, which tells the address")
        address = str(ear.statuses[-1]["address"])
        ref = str(raised["evidence_ref"])
        wait_until(
            lambda: get(address, f"/evidence/{ref}/meta.json").status_code == 200, within=10, what="pictures"
        )
        wait_until(
            lambda: get(address, f"/evidence/{ref}/meta.json").json()["clip"] == "ready",
            within=20,
            what="the clip",
        )
        meta = get(address, f"/evidence/{ref}/meta.json").json()
        files = {name: get(address, f"/evidence/{ref}/{name}").content for name in meta["sha256"]}
        assert set(files) == {"shown.jpg", "shown-boxes.jpg", "original.mp4"}
        assert {name: hashlib.sha256(content).hexdigest() for name, content in files.items()} == meta[
            "sha256"
        ]
        pictures = [
            cv2.imdecode(np.frombuffer(files[name], np.uint8), cv2.IMREAD_COLOR)
            for name in ("shown.jpg", "shown-boxes.jpg")
        ]
        assert pictures[0] is not None
        assert pictures[1] is not None
        assert pictures[0].shape == (576, 768, 3)
        assert (cv2.absdiff(pictures[0], pictures[1]) > 40).sum() > 500  # boxes and zone
        with av.open(io.BytesIO(files["original.mp4"]), "r") as clip:
            frames = sum(1 for _ in clip.decode(video=0))
        assert frames >= 6 * 25  # up to 5 s before (as much as there was) and 5 s after

        assert get(address, "/cameras/street/snapshot.jpg").content[:2] == b"\xff\xd8"
        assert get(address, "/cameras/nobody/snapshot.jpg").status_code == 404
        whole = decoded(get(address, "/cameras/street/region.png?region=0,0,1,1").content)
        part = decoded(get(address, "/cameras/street/region.png?region=0.5,0.5,0.25,0.5").content)
        assert part.shape == (whole.shape[0] // 2, whole.shape[1] // 4, 3)
        assert get(address, "/cameras/nobody/region.png?region=0,0,1,1").status_code == 404
        assert get(address, "/cameras/street/region.png?region=0,0,2,2").status_code == 422
        deleted = Path(tmp_path / "w1" / "evidence" / ref)
        assert deleted.is_dir()
        url = f"{address}/evidence/{ref}"
        assert (
            httpx.delete(url, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False).status_code
            == 204
        )
        assert not deleted.exists()
        assert httpx.get(f"{address}/status", trust_env=False).status_code == 401

        wait_until(
            lambda: len(ear.signals) > ear.signals.index(raised) + 1, within=15, what="the next signal"
        )
        numbers = [cast("int", each["n"]) for each in ear.signals]
        assert numbers == list(range(1, len(numbers) + 1))

        figures = ear.camera("street")
        assert (figures["state"], figures["gate"], figures["codec"], figures["width"]) == (
            "online",
            "open",
            "h264",
            768,
        )
        assert (
            cast("int", figures["received"])
            >= cast("int", figures["decoded"])
            >= cast("int", figures["analysed"])
            > 10
        )
        assert ear.model() == {"name": "coco-ssd", "state": "ok", "reason": None}

        worker.process.terminate()
        begun = time.monotonic()
        assert worker.process.wait(10) == 0
        assert time.monotonic() - begun < 10
        said = worker.text() + json.dumps([*ear.statuses, *ear.signals])
    assert WORD not in said
    assert "Traceback" not in said


def test_a_camera_that_goes_away_is_unknown_and_the_other_goes_on(
    street: GstServer, broker: Mosquitto, ear: Ear, tmp_path: Path
) -> None:
    """Its stream ends: offline and its rule unknown; a garbage neighbour and it disturb nobody; back, it is active."""
    clip = raw_pictures(raw_clip(tmp_path / "own.h264", size="768x576", seconds=5, source=STREET))
    with GstServer({"own": clip}) as own, nasty.server(nasty.garbage) as port:
        task = assignment(
            broker,
            camera("own", own.url("own"), RULE),
            camera("street", street.url("street"), RULE),
            camera("junk", f"rtsp://127.0.0.1:{port}/x", RULE),
        )
        with AssignmentServer(task) as serve, WorkerProcess(serve.url, tmp_path / "w1"):
            wait_until(lambda: "active" in ear.states("own"), within=20, what="a raise")
            own.stop()
            wait_until(lambda: ear.camera("own").get("state") == "offline", within=15, what="offline")
            wait_until(lambda: ear.states("own")[-1] == "unknown", within=3, what="unknown")
            assert "inactive" not in ear.states("own")[ear.states("own").index("active") :][-1:]
            assert ear.camera("own")["reason"] in {"ended", "refused", "timeout"}
            assert ear.camera("junk")["state"] == "offline"
            assert cast("float", ear.camera("street")["analysed_fps"]) >= 4
            own.start()
            wait_until(lambda: ear.camera("own").get("state") == "online", within=10, what="online")
            wait_until(
                lambda: ear.states("own")[-1] in {"active", "inactive"}, within=10, what="a known state"
            )
            assert ear.camera("own")["reconnects"] == 1
            assert ear.camera("street")["reconnects"] == 0


def test_changes_touch_only_what_changed(
    street: GstServer, broker: Mosquitto, ear: Ear, tmp_path: Path
) -> None:
    """A camera added and removed, a rule refused, a class unknown: no other camera's stream is opened again."""
    first = camera("street", street.url("street"), RULE)
    with AssignmentServer(assignment(broker, first)) as serve, WorkerProcess(serve.url, tmp_path / "w1"):
        wait_until(
            lambda: cast("int", ear.camera("street").get("analysed", 0)) > 5, within=20, what="analysis"
        )
        wrong = {**RULE, "id": "nonsense", "kind": "telepathy"}
        serve.assignment = assignment(
            broker, {**first, "rules": [RULE, wrong]}, camera("again", street.url("again"))
        )
        wait_until(lambda: ear.camera("again").get("state") == "online", within=10, what="the new camera")
        wait_until(lambda: ear.camera("street")["reason"] == "rule-refused", within=5, what="the refusal")
        assert "telepathy" in str(ear.camera("street")["message"])
        typo = {**RULE, "id": "typo", "classes": ["person", "persn"]}
        serve.assignment = assignment(
            broker, {**first, "rules": [RULE, typo]}, camera("again", street.url("again"))
        )
        wait_until(lambda: ear.camera("street")["reason"] == "class-unknown", within=10, what="the odd class")
        assert str(ear.camera("street")["message"]) == "rule typo: the model coco-ssd knows no class 'persn'"
        serve.status = 500  # serve is away: everything goes on
        before = cast("int", ear.camera("street")["analysed"])
        wait_until(
            lambda: cast("int", ear.camera("street")["analysed"]) > before + 10, within=10, what="going on"
        )
        serve.assignment, serve.status = assignment(broker, first, epoch=5), 200
        wait_until(lambda: not ear.camera("again"), within=10, what="the camera taken away")
        wait_until(lambda: ear.signals[-1]["epoch"] == 5, within=5, what="a signal of the new epoch")
        assert next(each["n"] for each in ear.signals if each["epoch"] == 5) == 1
        assert ear.camera("street")["reconnects"] == 0


def test_sessions_at_the_cameras(broker: Mosquitto, ear: Ear, tmp_path: Path) -> None:
    """Counted at the server: a camera added, changed and removed costs the others no session, and itself one each."""
    clip = raw_clip(tmp_path / "c.h264", seconds=2)
    with DemoCameras(dict.fromkeys(("stays", "other", "third"), clip)) as cameras:
        stays, other, third = (
            {**camera(name, "", RULE), "url": cameras.url(name), "model": None}
            for name in ("stays", "other", "third")
        )
        with (
            AssignmentServer(assignment(broker, stays, other)) as serve,
            WorkerProcess(serve.url, tmp_path / "w"),
        ):

            def online(*names: str) -> bool:
                return all(ear.camera(name).get("state") == "online" for name in names)

            wait_until(lambda: online("stays", "other"), within=20, what="two cameras")
            serve.assignment = assignment(broker, stays, other, third)
            wait_until(lambda: online("third"), within=10, what="the camera added")
            serve.assignment = assignment(broker, stays, {**other, "fps": 2}, third)
            wait_until(lambda: cameras.played("other") == 2, within=10, what="the camera changed")
            wait_until(lambda: cameras.watching("other") == 1, within=10, what="its old session's end")
            serve.assignment = assignment(broker, stays, {**other, "fps": 2})
            wait_until(lambda: cameras.watching("third") == 0, within=10, what="the camera removed")
            assert [cameras.played(name) for name in ("stays", "other", "third")] == [1, 2, 1]
            assert cameras.watching("stays") == 1


def test_a_broken_model_blinds_its_cameras_and_nothing_else(
    street: GstServer, broker: Mosquitto, ear: Ear, tmp_path: Path
) -> None:
    """Cut in half: failed with the reason, cameras degraded; mended: looks again; deleted: failed again."""
    shutil.copytree(MODEL, tmp_path / "models" / "coco-ssd")
    weights = tmp_path / "models" / "coco-ssd" / "coco-ssd.onnx"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    task = assignment(broker, camera("street", street.url("street"), RULE))
    models = tmp_path / "models"
    with AssignmentServer(task) as serve, WorkerProcess(serve.url, tmp_path / "w1", models=models) as worker:
        wait_until(
            lambda: ear.camera("street").get("reason") == "model-failed", within=15, what="model-failed"
        )
        assert ear.camera("street")["state"] == "degraded"
        assert ear.model()["state"] == "failed"
        assert "coco-ssd.onnx" in str(ear.model()["reason"])
        address = str(ear.statuses[-1]["address"])
        blind = get(address, "/cameras/street/snapshot.jpg")
        assert blind.status_code == 200  # shown, but all of it blurred
        assert len(blind.content) < 20_000
        weights.write_bytes(whole)
        wait_until(lambda: ear.camera("street").get("state") == "online", within=10, what="looking again")
        wait_until(lambda: "active" in ear.states("street"), within=15, what="a raise")
        weights.unlink()
        wait_until(lambda: ear.model().get("state") == "failed", within=10, what="failed again")
        wait_until(lambda: ear.states("street")[-1] == "unknown", within=5, what="unknown")
        assert worker.process.poll() is None


def test_signals_wait_for_the_broker(street: GstServer, tmp_path: Path) -> None:
    """Raised while no broker is there, killed, started again: the signals come, in order, with their own time."""
    broker = Mosquitto(tmp_path)
    task = assignment(broker, camera("street", street.url("street"), RULE))
    with AssignmentServer(task) as serve:
        with WorkerProcess(serve.url, tmp_path / "w1") as worker:
            listens = "listens on "
            wait_until(lambda: listens in worker.text(), within=15, what="its address")
            address = worker.text().split(listens, 1)[1].split()[0]
            wait_until(
                lambda: get(address, "/status").json()["spooled"] >= 2, within=20, what="two signals on disk"
            )
            raised_by = datetime.now(UTC)
        with broker:
            ear = Ear(broker.url)
            try:
                with WorkerProcess(serve.url, tmp_path / "w1"):
                    wait_until(lambda: len(ear.signals) >= 3, within=20, what="the spooled signals")
            finally:
                ear.close()
    spooled = [each for each in ear.signals if datetime.fromisoformat(str(each["at"])) <= raised_by]
    assert [each["n"] for each in spooled][:2] == [1, 2]
    assert [each["at"] for each in ear.signals] == sorted(str(each["at"]) for each in ear.signals)


def test_it_ends_with_its_parent(broker: Mosquitto, tmp_path: Path) -> None:
    """The pipe on standard input closes: the worker is gone within 10 s, with 0, whatever its cameras do."""
    with nasty.server(nasty.silent) as port:
        task = assignment(broker, camera("mute", f"rtsp://127.0.0.1:{port}/x", RULE))
        with AssignmentServer(task) as serve, WorkerProcess(serve.url, tmp_path / "w1") as worker:
            wait_until(lambda: len(serve.asked) >= 2, within=15, what="polls")
            time.sleep(0.5)  # in the middle of opening the camera
            worker.close_pipe()
            assert worker.process.wait(10) == 0


def test_it_needs_a_token_and_a_name(tmp_path: Path) -> None:
    """Without a token, or with a name that cannot stand in a topic: one line, exit 2."""
    base = [
        sys.executable,
        "-m",
        "hub",
        "worker",
        "--serve-url",
        "http://127.0.0.1:1",
        "--data",
        str(tmp_path),
    ]
    for extra, token, said in (
        (["--name", "w1"], "", "HUB_WORKER_TOKEN"),
        (["--name", "w/#"], "t", "--name"),
    ):
        done = subprocess.run(
            [*base, *extra],
            cwd=ROOT,
            env={"HUB_WORKER_TOKEN": token},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 2
        assert said in done.stderr
        assert done.stderr.count("\n") == 1


def test_the_worker_never_opens_the_ledger() -> None:
    """Everything a worker imports brings neither sqlalchemy nor the ledger with it."""
    code = (
        "import sys, hub.commands.worker, hub.worker.run\n"
        "wrong = ('sqlalchemy', 'alembic', 'alerts.ledger')\n"
        "print([m for m in sys.modules if m.startswith(wrong)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


def test_no_thread_of_a_test_is_left() -> None:
    """The servers of these tests end what they started."""
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("camera-")]
