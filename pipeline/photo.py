"""Photos as users have them: turned by EXIF, in grey, CMYK or 16 bits, damaged, or huge. One loader for all of them."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, UnidentifiedImageError

from pipeline.errors import InputError

MAX_SIDE_PX = 16_384  # more is a mistake, or a map: it would take gigabytes to look at
# What Pillow raises for damaged files of all kinds
DAMAGED = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, IndexError, KeyError, RuntimeError),
    *(struct.error, zlib.error),
)
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
TURNS = {  # EXIF's orientation -> what makes the picture upright: https://exiftool.org/TagNames/EXIF.html
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ON_ITS_SIDE = (5, 6, 7, 8)


@dataclass(frozen=True)
class Header:
    """What a photo's file says before its pixels are decoded."""

    format: str  # Pillow's name: JPEG, PNG, ...
    mode: str  # Pillow's: RGB, L, CMYK, ...
    transparent: bool
    stored_wh: tuple[int, int]  # px, as it lies in the file; of a TIFF, which Pillow turns, upright
    orientation: int  # EXIF's, 1 is upright

    @property
    def upright_wh(self) -> tuple[int, int]:
        """Size as people and networks see it, px."""
        return self.stored_wh[::-1] if self.orientation in ON_ITS_SIDE else self.stored_wh


def read_header(path: Path) -> Header:
    """Facts of a photo without decoding it. Raises InputError for what is not a picture, or too large a one."""
    with _opened(path) as picture:
        transparent = picture.has_transparency_data
        return Header(str(picture.format), picture.mode, transparent, picture.size, _orientation(picture))


def load_picture(path: Path) -> npt.NDArray[np.uint8]:
    """RGB [H, W, 3] of a photo, as people see it.

    It is turned upright as its EXIF data say. Greys of 16 bits are scaled to 8, palettes are looked up, what is
    transparent shows white, and CMYK becomes RGB by Pillow's formula; colour profiles are ignored.

    Raises:
        InputError: for a file that is missing, not a picture or damaged, has numbers that are no 8 or 16 bits, a
            side longer than MAX_SIDE_PX, or more pixels than Pillow's limit.
    """
    with _opened(path) as picture:
        turn = TURNS.get(_orientation(picture))
        upright = picture if turn is None else picture.transpose(turn)
        return np.array(_rgb(upright))


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """A file that Pillow reads lazily: what it raises within the body becomes an InputError too."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # EXIF data that cannot be read: the pixels may well be
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                _check_size(picture.size)
                yield picture
    except FileNotFoundError:
        raise InputError(f"{path}: expected a picture, found no file.") from None
    except BOMBS:
        most = (Image.MAX_IMAGE_PIXELS or 0) // 10**6
        raise InputError(f"{path}: expected a picture of at most {most} million pixels, found more.") from None
    except DAMAGED as error:
        raise InputError(f"{path}: expected a picture, found: {_said(path, error)}") from None


def _check_size(size_wh: tuple[int, int]) -> None:
    if max(size_wh) > MAX_SIDE_PX:
        raise ValueError(f"{size_wh[0]}x{size_wh[1]} px, more than {MAX_SIDE_PX} px on a side. Scale it down.")


def _said(path: Path, error: Exception) -> str:
    """Pillow's words, without the path, which stands before them."""
    if path.suffix.lower() in (".heic", ".heif"):
        return "HEIC, which is not read here. Save it as JPEG."
    if isinstance(error, UnidentifiedImageError):
        return "something else."
    return str(error) if isinstance(error, OSError | SyntaxError | ValueError) else f"damaged data: {error}"


def _orientation(picture: Image.Image) -> int:
    """EXIF's number. Of a PNG only what stands before the pixels: Pillow would decode all of it to look for more."""
    if picture.format == "TIFF" or (picture.format == "PNG" and "exif" not in picture.info):
        return 1  # Pillow turns TIFF itself
    found = picture.getexif().get(ExifTags.Base.Orientation)
    return found if found in TURNS else 1


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "F":
        raise ValueError("fractions instead of 8 or 16 bits.")
    if picture.mode.startswith("I"):
        picture = _eight_bits(picture)
    if picture.has_transparency_data:
        above = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", above.size, "white"), above)
    return picture.convert("RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Pillow cuts 16-bit greys off at 255 where it should scale them."""
    grey = np.asarray(picture)
    if grey.size and not 0 <= grey.min() <= grey.max() < 2**16:
        raise ValueError("greys of more than 16 bits.")
    return Image.fromarray((grey // 257).astype(np.uint8))
