"""Training augmentation: boxes stay on their objects, and every draw can be repeated."""

from pathlib import Path
from typing import Any

import pytest
import torch

from pipeline.augment import GREY, CropAugment, PictureAugment
from pipeline.dataset import CONTEXT
from pipeline.params import ClassifierAugment, DetectorAugment, load_params

PARAMS = load_params(Path(__file__).resolve().parents[1] / "params.yaml")
CROP_PX = 32
BRIGHT = 220


def picture_augment(**changes: Any) -> PictureAugment:
    """Only moved: light and focus as they are, unless `changes` say otherwise."""
    calm = {"brightness": 0.0, "contrast": 0.0, "blur_sigma_px": [0.001, 0.001], **changes}
    detector = PARAMS.detector.model_copy(update={"crop_px": CROP_PX, "augment": DetectorAugment(**calm)})
    return PictureAugment(detector)


def scene(box: tuple[int, int, int, int], width: int = 70, height: int = 50) -> tuple[torch.Tensor, dict[str, Any]]:
    """A dark picture with one bright rectangle, and its target."""
    image = torch.zeros(3, height, width, dtype=torch.uint8)
    x0, y0, x1, y1 = box
    image[:, y0:y1, x0:x1] = BRIGHT
    return image, {"boxes": torch.tensor([box], dtype=torch.float32), "labels": torch.tensor([2])}


def test_the_box_stays_on_its_object() -> None:
    """Over many crops: each has the object as a bright rectangle that fills its box, or does not call it a target."""
    torch.manual_seed(0)
    augment, kept = picture_augment(), 0
    image, target = scene((30, 20, 42, 28))
    for _ in range(200):
        crop, moved = augment(image, target)
        bright = crop[0] > 0.5 * BRIGHT / 255
        assert crop.shape == (3, CROP_PX, CROP_PX) and crop.dtype == torch.float32
        if len(moved["boxes"]) == 0:
            assert bright.sum() < 0.6 * 12 * 8
            continue
        kept += 1
        x0, y0, x1, y1 = moved["boxes"][0].int().tolist()
        assert bright[y0:y1, x0:x1].all() and bright.sum() == (y1 - y0) * (x1 - x0)
        assert bright.sum() >= 0.6 * 12 * 8
        assert moved["labels"].tolist() == [2]
    assert 50 < kept < 200


def test_small_pictures_are_padded_with_grey() -> None:
    """A picture of 20 x 14 px in a crop of 32: the object is found where its box says, the rest is grey."""
    torch.manual_seed(0)
    image, target = scene((4, 2, 12, 10), width=20, height=14)
    crop, moved = picture_augment()(image, target)
    x0, y0, x1, y1 = moved["boxes"][0].int().tolist()
    assert (x1 - x0, y1 - y0) == (8, 8)
    assert (crop[:, y0:y1, x0:x1] > 0.5 * BRIGHT / 255).all()
    values = crop.unique().tolist()
    assert values == pytest.approx([0.0, GREY / 255, BRIGHT / 255], abs=0.01)


def test_a_picture_without_objects_has_an_empty_target() -> None:
    image, _ = scene((0, 0, 1, 1))
    none = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.long)}
    _, moved = picture_augment()(image, none)
    assert moved["boxes"].shape == (0, 4) and moved["labels"].shape == (0,)


def test_the_target_itself_is_not_changed() -> None:
    image, target = scene((30, 20, 42, 28))
    before = image.clone()
    picture_augment(brightness=0.5)(image, target)
    assert target["boxes"].tolist() == [[30, 20, 42, 28]]
    assert torch.equal(image, before)


def test_light_varies() -> None:
    torch.manual_seed(0)
    augment = picture_augment(brightness=0.5)
    image, target = scene((0, 0, 70, 50))
    assert len({round(float(augment(image, target)[0].mean()), 3) for _ in range(8)}) > 4


def crop_augment(**changes: Any) -> CropAugment:
    augment: ClassifierAugment = PARAMS.classifier.augment.model_copy(update=changes)
    return CropAugment(augment, input_px=CROP_PX)


CALM = {
    "rotation_deg": 0.0,
    "translate": 0.0,
    "scale": [1.0, 1.0],
    "shear_deg": 0.0,
    "resolution_px": [64.0, 64.0],
    "noise": 0.0,
}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("number", [1, 5, 16])
def test_crops_keep_their_shape(number: int, channels: int) -> None:
    side_px = round(CROP_PX * CONTEXT)
    assert crop_augment()(torch.rand(number, channels, side_px, side_px)).shape == (number, channels, CROP_PX, CROP_PX)


def test_without_strength_it_is_the_middle() -> None:
    crops = torch.rand(3, 1, 44, 44)
    assert torch.allclose(crop_augment(**CALM)(crops), crops[:, :, 6:38, 6:38], atol=1e-5)


def test_each_group_has_its_own_draw() -> None:
    """Eight equal crops in four groups of two: equal within a group, different between groups."""
    torch.manual_seed(0)
    equal = torch.rand(1, 1, 45, 45).expand(8, -1, -1, -1)
    made = crop_augment(**{**CALM, "rotation_deg": 30.0, "groups": 4})(equal)
    assert all(torch.equal(made[i], made[i + 1]) for i in (0, 2, 4, 6))
    assert all(not torch.allclose(made[i], made[i + 2]) for i in (0, 2, 4))


def test_few_pixels_are_few_values() -> None:
    """Shown at 4 px a side, noise of one pixel is gone: neighbours are nearly equal."""
    torch.manual_seed(0)
    crops = torch.rand(2, 1, 45, 45)
    sharp, dull = (crop_augment(**{**CALM, "resolution_px": [n, n]})(crops) for n in (64.0, 4.0))
    step_sharp, step_dull = (float(c.diff(dim=-1).abs().mean()) for c in (sharp, dull))
    assert step_dull < 0.1 * step_sharp


@pytest.mark.parametrize("kind", ["crops", "pictures"])
def test_the_seed_decides(kind: str) -> None:
    def draw(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        if kind == "crops":
            return crop_augment()(torch.linspace(0, 1, 2 * 45 * 45).reshape(2, 1, 45, 45))
        image, target = scene((30, 20, 42, 28))
        return picture_augment(brightness=0.5)(image, target)[0]

    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))
