"""Folders of the user's files: what is found, in which order, and what is wrong with them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blender import assets
from pipeline.errors import InputError


def test_files_are_found_in_a_fixed_order_in_subfolders_too(tmp_path: Path) -> None:
    for name in ("b.png", "a/z.PNG", "a/b.txt", "c.jpg", "d.png/e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert assets.found_in(str(tmp_path), (".png", ".jpg")) == ["a/z.PNG", "b.png", "c.jpg"]


def test_each_file_is_picked_as_often(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.ply").touch()
    rng = np.random.default_rng(0)
    picked = [assets.pick(rng, str(tmp_path), (".ply",), "key") for _ in range(300)]
    assert {name: 80 < picked.count(name) < 120 for name in set(picked)} == dict.fromkeys(
        ["a.ply", "b.ply", "c.ply"], True
    )


@pytest.mark.parametrize(("folder", "found"), [(None, "null"), ("nowhere", "nowhere"), (".", "none in .")])
def test_a_folder_without_files_is_named(
    folder: str | None, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as error:
        assets.pick(np.random.default_rng(0), folder, (".ply", ".obj"), "params.yaml: x.folder")
    assert str(error.value) == f"params.yaml: x.folder: expected a folder with .ply, .obj files, found {found}."


def test_a_small_copy_is_of_the_picture_that_is_there_now(tmp_path: Path) -> None:
    for size_wh, grey in (((7, 11), 10), ((30, 20), 200)):
        Image.new("L", size_wh, grey).save(tmp_path / "a.bmp")
        assert assets.small_copy(tmp_path / "a.bmp").shape == (16, 16, 3)
        assert set(assets.small_copy(tmp_path / "a.bmp").ravel()) == {grey}


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    Image.new("RGB", (7, 11)).save(tmp_path / "good.png")
    assets.check_pictures(str(tmp_path), "key")
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"bad\.jpg: expected a picture"):
        assets.check_pictures(str(tmp_path), "key")
