"""The false-verdict loop in a real browser: a figure that is taken for a person is judged false, and raises no more.

One camera shows three films in turn: nobody, a figure that appears on its spot at once (a lit window's reflection, a
coat in the light of a door), and a man who walks in to the very same spot. Another rule looks at the same and is not
damped: what it raises shows that the figure is still seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import cast

import av
import cv2
import httpx
import numpy as np
import pytest
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from tests.e2e.running import ADMIN_PASSWORD, JSON, ROOT, Running, until
from tests.e2e.test_evidence import rtsp
from tests.e2e.test_room_page import console
from tests.servers.ports import free_port

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(400)]

KITCHEN = ROOT / "build" / "footage" / "school-1-cam.mp4"
FPS = 20
EMPTY, STANDING, WALKS_IN, TURNS = 8.0, 27.0, 16.5, 30.0
"""Seconds of the kitchen's film: nobody, the man on his spot, from before he enters until he has stood there."""
SHOWN, GONE, STAYS = 5.0, 6.0, 50.0
"""Seconds in which the figure is there, is not, and is there while somebody judges it."""
Picture = NDArray[np.uint8]
COUNTY = f"""
areas: [{{id: county, level: county, name: County}}]
units: [{{id: duty, area: county, name: Duty}}]
sites: [{{id: school, area: county, kind: canteen-school, name: School}}]
devices: [{{id: cam, site: school, kind: camera, url: "{{url}}", fps: 5, model: coco-ssd}}]
rules:
  - {{id: store, kind: presence, condition: person-after-hours, devices: [cam], classes: [person], severity: major,
     zone: [[0.6, 0.1], [1, 0.1], [1, 1], [0.6, 1]], zone_name: store, raise_after: 1s, clear_after: 2s}}
  - {{id: other, kind: presence, condition: person-off-limits, devices: [cam], classes: [person], severity: minor,
     zone: [[0.6, 0.1], [1, 0.1], [1, 1], [0.6, 1]], zone_name: other, raise_after: 1s, clear_after: 2s}}
routes: [{{unit: duty, workflow: four-step}}]
users: [{{name: olga, role: operator, areas: [county], password: {ADMIN_PASSWORD}}}]
"""


def kitchen() -> Callable[[float], Picture]:
    """The picture of the kitchen's film at a second."""
    film = cv2.VideoCapture(str(KITCHEN))
    rate = film.get(cv2.CAP_PROP_FPS)

    def at(second: float) -> Picture:
        film.set(cv2.CAP_PROP_POS_FRAMES, round(second * rate))
        there, picture = film.read()
        assert there, f"{KITCHEN} is missing or too short; run `make setup`"
        return np.asarray(picture, np.uint8)

    return at


