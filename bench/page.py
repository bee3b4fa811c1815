"""How quick the report page is with many thumbnails: seconds until it can be read and until a filter has acted.

    python -m bench.page --tiles 2000

Pictures of smooth noise, each another one, in a gallery as the page has it, opened in Chromium or Chrome without a
window. Beside it the same pictures as plain <img>, which a browser decodes whether they are seen or not.
"""

import argparse
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from tqdm import tqdm

from bench.machine import describe
from pipeline.errors import InputError, run
from pipeline.report.gallery import embed
from pipeline.report.page import assets, environment
from pipeline.report.tiles import Found, Gallery, Reading, Tile, with_first
from pipeline.summary import markdown

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SIZE_WH, COARSE_WH = (320, 240), (20, 15)
REPEATS = 3
LOADED = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd / 1000"
PAINTED = """new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() =>
  done(performance.now() / 1000))))"""
FILTERED = """async () => { const select = document.querySelector('[data-by=kind]'), start = performance.now();
  select.value = 'wrong'; select.dispatchEvent(new Event('change'));
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  return (performance.now() - start) / 1000; }"""


def gallery(count: int) -> Gallery:
    """Tiles with eight boxes each; every fourth has one that is wrong."""
    rng = np.random.default_rng(0)
    return with_first(Gallery("photos", "Noise", "", ["one"], ["a model"], list(_tiles(count, rng)), count), 6)


def _tiles(count: int, rng: np.random.Generator) -> Iterator[Tile]:
    for n in tqdm(range(count), desc="pictures", mininterval=2):
        coarse = Image.fromarray(rng.integers(0, 256, (*COARSE_WH[::-1], 3), dtype=np.uint8))
        picture = embed(coarse.resize(SIZE_WH, Image.Resampling.BICUBIC), f"Picture {n}.", f"{n}.png")
        boxes = [(x, y, 30.0, 40.0) for x in (10.0, 90.0, 170.0, 250.0) for y in (20.0, 140.0)]
        found = [Found(b, 0, "background" if n % 4 == k == 0 else "right", 0.9) for k, b in enumerate(boxes)]
        yield Tile(picture, SIZE_WH, [(b, 0) for b in boxes], [Reading("", found, quality=-float(n))])


def as_page(of: Gallery) -> str:
    """The gallery alone, as the report has it."""
    macro = environment().get_template("galleries.html.j2").module
    own = assets()
    body = macro.gallery_of(of)  # type: ignore[attr-defined]
    return f"<!DOCTYPE html><meta charset='utf-8'><style>{own['style']}</style>{body}<script>{own['script']}</script>"


def plain(of: Gallery) -> str:
    images = "".join(f"<img alt='' width=320 height=240 src='{t.picture.uri}'>" for t in of.tiles)
    return f"<!DOCTYPE html><meta charset='utf-8'><body>{images}"


@contextmanager
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise InputError(f"bench.page: expected one of {', '.join(BROWSERS)}, found none.")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])


def measured(opened: Browser, path: Path, filters: bool) -> tuple[float, ...]:
    """Seconds until the DOM is ready and until it is painted, pictures in it, seconds of a filter (0: it has none)."""
    page = opened.new_page(viewport={"width": 1280, "height": 800})
    page.goto(path.as_uri())
    painted, ready = page.evaluate(PAINTED), page.evaluate(LOADED)
    images = page.evaluate("document.images.length")
    filtered = page.evaluate(FILTERED) if filters else 0.0
    page.close()
    return ready, painted, images, filtered


def row(opened: Browser, name: str, path: Path, filters: bool) -> list[str]:
    """The median of some visits."""
    seen = [measured(opened, path, filters) for _ in range(REPEATS)]
    ready, painted, images, filtered = (statistics.median(values) for values in zip(*seen, strict=True))
    cells = [f"{ready:.2f}", f"{painted:.2f}", f"{images:.0f}", f"{filtered:.2f}" if filters else "-"]
    return [name, f"{path.stat().st_size / 1e6:.1f}", *cells]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiles", type=int, default=2000)
    count = parser.parse_args().tiles
    print(describe())
    made = gallery(count)
    table = [["page", "MB", "DOM ready (s)", "painted (s)", "pictures in the DOM", "filter (s)"]]
    with tempfile.TemporaryDirectory() as folder, browser() as opened:
        for name, text in (("gallery", as_page(made)), ("plain images", plain(made))):
            path = Path(folder) / f"{name}.html"
            path.write_text(text, encoding="utf-8")
            table.append(row(opened, f"{count} tiles, {name}", path, name == "gallery"))
    print(markdown(table))


if __name__ == "__main__":
    run(main)
