"""The photograph of coins: its outlines against an independent segmentation, and another photograph."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from scipy import ndimage
from skimage.data import coins as photograph
from skimage.filters import sobel
from skimage.measure import label, regionprops
from skimage.segmentation import watershed

from pipeline.benchmarks import coins
from pipeline.benchmarks.coins_picture import ENLARGED, drawn
from pipeline.benchmarks.parts import SPLITS, TASKS, check_benchmark
from pipeline.coco import read_coco, read_json
from pipeline.errors import InputError

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "real"
    folder.mkdir()
    coins.build(coins.Params(), folder)
    check_benchmark(folder)
    return folder


@pytest.fixture(scope="module")
def annotations(built: Path) -> list[dict[str, Any]]:
    return read_coco(built / "detector" / "test.json", built.parent)["annotations"]


def test_the_photograph_is_all_of_test(built: Path) -> None:
    for task in TASKS:
        cocos = {split: read_coco(built / task / f"{split}.json", built.parent) for split in SPLITS}
        assert [len(cocos[split]["images"]) for split in SPLITS] == [0, 0, 1]
        assert [len(cocos[split]["annotations"]) for split in SPLITS] == [0, 0, 24]
        assert all([c["name"] for c in coco["categories"]] == ["coin"] for coco in cocos.values())
    (image,) = cocos["test"]["images"]
    with Image.open(built.parent / image["file_name"]) as picture:
        assert picture.size == (384, 303)
        assert np.array_equal(np.asarray(picture), photograph())


def test_boxes_are_tight_around_the_outlines() -> None:
    for a in read_json(coins.OUTLINES, "COCO")["annotations"]:
        (polygon,) = a["segmentation"]
        xs, ys = np.array(polygon[::2]), np.array(polygon[1::2])
        assert a["bbox"] == pytest.approx([xs.min(), ys.min(), np.ptp(xs), np.ptp(ys)], abs=1e-6)
        shoelace = abs(xs @ np.roll(ys, -1) - ys @ np.roll(xs, -1)) / 2
        assert a["area"] == pytest.approx(shoelace, abs=0.06)


def test_masks_are_the_outlines_in_pixels(annotations: list[dict[str, Any]]) -> None:
    outlines = read_json(coins.OUTLINES, "COCO")["annotations"]
    covered = np.zeros((303, 384), int)
    for a, outline in zip(annotations, outlines, strict=True):
        mask = coco_mask.decode(a["segmentation"])
        assert a["bbox"] == outline["bbox"]
        assert a["area"] == mask.sum() == pytest.approx(outline["area"], rel=0.03)
        ys, xs = np.nonzero(mask)
        x, y, w, h = a["bbox"]
        found = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
        assert found == pytest.approx([x, y, x + w, y + h], abs=1)
        covered += mask
    assert covered.max() == 1  # no coin over another


def test_an_independent_segmentation_finds_the_same_coins(annotations: list[dict[str, Any]]) -> None:
    """The watershed of scikit-image's gallery, which was not used for the outlines: IoU of boxes, one to one."""
    pixels = photograph()
    markers = np.zeros(pixels.shape, int)
    markers[pixels < 30], markers[pixels > 150] = 1, 2
    filled = ndimage.binary_fill_holes(watershed(sobel(pixels), markers) == 2)
    regions = [r.bbox for r in regionprops(label(filled)) if r.area > 500]
    found_xywh = np.array([[x0, y0, x1 - x0, y1 - y0] for y0, x0, y1, x1 in regions], float)
    known_xywh = np.array([a["bbox"] for a in annotations])
    iou = coco_mask.iou(known_xywh, found_xywh, [0] * len(found_xywh))
    assert iou.shape == (24, 24)
    assert sorted(iou.argmax(axis=1)) == list(range(24))
    assert iou.max(axis=1).min() > 0.9
    assert np.median(iou.max(axis=1)) > 0.95


def test_another_photograph_is_refused() -> None:
    assert coins.known(photograph()).shape == (303, 384)
    with pytest.raises(InputError, match=r"coins: expected the pixels .* 383x303 px, in scikit-image \d"):
        coins.known(photograph()[:, 1:])
    changed = photograph().copy()
    changed[0, 0] += 1
    with pytest.raises(InputError, match=r"SHA-256 e080cc03.*, found (?!e080cc03)"):
        coins.known(changed)


def test_the_picture_of_the_docs_shows_every_box(annotations: list[dict[str, Any]]) -> None:
    picture = np.asarray(drawn()).astype(int)
    assert picture.shape == (303 * ENLARGED, 384 * ENLARGED, 3)
    coloured = np.ptp(picture, axis=2) > 20  # the photograph is gray
    for a in annotations:
        x, y, w, h = (round(v * ENLARGED) for v in a["bbox"])
        assert coloured[y + h // 4 : y + h - h // 4, x + w // 4 : x + w - w // 4].mean() > 0.5
    assert coloured.mean() < 0.6


def test_no_network_is_needed(tmp_path: Path) -> None:
    """The photograph comes with the package: it is there with a home and a cache that are empty and stay so."""
    program = "from skimage.data import coins; print(coins().shape)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"HOME": str(tmp_path), "https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "(303, 384)"
    assert list(tmp_path.rglob("*.png")) == []
