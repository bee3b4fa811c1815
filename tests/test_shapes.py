"""Masks and keypoints between COCO files and networks, on pictures of 7 x 11 px, by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from PIL import Image

from pipeline.coco import Coco, categories_of, read_json, write_json
from pipeline.dataset import Pictures, load_pictures
from pipeline.errors import InputError
from pipeline.infer import detect
from pipeline.masks import decode, encode
from pipeline.metrics import detector_metrics, shape_metrics
from pipeline.overlay import draw_results
from pipeline.params import load_params
from pipeline.shapes import check_shapes, found_shapes, keypoints_of, masks_of
from pipeline.work import Work

WIDTH, HEIGHT = 7, 11
SQUARE = np.zeros((HEIGHT, WIDTH), bool)
SQUARE[3:7, 2:6] = True
BOTH = frozenset({"masks", "keypoints"})


def truth() -> Coco:
    """One object of 4 x 4 px at (2, 3), two of its points seen, on the first of two pictures."""
    points = [2.0, 3.0, 2, 5.0, 6.0, 1, 0.0, 0.0, 0]
    one = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [2, 3, 4, 4], "area": 16, "iscrowd": 0}
    images = [{"id": n, "width": WIDTH, "height": HEIGHT, "file_name": f"{n}.png"} for n in (1, 2)]
    shapes = {"segmentation": encode(SQUARE), "keypoints": points, "num_keypoints": 2}
    return {"images": images, "annotations": [{**one, **shapes}], "categories": categories_of(["disc"])}


def result(**fields: Any) -> dict[str, Any]:
    return {"image_id": 1, "category_id": 1, "bbox": [2, 3, 4, 4], "score": 0.9, **fields}


UNCOMPRESSED = {"size": [HEIGHT, WIDTH], "counts": [25, 4, 7, 4, 7, 4, 7, 4, 15]}  # column by column
POLYGON = [[2.0, 3, 6, 3, 6, 7, 2, 7]]


@pytest.mark.parametrize("segmentation", [encode(SQUARE), UNCOMPRESSED, POLYGON])
def test_masks_of_every_kind(segmentation: Any) -> None:
    found = masks_of([segmentation, segmentation], (HEIGHT, WIDTH))
    assert found.dtype == torch.uint8 and found.shape == (2, HEIGHT, WIDTH)
    assert found[1].numpy().astype(bool).tolist() == SQUARE.tolist()
    assert encode(decode(segmentation, (HEIGHT, WIDTH))) == encode(SQUARE)


def test_keypoints_there_and_back() -> None:
    """COCO's 0 is the middle of the first pixel, the network's its edge; a point that is not labelled stays at 0."""
    found = keypoints_of(truth()["annotations"], 3)
    assert found.tolist() == [[[2.5, 3.5, 2], [5.5, 6.5, 1], [0, 0, 0]]]
    (fields,) = found_shapes({"labels": torch.tensor([1]), "keypoints": found[:, :2]})
    assert fields == {"keypoints": [2.0, 3.0, 2, 5.0, 6.0, 2]}


def test_found_masks() -> None:
    probabilities = torch.from_numpy(SQUARE).float()[None, None] * 0.4 + 0.1
    (fields,) = found_shapes({"labels": torch.tensor([1]), "masks": probabilities})
    assert fields == {"segmentation": encode(SQUARE)}  # 0.5 is enough
    assert found_shapes({"labels": torch.tensor([1, 2])}) == [{}, {}]


def test_pictures_carry_what_is_wanted(tmp_path: Path) -> None:
    for n in (1, 2):
        Image.new("RGB", (WIDTH, HEIGHT)).save(tmp_path / f"{n}.png")
    plain = load_pictures(truth(), tmp_path)
    assert set(plain.target(0)) == {"boxes", "labels"}
    found = load_pictures(truth(), tmp_path, BOTH, 3)
    assert found.target(0)["masks"][0].sum() == 16 and found.target(0)["keypoints"].shape == (1, 3, 3)
    assert found.target(1)["masks"].shape == (0, HEIGHT, WIDTH) and found.target(1)["keypoints"].shape == (0, 3, 3)


@pytest.mark.parametrize(
    ("change", "points", "message"),
    [
        ({"segmentation": None}, 3, r"train\.json: annotation 1: expected 'segmentation' for .*found none"),
        ({"keypoints": []}, 3, r"train\.json: annotation 1: expected 'keypoints' for .*found none"),
        ({}, 4, r"train\.json: annotation 1: expected 4 keypoints, as detector\.keypoints says, found 3"),
    ],
)
def test_objects_without_what_is_wanted(change: dict[str, Any], points: int, message: str) -> None:
    coco = truth()
    coco["annotations"][0].update(change)
    check_shapes(Path("train.json"), coco, frozenset(), None)
    with pytest.raises(InputError, match=message):
        check_shapes(Path("train.json"), coco, BOTH, points)
    coco["annotations"][0]["iscrowd"] = 1
    check_shapes(Path("train.json"), coco, BOTH, points)


def test_a_run_without_masks_stops_before_it_starts(tmp_path: Path) -> None:
    data = tiny.write_data(tmp_path / "data")
    path = data / "synthetic" / "detector" / "train.json"
    coco = read_json(path, "COCO")
    del coco["annotations"][0]["segmentation"]
    write_json(path, coco)
    own = {"model": "maskrcnn", "backbone": "resnet18"}
    params = load_params(tiny.write_params(tmp_path / "params.yaml", detector=own))
    with pytest.raises(InputError, match=r"train\.json: annotation 1: expected 'segmentation'"):
        Work("detector", data / "synthetic" / "detector", data, params)


def test_mask_ap() -> None:
    """12 of 16 px, none beside: IoU 0.75, enough for 6 of the 10 thresholds; the box is right."""
    smaller = SQUARE.copy()
    smaller[6] = False
    results = [result(segmentation=encode(smaller))]
    found = shape_metrics(truth(), results)
    assert found == pytest.approx({"mask_AP": 0.6, "mask_AP50": 1.0, "mask_AP75": 1.0})
    assert detector_metrics(truth(), results)["AP"] == pytest.approx(1.0)


def test_keypoint_ap() -> None:
    """Both labelled points are off by 0.24 px: OKS = exp(-d^2 / (2 * area * (2 * 0.05)^2)) = exp(-0.18) = 0.835.

    pycocotools' computeOks; enough for 7 of the 10 thresholds. The third point is not labelled: it may be anywhere.
    """
    results = [result(keypoints=[2.24, 3.0, 2, 5.0, 5.76, 2, 6.0, 0.0, 2])]
    found = shape_metrics(truth(), results)
    assert found == pytest.approx({"keypoint_AP": 0.7, "keypoint_AP50": 1.0, "keypoint_AP75": 1.0})


def test_nothing_is_measured_where_one_side_has_no_shapes() -> None:
    boxes_only = truth()
    del boxes_only["annotations"][0]["segmentation"]
    assert shape_metrics(boxes_only, [result(segmentation=encode(SQUARE))]) == {}
    assert shape_metrics(truth(), [result()]) == shape_metrics(truth(), []) == {}


class Finder(torch.nn.Module):
    """Finds the object on the first picture, nothing on the second."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, images: list[torch.Tensor]) -> list[dict[str, torch.Tensor]]:
        one = {"boxes": torch.tensor([[2.0, 3, 6, 7]]), "labels": torch.tensor([1]), "scores": torch.tensor([0.9])}
        more = {"masks": torch.from_numpy(SQUARE).float()[None, None], "keypoints": torch.ones(1, 3, 3)}
        return [one | more, {k: t[:0] for k, t in (one | more).items()}]


def test_results_carry_masks_and_keypoints(tmp_path: Path) -> None:
    nothing = [torch.empty(0)] * 2
    images = [torch.zeros(3, HEIGHT, WIDTH, dtype=torch.uint8)] * 2
    (found,) = detect(Finder(), Pictures(images, nothing, nothing, [1, 2]), batch_size=2)
    assert found == result(segmentation=encode(SQUARE), keypoints=[0.5, 0.5, 2] * 3)
    write_json(tmp_path / "results.json", [found])
    drawn = np.asarray(draw_results(np.zeros((HEIGHT, WIDTH, 3), np.uint8), [found], {1: "disc"}))
    assert drawn[4, 4].any()  # the mask's colour, in a picture that is black
