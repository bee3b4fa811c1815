"""Real test photos on which a detector or the cascade does best, as usual, and worst.

    python -m pipeline.ranked --data data --results results/cascade/synthetic --out docs/pictures/dice_ranked.jpg

Photos are ranked by F1 at IoU 0.5. The least score of a box that counts is the one with the highest F1 on real val, or
on synthetic val where there is no real one. Orange: what was found; blue: objects that no box of their name is on.
"""

import argparse
from pathlib import Path

from PIL import Image

from pipeline.coco import Coco, names_of, read_coco, read_json
from pipeline.draw import draw_boxes, predicted_boxes, true_boxes
from pipeline.errors import InputError, run
from pipeline.matching import Matched, best_min_score, f1, match_all
from pipeline.metrics import Results
from pipeline.photo import load_picture
from pipeline.runs import truth_path
from pipeline.table import Cell, picture_table

HEADINGS = ("best", "typical", "worst")
CHOSEN_BY = ("real_val", "synthetic_val")  # the first that there is sets the least score


def ranked(matches: dict[int, Matched], count: int) -> dict[str, list[int]]:
    """Image ids by heading, `count` of each, none twice: among equals those with more objects show more.

    Raises InputError where there are too few images.
    """
    if len(matches) < len(HEADINGS) * count:
        raise InputError(
            f"--count: expected at most {len(matches) // len(HEADINGS)} for {len(matches)} photos, found {count}."
        )
    order = sorted(matches, key=lambda i: (-f1(matches[i]), -len(matches[i].truth), i))
    middle = (len(order) - count) // 2
    return dict(zip(HEADINGS, (order[:count], order[middle : middle + count], order[-count:]), strict=True))


def shown(coco: Coco, images: Path, image_id: int, matched: Matched) -> Cell:
    """A photo with what was found and what was missed."""
    names = names_of(coco)
    (image,) = [i for i in coco["images"] if i["id"] == image_id]
    missed = true_boxes([matched.truth[n] for n in matched.missed], names)
    drawn = draw_boxes(load_picture(images / image["file_name"]), missed + predicted_boxes(matched.predictions, names))
    right = len(matched.predictions) - len(matched.false)
    return Cell(drawn, f"{right} of {len(matched.truth)} found, {len(matched.false)} wrong, F1 {f1(matched):.2f}")


def least_score(data: Path, predictions: Path) -> float:
    """By the first of CHOSEN_BY that was predicted on."""
    (split,) = [s for s in CHOSEN_BY if (predictions / f"{s}.json").exists()][:1]
    return best_min_score(*_read(data, predictions, split))


def _read(data: Path, predictions: Path, name: str) -> tuple[Coco, Results]:
    coco = read_coco(truth_path(data, "detector", name), data)
    return coco, read_json(predictions / f"{name}.json", "COCO results")


def sheet(data: Path, predictions: Path, count: int) -> Image.Image:
    coco, results = _read(data, predictions, "real_test")
    score = least_score(data, predictions)
    matches = match_all(coco, results, score)
    columns = ranked(matches, count)
    rows = [("", [shown(coco, data, columns[h][n], matches[columns[h][n]]) for h in HEADINGS]) for n in range(count)]
    return picture_table(HEADINGS, rows, f"Boxes with a score of at least {score:.2f}.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True, help="of a detector or the cascade")
    parser.add_argument("--count", type=int, default=2, help="of photos, best, typical and worst each")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    made = sheet(args.data, args.results / "predictions", args.count)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    made.convert("RGB").save(args.out, optimize=True, quality=85)  # the last is of JPEG


if __name__ == "__main__":
    run(main)
