"""Galleries: their ranks by hand, their JSON, and what people do with them in a real browser."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from boxes import entry
from PIL import Image
from playwright.sync_api import Browser, Page
from report_browser import DESKTOP, PAPER, PHONE, at

from bench.page import as_page
from pipeline.matching import match
from pipeline.report.gallery import embed
from pipeline.report.photos import reading
from pipeline.report.tiles import Found, Gallery, Reading, Tile, block, in_turn, picked, ranks, with_first


def test_ranks_by_hand() -> None:
    """The best comes first, then of two equal ones that with more objects, then the earlier."""
    assert ranks([0.5, 1.0, 0.5, 0.5], [1, 1, 2, 1]) == [2, 0, 1, 3]


def test_in_turn_by_hand() -> None:
    """Ranks 0 to 4: best 0, usual 2, worst 4, then 1 and 3; every tile once."""
    assert in_turn([4, 3, 2, 1, 0]) == [4, 2, 0, 3, 1]
    assert in_turn([]) == []


@pytest.mark.parametrize("count", [1, 2, 4, 7, 10, 12])
def test_half_of_those_picked_are_the_worst(count: int) -> None:
    chosen = picked({n: n / 10 for n in range(10)}, count)
    assert len(set(chosen)) == len(chosen) == min(count, 10)
    assert set(range(min(count, 10) // 2)) <= set(chosen)
    assert chosen == sorted(chosen)
    assert 9 in chosen  # the best


def test_reading_names_each_error() -> None:
    truth = [entry(3, 0, 0, 10, 10), entry(5, 50, 0, 10, 20), entry(3, 90, 0, 7, 11)]
    found = [
        entry(3, 0, 0, 10, 10, score=0.9),
        entry(3, 0, 1, 10, 9, score=0.8),
        entry(3, 50, 0, 10, 20, score=0.7),
        entry(5, 50, 0, 10, 8, score=0.6),
        entry(5, 0, 8, 10, 6, score=0.5),
        entry(5, 200, 90, 5, 5, score=0.4),
    ]
    made = reading(match(truth, found), {3: 0, 5: 1})
    kinds = ["right", "duplicate", "classification", "localisation", "both", "background"]
    assert [f.kind for f in made.found] == kinds
    assert [f.actual for f in made.found] == [0, 0, 1, 1, 0, None]
    assert list(made.missed) == [2]  # the second has a wrong name on it
    assert made.quality == pytest.approx(2 * 1 / (6 + 3))
    assert made.caption.startswith("1 of 3 found, 5 wrong (second box, wrong name, misplaced, ")


def gallery(count: int, name: str = "one") -> Gallery:
    """Pictures of 7x11 with one object; every fourth is missed, every tenth has a box on nothing."""
    pixels = np.arange(7 * 11 * 3, dtype=np.uint8).reshape(11, 7, 3)
    picture = embed(Image.fromarray(pixels), "A picture.", "x.png", exact=True)
    tiles = [Tile(picture, (7, 11), [([1.0, 2.0, 3.0, 4.0], n % 2)], [of_one(n)]) for n in range(count)]
    return with_first(Gallery("photos", "Pictures", "", [name, "two"], ["a model"], tiles, count), 3)


def of_one(n: int) -> Reading:
    found = [] if n % 4 == 0 else [Found([1.0, 2.0, 3.0, 4.0], n % 2, "right", 0.9, n % 2)]
    found += [] if n % 10 else [Found([0.0, 0.0, 1.0, 1.0], 0, "background", 0.5)]
    return Reading("read", found, [0] if n % 4 == 0 else [], -float(n))


@pytest.mark.parametrize("name", ["</script><script>alert(1)</script>", "<!--<script>", '"&\u2028quoted'])
def test_names_cannot_end_the_block(name: str) -> None:
    text = str(block(gallery(4, name)))
    assert not set(text) & set("<>&\u2028")
    assert json.loads(text)["categories"] == [name, "two"]


def test_tiles_that_stand_in_the_page_are_not_there_twice() -> None:
    document = json.loads(str(block(gallery(9))))
    assert [n for n, t in enumerate(document["tiles"]) if not t["uri"]] == sorted(document["first"])
    assert len(document["first"]) == 3


# --- In a browser ---


def shown(page: Page, gallery: str) -> int:
    """How many tiles are listed; the text beside the filters says the same."""
    listed = page.locator(f"#{gallery} .tiles > li").count()
    assert page.locator(f"#{gallery} output").inner_text().startswith(f"{listed} of ")
    return listed


def test_filters_show_what_they_name(browser: Browser, report_page: Path) -> None:
    """The tree has four test pictures; the detector misses one object and has one box on nothing."""
    page = at(browser, report_page)
    assert shown(page, "photos") == 4
    for kind, count in (("missed", 1), ("background", 1), ("wrong", 2), ("right", 3), ("", 4)):
        page.select_option("#photos-kind", kind)
        assert shown(page, "photos") == count, kind
    page.select_option("#photos-category", label="$1")  # no object of it, but the box on nothing
    assert shown(page, "photos") == 1
    page.select_option("#photos-kind", "missed")
    assert shown(page, "photos") == 0
    assert shown(page, "crops") == 6
    page.select_option("#crops-kind", "classification")
    assert shown(page, "crops") == 1
    assert "predicted $1 0.90" in str(page.locator("#crops .tiles").text_content())
    page.context.close()


def test_orders_begin_with_what_they_name(browser: Browser, report_page: Path) -> None:
    page = at(browser, report_page)
    first = {}
    for order in ("best", "worst"):
        page.select_option("#photos-order", order)
        first[order] = str(page.locator("#photos .tiles figcaption").first.text_content())
    assert first["best"].endswith("2 of 2 found, 0 wrong")
    assert first["worst"].endswith("0 of 0 found, 1 wrong (nothing there)")
    page.context.close()


def test_true_predicted_or_both(browser: Browser, report_page: Path) -> None:
    page = at(browser, report_page)
    page.locator("#photos").scroll_into_view_if_needed()
    page.wait_for_selector("#photos svg g")
    for show, true, predicted in (("true", True, False), ("predicted", False, True), ("both", True, True)):
        page.check(f"#photos input[value={show}]")
        assert page.locator("#photos g.true").first.is_visible() == true
        assert page.locator("#photos g.predicted").first.is_visible() == predicted
    page.context.close()


def test_by_keyboard_alone(browser: Browser, report_page: Path) -> None:
    """The first stop leads past the heading; from the radio buttons on, every control is reached, seen and changed."""
    page = at(browser, report_page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("#photos input[value=both]").focus()
    page.keyboard.press("ArrowUp")
    assert page.is_checked("#photos input[value=predicted]")
    for name in ("model", "category", "kind", "order"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == f"photos-{name}"
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.locator("#photos-kind").focus()
    page.keyboard.press("ArrowDown")
    assert page.input_value("#photos-kind") == "wrong"
    assert shown(page, "photos") == 2
    page.context.close()


def test_without_a_script_the_first_are_there(browser: Browser, report_page: Path) -> None:
    page = at(browser, report_page, script=False)
    assert page.locator("#photos .tiles img").count() == 4
    assert page.locator("#photos g.predicted").first.is_visible()
    assert not page.locator("#photos .filters").is_visible()
    assert page.locator("#photos noscript").is_visible()
    page.context.close()


def test_print_has_pictures_and_no_controls(browser: Browser, report_page: Path) -> None:
    page = at(browser, report_page)
    page.emulate_media(media="print")
    page.wait_for_selector("#photos .tiles > li:nth-child(4) img")
    assert not page.locator("#photos .controls").is_visible() and not page.locator("nav").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf()[:5] == b"%PDF-"
    page.context.close()


def test_nothing_is_wider_than_the_paper(browser: Browser, report_page: Path) -> None:
    """Paper cannot scroll: tables break their lines, also those that scroll in their box on a screen."""
    page = at(browser, report_page, PAPER)
    page.emulate_media(media="print")
    assert page.locator("table").count() > 10
    right = "e.getBoundingClientRect().right"
    wide = f"[...document.querySelectorAll('body *')].filter(e => {right} > {PAPER[0]} + 1)"
    assert page.evaluate(f"{wide}.map(e => e.outerHTML.slice(0, 80))") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER[0]
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size_wh", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_serious(size_wh: tuple[int, int], scheme: Any, browser: Browser, report_page: Path) -> None:
    page = at(browser, report_page, size_wh)
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = Axe().run(page).response
    assert len(found["passes"]) > 20
    grave = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert [(v["id"], v["nodes"][0]["html"][:200], v["nodes"][0]["failureSummary"]) for v in grave] == []
    page.context.close()


def test_of_two_thousand_tiles_only_those_near_hold_a_picture(browser: Browser, tmp_path: Path) -> None:
    many = tmp_path / "many.html"
    many.write_text(as_page(gallery(2000)))
    page = at(browser, many)
    assert shown(page, "photos") == 2000
    page.locator("#photos").scroll_into_view_if_needed()
    page.wait_for_selector("#photos .tiles img")
    assert 0 < page.locator("#photos .tiles img").count() < 100
    page.select_option("#photos-kind", "missed")
    assert shown(page, "photos") == 500
    height = "document.documentElement.scrollHeight"
    before = page.evaluate(height)
    page.locator("#photos .tiles > li").last.scroll_into_view_if_needed()
    page.wait_for_selector("#photos .tiles > li:last-child img")
    assert page.evaluate(height) == before  # tiles keep their place: who goes to the end arrives there
    assert page.locator("#photos .tiles img").count() < 100
    page.context.close()
