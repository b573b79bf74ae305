"""Teaching in a real browser: an inspector shows a camera's bin with and without its lid, and a rule raises by it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import av
import cv2
import httpx
import numpy as np
import pytest
from av.video.frame import VideoFrame
from playwright.sync_api import Page, expect

from tests.detectors.test_teach import MODELS, bin_picture
from tests.e2e.running import ADMIN_PASSWORD, JSON, Running, until
from tests.e2e.test_evidence import rtsp
from tests.e2e.test_room_page import console
from tests.servers.ports import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

FPS = 10
SECONDS = 40
WIDTH, HEIGHT = 640, 360
EXAMPLES = 6
COUNTY = """
areas: [{{id: county, level: county, name: County}}]
units: [{{id: duty, area: county, name: Duty}}]
sites: [{{id: school, area: county, kind: canteen-school, name: School}}]
devices: [{{id: cam, site: school, kind: camera, url: "{url}", fps: 5, model: coco-ssd}}]
routes: [{{unit: duty, workflow: four-step}}]
users: [{{name: ines, role: inspector, areas: [county], password: {password}}}]
"""
RULE = {
    "kind": "taught",
    "condition": "bin-uncovered",
    "devices": ["cam"],
    "taught": "cam-bin-uncovered",
    "severity": "minor",
    "raise_after": "1s",
    "clear_after": "2s",
}


def film(path: Path, *, uncovered: bool) -> Path:
    """A bin in the middle of a wall, in light that changes every second, a keyframe each."""
    with av.open(str(path), "w") as out:
        options = {"preset": "veryfast", "bf": "0", "g": str(FPS), "sc_threshold": "0", "crf": "22"}
        stream = out.add_stream("libx264", rate=FPS, options=options)
        stream.pix_fmt, stream.width, stream.height = "yuv420p", WIDTH, HEIGHT
        for number in range(FPS * SECONDS):
            picture = np.full((HEIGHT, WIDTH, 3), 150, np.uint8)
            shown = bin_picture(number // FPS, uncovered=uncovered)
            left, top, wide, tall = (
                int(each) for each in (0.35 * WIDTH, 0.35 * HEIGHT, 0.3 * WIDTH, 0.4 * HEIGHT)
            )
            picture[top : top + tall, left : left + wide] = cv2.resize(shown, (wide, tall))
            out.mux(stream.encode(VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(stream.encode(None))
    return path


class Bins:
    """A hub with a camera whose bin has a lid or not."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.models = folder / "models"
        for name in ("coco-ssd", "centerface"):
            shutil.copytree(MODELS / name, self.models / name)
        self._films = {each: film(folder / f"{each}.mp4", uncovered=each) for each in (True, False)}
        self._port = free_port()
        command = ("serve", "--workers", "1")
        self.running = Running(folder / "data", command=command, environment={"HUB_MODELS": str(self.models)})
        stack.callback(self.running.stop)
        self._showing = stack.enter_context(ExitStack())
        self.show(uncovered=True, wait=False)
        self.running.wait_ready()
        county = COUNTY.format(url=f"rtsp://127.0.0.1:{self._port}/cam", password=ADMIN_PASSWORD)
        answer = httpx.post(
            f"{self.running.base}/registry/apply", content=county.encode(), headers=self.admin(), timeout=30
        )
        assert answer.status_code == 200, answer.text

    def admin(self) -> dict[str, str]:
        """Who changes rules."""
        return {"Authorization": f"Bearer {self.running.token()}"}

    def show(self, *, uncovered: bool, wait: bool = True) -> None:
        """Another film, and the camera's picture is of it."""
        self._showing.close()
        self._showing.enter_context(rtsp(self._films[uncovered], self._port))
        if wait:
            time.sleep(1)  # the old session has ended by then
            self.online()

    def online(self) -> None:
        """The camera sends, and its newest keyframe is of what it sends now."""
        until(
            lambda: True if self.running.device("cam")["state"] == "online" else None,
            seconds=40,
            what="online",
        )
        time.sleep(3)

    def incidents(self) -> list[JSON]:
        """What the rule raised."""
        return [
            each for each in self.running.items("/incidents") if "lid" in cast("list[str]", each["rules"])
        ]


