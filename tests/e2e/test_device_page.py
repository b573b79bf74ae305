"""A device's page in a real browser: a zone is drawn on its picture, saved, and holds at once."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.running import JSON, Running, demo, until
from tests.e2e.test_room_page import console, enter

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(240)]

CAMERA = "school-1-cam"
RULE = f"{CAMERA}-zone-1"


def drag(page: Page, corner: int, x: float, y: float) -> None:
    """Take a corner of the zone to a place of the picture, 0..1."""
    handle = page.get_by_test_id(f"corner-{corner}").bounding_box()
    stage = page.get_by_test_id("zone-editor").locator(".stage").bounding_box()
    assert handle
    assert stage
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(stage["x"] + x * stage["width"], stage["y"] + y * stage["height"], steps=4)
    page.mouse.up()


def rule(running: Running) -> JSON:
    """The drawn rule as the registry has it."""
    return next(each for each in running.items("/rules?limit=1000") if each["id"] == RULE)


def test_a_zone_drawn_and_saved_is_in_force(tmp_path: Path) -> None:
    """Whoever may not write sees the rules only; an administrator's new zone raises what stands in it."""
    with demo(tmp_path / "data") as running, console(running, f"/devices/{CAMERA}") as page:
        expect(page.get_by_test_id("device-page")).to_contain_text(CAMERA, timeout=20_000)
        expect(page.get_by_test_id("rule-choice")).to_be_visible()
        expect(page.get_by_test_id("rule-save")).to_have_count(0)

        enter(page, "registrar", "demo-administrator")
        page.get_by_test_id("zone-add").click()
        expect(page.get_by_test_id("zone-editor").locator("img")).to_be_visible(timeout=30_000)
        drag(page, 2, 0.99, 0.04)
        drag(page, 3, 0.99, 0.97)
        page.get_by_test_id("corner-1").focus()
        for _ in range(4):
            page.keyboard.press("Shift+ArrowLeft")
        page.get_by_test_id("rule-raise_after").fill("1s")
        page.get_by_test_id("rule-raise_after").press("Tab")
        page.get_by_test_id("rule-save").click()
        expect(page.get_by_test_id("rule-kept")).to_be_visible(timeout=10_000)

        zone = cast("list[list[float]]", rule(running)["zone"])
        assert len(zone) == 4
        assert zone[0] == pytest.approx([0.1, 0.3], abs=0.01)
        assert zone[1] == pytest.approx([0.99, 0.04], abs=0.02)
        assert rule(running)["raise_after"] == "1s"

        def raised() -> JSON | None:
            found = running.items("/incidents?limit=1000")
            return next((each for each in found if RULE in cast("list[str]", each["rules"])), None)

        assert until(raised, seconds=90, what="an incident of the new zone")["place"] == "school-1/zone-1"
