"""Export to BOP: numbers by hand for a camera and two objects on pictures of 7x11 px."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from tiny import call

from pipeline.coco import categories_of, sha256_of, write_json
from pipeline.errors import InputError
from pipeline.export import __main__ as export
from pipeline.export.bop_depth import depth_picture, depth_scale, farthest_of

WIDTH, HEIGHT = 7, 11
CAMERA = {
    "kind": "perspective",
    "intrinsics": [[20, 0, 3], [0, 21, 5], [0, 0, 1]],
    "distortion": [0.0, 0.0, 0.0, 0.0, 0.0],
    "world_to_camera": [[1, 0, 0, 0.1], [0, -1, 0, 0.2], [0, 0, -1, 1.5], [0, 0, 0, 1]],
}
QUARTER_TURN = [[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]


def mask(x: int, y: int, w: int, h: int) -> dict[str, Any]:
    """Run lengths of a rectangle."""
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8, order="F")
    pixels[y : y + h, x : x + w] = 1
    encoded = coco_mask.encode(pixels)
    return {**encoded, "counts": encoded["counts"].decode()}


# 2x3 px seen, of 4x5; two of its four columns lie left of the image. The other is seen whole.
CUT = {
    "category_id": 2,
    "bbox": [0, 4, 2, 3],
    "area": 6,
    "segmentation": mask(0, 4, 2, 3),
    "amodal_bbox": [-2.0, 3.0, 4.0, 5.0],
    "amodal_area": 20,
    "visible_fraction": 0.3,
    "truncated_fraction": 0.5,
    "pose": {"rotation": QUARTER_TURN, "translation_m": [-0.15, 0.0254, 1.2]},
}
WHOLE = {
    "category_id": 1,
    "bbox": [5, 9, 2, 2],
    "area": 4,
    "segmentation": mask(5, 9, 2, 2),
    "amodal_bbox": [5.0, 9.0, 2.0, 2.0],
    "amodal_area": 4,
    "visible_fraction": 1.0,
    "truncated_fraction": 0.0,
    "pose": {"rotation": QUARTER_TURN, "translation_m": [0.1, 0.2, 0.0]},
}


def depth_m(frame: int) -> Any:
    """A ramp of 0.1 m per row, and nothing in the upper left pixel."""
    depth = np.repeat(1 + frame + 0.1 * np.arange(HEIGHT, dtype=np.float32)[:, None], WIDTH, axis=1)
    depth[0, 0] = np.inf
    return depth


def write_coco(data: Path, sequences: list[tuple[int, int]]) -> Path:
    """An image for each (video_id, frame_id); the first shows two objects, the others none."""
    images = []
    for n, (video_id, frame_id) in enumerate(sequences, start=1):
        folder = data / "frames" / f"{n:06d}"
        folder.mkdir(parents=True)
        Image.new("RGB", (WIDTH, HEIGHT), (n, 0, 0)).save(folder / "rgb.png")
        np.savez_compressed(folder / "layers.npz", depth=depth_m(n - 1))
        files = {
            key: f"frames/{n:06d}/{name}" for key, name in [("file_name", "rgb.png"), ("layers_file", "layers.npz")]
        }
        facts = {"width": WIDTH, "height": HEIGHT, "sha256": sha256_of(folder / "rgb.png"), "camera": CAMERA}
        images.append({"id": n, **files, **facts, "video_id": video_id, "frame_id": frame_id})
    objects = [{"id": n, "image_id": 1, "iscrowd": 0, **facts} for n, facts in enumerate([CUT, WHOLE], start=1)]
    path = data / "train.json"
    write_json(path, {"images": images, "annotations": objects, "categories": categories_of(["cat", "dog"])})
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three images that are no sequence, since each has one step."""
    write_coco(tmp_path / "data", [(1, 0), (2, 0), (3, 0)])
    return tmp_path / "data"


def run_export(data: Path, *options: str) -> Path:
    out = data.parent / "bop"
    call(export.main, "--to", "bop", "--coco", data / "train.json", "--images", data, "--out", out, *options)
    return out / "train"