@pytest.fixture(scope="module")
def bins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bins]:
    """The hub."""
    with ExitStack() as stack:
        yield Bins(tmp_path_factory.mktemp("bins"), stack)


def shown(page: Page, *, holds: bool, yes: int, no: int) -> None:
    """One example more; the same picture once more is no example, so the next second is tried."""
    counts = page.get_by_test_id("lesson-counts")
    end = time.monotonic() + 40
    for n in range(EXAMPLES):
        wanted = f"成立 {yes + (n + 1) * holds} 个，不成立 {no + (n + 1) * (not holds)} 个"
        while wanted not in (counts.text_content() or ""):
            assert time.monotonic() < end, f"{counts.text_content()}, not {wanted}"
            page.get_by_test_id("lesson-yes" if holds else "lesson-no").click()
            page.wait_for_timeout(1300)


def test_a_lesson_is_taught_and_a_rule_raises_by_it(bins: Bins) -> None:
    """Region and condition, six examples of each, the figures; then the bin without its lid raises, and clears."""
    bins.online()
    with console(bins.running, "/") as page:
        page.get_by_test_id("login-name").fill("ines")
        page.get_by_test_id("login-password").fill(ADMIN_PASSWORD)
        page.get_by_test_id("login-submit").click()
        page.wait_for_url("**/kitchens")
        page.goto(f"http://127.0.0.1:{bins.running.port}/devices/cam")
        page.get_by_test_id("lesson-new").click()
        page.get_by_test_id("lesson-condition").fill("bin-uncovered")
        page.get_by_test_id("lesson-begin").click()
        lesson = page.get_by_test_id("lesson-cam-bin-uncovered")
        expect(lesson).to_contain_text("部位 0.35,0.35,0.3,0.4")
        expect(page.get_by_test_id("lesson-yes")).to_be_disabled()  # no reason, no original
        page.get_by_test_id("lesson-reason").fill("示教垃圾桶盖")
        shown(page, holds=True, yes=0, no=0)
        expect(page.get_by_test_id("lesson-train")).to_be_disabled()
        bins.show(uncovered=False)
        shown(page, holds=False, yes=EXAMPLES, no=0)
        page.get_by_test_id("lesson-train").click()
        expect(page.get_by_test_id("lesson-training")).to_contain_text("学习完成", timeout=120_000)
        expect(page.get_by_test_id("lesson-version")).to_contain_text("第 1 版，ines")
        expect(page.get_by_test_id("lesson-version")).to_contain_text("准确率 100%")
        lesson.locator("summary").click()
        page.get_by_test_id("lesson-look").first.click()
        crop = lesson.locator("img")
        expect(crop).to_be_visible()
        assert crop.evaluate("each => each.decode().then(() => each.naturalWidth)") == round(0.3 * WIDTH)

        rule = httpx.put(f"{bins.running.base}/rules/lid", json=RULE, headers=bins.admin(), timeout=20)
        assert rule.status_code in {200, 201}, rule.text
        bins.online()
        assert bins.incidents() == [], "covered, it raises nothing"
        bins.show(uncovered=True, wait=False)
        until(lambda: bins.incidents() or None, seconds=60, what="the bin without its lid raises")
        bins.show(uncovered=False, wait=False)
        until(
            lambda: True if bins.incidents()[0]["state"] == "cleared" else None, seconds=60, what="it clears"
        )
        assert len(bins.incidents()) == 1

        page.get_by_test_id("lesson-remove").click()
        expect(lesson).to_have_count(0)
    assert not (bins.running.data / "evidence" / "lesson-cam-bin-uncovered").exists()
    assert (bins.models / "taught" / "cam-bin-uncovered" / "bin-uncovered-v1").is_dir(), (
        "the rule goes on looking with it"
    )
