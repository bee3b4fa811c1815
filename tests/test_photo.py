"""Photos as users have them: turned, grey, CMYK, 16 bits, damaged, huge."""

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image
from turned import write_turned

from pipeline.errors import InputError
from pipeline.photo import MAX_SIDE_PX, load_picture, read_header


def ramp() -> Any:
    """Upright, 7 x 11 px: every pixel has its own colour."""
    y, x = np.mgrid[:11, :7] * 20
    return np.stack([x, y, 0 * x], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_becomes_upright(orientation: int, tmp_path: Path) -> None:
    for name, options in {"a.tif": {}, "a.webp": {"lossless": True}, "a.png": {}}.items():
        path = write_turned(tmp_path / name, ramp(), orientation, **options)
        assert np.array_equal(load_picture(path), ramp()), name
        assert read_header(path).upright_wh == (7, 11), name
    header = read_header(path)
    assert header.orientation == orientation
    assert header.stored_wh == ((11, 7) if orientation >= 5 else (7, 11))


def test_an_orientation_that_does_not_exist_is_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 77
    Image.fromarray(ramp()).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(load_picture(tmp_path / "a.png"), ramp())


def test_exif_data_that_cannot_be_read_cost_nothing(tmp_path: Path) -> None:
    """Pillow warns of them, which in these tests would be an error."""
    Image.new("RGB", (7, 11), "white").save(tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01")
    assert load_picture(tmp_path / "a.jpg").shape == (11, 7, 3)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16", "I;16B", "CMYK"])
def test_every_kind_of_picture_becomes_rgb(mode: str, tmp_path: Path) -> None:
    """White stays white: 16 bits are not cut off, a palette is looked up."""
    path = tmp_path / ("white.tif" if mode in ("I;16B", "CMYK") else "white.png")
    if mode.startswith("I;16"):
        picture = Image.fromarray(np.array([[65535, 0, 32768]], ">u2" if mode == "I;16B" else "<u2"))
        assert picture.mode == mode
    else:
        picture = Image.fromarray(np.array([[[255] * 3, [0] * 3, [128] * 3]], np.uint8))
        picture = picture.quantize(4) if mode == "P" else picture.convert(mode)
    picture.save(path)
    found = load_picture(path)
    assert found.shape == (1, 3, 3)
    assert found[0, 0].tolist() == [255] * 3
    assert found[0, 1].tolist() == [0] * 3
    assert mode == "1" or found[0, 2] == pytest.approx([128] * 3, abs=2)


def test_a_cmyk_jpeg_has_the_colours_that_were_saved(tmp_path: Path) -> None:
    """As scanners and print shops write it; its numbers are inverted, by Adobe's habit."""
    inks = {(0, 255, 255, 0): (255, 0, 0), (0, 0, 0, 0): (255, 255, 255), (255, 0, 0, 0): (0, 255, 255)}
    for n, (ink, rgb) in enumerate(inks.items()):
        path = tmp_path / f"{n}.jpg"
        Image.new("CMYK", (16, 16), ink).save(path, quality=95)
        assert load_picture(path)[8, 8].tolist() == pytest.approx(rgb, abs=4)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_shows_white(mode: str, tmp_path: Path) -> None:
    """Black of full, no and half opacity, in a palette of full and none."""
    alpha = Image.fromarray(np.array([[255, 0, 128]], np.uint8))
    black = Image.new("RGBA" if mode == "RGBA" else "LA", (3, 1))
    black.putalpha(alpha)
    options = {}
    if mode == "P":
        black = Image.fromarray(np.array([[0, 1, 0]], np.uint8)).convert("P")
        black.putpalette([0, 0, 0] * 2)
        options = {"transparency": 1}
    black.save(tmp_path / "a.png", **options)
    assert load_picture(tmp_path / "a.png")[0, :, 0].tolist() == [0, 255, 0 if mode == "P" else 127]


def test_fractions_and_more_than_16_bits_are_no_photo(tmp_path: Path) -> None:
    Image.fromarray(np.full((11, 7), 0.5, np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match=r"a\.tif: expected a picture, found: fractions instead of 8 or 16 bits"):
        load_picture(tmp_path / "a.tif")
    Image.fromarray(np.full((11, 7), 2**20, np.int32)).save(tmp_path / "b.tif")
    with pytest.raises(InputError, match=r"b\.tif: expected a picture, found: greys of more than 16 bits"):
        load_picture(tmp_path / "b.tif")


def claimed_png(path: Path, width: int, height: int) -> Path:
    """A PNG of a few bytes that says that it is this large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))
    return path


@pytest.mark.parametrize("reader", [load_picture, read_header])
@pytest.mark.parametrize(
    ("size_wh", "message"),
    [
        ((20_000, 100), rf"20000x100 px, more than {MAX_SIDE_PX} px on a side\. Scale it down"),
        ((100, 20_000), rf"100x20000 px, more than {MAX_SIDE_PX} px on a side"),
        ((12_000, 9_000), "expected a picture of at most 89 million pixels, found more"),
        ((60_000, 60_000), "expected a picture of at most 89 million pixels, found more"),
    ],
)
def test_pictures_that_are_too_large_are_not_decoded(
    size_wh: tuple[int, int], message: str, reader: Any, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=rf"a\.png: .*{message}"):
        reader(claimed_png(tmp_path / "a.png", *size_wh))


def test_the_longest_side_that_is_read(tmp_path: Path) -> None:
    Image.new("L", (MAX_SIDE_PX, 1)).save(tmp_path / "a.png")
    assert load_picture(tmp_path / "a.png").shape == (1, MAX_SIDE_PX, 3)


def test_photos_of_apple_get_a_word_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    with pytest.raises(InputError, match=r"a\.HEIC: expected a picture, found: HEIC, .* Save it as JPEG"):
        load_picture(tmp_path / "a.HEIC")


def cut_off(path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 255, (40, 30, 3)).astype(np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@pytest.mark.parametrize("name", ["cut.png", "cut.jpg", "cut.bmp", "cut.webp", "cut.tif"])
def test_a_picture_that_was_cut_off(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"{name}: expected a picture, found"):
        load_picture(cut_off(tmp_path / name))


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n" + b"\0" * 90])
def test_what_is_not_a_picture(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.png: expected a picture, found"):
        load_picture(tmp_path / "a.png")


def test_a_missing_picture_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.png: expected a picture, found no file"):
        load_picture(tmp_path / "none.png")
    with pytest.raises(InputError, match="expected a picture, found"):
        load_picture(tmp_path)
