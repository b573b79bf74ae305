"""The pages of cases and of handling in a real browser, over a served house: each role clicks what it may."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    FilePayload,
    Page,
    Route,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.e2e.running import ROOT
from tests.e2e.test_page import FLAGS
from tests.servers.house import PASSWORD, House, default_settings, open_house

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(240)]

DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


@contextmanager
def opened(folder: Path) -> Iterator[tuple[House, Browser]]:
    """A house that serves the built console, and a browser."""
    settings = default_settings(folder, web=ROOT / "web" / "dist")
    with open_house(folder, settings) as house, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        try:
            yield house, browser
        finally:
            browser.close()


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Browser]]:
    """One house and one browser for the tests of this file; each visit has a profile of its own."""
    with opened(tmp_path_factory.mktemp("cases")) as both:
        yield both


class Visit:
    """One user in a browser of their own; what the page complained of, and whom it asked, is kept."""

    def __init__(self, browser: Browser, house: House, name: str, *, phone: bool = False) -> None:
        self.house = house
        self.context = browser.new_context(viewport=PHONE if phone else DESK, locale="zh-CN", has_touch=phone)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", self._complained)
        self.page.on("pageerror", lambda wrong: self.errors.append(str(wrong)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(house.url)
        self.page.get_by_test_id("login-name").fill(name)
        self.page.get_by_test_id("login-password").fill(PASSWORD.format(name))
        self.page.get_by_test_id("login-submit").click()
        expect(self.page.get_by_test_id("user")).to_be_visible(timeout=15_000)

    def _complained(self, told: ConsoleMessage) -> None:
        """Kept, but for what this house lacks: a guest, and more of its cameras than their names."""
        said = f"{told.text} {told.location.get('url', '')}"
        if told.type == "error" and "/cameras/" not in said and "/auth/guest" not in said:
            self.errors.append(said)

    def see(self, path: str) -> Page:
        """Another page of the console, in this very tab."""
        self.page.goto(f"{self.house.url}{path}")
        return self.page

    def calm(self) -> None:
        """Nothing went wrong and nobody else was asked; ends the visit."""
        foreign = [each for each in self.asked if not each.startswith((self.house.url, "data:", "blob:"))]
        assert not foreign
        assert not self.errors, self.errors
        self.context.close()


def photo() -> FilePayload:
    """A telephone's large photo, with the place it was taken at."""
    exif = Image.Exif()
    exif[0x010F] = "SECRET-MAKE"
    out = io.BytesIO()
    Image.new("RGB", (3200, 2400), (30, 120, 60)).save(out, "JPEG", exif=exif)
    return {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def act(page: Page, action: str, note: str = "") -> None:
    """Choose an action, say why, and confirm it."""
    page.get_by_test_id(f"act-{action}").click()
    if note:
        page.get_by_test_id("action-note").fill(note)
    page.get_by_test_id("action-send").click()


def done(page: Page, stage: str, at: str) -> None:
    """Wait until a stage of the case is where it should be."""
    expect(page.get_by_test_id(f"stage-{stage}")).to_have_attribute("data-at", at, timeout=10_000)


def cut(route: Route) -> None:
    """A line on which nothing goes out any more."""
    if route.request.method == "POST":
        route.abort()
    else:
        route.fallback()


def test_the_life_of_a_case_by_clicking(console: tuple[House, Browser]) -> None:
    """Opened by hand, through the seven steps by five people, to the archive; nobody sees a step of another."""
    house, browser = console
    olga = Visit(browser, house, "olga")
    page = olga.see("/cases/new")
    page.get_by_test_id("new-title").fill("后厨地面积水")
    page.get_by_test_id("new-place").select_option("site school-1")
    page.get_by_test_id("new-send").click()
    expect(page.get_by_test_id("act-accept")).to_be_visible(timeout=10_000)
    number = page.url.rsplit("/", 1)[-1]
    assert re.fullmatch(r"\d{4}-\d{6}", number)
    act(page, "accept")
    done(page, "report", "due")
    act(page, "report")
    done(page, "dispatch", "due")
    expect(page.get_by_test_id("act-dispatch")).to_have_count(0)

    dora = Visit(browser, house, "dora")
    page = dora.see("/cases?view=board&step=dispatch")
    page.get_by_test_id("column-dispatch").get_by_test_id(f"case-line-{number}").get_by_role("link").click()
    act(page, "dispatch")
    done(page, "handle", "due")
    dora.calm()

    hans = Visit(browser, house, "hans", phone=True)
    page = hans.page
    page.get_by_test_id(f"handling-case-{number}").click()
    page.get_by_test_id("act-handle").click()
    for phase in ("before", "after"):
        page.get_by_test_id(f"photo-{phase}").set_input_files(photo())
    expect(page.locator(".taken li")).to_have_count(2, timeout=10_000)
    page.get_by_test_id("action-send").click()
    done(page, "feedback", "due")
    act(page, "feedback", "已排水并修好地漏")
    done(page, "verify", "due")
    expect(page.get_by_test_id("act-verify")).to_have_count(0)
    hans.calm()
    kept = house.client("olga").get(f"/cases/{number}").json()["attachments"]
    assert [(each["phase"], each["width"], each["height"]) for each in kept] == [
        ("before", 1600, 1200),
        ("after", 1600, 1200),
    ]

    page = olga.page  # which followed by itself
    done(page, "verify", "due")
    shown = page.get_by_test_id("photo-shown-after").locator("img")
    shown.scroll_into_view_if_needed()
    expect(shown).to_have_js_property("naturalWidth", 1600)
    act(page, "verify")
    done(page, "evaluate", "due")
    olga.calm()

    sue = Visit(browser, house, "sue")
    page = sue.see(f"/cases/{number}")
    page.get_by_test_id("act-evaluate").click()
    page.get_by_test_id("action-form").get_by_role("radio").first.check()
    page.get_by_test_id("action-send").click()
    done(page, "evaluate", "done")
    expect(page.get_by_test_id("case-history").locator("li")).to_have_count(8)
    page = sue.see("/cases?state=closed")
    expect(page.get_by_test_id(f"case-line-{number}")).to_have_attribute("data-state", "closed")
    sue.calm()


def test_a_list_is_its_address(console: tuple[House, Browser]) -> None:
    """Filters stand in the address and come back from it; each role sees the cases of its scope only."""
    house, browser = console
    _, near = house.raise_at("school-1", "fridge-1")
    _, road = house.raise_at("cross-1", "cam-2")
    number = {each["id"]: each["number"] for each in house.client("olga").get("/cases").json()["items"]}
    olga = Visit(browser, house, "olga")
    page = olga.see("/cases?site=school-1")
    expect(page.get_by_test_id(f"case-line-{number[near]}")).to_be_visible(timeout=10_000)
    expect(page.get_by_test_id(f"case-line-{number[road]}")).to_have_count(0)
    page.get_by_test_id("case-clear").click()
    expect(page.get_by_test_id(f"case-line-{number[road]}")).to_be_visible()
    page.get_by_test_id("case-words").fill(number[near])
    expect(page.get_by_test_id(f"case-line-{number[road]}")).to_have_count(0)
    assert f"words={number[near]}" in page.url
    page.reload()
    expect(page.get_by_test_id("case-words")).to_have_value(number[near], timeout=10_000)
    page.get_by_test_id("lang").click()
    expect(page.get_by_role("heading", name="Cases", exact=True)).to_be_visible()
    olga.calm()
    ines = Visit(browser, house, "ines")
    page = ines.see("/cases")
    expect(page.get_by_test_id(f"case-line-{number[near]}")).to_be_visible(timeout=10_000)
    expect(page.get_by_test_id(f"case-line-{number[road]}")).to_have_count(0)
    ines.calm()


def test_a_bad_network_loses_nothing_and_doubles_nothing(console: tuple[House, Browser]) -> None:
    """What cannot be sent is said, survives a reload, and goes out once and in order when the line is back."""
    house, browser = console
    made = house.client("olga").post(
        "/cases", json={"kind": "other", "title": "漏水", "site": "school-1", "source": "operator"}
    )
    number = str(made.json()["number"])
    for who, action in (("olga", "accept"), ("olga", "report"), ("dora", "dispatch")):
        house.client(who).post(f"/cases/{number}/actions", json={"action": action}).raise_for_status()
    hans = Visit(browser, house, "hans", phone=True)
    page = hans.see(f"/handling/{number}")
    page.get_by_test_id("act-handle").click()
    page.get_by_test_id("photo-after").set_input_files(photo())
    expect(page.locator(".taken li")).to_have_count(1, timeout=10_000)
    page.route("**/api/v1/cases/**", cut)
    page.get_by_test_id("action-send").click()
    box = page.get_by_test_id("outbox")
    expect(box).to_have_attribute("data-waiting", "2", timeout=10_000)
    expect(box).to_have_attribute("data-going", "waiting")
    page.reload()
    expect(box).to_have_attribute("data-waiting", "2", timeout=10_000)
    expect(page.get_by_test_id("act-handle")).to_have_count(0)  # it waits: not offered again
    page.unroute("**/api/v1/cases/**")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(box).to_have_count(0, timeout=15_000)
    done(page, "feedback", "due")
    shown = house.client("olga").get(f"/cases/{number}").json()
    assert [each["action"] for each in shown["history"]].count("handle") == 1
    assert shown["history"][-1]["attachments"] == [each["id"] for each in shown["attachments"]]
    hans.errors = [each for each in hans.errors if "ERR_FAILED" not in each]  # the line that was cut
    hans.calm()
