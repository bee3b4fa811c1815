"""The first screen of a report page as a picture, for the docs.

python -m bench.look --report report/index.html --out docs/pictures/report.png
python -m bench.look --report report/index.html --out docs/pictures/report_phone.png --size 390x844
"""

import argparse
import io
from pathlib import Path

from PIL import Image

from bench.page import browser
from bench.settings import size_of
from pipeline.errors import InputError, run

COLOURS = 256  # of the picture's palette: a third of the bytes


def look(report: Path, size_wh: tuple[int, int], out: Path) -> None:
    """Raises InputError where there is no page or no browser."""
    if not report.exists():
        raise InputError(f"{report}: expected a report page, found none: `dvc repro` makes it.")
    with browser() as opened:
        page = opened.new_page(viewport={"width": size_wh[0], "height": size_wh[1]})
        page.goto(report.resolve().as_uri())
        shown = Image.open(io.BytesIO(page.screenshot()))
    shown.convert("RGB").quantize(COLOURS).save(out, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", type=Path, default=Path("report/index.html"))
    parser.add_argument("--out", type=Path, required=True, help="a .png")
    parser.add_argument("--size", type=size_of, default=(1280, 1000), help="of the window in px (default: 1280x1000)")
    args = parser.parse_args()
    look(args.report, args.size, args.out)


if __name__ == "__main__":
    run(main)
