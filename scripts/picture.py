"""Takes the pictures of the README from a real running demo, in a real browser.

    .venv/bin/python scripts/picture.py            docs/images/story.en.webp and story.zh.webp

Starts `hub demo` on data of its own and opens the console once per language. It waits until the gas alarm of the
first school's kitchen is on the page with its case, opens the picture of the kitchen that the camera raised, and
puts what was seen together as an animation. Nothing is drawn into it; waiting is cut short (a frame stands for at
most LONGEST seconds). The single frames stay in build/picture to be looked at.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FRAMES = ROOT / "build" / "picture"
TARGET = ROOT / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
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
SIZE = (1600, 960)
WIDTH = 1440
"""Of the animation, in pixels."""
READY = 60.0
STORY = 330.0
"""Seconds to wait for: the demo's day comes round every 240."""
EVERY = 0.4
SELDOM = 1.0
"""Seconds between two frames, and between two while waiting: pictures cost the machine what the demo needs."""
LONGEST = 0.7
"""Seconds that one frame stands at most while the page waits for something."""
KEPT = 4
"""Frames of a time of waiting that are kept."""
LOOK = 3.5
"""Seconds to look at what has just come."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame.

    Attributes:
        path: The picture.
        seconds: How long it stands in the animation.
    """

    path: Path
    seconds: float


class Reel:
    """The frames of one language, in order."""

    def __init__(self, page: Page, folder: Path) -> None:
        self._page = page
        self._folder = folder
        self._taken_at = 0.0
        self._number = 0
        self.shots: list[Shot] = []
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def take(self, *, longest: float = LONGEST) -> None:
        """One frame; the one before stood for as long as it really did, but no longer than `longest`."""
        path = self._folder / f"{self._number:04d}.png"
        self._number += 1
        self._page.screenshot(path=str(path))
        now = time.monotonic()
        if self.shots:
            last = self.shots[-1]
            self.shots[-1] = Shot(last.path, min(now - self._taken_at, longest))
        self._taken_at = now
        self.shots.append(Shot(path, longest))

    def roll(self, seconds: float) -> None:
        """Frames for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.take()
            self._page.wait_for_timeout(EVERY * 1000)

    def until(self, selector: str, what: str) -> None:
        """Wait for something on the page; of the waiting only the last frames are kept."""
        end = time.monotonic() + STORY
        begin = len(self.shots)
        while self._page.locator(selector).count() == 0:
            if time.monotonic() > end:
                raise SystemExit(f"picture: no {what} within {STORY:g} s")
            self.take()
            self._page.wait_for_timeout(SELDOM * 1000)
        if len(self.shots) - begin > KEPT:
            del self.shots[begin:-KEPT]


def story(page: Page, address: str, language: str, folder: Path) -> list[Shot]:
    """The gas leak, its case, and the kitchen."""
    page.goto(address)
    page.get_by_test_id("connection").wait_for(timeout=20_000)
    if not str(page.evaluate("document.documentElement.lang")).startswith(language):
        page.get_by_test_id("lang").click()
    page.wait_for_timeout(2_000)
    reel = Reel(page, folder)
    gas = '[data-condition="gas-level"][data-state="open"]'
    reel.until(gas, "gas alarm")
    reel.roll(LOOK)
    person = '[data-condition="person-after-hours"] img'
    reel.until(person, "picture of the kitchen")
    reel.roll(LOOK)
    page.locator(person).first.click()
    page.get_by_test_id("evidence-picture").wait_for(timeout=10_000)
    page.wait_for_timeout(800)
    reel.take()
    page.wait_for_timeout(1_000)
    reel.take(longest=1.0)
    reel.shots[-1] = Shot(reel.shots[-1].path, LOOK)
    return reel.shots


def put_together(shots: list[Shot], target: Path) -> None:
    """An animated WebP of the frames."""
    listing = FRAMES / f"{target.stem}.txt"
    lines = ["ffconcat version 1.0"]
    for shot in shots:
        lines += [f"file '{shot.path}'", f"duration {shot.seconds:.3f}"]
    lines.append(f"file '{shots[-1].path}'")
    listing.write_text("\n".join(lines) + "\n")
    command = [
        "ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y", "-f", "concat", "-safe", "0",
        "-i", str(listing), "-vf", f"fps=4,scale={WIDTH}:-2:flags=lanczos", "-c:v", "libwebp_anim",
        "-quality", "62", "-compression_level", "5", "-loop", "0", str(target),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=300)
    print(f"{target.relative_to(ROOT)}: {len(shots)} frames, {target.stat().st_size / 1e6:.1f} MB")


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_ready(hub: subprocess.Popen[bytes], output: Path) -> None:
    """Until the demo says that it is ready."""
    end = time.monotonic() + READY
    while "ready http" not in output.read_text(errors="replace"):
        if hub.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"picture: the demo is not ready:\n{output.read_text(errors='replace')[-2000:]}")
        time.sleep(0.1)


def film(browser: Browser, language: str) -> None:
    """One language, on a demo of its own, so that both begin with the same calm page."""
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "hub.log"
        port = free_port()
        command = [sys.executable, "-m", "hub", "demo", "--headless", "--port", str(port)]
        command += ["--data", str(Path(scratch) / "data")]
        environment = {**os.environ, "HUB_ADMIN_PASSWORD": secrets.token_urlsafe(12)}
        with output.open("wb") as log:
            hub = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=environment)
        try:
            wait_ready(hub, output)
            locale = {"en": "en-GB", "zh": "zh-CN"}[language]
            page = browser.new_page(
                viewport={"width": SIZE[0], "height": SIZE[1]}, locale=locale, timezone_id="Asia/Shanghai"
            )
            shots = story(page, f"http://127.0.0.1:{port}/", language, FRAMES / language)
            page.close()
        finally:
            hub.send_signal(signal.SIGTERM)
            hub.wait(20)
    put_together(shots, TARGET / f"story.{language}.webp")


def main() -> int:
    """Both languages, or the one that is named."""
    parser = argparse.ArgumentParser(description="Takes the pictures of the README from a running demo.")
    parser.add_argument("--language", choices=("en", "zh"), action="append", help="default: both")
    languages: list[str] = parser.parse_args().language or ["en", "zh"]
    TARGET.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for language in languages:
            film(browser, language)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
