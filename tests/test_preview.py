"""The contact sheets for whoever writes a scene."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageColor
from rendering import REPOSITORY, environment, files_of, run_stage, small_values, write_params

from pipeline.annotate import annotate_split, frame_folders
from pipeline.draw import TRUE_COLOUR
from pipeline.params import load_params

SCALE = 12  # 40 px wide pictures are shown 480 px wide


def pixels(path: Path) -> npt.NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image)


def preview(folder: Path, *args: str | Path, **values: Any) -> subprocess.CompletedProcess[str]:
    """Run it in a folder, which has these params."""
    write_params(folder / "params.yaml", small_values(train=5) | values)
    line = [sys.executable, "-m", "blender.preview", *map(str, args)]
    places = environment(folder / "store") | {"PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(line, cwd=folder, env=places, capture_output=True, text=True, timeout=120, check=False)


def test_sheet_shows_the_labelled_frames(rendered: Path, store: Path, tmp_path: Path) -> None:
    """Three frames of 40x30 px in two columns; boxes are drawn where, and only where, there are annotations."""
    params = write_params(tmp_path / "params.yaml", small_values(train=5))
    out = tmp_path / "new" / "sheet.png"
    done = run_stage(store, "blender.preview", "--params", params, "-n", "3", "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{out}\n"
    sheet = pixels(out)
    assert sheet.shape == (2 * (360 + 8) + 8, 2 * (480 + 8) + 8, 3)

    folders = frame_folders(rendered / "data" / "frames" / "train")[:3]
    coco = annotate_split(folders, rendered, load_params(params).labels)
    labelled = {a["image_id"] for a in coco["annotations"]}
    assert labelled
    for image_id, (x, y) in enumerate([(8, 8), (496, 8), (8, 376)], start=1):
        picture = sheet[y : y + 360, x : x + 480]
        marked = (picture == ImageColor.getrgb(TRUE_COLOUR)).all(axis=2)
        assert marked.any() == (image_id in labelled)
        expected = pixels(folders[image_id - 1] / "rgb.png").repeat(SCALE, 0).repeat(SCALE, 1)
        assert (picture == expected).all(axis=2).mean() > (0.2 if image_id in labelled else 0.999)
    assert files_of(store) == {}


def test_another_scene_has_its_own_defaults_and_sheet(tmp_path: Path) -> None:
    done = preview(tmp_path, "--scene", "shapes", "-n", "1", "--box-3d")
    assert (done.returncode, done.stdout) == (0, "preview/shapes.png\n"), done.stderr
    assert pixels(tmp_path / "preview" / "shapes.png").shape == (360 + 16, 480 + 16, 3)


def test_another_scene_comes_from_its_preset_if_there_is_one(tmp_path: Path) -> None:
    """Here one of pictures 50 px wide, so that the sheet says from where it is; the scene of params.yaml stays."""
    (tmp_path / "presets").mkdir()
    for scene in ("shapes", "digits"):
        values = small_values(width_px=50) | {"scene": {"name": "shapes", "count": 2}}
        write_params(tmp_path / "presets" / f"{scene}.yaml", values)
    for scene, width_px in (("shapes", 500), ("digits", 480)):
        done = preview(tmp_path, "--scene", scene, "-n", "1", "--out", "sheet.png")
        assert done.returncode == 0, done.stderr
        assert pixels(tmp_path / "sheet.png").shape[1] == width_px + 16


def test_ablation_has_a_row_for_each_randomizer_that_varies(tmp_path: Path) -> None:
    """One row of 240x180 px when only the light varies, and one for each of its distributions that shows."""
    values = small_values()["randomizers"]
    values = {name: section if name == "light" else constant(section) for name, section in values.items()}
    done = preview(tmp_path, "--ablate", randomizers=values)
    assert (done.returncode, done.stdout) == (0, "preview/digits-ablate.png\n"), done.stderr
    one = pixels(tmp_path / "preview" / "digits-ablate.png")
    done = preview(tmp_path, "--ablate", "light", randomizers=values)
    assert (done.returncode, done.stdout) == (0, "preview/digits-ablate-light.png\n"), done.stderr
    several = pixels(tmp_path / "preview" / "digits-ablate-light.png")
    assert 180 < one.shape[0] < 2 * 180 < 4 * 180 < several.shape[0]
    assert one.shape[1] > 4 * 240


def constant(section: dict[str, Any]) -> dict[str, Any]:
    """With the first value of each distribution."""
    return {key: next(iter(v.values()))[0] if isinstance(v, dict) and v else v for key, v in section.items()}


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["-n", "0"], "-n: expected at least 1 frame, found 0"),
        (["--scene", "shape"], "--scene: expected a known name, found 'shape'. Did you mean 'shapes'?"),
        (["--scene", "blend"], "params.yaml: scene: file: missing."),
        (["--ablate", "lights"], "--ablate: expected a known name, found 'lights'. Did you mean 'light'?"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, args: list[str], words: str) -> None:
    done = preview(tmp_path, *args, "--out", "sheet.png")
    assert done.returncode == 1 and words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "sheet.png").exists()
