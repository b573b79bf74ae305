"""Every page of the console over a running demo: what axe, the console and the eye of a script find wrong with it.

    XIANSHAO_SCREENS=build/screens .venv/bin/pytest -q tests/e2e/test_every_page.py

keeps a picture of each page as well, in both languages, both sizes and both themes, to be looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from tests.e2e.running import JSON, ROOT, Running, demo, until
from tests.e2e.test_page import FLAGS
from tests.e2e.test_room_page import enter

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(400)]

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
SCREENS = os.environ.get("XIANSHAO_SCREENS")
SIZES: dict[str, ViewportSize] = {
    "desk": {"width": 1920, "height": 1080},
    "phone": {"width": 390, "height": 844},
}
GRAVE = ("serious", "critical")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]

LOOK = """async (rules) => {
  const found = await axe.run(document, { resultTypes: ["violations"], runOnly: rules });
  const tall = document.documentElement.scrollHeight - document.documentElement.clientHeight;
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  return {
    wide,
    tall,
    lang: document.documentElement.lang,
    wrong: found.violations.map((each) => [
      each.impact, each.id, each.nodes.slice(0, 4).map((node) => node.html.slice(0, 160) + " " + node.failureSummary),
    ]),
  };
}"""


class Looked(TypedDict):
    """What was found: pixels wider and taller than the screen, the language said, axe's findings."""

    wide: int
    tall: int
    lang: str
    wrong: list[tuple[str, str, list[str]]]


@dataclass(frozen=True, slots=True)
class Spot:
    """One page as one user sees it; `path` may hold `{case}` or `{mine}`, `there` is what must stand in it.

    `press` is pressed before. `whole`: all of it stands on one screen, and its panels scroll.
    """

    name: str
    user: str
    path: str
    there: str
    press: str = ""
    whole: bool = False


SPOTS = (
    Spot("login", "", "/", "login-name", press="login"),
    Spot("desk", "operator", "/", "connection", whole=True),
    Spot("room", "operator", "/room", "room", whole=True),
    Spot("cases", "supervisor", "/cases", "cases-list"),
    Spot("case-new", "dispatcher", "/cases/new", "new-case"),
    Spot("case", "dispatcher", "/cases/{case}", "case-page-{case}"),
    Spot("handling", "handler-market", "/handling", "handling"),
    Spot("handling-case", "handler-market", "/handling/{mine}", "handling-page-{mine}"),
    Spot("kitchens", "inspector", "/kitchens", "kitchens"),
    Spot("kitchen", "inspector", "/kitchens/school-1", "kitchen-page-school-1"),
    Spot("kitchen-own", "keeper-school-1", "/kitchens", "kitchen-page-school-1"),
    Spot("camera", "registrar", "/devices/school-1-cam", "device-page"),
    Spot("sensor", "registrar", "/devices/school-1-fridge", "device-page"),
    Spot("offers", "registrar", "/offers", "offers"),
)
SEEN = [("zh", "desk", "dark"), ("en", "phone", "light")]
"""Language, size and theme that are judged; pictures are taken of all."""
ALL = [(lang, size, theme) for lang in ("zh", "en") for size in SIZES for theme in ("dark", "light")]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, dict[str, str]]]:
    """A demo in which something happened: what the pages are about, by its word."""
    with demo(tmp_path_factory.mktemp("pages") / "data") as hub:

        def case(user: str) -> str | None:
            role = user.split("-", maxsplit=1)[0]
            hub.token(user, f"demo-{role}")
            found = hub.get("/cases?limit=100", user).json()["items"]
            return next((str(each["number"]) for each in cast("list[JSON]", found)), None)

        yield (
            hub,
            {
                "case": until(lambda: case("dispatcher"), seconds=150, what="a case"),
                "mine": until(lambda: case("handler-market"), seconds=150, what="a case of the handler"),
            },
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield made
        made.close()


def begun(browser: Browser, lang: str, size: str, theme: str) -> BrowserContext:
    """A browser with language and theme as chosen before."""
    context = browser.new_context(viewport=SIZES[size], locale="zh-CN", has_touch=size == "phone")
    chosen = {"xianshao.lang": lang, "xianshao.theme": theme}
    lines = "".join(f"localStorage.setItem({key!r}, {value!r});" for key, value in chosen.items())
    context.add_init_script(lines)
    return context


def looked(page: Page) -> Looked:
    """The page through axe and measured."""
    page.evaluate(AXE.read_text())
    return cast("Looked", page.evaluate(LOOK, RULES))


@pytest.mark.parametrize(("lang", "size", "theme"), ALL if SCREENS else SEEN)
@pytest.mark.parametrize("spot", SPOTS, ids=lambda spot: cast("Spot", spot).name)
def test_nothing_is_wrong_with_the_page(
    running: tuple[Running, dict[str, str]], browser: Browser, spot: Spot, lang: str, size: str, theme: str
) -> None:
    """No grave finding of axe, nothing wider than the screen, no error, no foreign address."""
    hub, words = running
    own = f"http://127.0.0.1:{hub.port}"
    context = begun(browser, lang, size, theme)
    page = context.new_page()
    errors: list[str] = []
    asked: list[str] = []
    page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda wrong: errors.append(str(wrong)))
    page.on("request", lambda request: asked.append(request.url))
    if spot.user:
        role = spot.user.split("-", maxsplit=1)[0]
        password = {"registrar": "administrator", "keeper": "site-keeper"}.get(role, role)
        page.goto(own)
        enter(page, spot.user, f"demo-{password}")
    page.goto(own + spot.path.format(**words))
    if spot.press:
        page.get_by_test_id(spot.press).click(timeout=20_000)
    expect(page.get_by_test_id(spot.there.format(**words)).first).to_be_visible(timeout=20_000)
    page.wait_for_timeout(2_000)  # what is fetched after the page is there: pictures, curves, live views
    if SCREENS:
        folder = Path(SCREENS)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(folder / f"{spot.name}-{lang}-{size}-{theme}.png"))
        whole = folder / f"{spot.name}-{lang}-{size}-{theme}-whole.png"
        page.screenshot(path=str(whole), full_page=True)
    found = looked(page)
    context.close()
    grave = [f"{rule}: {node}" for impact, rule, nodes in found["wrong"] if impact in GRAVE for node in nodes]
    assert not grave, "\n".join(grave)
    assert found["wide"] <= 0, "nothing is wider than the screen"
    assert not spot.whole or found["tall"] <= 0, "nothing is taller than the screen"
    assert found["lang"].startswith(lang)
    assert [
        url for url in asked if not url.startswith((own, f"ws://127.0.0.1:{hub.port}", "data:", "blob:"))
    ] == []
    assert errors == []
