"""The page in a real browser: nothing fails, nothing is fetched, and it fits a phone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page
from report_browser import DESKTOP, PHONE


@dataclass
class Opened:
    """A page, and what went on while it was opened."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def opened(request: pytest.FixtureRequest, browser: Browser, report_page: Path) -> Iterator[Opened]:
    width, height = request.param
    page = browser.new_page(viewport={"width": width, "height": height})
    seen = Opened(page)
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("requestfailed", lambda failed: seen.complaints.append(failed.url[:100]))
    page.on("request", lambda asked: seen.requests.append(asked.url))
    page.goto(report_page.as_uri())
    yield seen
    page.close()


def show_all(page: Page) -> None:
    """Open what is folded and load what waits to be scrolled to."""
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.evaluate("document.querySelectorAll('img').forEach(i => i.loading = 'eager')")
    page.wait_for_function("[...document.images].every(i => i.complete)")


def test_nothing_fails_and_nothing_is_fetched(opened: Opened, report_page: Path) -> None:
    show_all(opened.page)
    opened.page.wait_for_load_state("networkidle")
    assert opened.complaints == []
    assert {r for r in opened.requests if not r.startswith("data:")} == {report_page.as_uri()}


def test_every_picture_is_seen_and_has_a_text(opened: Opened) -> None:
    show_all(opened.page)
    images = opened.page.evaluate("[...document.images].map(i => [i.naturalWidth, i.alt, i.clientWidth])")
    assert len(images) > 20
    assert all(natural > 0 and alt.strip() and shown > 0 for natural, alt, shown in images)


def test_plots_are_drawn(opened: Opened) -> None:
    sizes = opened.page.evaluate("[...document.querySelectorAll('svg')].map(s => [s.clientWidth, s.clientHeight])")
    assert len(sizes) > 20
    assert all(width > 100 and height > 50 for width, height in sizes)


def test_answer_comes_first_and_is_on_the_first_screen(opened: Opened) -> None:
    page = opened.page
    assert page.locator("main > section").first.get_attribute("id") == "answer"
    height = page.viewport_size["height"] if page.viewport_size else 0
    shown = page.locator(".lead").all()
    assert len(shown) == 3  # classifier, detector, cascade
    if page.viewport_size == {"width": DESKTOP[0], "height": DESKTOP[1]}:
        shown += page.locator(".questions h3").all()  # on a phone they follow
    for element in shown:
        box = element.bounding_box()
        assert element.is_visible()
        assert box is not None
        assert box["y"] + box["height"] <= height


def test_nothing_is_wider_than_the_screen(opened: Opened) -> None:
    show_all(opened.page)
    width = opened.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width[0] <= width[1]
    outside = opened.page.evaluate("""[...document.querySelectorAll('body *')].filter(e =>
        !e.closest('.scroll, pre, svg') && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1
        ).map(e => e.outerHTML.slice(0, 80))""")
    assert outside == []


def test_all_parts_of_the_page_begin_at_the_same_edge(opened: Opened) -> None:
    start = "['header', 'main', 'footer'].map(t => getComputedStyle(document.querySelector(t)).paddingLeft)"
    assert len(set(opened.page.evaluate(start))) == 1


def test_wide_tables_scroll_in_their_box(browser: Browser, report_page: Path) -> None:
    page = browser.new_page(viewport={"width": 200, "height": 600})
    page.goto(report_page.as_uri())
    wide = page.evaluate("[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth).length")
    assert wide > 0
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(
    scheme: Literal["light", "dark"], browser: Browser, report_page: Path
) -> None:
    """WCAG 2's contrast of text and page is at least 7 to 1."""
    page = browser.new_page(color_scheme=scheme)
    page.goto(report_page.as_uri())
    colours = page.evaluate("(s => [s.color, s.backgroundColor])(getComputedStyle(document.body))")
    light, dark = sorted((luminance(c) for c in colours), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 7
    assert (luminance(colours[0]) > luminance(colours[1])) == (scheme == "dark")
    page.close()


def luminance(rgb: str) -> float:
    """Relative luminance of `rgb(r, g, b)` (WCAG 2.2, definition)."""
    values = [int(v) / 255 for v in rgb.removeprefix("rgb(").removesuffix(")").split(",")]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