def encoded(path: Path, pictures: Iterator[Picture]) -> Path:
    """An MP4 as cameras send it: no B-frames, a keyframe every two seconds."""
    with av.open(str(path), "w") as out:
        options = {"preset": "veryfast", "bf": "0", "g": str(2 * FPS), "sc_threshold": "0", "crf": "22"}
        stream = out.add_stream("libx264", rate=FPS, options=options)
        stream.pix_fmt = "yuv420p"
        for number, picture in enumerate(pictures):
            if number == 0:
                stream.height, stream.width = picture.shape[:2]
            out.mux(stream.encode(VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(stream.encode(None))
    return path


def films(folder: Path) -> dict[str, Path]:
    """Nobody, the figure that comes and goes on its spot, and the man who walks in."""
    at = kitchen()
    empty, standing = at(EMPTY), at(STANDING)
    grains = [np.random.default_rng(n).normal(0, 2, empty.shape).astype(np.int16) for n in range(5)]

    def noisy(picture: Picture, number: int) -> Picture:
        return np.asarray((picture + grains[number % 5]).clip(0, 255), np.uint8)

    def still(seconds: float, picture: Picture) -> Iterator[Picture]:
        yield from (noisy(picture, number) for number in range(round(seconds * FPS)))

    def figure() -> Iterator[Picture]:
        yield from still(GONE, empty)
        yield from still(SHOWN, standing)

    def stays() -> Iterator[Picture]:
        yield from still(GONE, empty)
        yield from still(STAYS, standing)

    def walk() -> Iterator[Picture]:
        yield from still(4.0, empty)
        for number in range(round((TURNS - WALKS_IN) * FPS)):
            yield noisy(at(WALKS_IN + number / FPS), number)
        yield from still(6.0, empty)

    return {
        "nobody": encoded(folder / "nobody.mp4", still(6.0, empty)),
        "figure": encoded(folder / "figure.mp4", figure()),
        "stays": encoded(folder / "stays.mp4", stays()),
        "walk": encoded(folder / "walk.mp4", walk()),
    }


@contextmanager
def hub(folder: Path) -> Iterator[tuple[Running, Callable[[str], None]]]:
    """A hub with the one camera; what is called shows another film."""
    shown = films(folder)
    port = free_port()
    running = Running(folder / "data", command=("serve", "--workers", "1"))
    with ExitStack() as stack:
        stack.callback(running.stop)
        showing = stack.enter_context(ExitStack())

        def show(film: str) -> None:
            showing.close()
            showing.enter_context(rtsp(shown[film], port))

        show("nobody")
        running.wait_ready()
        county = COUNTY.replace("{url}", f"rtsp://127.0.0.1:{port}/cam")
        headers = {"Authorization": f"Bearer {running.token()}"}
        address = f"{running.base}/registry/apply"
        answer = httpx.post(address, content=county.encode(), headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        running.token("olga", ADMIN_PASSWORD)
        yield running, show


def of_rule(running: Running, rule: str) -> list[JSON]:
    """Every incident of one rule, the oldest first."""
    found = running.items("/incidents?limit=1000")
    return sorted(
        (each for each in found if rule in cast("list[str]", each["rules"])), key=lambda each: str(each["id"])
    )


def one_more(running: Running, rule: str, known: int, seconds: float) -> JSON:
    """The next incident of a rule, after so many."""

    def look() -> JSON | None:
        found = of_rule(running, rule)
        return found[known] if len(found) > known else None

    return until(look, seconds=seconds, what=f"incident {known + 1} of {rule}")


def calm(running: Running) -> None:
    """The rule's incidents are over: what it raises from now on is one of its own."""

    def over() -> bool | None:
        return True if all(each["state"] == "cleared" for each in of_rule(running, "store")) else None

    until(over, seconds=60, what="calm")


def damp_it(page: Page, incident: str) -> None:
    """Judge it false, look at what damping would cost, and begin."""
    page.get_by_test_id(f"pick-{incident}").click()
    file = page.get_by_test_id("incident-file")
    expect(file).to_have_attribute("data-incident", incident)
    assert file.get_by_test_id("damp").count() == 0, "nothing is damped that nobody judged"
    file.get_by_test_id("judge-wrong").click()
    page.get_by_test_id("wrong-notThere").click()
    page.get_by_test_id("wrong-say").click()
    file.get_by_test_id("damp").click()
    expect(page.get_by_test_id("damp-lost")).to_contain_text("有 0 起不会报出", timeout=15_000)
    page.get_by_test_id("damp-days").select_option("7")
    expect(page.get_by_test_id("damp-begin")).to_be_enabled(timeout=15_000)
    page.get_by_test_id("damp-begin").click()
    expect(page.get_by_test_id("damp-form")).to_have_count(0)
    expect(file).to_contain_text("此处不再报")


def test_what_was_judged_false_raises_no_more_at_that_spot(tmp_path: Path) -> None:
    """The figure does not, the man who comes in does; ended or expired, the figure raises again."""
    with hub(tmp_path) as (running, show), console(running, "/") as page:
        page.get_by_test_id("login-name").fill("olga")
        page.get_by_test_id("login-password").fill(ADMIN_PASSWORD)
        page.get_by_test_id("login-submit").click()
        page.wait_for_url("**/room")
        expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live", timeout=15_000)
        show("stays")
        first = one_more(running, "store", 0, 90)
        incident = str(first["id"])
        path = f"/incidents/{incident}"

        def pictured() -> bool | None:
            evidence = cast("JSON", cast("JSON", running.get(path).json())["evidence"])
            return True if evidence["snapshot"] == "ready" else None

        until(pictured, seconds=20, what="the evidence, and with it what decided")
        damp_it(page, incident)
        show("nobody")
        calm(running)

        show("figure")
        before = len(of_rule(running, "other"))
        one_more(running, "other", before, 60)
        one_more(running, "other", before + 1, 60)
        assert len(of_rule(running, "store")) == 1, "the same at that spot raises no more"

        show("walk")
        true = one_more(running, "store", 1, 60)
        assert true["id"] != incident, "who comes in from elsewhere raises, at the very same spot"
        show("nobody")
        calm(running)

        page.goto(f"http://127.0.0.1:{running.port}/devices/cam")
        expect(page.get_by_test_id("precision-rule").first).to_be_visible(timeout=20_000)
        expect(page.get_by_test_id("damping")).to_have_count(1)
        page.get_by_test_id("damping-end").click()
        expect(page.get_by_test_id("damping")).to_have_count(0)
        show("figure")
        again = one_more(running, "store", 2, 60)
        assert again["id"] != true["id"], "once it was ended the figure raises again"

        lost = short(running, incident)
        show("nobody")
        calm(running)
        show("figure")
        known = len(of_rule(running, "store"))
        until(
            lambda: True if not running.items("/dampings?state=active") else None, seconds=90, what="expired"
        )
        assert len(of_rule(running, "store")) == known, "until then it did not"
        one_more(running, "store", known, 60)
        assert lost


def short(running: Running, incident: str) -> list[str]:
    """Damp it for a minute; the incidents that were shown as lost."""
    headers = {"Authorization": f"Bearer {running.token('olga', ADMIN_PASSWORD)}"}
    asked = {"incident": incident, "for": "60s"}
    tried = httpx.post(f"{running.base}/dampings/try", json=asked, headers=headers, timeout=20)
    assert tried.status_code == 200, tried.text
    lost = [str(each["incident"]) for each in cast("list[JSON]", tried.json()["lost"])]
    begun = httpx.post(f"{running.base}/dampings", json={**asked, "lost": lost}, headers=headers, timeout=20)
    assert begun.status_code == 201, begun.text
    time.sleep(3)  # its worker asks what to do every two seconds
    return lost
