"""The monitoring room in a real browser: an operator's night by keyboard, over a running demo."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.running import JSON, Running, demo, until
from tests.e2e.test_page import FLAGS

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(240)]


@contextmanager
def console(running: Running, path: str, *, width: int = 1920, height: int = 1080) -> Iterator[Page]:
    """A page of the console; fails on errors of scripts or of the policy, and on foreign addresses."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": width, "height": height}, locale="zh-CN")
        errors: list[str] = []
        asked: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: errors.append(message.text) if "Content Security" in message.text else None,
        )
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://127.0.0.1:{running.port}{path}")
        yield page
        own = (f"http://127.0.0.1:{running.port}/", "data:", "blob:")
        assert [url for url in asked if not url.startswith(own)] == [], "no external address is contacted"
        assert errors == []
        browser.close()


def enter(page: Page, name: str, password: str) -> None:
    """Log in; whoever looks as a guest does so from the header."""
    page.get_by_test_id("login").click()
    page.get_by_test_id("login-name").fill(name)
    page.get_by_test_id("login-password").fill(password)
    page.get_by_test_id("login-submit").click()
    expect(page.get_by_test_id("user")).to_contain_text(name)


def one(running: Running, incident: str) -> JSON:
    """The incident as it is now."""
    return cast("JSON", running.get(f"/incidents/{incident}").json())


LASTING = """
rules: [{id: stays, kind: threshold, devices: [village-3-wind], quantity: battery, above: 50, severity: major}]
"""
"""Holds for as long as the demo runs, which all other conditions of its short day do not."""


def lasting_incident(running: Running) -> JSON:
    """An incident that stays open."""
    headers = {"Authorization": f"Bearer {running.token()}"}
    answer = httpx.post(f"{running.base}/registry/apply", content=LASTING, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text

    def look() -> JSON | None:
        found = running.items("/incidents?state=open")
        return next((each for each in found if "stays" in cast("list[str]", each["rules"])), None)

    return until(look, seconds=60, what="the incident that stays")


def test_the_operators_night_by_keyboard(tmp_path: Path) -> None:
    """Acknowledge, judge with a reason, open a case, keep and sign the shift: without a mouse."""
    with demo(tmp_path / "data") as running, console(running, "/") as page:
        enter(page, "operator", "demo-operator")
        page.wait_for_url("**/room")  # where an operator's work begins
        expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live", timeout=15_000)
        wanted = str(lasting_incident(running)["id"])
        page.get_by_test_id(f"pick-{wanted}").click()
        file = page.get_by_test_id("incident-file")
        expect(file).to_have_attribute("data-incident", wanted)

        page.locator("#main").focus()
        page.keyboard.press("a")
        expect(file.get_by_text("operator 已确认")).to_be_visible()
        assert one(running, wanted)["acked_by"] == "operator"

        page.keyboard.press("x")
        expect(page.get_by_test_id("wrong-form")).to_be_visible()
        page.wait_for_timeout(200)  # the field takes the keyboard when the dialog is there
        page.keyboard.type("画面中没有该情况")
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("wrong-form")).to_have_count(0)
        expect(file.get_by_text("operator：误报")).to_be_visible()
        judged = one(running, wanted)
        assert (judged["verdict"], judged["verdict_reason"]) == (False, "画面中没有该情况")

        if judged["case"] is None:
            page.keyboard.press("c")
            page.get_by_test_id("case-open").click()
            expect(page.get_by_test_id("case-opened")).to_be_visible()
            opened = [each for each in running.items("/cases") if each.get("external_id") == wanted]
            assert len(opened) == 1
            page.keyboard.press("Escape")

        page.get_by_test_id("shift-begin").click()
        expect(page.get_by_test_id("shift-holder")).to_contain_text("operator")
        page.get_by_test_id("shift-note").fill("冷库门封条已报修")
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("shift-notes")).to_contain_text("冷库门封条已报修")
        page.locator("#main").focus()
        page.keyboard.press("h")
        page.get_by_test_id("hand-sign").click()
        expect(page.get_by_test_id("hand-take")).to_be_visible()
        page.locator("#hand-name").fill("dispatcher")
        page.locator("#hand-password").fill("demo-dispatcher")
        page.get_by_test_id("hand-take").click()
        expect(page.get_by_test_id("shift-holder")).to_contain_text("dispatcher")

        page.locator("#main").focus()
        page.keyboard.press("?")
        expect(page.get_by_test_id("keys-list")).to_contain_text("云巡查")


CUT = 30.0
"""Seconds that the line is down at least."""


def shown(page: Page) -> dict[str, str]:
    """The incidents of the feed and the state that each row says; a row that stands there twice is found."""
    rows = page.locator("li[data-condition]").evaluate_all(
        "rows => rows.map((each) => [each.dataset.testid.slice('incident-'.length), each.dataset.state])"
    )
    pairs = cast("list[tuple[str, str]]", rows)
    assert len({each for each, _ in pairs}) == len(pairs), "nothing is doubled"
    return dict(pairs)


def test_a_lost_line_is_said_and_made_good(tmp_path: Path) -> None:
    """While the line is down for half a minute that is said; then the feed says what the hub says, nothing twice."""
    with demo(tmp_path / "data") as running, console(running, "/room") as page:
        expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live", timeout=15_000)
        page.context.set_offline(True)
        down = time.monotonic()
        expect(page.get_by_test_id("lost")).to_be_visible(timeout=3_000)
        before = {str(each["id"]) for each in running.items("/incidents?state=open")}

        def fresh() -> set[str] | None:
            return {str(each["id"]) for each in running.items("/incidents?state=open")} - before or None

        until(fresh, seconds=90, what="an incident while the line is down")
        page.wait_for_timeout(max(0.0, CUT - (time.monotonic() - down)) * 1000)
        expect(page.get_by_test_id("lost")).to_be_visible()
        page.context.set_offline(False)
        expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live", timeout=15_000)

        def same() -> bool | None:
            there = {each: state for each, state in shown(page).items() if state == "open"}
            return (
                True
                if set(there) == {str(each["id"]) for each in running.items("/incidents?state=open")}
                else None
            )

        until(same, seconds=10, what="the feed of the page as the hub has it")
