"""Screen: one look at the monitoring room in Chromium, in a process of its own, as an operator's is.

    python -m bench.screen URL PASSWORD SECONDS

It logs in, opens the room, waits until everything is there, watches so many seconds more, and prints what the page
noted as one JSON line.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TypedDict, cast

from playwright.sync_api import BrowserContext, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
PATIENCE = 90.0

WATCH = """
localStorage.setItem("xianshao.visitor", "1");
window.benchRoom = { origin: performance.timeOrigin, first: 0, tasks: [], seen: {} };
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) benchRoom.tasks.push([each.startTime, each.duration]);
}).observe({ type: "longtask", buffered: true });
new MutationObserver((changes) => {
  const rows = [];
  for (const change of changes) {
    for (const node of change.addedNodes) {
      if (!(node instanceof Element)) continue;
      if (node.matches("li[data-condition]")) rows.push(node);
      else rows.push(...node.querySelectorAll("li[data-condition]"));
    }
  }
  if (rows.length === 0) return;
  requestAnimationFrame(() => setTimeout(() => {
    benchRoom.first ||= performance.now();
    for (const row of rows) benchRoom.seen[row.dataset.testid.slice("incident-".length)] ??= Date.now();
  }));
}).observe(document, { childList: true, subtree: true });
"""


class Seen(TypedDict):
    """What the page noted.

    `first`, `loaded` and `tasks` in ms since the navigation, `origin` and `seen` in ms since 1970.
    """

    origin: float
    first: float
    loaded: float
    tasks: list[tuple[float, float]]
    seen: dict[str, float]


def look(url: str, password: str, seconds: float) -> Seen:
    """A new browser, which is closed again."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        _login(context, url, password)
        page = context.new_page()
        page.add_init_script(WATCH)
        page.goto(f"{url}/room", wait_until="commit")
        loaded = _loaded(page)
        page.wait_for_timeout(seconds * 1000)
        told = cast("Seen", page.evaluate("window.benchRoom"))
        browser.close()
    return {**told, "loaded": loaded}


def _login(context: BrowserContext, url: str, password: str) -> None:
    answer = context.request.post(f"{url}/api/v1/auth/login", data={"username": "olga", "password": password})
    if not answer.ok:
        raise AssertionError(f"no login: {answer.status}")


def _loaded(page: Page) -> float:
    """When everything was there, in ms since the navigation."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        page.wait_for_timeout(50)
        first, loading, at = cast(
            "tuple[float, int, float]",
            page.evaluate(
                "[window.benchRoom?.first ?? 0,"
                " document.querySelectorAll('[data-testid=feed-loading]').length, performance.now()]"
            ),
        )
        if first and not loading:
            return at
    raise AssertionError(f"not loaded within {PATIENCE:.0f} s")


if __name__ == "__main__":
    print(json.dumps(look(sys.argv[1], sys.argv[2], float(sys.argv[3]))))
