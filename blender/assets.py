"""Files of the user's: pictures, meshes, lights, in a folder that a randomizer's params name."""

from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from blender.samplers import Rng
from pipeline.errors import InputError

PICTURES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff")


def found_in(folder: str | None, suffixes: tuple[str, ...]) -> list[str]:
    """Names of the files with one of these suffixes, relative to the folder and sorted; its subfolders too."""
    if folder is None:
        return []
    top = Path(folder)
    return sorted(p.relative_to(top).as_posix() for p in top.rglob("*") if p.suffix.lower() in suffixes and p.is_file())


def pick(rng: Rng, folder: str | None, suffixes: tuple[str, ...], key: str) -> str:
    """The name of one of them. Raises InputError where there are none; `key` says where the user wrote the folder."""
    names = _at_first_look(folder, suffixes)
    if not names:
        check_folder(folder, suffixes, key)
    return names[int(rng.integers(len(names)))]


@cache
def _at_first_look(folder: str | None, suffixes: tuple[str, ...]) -> list[str]:
    """A large folder takes long to look through, and thousands of draws ask for it."""
    return found_in(folder, suffixes)


def check_folder(folder: str | None, suffixes: tuple[str, ...], key: str) -> None:
    """Raises InputError unless there is such a file; `key` says where the user wrote the folder."""
    wanted = f"{key}: expected a folder with {', '.join(suffixes)} files"
    if folder is None or not Path(folder).is_dir():
        raise InputError(f"{wanted}, found {'null' if folder is None else folder}.")
    if not found_in(folder, suffixes):
        raise InputError(f"{wanted}, found none in {folder}.")


def check_pictures(folder: str | None, key: str) -> None:
    """Raises InputError unless the folder has pictures and all of them have a readable head."""
    check_folder(folder, PICTURES, key)
    for name in found_in(folder, PICTURES):
        path = Path(str(folder)) / name
        try:
            Image.open(path).close()
        except (UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise InputError(f"{path}: expected a picture, found: {error}") from error


def small_copy(path: Path) -> npt.NDArray[np.uint8]:
    """A picture as [16, 16, 3] RGB. Raises InputError for a damaged one: all of it is read, where Blender shows what
    is missing of a JPEG as grey."""
    now = path.stat()
    return _small_copy(path, now.st_mtime_ns, now.st_size)


@lru_cache(maxsize=10_000)
def _small_copy(path: Path, *version: Any) -> npt.NDArray[np.uint8]:
    try:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB").resize((16, 16), Image.Resampling.BOX))
    except (OSError, SyntaxError) as error:  # SyntaxError: what Pillow calls a broken PNG
        raise InputError(f"{path}: expected a picture, found damaged data: {error}") from error
