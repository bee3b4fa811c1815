"""Frames to COCO: by hand on small frames, and the stage on rendered and on damaged ones."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from rendering import files_of, run_stage, small_values, write_params

from pipeline.annotate import annotate_frame, annotate_split
from pipeline.coco import read_coco, sha256_of
from pipeline.frame import Frame, Instance
from pipeline.frame_files import read_frame, write_frame
from pipeline.params import Labels

EVERYTHING = Labels(min_visible_px=0, min_visible_fraction=0.0, box_margin=0.0, keypoint_tolerance=0.05)


def frame_of(ids: Any, *instances: Instance, index: int = 0) -> Frame:
    rgb = np.zeros((*ids.shape, 3), np.uint8)
    return Frame("train", index, rgb, ids.astype(np.uint16), ("cat", "dog"), instances)


def bar_behind_a_post() -> Frame:
    """7x11 px: a dog of 6x2 px, hidden by a cat of 2x11 px in its middle, and another cat wholly outside."""
    ids = np.zeros((11, 7))
    ids[3:5, :6] = 2
    ids[:, 2:4] = 1
    return frame_of(
        ids,
        Instance(1, "cat", (2.0, 0.0, 4.0, 12.0), 24, 2 / 24),
        Instance(2, "dog", (0.0, 3.0, 6.0, 5.0), 12, 0.0),
        Instance(3, "cat", (9.0, 0.0, 10.0, 1.0), 1, 1.0),
    )


def test_fields_by_hand() -> None:
    """The dog is one annotation, although the post cuts it in two; what nobody sees has none."""
    post, bar = annotate_frame(bar_behind_a_post(), EVERYTHING)
    assert [post["category_id"], bar["category_id"]] == [1, 2]
    assert bar["bbox"] == [0, 3, 6, 2]
    assert (bar["area"], bar["iscrowd"]) == (8, 0)
    assert (bar["visible_fraction"], bar["truncated_fraction"]) == (round(8 / 12, 4), 0)
    assert (bar["amodal_bbox"], bar["amodal_area"]) == ([0, 3, 6, 2], 12)
    assert post["bbox"] == [2, 0, 2, 11]
    assert (post["area"], post["visible_fraction"], post["truncated_fraction"]) == (22, 0.9167, 0.0833)
    assert (post["amodal_bbox"], post["amodal_area"]) == ([2, 0, 2, 12], 24)


@pytest.mark.parametrize(
    ("px", "fraction", "kept"),
    [(8, 0.0, [1, 2]), (9, 0.0, [1]), (23, 0.0, []), (0, 0.66, [1, 2]), (0, 0.67, [1]), (0, 0.92, [])],
)
def test_filters(px: int, fraction: float, kept: list[int]) -> None:
    """The dog shows 8 px, 0.667 of it; the cat 22 px, 0.917 of it."""
    labels = Labels(min_visible_px=px, min_visible_fraction=fraction, box_margin=0.0, keypoint_tolerance=0.05)
    assert [a["category_id"] for a in annotate_frame(bar_behind_a_post(), labels)] == kept


def written(root: Path, *frames: Frame) -> list[Path]:
    """Folders of these frames."""
    folders = [root / "frames" / "train" / f"{i:06d}" for i in range(len(frames))]
    for frame, folder in zip(frames, folders, strict=True):
        folder.mkdir(parents=True)
        write_frame(frame, folder)
    return folders


def test_split_keeps_empty_images_and_counts_ids_from_1(tmp_path: Path) -> None:
    folders = written(tmp_path, frame_of(np.zeros((11, 7))), bar_behind_a_post(), bar_behind_a_post())
    coco = annotate_split(folders, tmp_path, EVERYTHING)
    assert [(i["id"], i["width"], i["height"]) for i in coco["images"]] == [(n, 7, 11) for n in (1, 2, 3)]
    assert coco["images"][1]["file_name"] == "frames/train/000001/rgb.png"
    assert coco["images"][1]["sha256"] == sha256_of(folders[1] / "rgb.png")
    assert [(a["id"], a["image_id"]) for a in coco["annotations"]] == [(1, 2), (2, 2), (3, 3), (4, 3)]
    assert [(c["id"], c["name"]) for c in coco["categories"]] == [(1, "cat"), (2, "dog")]


def test_categories_with_keypoints_say_which(tmp_path: Path) -> None:
    """Even if no object is seen."""
    frame = replace(frame_of(np.zeros((11, 7))), keypoint_names={"dog": ("nose", "tail")})
    cat, dog = annotate_split(written(tmp_path, frame), tmp_path, EVERYTHING)["categories"]
    assert cat == {"id": 1, "name": "cat", "supercategory": ""}
    assert dog == {"id": 2, "name": "dog", "supercategory": "", "keypoints": ["nose", "tail"], "skeleton": []}


def test_images_name_their_layers(tmp_path: Path) -> None:
    """Beside the picture, in frames that have some."""
    bare = frame_of(np.zeros((11, 7)))
    deep = replace(bare, layers={"depth": np.ones((11, 7), np.float32)})
    images = annotate_split(written(tmp_path, bare, deep), tmp_path, EVERYTHING)["images"]
    assert "layers_file" not in images[0]
    assert (tmp_path / images[1]["layers_file"]).is_file()
    assert Path(images[1]["layers_file"]).parent == Path(images[1]["file_name"]).parent


def annotate(workspace: Path, frames: Path) -> Any:
    params = write_params(workspace / "params.yaml", small_values())
    out = workspace / "data" / "synthetic"
    return run_stage(workspace, "pipeline.annotate", "--params", params, "--frames", frames, "--out", out)


def test_rendered_frames_load_in_pycocotools(rendered: Path, tmp_path: Path) -> None:
    frames = rendered / "data" / "frames"
    done = annotate(tmp_path, frames)
    assert done.returncode == 0, done.stderr
    path = tmp_path / "data" / "synthetic" / "detector" / "train.json"
    checked = read_coco(path, frames.parent)
    coco = COCO(path)
    assert len(coco.getImgIds()) == 5
    assert coco.getCatIds() == list(range(1, 11))
    assert len(coco.getAnnIds()) == len(checked["annotations"]) > 0
    points = {c["id"]: 3 * len(c.get("keypoints", [])) for c in checked["categories"]}
    assert all(len(a.get("keypoints", [])) == points[a["category_id"]] for a in checked["annotations"])
    assert {i["camera"]["kind"] for i in checked["images"]} == {"perspective"}
    for image in checked["images"]:
        assert (image["domain"], image["sha256"]) == ("synthetic", sha256_of(frames.parent / image["file_name"]))
        ids = read_frame((frames.parent / image["file_name"]).parent).ids
        for annotation in coco.loadAnns(coco.getAnnIds(imgIds=image["id"])):
            mask = coco.annToMask(annotation)
            assert mask.sum() == annotation["area"] == (ids[mask == 1][0] == ids).sum()


@pytest.mark.parametrize("name", ["rgb.png", "ids.png", "frame.json"])
@pytest.mark.parametrize("damage", ["truncated", "missing"])
def test_damaged_frame_stops_the_stage(name: str, damage: str, rendered: Path, tmp_path: Path) -> None:
    """One line that names the file, exit code 1, and the annotations of the last run are still there."""
    frames = tmp_path / "data" / "frames"
    shutil.copytree(rendered / "data" / "frames", frames)
    before = {"detector/train.json": b"of the last run"}
    (tmp_path / "data" / "synthetic" / "detector").mkdir(parents=True)
    (tmp_path / "data" / "synthetic" / "detector" / "train.json").write_bytes(before["detector/train.json"])
    path = frames / "train" / "000003" / name
    data = path.read_bytes()
    path.unlink()
    if damage == "truncated":
        path.write_bytes(data[: len(data) // 2])
    done = annotate(tmp_path, frames)
    assert done.returncode == 1
    assert str(path) in done.stderr and "Traceback" not in done.stderr
    assert files_of(tmp_path / "data" / "synthetic") == before
    assert sorted(p.name for p in (tmp_path / "data").iterdir()) == ["frames", "synthetic"]


def test_no_frames(tmp_path: Path) -> None:
    done = annotate(tmp_path, tmp_path / "data" / "frames")
    assert done.returncode == 1
    assert "expected folders of frames, found none" in done.stderr
    assert not (tmp_path / "data").exists()
