"""Pictures and crops as tensors, on pictures of 7 x 11 px where every value is known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

from pipeline.coco import categories_of, read_coco, write_json
from pipeline.dataset import crop, load_crops, load_pictures, read_split, spread_images
from pipeline.errors import InputError
from pipeline.params import Classifier, load_params

WIDTH, HEIGHT = 7, 11
PARAMS = load_params(Path(__file__).resolve().parents[1] / "presets" / "digits.yaml").classifier


def params(**changes: Any) -> Classifier:
    return PARAMS.model_copy(update={"margin": 0.0, "grayscale": False, **changes})


def ramp() -> np.ndarray[Any, Any]:
    """[11, 7, 3]: red is 20 * x, green 20 * y, blue 0."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] * 20
    return np.stack([x, y, 0 * x], axis=-1).astype(np.uint8)


def test_a_crop_in_the_middle_is_the_pixels() -> None:
    """Box (2, 3) to (5, 6): columns 2, 3, 4 and rows 3, 4, 5, one to one."""
    found = crop(ramp(), [2, 3, 3, 3], params(), side_px=3, context=1.0)
    assert found.shape == (3, 3, 3) and found.dtype == torch.uint8
    assert found[0].tolist() == [[40, 60, 80]] * 3
    assert found[1].tolist() == [[60] * 3, [80] * 3, [100] * 3]


def test_a_flat_box_becomes_a_square_of_its_longer_side() -> None:
    """Box (1, 4) to (5, 6) has its middle at (3, 5): the square is columns 1 to 4, rows 3 to 6."""
    found = crop(ramp(), [1, 4, 4, 2], params(), side_px=4, context=1.0)
    assert found[0, 0].tolist() == [20, 40, 60, 80]
    assert found[1, :, 0].tolist() == [60, 80, 100, 120]


@pytest.mark.parametrize(("margin", "context"), [(0.5, 1.0), (0.0, 2.0)])
def test_margin_and_context_widen_it(margin: float, context: float) -> None:
    """Twice as wide: box (3, 4) to (5, 6) shows columns 2 to 5 and rows 3 to 6."""
    found = crop(ramp(), [3, 4, 2, 2], params(margin=margin), side_px=4, context=context)
    assert found[0, 0].tolist() == [40, 60, 80, 100]
    assert found[1, :, 0].tolist() == [60, 80, 100, 120]


@pytest.mark.parametrize(
    ("box_xywh", "columns", "rows"),
    [
        ([0, 0, 2, 2], [0, 0, 1, 2], [0, 0, 1, 2]),
        ([5, 9, 2, 2], [4, 5, 6, 6], [8, 9, 10, 10]),
    ],
)
def test_the_border_goes_on_outside(box_xywh: list[float], columns: list[int], rows: list[int]) -> None:
    """One pixel around a box in the corner: the outermost pixels are repeated."""
    found = crop(ramp(), box_xywh, params(margin=0.5), side_px=4, context=1.0)
    assert found[0, 0].tolist() == [20 * x for x in columns]
    assert found[1, :, 0].tolist() == [20 * y for y in rows]


def test_gray_is_luminance() -> None:
    """ITU-R 601: 0.299 red + 0.587 green."""
    found = crop(ramp(), [6, 10, 1, 1], params(grayscale=True), side_px=1, context=1.0)
    assert found.tolist() == [[[round(0.299 * 120 + 0.587 * 200)]]]


def write(folder: Path) -> Path:
    """A picture of 7 x 11 px with two objects, one of 11 x 7 px without any; ids that are no positions."""
    (folder / "real").mkdir()
    Image.fromarray(ramp()).save(folder / "real" / "a.png")
    Image.fromarray(ramp().transpose(1, 0, 2)).save(folder / "real" / "b.png")
    sizes = {"real/b.png": (11, 7), "real/a.png": (7, 11)}
    images = [
        {"id": n, "file_name": name, "width": w, "height": h, "phase": n % 2}
        for n, (name, (w, h)) in zip((8, 5), sizes.items(), strict=True)
    ]
    box = {"image_id": 5, "iscrowd": 0}
    annotations = [
        {**box, "id": 9, "category_id": 2, "bbox": [2, 3, 3, 3]},
        {**box, "id": 4, "category_id": 1, "bbox": [0, 0, 2, 2]},
    ]
    coco = {"images": images, "annotations": annotations, "categories": categories_of(["cat", "dog"])}
    write_json(folder / "train.json", coco)
    return folder / "train.json"


