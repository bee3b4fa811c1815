"""Data as torchvision's reference scripts read it: files that PIL decodes one by one, transforms of torchvision.

What they draw is what presets/digits.yaml draws, as far as torchvision has it; low resolution and noise of the
classifier are left out, which is to their favour.
"""

from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, RandomSampler
from torchvision import tv_tensors
from torchvision.datasets import ImageFolder
from torchvision.ops import box_convert
from torchvision.transforms import v2

from pipeline.augment.pictures import KERNEL_PX
from pipeline.dataset import CONTEXT, by_image
from pipeline.params import Classifier, OnPictures
from pipeline.work import Work

WORKERS = 2


def loader(work: Work, steps: int, folder: Path) -> DataLoader[Any]:
    """Batches for so many steps in one epoch: the workers start once. Crops are written as files first."""
    files = crop_files(work, folder) if isinstance(work.fit, Classifier) else PictureFiles(work, work.fit)
    sampler = RandomSampler(files, replacement=True, num_samples=steps * work.fit.batch_size)
    collate = None if isinstance(work.fit, Classifier) else in_lists
    return DataLoader(files, work.fit.batch_size, sampler=sampler, num_workers=WORKERS, collate_fn=collate)


def in_lists(pairs: list[Any]) -> tuple[list[Any], list[Any]]:
    return [a for a, _ in pairs], [b for _, b in pairs]


def crop_files(work: Work, folder: Path) -> ImageFolder:
    """A folder for each category, and a PNG for each object: the square around it, as wide as our crops."""
    assert isinstance(work.fit, Classifier)
    files = {i["id"]: work.images / i["file_name"] for i in work.train["images"]}
    for one in work.train["annotations"]:
        x, y, w, h = one["bbox"]
        reach = max(w, h) * (1 + 2 * work.fit.margin) * CONTEXT / 2
        place = folder / f"{one['category_id']:03d}" / f"{one['id']}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(files[one["image_id"]]) as picture:
            box = (x + w / 2 - reach, y + h / 2 - reach, x + w / 2 + reach, y + h / 2 + reach)
            picture.convert("RGB").crop(box).save(place)
    return ImageFolder(str(folder), crop_transforms(work.fit))


def crop_transforms(fit: Classifier) -> v2.Compose:
    draws, shift = fit.augment, (fit.augment.translate, fit.augment.translate)
    shear = (-draws.shear_deg, draws.shear_deg)
    bilinear = v2.InterpolationMode.BILINEAR
    affine = v2.RandomAffine(draws.rotation_deg, shift, tuple(draws.scale), shear, bilinear, fill=127)
    wide_px = round(fit.input_px * CONTEXT)
    grey = [v2.Grayscale()] if fit.grayscale else []
    moved = [v2.Resize((wide_px, wide_px)), affine, v2.CenterCrop(fit.input_px)]
    return v2.Compose([*grey, *moved, v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True)])


class PictureFiles(Dataset[Any]):
    """One picture with its boxes: decoded, cropped, lit and blurred."""

    def __init__(self, work: Work, fit: OnPictures) -> None:
        self.images, self.folder, self.annotations = work.train["images"], work.images, by_image(work.train)
        draws = fit.augment
        blur = v2.RandomApply([v2.GaussianBlur(KERNEL_PX, tuple(draws.blur_sigma_px))])
        light = [v2.ColorJitter(draws.brightness, draws.contrast), blur]
        ends = [v2.SanitizeBoundingBoxes(), v2.ToDtype(torch.float32, scale=True), v2.ToPureTensor()]
        self.transform = v2.Compose([v2.RandomCrop(fit.crop_px), *light, *ends])

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, dict[str, Tensor]]:
        image = self.images[index]
        with Image.open(self.folder / image["file_name"]) as file:
            picture = tv_tensors.Image(v2.functional.pil_to_tensor(file.convert("RGB")))
        crop, target = self.transform(picture, self.target(image))
        return crop, target

    def target(self, image: dict[str, Any]) -> dict[str, Tensor]:
        own = self.annotations[image["id"]]
        xywh = torch.tensor([a["bbox"] for a in own], dtype=torch.float32).reshape(-1, 4)
        size_hw = (image["height"], image["width"])
        boxes = tv_tensors.BoundingBoxes(box_convert(xywh, "xywh", "xyxy"), format="XYXY", canvas_size=size_hw)
        return {"boxes": boxes, "labels": torch.tensor([a["category_id"] for a in own])}
