"""The first page, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.e2e.running import demo

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(240)]

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def test_a_case_appears_by_itself(tmp_path: Path) -> None:
    """A case raised after the page was loaded appears in it; no error, no foreign address, both languages."""
    with demo(tmp_path / "data") as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        errors: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://127.0.0.1:{running.port}/")
        expect(page.get_by_test_id("connection")).to_be_visible(timeout=15_000)
        known = {str(each["number"]) for each in running.items("/cases")}

        def fresh() -> str | None:
            numbers = {str(each["number"]) for each in running.items("/cases")} - known
            return min(numbers) if numbers else None

        number = None
        for _ in range(300):
            number = fresh()
            if number:
                break
            page.wait_for_timeout(250)
        assert number, "no new case within 75 s"
        expect(page.get_by_test_id(f"case-{number}")).to_be_visible(timeout=5_000)
        for camera in [each for each in running.items("/devices?limit=1000") if each["kind"] == "camera"]:
            tile = page.get_by_test_id(f"camera-{camera['id']}")
            expect(tile.locator("img")).to_have_js_property("complete", value=True, timeout=30_000)
        assert re.search("[一-鿿]", page.inner_text("body"))
        page.get_by_test_id("lang").click()
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.lang").startswith("en")
        foreign = [
            url
            for url in asked
            if not url.startswith((f"http://127.0.0.1:{running.port}/", "data:", "blob:"))
        ]
        assert not foreign, "no external address is contacted"
        assert not errors, errors
        browser.close()
