"""The picture of docs/benchmarks.md: the photograph of coins, enlarged, with the outlines and boxes drawn for it.

python -m pipeline.benchmarks.coins_picture --out docs/pictures/coins.png
"""

import argparse
import tempfile
from pathlib import Path

from PIL import Image

from pipeline.benchmarks import coins
from pipeline.coco import read_coco
from pipeline.errors import run
from pipeline.overlay import draw_labels

ENLARGED = 3


def drawn() -> Image.Image:
    """RGB, ENLARGED times as large as the photograph."""
    with tempfile.TemporaryDirectory() as room:
        folder = Path(room) / "real"
        folder.mkdir()
        coins.build(coins.Params(), folder)
        test = read_coco(folder / "detector" / "test.json", folder.parent)
        with Image.open(folder.parent / test["images"][0]["file_name"]) as photo:
            numbered = [{**a, "category_id": a["id"]} for a in test["annotations"]]
            return draw_labels(photo.convert("RGB"), numbered, {a["id"]: str(a["id"]) for a in numbered}, ENLARGED)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    drawn().quantize(128).save(args.out, optimize=True)


if __name__ == "__main__":
    run(main)
