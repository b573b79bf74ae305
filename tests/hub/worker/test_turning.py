"""Turning: rules pause while a movable camera looks elsewhere; it goes back home by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.worker import turning as module
from hub.worker.assignment import CameraTask, PtzTask
from hub.worker.turning import FORGOTTEN, Turning
from hub.worker.watch import Watch
from ingest.errors import CameraUnreachable, NotFound
from tests.servers.onvif import PASSWORD, USER, OnvifServer
from tests.servers.ports import free_port
from tests.servers.wait import wait_until

PRESETS = [{"id": "gate", "token": "1"}, {"id": "road", "token": "Road"}, {"id": "lost"}]


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ASK_EVERY", 0.1)


def now() -> datetime:
    return datetime.now(UTC)


def arrives(turning: Turning, place: str, preset: str | None) -> None:
    """Wait until the camera looks there."""
    wait_until(lambda: turning.place(now()) == (place, preset), within=10, what=f"it looks at {preset}")


def task(camera: OnvifServer, after: str = "0s") -> PtzTask:
    return PtzTask.model_validate(
        {
            "url": camera.url,
            "user": USER,
            "password": PASSWORD,
            "presets": PRESETS,
            "home": "gate",
            "return_after": after,
        }
    )


@pytest.mark.parametrize(
    "positions", [True, False], ids=["presets have a place", "places are learned on arrival"]
)
def test_it_knows_where_the_camera_looks(positions: bool) -> None:
    """At a preset once it has arrived; off preset while it moves and where somebody turned it by hand."""
    told: list[float | None] = []
    with OnvifServer(positions=positions, ahead=timedelta(minutes=3)) as camera:
        turning = Turning("dome", task(camera), clock=now, on_clock=told.append)
        assert turning.place(now()) == ("unknown", None)
        turning.start()
        turning.goto("road")
        assert turning.place(now())[1] is None
        arrives(turning, "preset", "road")
        camera.drive(0.9, 0.9)
        arrives(turning, "off-preset", None)
        assert turning.place(now() + FORGOTTEN * 2) == ("unknown", None)
        assert told[0] == pytest.approx(180, abs=5)
        with pytest.raises(NotFound):
            turning.goto("moon")
        with pytest.raises(CameraUnreachable) as caught:
            turning.goto("lost")
        assert caught.value.reason == "no-preset"
        turning.ask_stop()


def test_it_goes_home_when_nobody_drives_it() -> None:
    """After `return_after` in which it stood still elsewhere."""
    with OnvifServer() as camera:
        turning = Turning("dome", task(camera, "1s"), clock=now, on_clock=lambda _: None)
        turning.start()
        turning.goto("road")
        arrives(turning, "preset", "road")
        arrives(turning, "preset", "gate")
        turning.ask_stop()


def test_rules_belong_to_a_preset() -> None:
    """A rule without one belongs to home; elsewhere it is unknown, because of `off-preset`."""
    rule = {"kind": "presence", "classes": ["person"]}
    with OnvifServer() as camera:
        watched = CameraTask.model_validate(
            {
                "device": "dome", "site": "crossing", "url": f"rtsp://127.0.0.1:{free_port()}/x", "model": "coco-ssd",
                "rules": [{**rule, "id": "at-home"}, {**rule, "id": "at-road", "preset": "road"}],
                "ptz": task(camera).model_dump(mode="json") | {"password": PASSWORD},
            }
        )  # fmt: skip
        watch = Watch(watched, on_frame=lambda _: True, clock=now)
        turning = watch.turning
        assert turning is not None
        turning.start()

        def why() -> dict[str, bool]:
            return {
                each.params.id: "off-preset" in each.level.explanation.en for each in watch.tick(now(), None)
            }

        for preset, paused in (
            ("gate", {"at-home": False, "at-road": True}),
            ("road", {"at-home": True, "at-road": False}),
        ):
            turning.goto(preset)
            arrives(turning, "preset", preset)
            watch._unchanged(now())  # both have seen something: what is unknown is so because of the preset
            assert why() == paused
            assert watch.off_preset(now()) is (preset == "road")
        watch.ask_stop()