def test_pictures_without_objects_are_kept(tmp_path: Path) -> None:
    pictures = load_pictures(read_coco(write(tmp_path), tmp_path), tmp_path)
    assert pictures.image_ids == [8, 5]
    assert [tuple(i.shape) for i in pictures.images] == [(3, 7, 11), (3, 11, 7)]
    assert pictures.boxes[0].shape == (0, 4) and pictures.labels[0].shape == (0,)
    assert pictures.boxes[1].tolist() == [[2, 3, 5, 6], [0, 0, 2, 2]]
    assert pictures.labels[1].tolist() == [2, 1]


def test_crops_are_in_the_order_of_the_annotations(tmp_path: Path) -> None:
    crops = load_crops(read_coco(write(tmp_path), tmp_path), tmp_path, params(input_px=8))
    assert crops.annotation_ids == [9, 4]
    assert crops.labels.tolist() == [1, 0]
    assert crops.crops.shape == (2, 3, 8, 8)
    assert crops.crops[0, 0].float().mean() > crops.crops[1, 0].float().mean()  # the first lies further right


def photo(path: Path) -> Path:
    """A JPEG of 16 x 24 px that was taken with the camera on its side: upright it is 24 x 16, dark at the left."""
    upright = np.full((16, 24, 3), 200, np.uint8)
    upright[:, :8] = 0
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # shown after a quarter turn clockwise
    Image.fromarray(np.rot90(upright).copy()).save(path, exif=exif, quality=95)
    return path


def test_the_size_in_a_coco_file_is_that_of_the_upright_photo(tmp_path: Path) -> None:
    photo(tmp_path / "photo.jpg")
    image = {"id": 1, "file_name": "photo.jpg", "width": 24, "height": 16}
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 8, 16], "iscrowd": 0}
    coco = {"images": [image], "annotations": [box], "categories": categories_of(["cat"])}
    write_json(tmp_path / "train.json", coco)
    crops = load_crops(read_coco(tmp_path / "train.json", tmp_path), tmp_path, params(input_px=8))
    assert crops.crops[0, :, :, :2].float().mean() < 60  # the box is where the dark part is
    write_json(tmp_path / "train.json", {**coco, "images": [{**image, "width": 16, "height": 24}]})
    with pytest.raises(InputError, match=r"expected width and height \(24, 16\), found \(16, 24\)"):
        read_coco(tmp_path / "train.json", tmp_path)


def test_a_split_needs_an_object(tmp_path: Path) -> None:
    path = write(tmp_path)
    coco = read_coco(path, tmp_path)
    write_json(path, {**coco, "annotations": []})
    with pytest.raises(InputError, match=r"train\.json: expected at least one object"):
        read_split(path, tmp_path)


def test_a_part_of_the_images_is_spread_over_all() -> None:
    """Images 1 to 6 with 2 objects each, but 3 without: for 4 of 10 objects every third one with objects is taken."""
    images = [{"id": n} for n in range(1, 7)]
    annotations = [{"id": 10 * i + n, "image_id": i} for i in (1, 2, 4, 5, 6) for n in (0, 1)]
    coco: Any = {"images": images, "annotations": annotations, "categories": []}
    assert [i["id"] for i in spread_images(coco, 4)["images"]] == [1, 5]
    assert [a["id"] for a in spread_images(coco, 4)["annotations"]] == [10, 11, 50, 51]
    assert len(spread_images(coco, 100)["images"]) == 5