def names_in(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_images_without_sequences_are_one_scene(data: Path) -> None:
    assert names_in(run_export(data)) == [
        *(f"000000/depth/00000{n}.png" for n in range(3)),
        "000000/mask_visib/000000_000000.png",
        "000000/mask_visib/000000_000001.png",
        *(f"000000/rgb/00000{n}.png" for n in range(3)),
        *(f"000000/scene_{name}.json" for name in ("camera", "gt", "gt_info")),
    ]


def test_a_sequence_is_a_scene_and_its_step_the_image(tmp_path: Path) -> None:
    write_coco(tmp_path / "data", [(1, 0), (2, 0), (1, 1), (2, 1)])  # not one after the other
    scenes = run_export(tmp_path / "data")
    assert sorted(p.name for p in scenes.iterdir()) == ["000001", "000002"]
    assert Image.open(scenes / "000001/rgb/000001.png").getpixel((0, 0)) == (3, 0, 0)
    assert Image.open(scenes / "000002/rgb/000000.png").getpixel((0, 0)) == (2, 0, 0)


def test_scenes_of_many_images_are_split(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.export.bop.IMAGES_PER_SCENE", 2)
    scenes = run_export(data)
    assert json.loads((scenes / "000001/scene_gt.json").read_text()) == {"0": []}
    assert Image.open(scenes / "000001/rgb/000000.png").getpixel((0, 0)) == (3, 0, 0)


def test_facts_by_hand(data: Path) -> None:
    scene = run_export(data) / "000000"
    camera, gt, info = (json.loads((scene / f"scene_{name}.json").read_text()) for name in ("camera", "gt", "gt_info"))
    assert camera["0"] == {
        "cam_K": [20, 0, 3, 0, 21, 5, 0, 0, 1],
        "cam_R_w2c": [1, 0, 0, 0, -1, 0, 0, 0, -1],
        "cam_t_w2c": [100, 200, 1500],
        "depth_scale": 0.1,
    }
    assert gt["0"][0] == {"obj_id": 2, "cam_R_m2c": [0, -1, 0, 1, 0, 0, 0, 0, 1], "cam_t_m2c": [-150, 25.4, 1200]}
    assert [found["obj_id"] for found in gt["0"]] == [2, 1]
    assert info["0"] == [
        {
            "bbox_obj": [-2, 3, 4, 5],
            "bbox_visib": [0, 4, 2, 3],
            "px_count_all": 20,
            "px_count_valid": 10,
            "px_count_visib": 6,
            "visib_fract": 0.3,
        },
        {
            "bbox_obj": [5, 9, 2, 2],
            "bbox_visib": [5, 9, 2, 2],
            "px_count_all": 4,
            "px_count_valid": 4,
            "px_count_visib": 4,
            "visib_fract": 1.0,
        },
    ]
    assert camera.keys() == gt.keys() == info.keys() == {"0", "1", "2"}
    assert gt["1"] == info["2"] == []


def test_the_box_is_tight_where_labels_have_a_margin(data: Path) -> None:
    path = data / "train.json"
    coco = json.loads(path.read_text())
    coco["annotations"][0]["bbox"] = [0, 3.7, 2.2, 3.6]
    write_json(path, coco)
    info = json.loads((run_export(data) / "000000" / "scene_gt_info.json").read_text())
    assert info["0"][0]["bbox_visib"] == [0, 4, 2, 3]


def test_layers_of_pixels(data: Path) -> None:
    scene = run_export(data) / "000000"
    depth = np.asarray(Image.open(scene / "depth/000002.png"))
    assert depth.shape == (HEIGHT, WIDTH)
    assert depth[0, 0] == 0  # unknown
    np.testing.assert_allclose(depth[1:, 3] * 0.1, 1000 * depth_m(2)[1:, 3], atol=0.05)  # mm
    for n, facts in enumerate([CUT, WHOLE]):
        picture = Image.open(scene / f"mask_visib/000000_{n:06d}.png")
        assert picture.mode == "L"
        np.testing.assert_array_equal(np.asarray(picture), 255 * coco_mask.decode(facts["segmentation"]))
    assert (scene / "rgb/000001.png").samefile(data / "frames/000002/rgb.png")


@pytest.mark.parametrize(("farthest_m", "step_mm"), [(6.55, 0.1), (6.6, 1.0), (65.6, 10.0), (np.inf, 0.1)])
def test_depth_fits_into_16_bits(farthest_m: float, step_mm: float) -> None:
    near, far = np.full((2, 3), 0.5, np.float32), np.full((2, 3), farthest_m, np.float32)
    assert depth_scale([farthest_of(near), farthest_of(far)]) == step_mm
    expected = 0 if farthest_m == np.inf else round(1000 * farthest_m / step_mm)
    assert depth_picture(far, step_mm).tolist() == [[expected] * 3] * 2


def changed(coco: Any, section: str, key: str, value: Any) -> Any:
    """A copy whose first entry of `section` has another value; None: none."""
    new = copy.deepcopy(coco)
    new[section][0][key] = value
    return new


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        ("images", "layers_file", None, r"image 1: expected 'layers_file'.* `render.layers: \[depth\]`"),
        ("images", "layers_file", "frames/none.npz", r"none.npz: expected 'depth'.* `render.layers: \[depth\]`"),
        ("images", "camera", None, "image 1: expected 'camera', found none"),
        ("images", "camera", {**CAMERA, "kind": "orthographic"}, "camera.kind: expected 'perspective'"),
        ("images", "camera", {**CAMERA, "distortion": [0.1, 0, 0, 0, 0]}, "camera.distortion: expected zeros"),
        ("annotations", "pose", None, "annotation 1: expected 'pose', found none"),
        ("annotations", "amodal_area", None, "annotation 1: expected 'amodal_area', found none"),
        ("annotations", "segmentation", None, "annotation 1: expected 'segmentation', found none"),
        ("annotations", "segmentation", mask(0, 0, 0, 0), "annotation 1: segmentation: expected at least one pixel"),
    ],
)
def test_what_bop_needs_and_is_not_there(section: str, key: str, value: Any, message: str, data: Path) -> None:
    path = data / "train.json"
    write_json(path, changed(json.loads(path.read_text()), section, key, value))
    with pytest.raises(InputError, match=message):
        run_export(data)
    assert [p.name for p in data.parent.iterdir()] == ["data"]


