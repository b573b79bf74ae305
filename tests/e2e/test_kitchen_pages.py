"""The pages of kitchens in a real browser: the inspector's Monday, and the keeper who corrects with a photo."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from alerts.ledger import incidents, readings
from alerts.ledger.devices import put_state
from ingest.reading import Reading
from tests.e2e.test_case_pages import Visit, opened, photo
from tests.servers.house import House

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Browser]]:
    """One house and one browser for the tests of this file."""
    with opened(tmp_path_factory.mktemp("kitchens")) as both:
        yield both


def measured(house: House, minutes: float, value: float) -> Reading:
    """A reading of the fridge, so long ago."""
    moment = house.now() - timedelta(minutes=minutes)
    return Reading("fridge-1", "temperature", value, "°C", moment, moment, "good", f"m{minutes}-{value}")


def monday(house: House) -> str:
    """A fridge that was warm for half an hour, a greasy camera, a silent horn, and what was not corrected in time."""
    new = [measured(house, *each) for each in ((120, 9.0), (90, 5.0), (60, 5.5), (30, 5.0), (1, 5.2))]
    house.ledger.write(lambda tx: readings.add(tx, new)).result(10)
    incident, _ = house.raise_at("school-1", "fridge-1")
    house.apply(house.signal("cam-1", device="cam-1", condition="camera-greasy", severity="info"))
    house.ledger.write(lambda tx: incidents.set_not_mended(tx, incident, house.now())).result(10)
    county = house.directory()
    house.ledger.write(
        lambda tx: put_state(
            tx, county.devices["horn-1"], state="offline", reason="last-will", last_seen=None, now=house.now(),
            place=county.visibility("horn-1"),
        )
    ).result(10)  # fmt: skip
    return incident


def test_the_inspectors_monday_and_the_keepers_correction(console: tuple[House, Browser]) -> None:
    """Late things first, values and minutes beyond the limit, live readings; a photo of the keeper reaches the case."""
    house, browser = console
    incident = monday(house)
    ines = Visit(browser, house, "ines")
    page = ines.page
    card = page.get_by_test_id("kitchen-school-1")
    expect(card).to_contain_text("未按时整改", timeout=15_000)
    expect(page.get_by_test_id("kitchen-school-9")).to_have_count(0)
    card.click()
    expect(page.get_by_test_id("kitchen-late")).to_contain_text("1", timeout=10_000)
    curve = page.get_by_test_id("curve-fridge-1")
    expect(curve.get_by_test_id("curve-value")).to_have_text("5.2 °C", timeout=15_000)
    expect(curve).to_contain_text("30 分钟")
    expect(curve.locator("canvas")).to_be_visible()
    expect(page.get_by_test_id("kitchen-silent")).to_contain_text("horn-1")
    expect(page.get_by_test_id("kitchen-clean")).to_contain_text("cam-1")
    house.tell([measured(house, 0, 9.4)])
    expect(curve.get_by_test_id("curve-value")).to_have_text("9.4 °C", timeout=5_000)
    expect(curve).to_contain_text("超限")

    kim = Visit(browser, house, "kim", phone=True)
    theirs = kim.page
    theirs.get_by_test_id(f"correct-{incident}").click(timeout=15_000)
    theirs.get_by_test_id("photo-after").set_input_files(photo())
    expect(theirs.locator(".taken li")).to_have_count(1, timeout=10_000)
    theirs.get_by_test_id("correction-note").fill("已关好柜门，温度在降")
    theirs.get_by_test_id("correction-send").click()
    expect(theirs.get_by_test_id("kitchen-mended")).to_contain_text("已关好柜门", timeout=10_000)
    kim.calm()

    expect(page.get_by_test_id("kitchen-mended")).to_contain_text("已关好柜门", timeout=10_000)
    page.get_by_test_id(f"kitchen-incident-{incident}").get_by_role("link").first.click()
    expect(page.get_by_test_id("case-mended")).to_contain_text("kim", timeout=10_000)
    shown = page.get_by_test_id("photo-shown-after")
    expect(shown).to_contain_text("kim")
    shown.scroll_into_view_if_needed()
    expect(shown.locator("img")).to_have_js_property("naturalWidth", 1600)
    ines.calm()


def test_a_keeper_sees_the_own_kitchen_only(console: tuple[House, Browser]) -> None:
    """Whoever keeps one kitchen begins there; another one's address shows nothing of it."""
    house, browser = console
    house.raise_at("school-9", "fridge-9")
    kim = Visit(browser, house, "kim", phone=True)
    expect(kim.page.get_by_test_id("kitchen-page-school-1")).to_be_visible(timeout=15_000)
    page = kim.see("/kitchens/school-9")
    expect(page.get_by_text("不在查看范围内")).to_be_visible(timeout=10_000)
    assert "fridge-9" not in page.inner_text("body")
    kim.errors = [each for each in kim.errors if "404" not in each]
    kim.calm()
