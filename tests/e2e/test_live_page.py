"""Live views in a real browser: a hub with its worker as processes, cameras whose sessions are counted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect, sync_playwright
from websockets.sync.client import connect

from tests.e2e.running import ADMIN_PASSWORD, ROOT
from tests.e2e.test_page import FLAGS
from tests.servers.cameras import Cameras
from tests.servers.clips import raw_clip
from tests.servers.wait import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

NAMES = ("cam-1", "cam-2", "cam-3", "cam-4")
PASSWORD = "only-for-this-test-too"


@contextmanager
def hub(data: Path) -> Iterator[str]:
    """The address of a hub with one worker."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hub", "serve", "--data", str(data), "--workers", "1", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "HUB_ADMIN_PASSWORD": ADMIN_PASSWORD},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready http://"), line
        yield line.split()[1]
    finally:
        process.terminate()
        process.communicate(timeout=15)


def token(address: str, user: str, password: str) -> str:
    """Of a fresh login."""
    given = {"username": user, "password": password}
    answer = httpx.post(f"{address}/api/v1/auth/login", json=given, timeout=20)
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def registry(cameras: Cameras) -> str:
    """Four cameras of one school, and somebody who watches them."""
    entries = {
        "areas": [{"id": "county", "level": "county", "name": "县"}],
        "units": [{"id": "duty", "area": "county", "name": "Duty"}],
        "sites": [{"id": "school-1", "area": "county", "kind": "canteen-school", "name": "School 1"}],
        "devices": [
            {"id": name, "site": "school-1", "kind": "camera", "url": cameras.url(name)} for name in NAMES
        ],
        "routes": [{"unit": "duty", "workflow": "seven-step"}],
        "users": [{"name": "olga", "role": "operator", "areas": ["county"], "password": PASSWORD}],
    }
    return json.dumps(entries, ensure_ascii=False)


def picture(page: Page, name: str) -> NDArray[np.int16]:
    """What is on the screen of one camera."""
    content = page.get_by_test_id(f"live-{name}").screenshot()
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.int16)


def test_four_cameras_live_and_twenty_viewers_of_one(tmp_path: Path) -> None:
    """Four cameras move on one page, nobody reads a camera twice, and a lost line is said and mended."""
    clip = raw_clip(tmp_path / "a.h264", size="640x360", seconds=6, gop=50)
    with (
        Cameras(dict.fromkeys(NAMES, clip)) as cameras,
        hub(tmp_path / "data") as address,
        sync_playwright() as playwright,
    ):
        admin = {"Authorization": f"Bearer {token(address, 'admin', ADMIN_PASSWORD)}"}
        told = httpx.post(
            f"{address}/api/v1/registry/apply", content=registry(cameras).encode(), headers=admin, timeout=30
        )
        assert told.status_code == 200, told.text

        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        errors: list[str] = []
        opened: list[str] = []
        page.on("websocket", lambda line: opened.append(line.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: errors.append(message.text) if "Content Security" in message.text else None,
        )
        page.goto(f"{address}/")
        page.get_by_test_id("login-name").fill("olga")
        page.get_by_test_id("login-password").fill(PASSWORD)
        page.get_by_test_id("login-submit").click()
        page.wait_for_url("**/room")  # where an operator's work begins
        expect(page.get_by_test_id("live")).to_contain_text("实时视频")
        for name in NAMES:
            tile = page.get_by_test_id(f"live-{name}")
            expect(tile).to_have_attribute("data-state", "playing", timeout=40_000)
            expect(tile).to_have_attribute("data-as", "fmp4")
        page.wait_for_timeout(1_000)
        before = {name: picture(page, name) for name in NAMES}
        page.wait_for_timeout(2_000)
        for name in NAMES:
            after = picture(page, name)
            assert after.mean() > 20, f"{name} is not black"
            assert np.abs(after - before[name]).mean() > 1, f"{name} moves"

        assert sum("/live" in each for each in opened) == 4, "a view goes on while its camera's state changes"
        with ExitStack() as stack:
            url = f"{address.replace('http', 'ws')}/api/v1/cameras/cam-1/live"
            bearer = {"Authorization": f"Bearer {token(address, 'olga', PASSWORD)}"}
            viewers = [
                stack.enter_context(connect(url, additional_headers=bearer, max_size=None)) for _ in range(20)
            ]
            for ws in viewers:
                assert str(json.loads(ws.recv(timeout=20))["codec"]).startswith("avc1.")
                assert isinstance(ws.recv(timeout=20), bytes)
            assert [cameras.sessions(name) for name in NAMES] == [1, 1, 1, 1]

        tile = page.get_by_test_id("live-cam-1")
        os.kill(json.loads((tmp_path / "data" / "run.json").read_text())["workers"][0], signal.SIGKILL)
        expect(tile).to_have_attribute("data-state", "lost", timeout=5_000)
        expect(tile).to_contain_text("连接中断")
        expect(tile).to_have_attribute("data-state", "playing", timeout=60_000)
        wait_until(
            lambda: cameras.sessions("cam-1") == 1, within=20, what="the dead worker's session is gone"
        )
        assert not errors, errors
        browser.close()