def test_layers_without_depth(data: Path) -> None:
    np.savez_compressed(data / "frames/000002/layers.npz", normals=np.zeros((HEIGHT, WIDTH, 3), np.float32))
    with pytest.raises(InputError, match=r"000002/layers.npz: expected 'depth', found none. Set `render.layers"):
        run_export(data)


@pytest.mark.parametrize("left", [0, 4, 150])
def test_damaged_layers(left: int, data: Path) -> None:
    """The file is cut off after some bytes."""
    path = data / "frames/000002/layers.npz"
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(InputError, match=r"000002/layers.npz: expected layers of a frame, found damaged data"):
        run_export(data)
    assert [p.name for p in data.parent.iterdir()] == ["data"]


def test_damage_within_layers(data: Path) -> None:
    """Whole at its ends, where a zip file has its list; noise where the depth is."""
    path = data / "frames/000002/layers.npz"
    path.write_bytes(path.read_bytes()[:60] + b"\xff" * 60 + path.read_bytes()[120:])
    with pytest.raises(InputError, match=r"000002/layers.npz: expected layers of a frame, found damaged data"):
        run_export(data)


def test_depth_of_another_size(data: Path) -> None:
    np.savez_compressed(data / "frames/000002/layers.npz", depth=depth_m(0).T)
    with pytest.raises(InputError, match=r"layers.npz: depth: expected \[11, 7\] as the picture, found \[7, 11\]"):
        run_export(data)


def test_same_inputs_give_the_same_bytes(data: Path) -> None:
    first = {p.name: p.read_bytes() for p in sorted(run_export(data).rglob("*.*"))}
    (data.parent / "bop").rename(data.parent / "first")
    assert {p.name: p.read_bytes() for p in sorted(run_export(data).rglob("*.*"))} == first


def test_outlines_are_for_yolo(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run_export(data, "--masks")
    assert "--masks goes with --to yolo" in capsys.readouterr().err
