"""The contact sheet for whoever writes a scene."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageColor
from rendering import files_of, run_stage, small_values, write_params

from pipeline.annotate import annotate_split, frame_folders
from pipeline.draw import TRUE_COLOUR
from pipeline.params import load_params


def test_sheet_shows_the_labelled_frames(rendered: Path, store: Path, tmp_path: Path) -> None:
    """Three frames of 40x30 px in two columns; boxes are drawn where, and only where, there are annotations."""
    params = write_params(tmp_path / "params.yaml", small_values(train=5))
    out = tmp_path / "new" / "sheet.png"
    done = run_stage(store, "blender.preview", "--params", params, "-n", "3", "--out", out)
    assert done.returncode == 0, done.stderr
    sheet = np.asarray(Image.open(out))
    assert sheet.shape == (2 * (30 + 8) + 8, 2 * (40 + 8) + 8, 3)

    folders = frame_folders(rendered / "data" / "frames" / "train")[:3]
    coco = annotate_split(folders, rendered, load_params(params).labels)
    labelled = {a["image_id"] for a in coco["annotations"]}
    assert labelled
    for image_id, (x, y) in enumerate([(8, 8), (56, 8), (8, 46)], start=1):
        picture = sheet[y : y + 30, x : x + 40]
        marked = (picture == ImageColor.getrgb(TRUE_COLOUR)).all(axis=2)
        assert marked.any() == (image_id in labelled)
        expected = np.asarray(Image.open(folders[image_id - 1] / "rgb.png"))
        assert (picture == expected).all(axis=2).mean() > (0.2 if image_id in labelled else 0.999)
    assert files_of(store) == {}


def test_mistakes_are_named(store: Path, tmp_path: Path) -> None:
    params = write_params(tmp_path / "params.yaml", small_values())
    done = run_stage(store, "blender.preview", "--params", params, "-n", "0", "--out", tmp_path / "sheet.png")
    assert done.returncode == 1 and "-n: expected at least 1 frame, found 0" in done.stderr
    assert not (tmp_path / "sheet.png").exists()
