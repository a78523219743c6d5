"""The page of a drift report in a real browser: on a phone, in the dark, filtered, and alone with itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from slipway.drift.report.html import html
from tests.emulators.fixtures import absent
from tests.unit.test_drift_reports import BAD, CLEAN, REPORT

pytestmark = [pytest.mark.timeout(120)]

REPORTS = {"usual": REPORT, "nasty": BAD, "clean": CLEAN}
SIZES: dict[str, ViewportSize] = {"phone": {"width": 360, "height": 740}, "desktop": {"width": 1280, "height": 800}}
# Of every element with a text of its own: its contrast with what is behind it, as WCAG 2 has it.
CONTRAST = """
(() => {
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map((one) => one / 255)
      .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => {
    for (; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if (!/, 0\\)$/.test(color)) return color;
    }
  };
  const texts = [...document.body.querySelectorAll("*")].filter((one) => one.checkVisibility() &&
    !["SCRIPT", "OPTION"].includes(one.tagName) && [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
  return Math.min(...texts.map((one) => {
    const [a, b] = [light(getComputedStyle(one).color), light(behind(one))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }));
})()
"""


@dataclass
class Screen:
    """A tab of a browser, and what it asked for and complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", lambda message: self.problems.append(message.text))
        self.page.on("dialog", lambda dialog: self.problems.append(dialog.message))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = next((found for name in names if (found := shutil.which(name))), None)
    if executable is None:
        absent("chromium", "Chromium is not on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        # Root may use no sandbox.
        running = playwright.chromium.launch(executable_path=executable, chromium_sandbox=False)
        yield running
        running.close()


@contextmanager
def shown(
    browser: Browser, name: str, folder: Path, size: str = "phone", theme: Literal["light", "dark"] = "light"
) -> Iterator[Screen]:
    """Open a report on a screen."""
    file = folder / f"{name}.html"
    file.write_text(html(REPORTS[name]), encoding="utf-8")
    is_phone = size == "phone"
    page = browser.new_page(
        viewport=SIZES[size], color_scheme=theme, is_mobile=is_phone, device_scale_factor=2 if is_phone else 1
    )
    screen = Screen(page)
    page.goto(file.as_uri())
    if pictures := os.environ.get("SLIPWAY_SCREENSHOTS"):
        page.screenshot(path=Path(pictures) / f"{name}-{size}-{theme}.png", full_page=True)
    yield screen
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", REPORTS)
def test_it_fits_the_screen_and_can_be_read(
    browser: Browser, tmp_path: Path, name: str, size: str, theme: Literal["light", "dark"]
) -> None:
    with shown(browser, name, tmp_path, size, theme) as screen:
        page, width = screen.page, SIZES[size]["width"]
        assert page.evaluate("innerWidth") == width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CONTRAST) >= 4.5
        # What is read is large enough, and what is touched, too.
        assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 16
        heights = page.evaluate("[...document.querySelectorAll('select')].map((one) => one.offsetHeight)")
        assert all(height >= 44 for height in heights)
        assert screen.requests == [(tmp_path / f"{name}.html").as_uri()]
        assert screen.problems == []


def test_the_dark_is_dark(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, "usual", tmp_path) as light, shown(browser, "usual", tmp_path, theme="dark") as dark:
        ground = "getComputedStyle(document.body).backgroundColor"
        assert light.page.evaluate(ground) == "rgb(246, 247, 249)"
        assert dark.page.evaluate(ground) == "rgb(20, 23, 27)"


def test_no_value_is_run(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, "nasty", tmp_path) as screen:
        assert screen.page.locator("script").count() == 1
        assert screen.page.locator("img").count() == 0
        assert "<script>alert(1)</script>" in screen.page.locator("body").inner_text()


def chosen(page: Page, **filters: str) -> list[str]:
    """What is to be seen once a person has chosen."""
    for name, value in filters.items():
        page.locator(f"select[name={name}]").select_option(value)
    return page.locator("article:visible h2").all_inner_texts()


def test_it_filters_by_service_and_severity(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, "usual", tmp_path) as screen:
        page, everything = screen.page, [one.resource for one in REPORT.ordered]
        assert chosen(page) == everything
        assert chosen(page, service="blog") == ["ecs_service main/shop", "ecs_task_definition blog"]
        assert chosen(page, severity="high") == ["ecs_service main/shop"]
        assert chosen(page, severity="critical") == []
        assert page.locator("#none").is_visible()
        assert chosen(page, service="", severity="critical") == ["security_group shop"]
        assert chosen(page, severity="", state="ignored") == ["log_group /shop"]
        assert chosen(page, state="") == everything
        services, severities, _ = [
            select.locator("option").all_inner_texts() for select in page.locator("select").all()
        ]
        assert services == ["all", "blog", "shop"]
        assert severities == ["all", "critical", "high", "medium", "low"]
