"""Every photo of a source looked at once: its boxes checked, its copies found."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tqdm import tqdm

from pipeline.benchmarks.importing.duplicates import Look, look_at
from pipeline.benchmarks.importing.labels import Labels, Photo, each
from pipeline.benchmarks.importing.upright import Object, upright_objects
from pipeline.errors import InputError
from pipeline.photo import Header, load_picture, read_header


@dataclass(frozen=True)
class Sample:
    """A photo that is in order."""

    photo: Photo
    header: Header
    size_wh: tuple[int, int]  # px, upright and scaled: as it will be written
    look: Look
    objects: list[Object]


def samples_of(labels: Labels, max_px: int | None) -> list[Sample]:
    """Decode and check all photos. Raises InputError that names the first wrong one, and counts the others."""
    photos = tqdm(labels.photos, unit="photo", desc="look", mininterval=2)
    return each(lambda photo: _sample(photo, max_px), photos)


def _sample(photo: Photo, max_px: int | None) -> Sample:
    header = read_header(photo.path)
    size_wh = scaled_wh(header.upright_wh, max_px)
    objects = upright_objects(photo, header, size_wh)
    return Sample(photo, header, size_wh, look_at(load_picture(photo.path)), objects)


def scaled_wh(size_wh: tuple[int, int], max_px: int | None) -> tuple[int, int]:
    """The size with a longer side of at most `max_px`; None leaves it."""
    scale = 1.0 if max_px is None else min(1.0, max_px / max(size_wh))
    return max(1, round(size_wh[0] * scale)), max(1, round(size_wh[1] * scale))


def without_copies(samples: Sequence[Sample]) -> tuple[list[Sample], list[tuple[Sample, Sample]]]:
    """One of those with equal pixels, and (copy, kept) of the others.

    Raises:
        InputError: when two photos with equal pixels have different boxes, since one of them must be wrong.
    """
    by_pixels: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_pixels[sample.look.pixels].append(sample)
    copies = [(copy, kept) for kept, *others in by_pixels.values() for copy in others]
    each(_check_copy, copies)
    return [kept for kept, *_ in by_pixels.values()], copies


def _check_copy(pair: tuple[Sample, Sample]) -> None:
    copy, kept = pair
    if set(copy.objects) != set(kept.objects):
        found = f"{len(copy.objects)} boxes of which not all are among its {len(kept.objects)}"
        raise InputError(
            f"{copy.photo.where}: expected the boxes of {kept.photo.where}, since {copy.photo.path} has the pixels of "
            f"{kept.photo.path}, found {found}. Remove one of the photos."
        )
