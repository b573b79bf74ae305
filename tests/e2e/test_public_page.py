"""The page behind a QR code, built as it is served, in a real browser as wide as a telephone."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.test_page import FLAGS
from tests.servers.house import default_settings, open_house

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
GRID = """
areas:
  - {id: grid-1, parent: east, level: micro-grid, name: {zh: 城东第一微网格, en: East grid 1}, leader: hans}
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console's build, in a folder of its own: what is in web/dist may be older than the sources."""
    npm = shutil.which("npx")
    assert npm is not None, "make setup needs it, too"
    folder = tmp_path_factory.mktemp("web") / "dist"
    command = [npm, "vite", "build", "--outDir", str(folder), "--emptyOutDir", "--logLevel", "error"]
    subprocess.run(command, cwd=ROOT / "web", check=True, timeout=180, capture_output=True)
    return folder


def test_somebody_reports_by_telephone(tmp_path: Path, built: Path) -> None:
    """Form, photo, receipt and status, in both languages, under the strict policy, without any foreign address."""
    shots = Path(os.environ.get("HUB_TEST_SHOTS") or tmp_path)
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), np.full((300, 400, 3), 160, np.uint8))
    settings = default_settings(tmp_path, web=built)
    with open_house(tmp_path, settings) as house, sync_playwright() as playwright:
        house.client("admin").post("/registry/apply", content=GRID.encode()).raise_for_status()
        address = house.client("dora").get("/areas/grid-1/qr.svg").headers["X-Report-Address"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 390, "height": 844}, locale="zh-CN", device_scale_factor=2)
        wrong: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        answer = page.goto(address)
        assert answer is not None
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        expect(page.get_by_text("城东第一微网格")).to_be_visible()
        fits(page)
        page.screenshot(path=str(shots / "report.zh.png"), full_page=True)
        page.get_by_test_id("send").click()
        expect(page.get_by_role("alert")).to_have_text("请先选择要反映什么。")
        page.get_by_text("垃圾、脏乱").click()
        page.locator("#words").fill("路口北侧垃圾桶满了三天")
        page.locator("#photo").set_input_files(photo)
        expect(page.locator("#preview")).to_be_visible()
        page.get_by_test_id("lang").click()
        expect(page.get_by_text("East grid 1")).to_be_visible()
        expect(page.locator("#words")).to_have_value("路口北侧垃圾桶满了三天")
        fits(page)
        page.screenshot(path=str(shots / "report.en.png"), full_page=True)
        page.get_by_test_id("send").click()
        receipt = page.get_by_test_id("receipt")
        expect(receipt).to_be_visible()
        shown = receipt.inner_text().strip()
        assert house.client(None).get(f"/public/reports/{shown}").json()["state"] == "received"
        page.screenshot(path=str(shots / "receipt.en.png"))
        page.get_by_role("link", name="See what became of it").click()
        expect(page.get_by_test_id("state")).to_have_text("Received, waiting")
        page.get_by_test_id("lang").click()
        expect(page.get_by_test_id("state")).to_have_text("已收到，等待处理")
        fits(page)
        page.screenshot(path=str(shots / "status.zh.png"))
        assert shown in page.url
        assert [url for url in asked if not url.startswith((house.url, "blob:", "data:"))] == []
        assert wrong == []

        house.client("admin").post("/areas/grid-1/qr").raise_for_status()
        page.goto(address)
        expect(page.get_by_text("这个二维码已经失效")).to_be_visible()
        page.screenshot(path=str(shots / "gone.png"))
        browser.close()


def fits(page: Page) -> None:
    """Nothing is wider than the telephone."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
