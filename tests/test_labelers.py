"""Every label against numbers computed by hand, on frames made by hand: 7x11 px, f = 5 px, or 5 px/m orthographic."""

import itertools
import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rendering import REPOSITORY

from pipeline.annotate import annotate_frame
from pipeline.frame import Camera, Frame, Instance, Keypoint, Pose
from pipeline.labelers import IMAGE_LABELERS, LABELERS
from pipeline.labelers.semantic import category_ids
from pipeline.masks import scan
from pipeline.params import Labels

EVERYTHING = Labels(min_visible_px=0, min_visible_fraction=0.0, box_margin=0.0, keypoint_tolerance=0.1)
DOCS = (REPOSITORY / "docs" / "labels.md").read_text(encoding="utf-8")
WORLD: Pose = ((1.0, 0.0, 0.0, 2.0), (0.0, -1.0, 0.0, 0.0), (0.0, 0.0, -1.0, 10.0), (0.0, 0.0, 0.0, 1.0))
NAMES = ("near", "far", "out", "behind", "never")


def camera_of(kind: Any) -> Camera:
    """Of 7x11 px: the principal point is the middle of pixel (3, 5)."""
    return Camera(kind, ((5.0, 0.0, 3.0), (0.0, 5.0, 5.0), (0.0, 0.0, 1.0)), (-0.2, 0.05, 0.0, 0.0, 0.0), WORLD)


def cube(**values: Any) -> Instance:
    """A cube of 2 m whose middle is at (1, 2, 11) before the camera, so its near side is at 10 m, turned by 90 degrees.

    The middle of its near side, (1, 2, 10), is seen at 5 * 1 / 10 + 3 = 3.5 and 5 * 2 / 10 + 5 = 6, counted from pixel
    centres; that is (4, 6.5) counted from the outer corner.
    """
    pose = ((0.0, -1.0, 0.0, 1.0), (1.0, 0.0, 0.0, 2.0), (0.0, 0.0, 1.0, 11.0), (0.0, 0.0, 0.0, 1.0))
    plain = Instance(
        id=7,
        category="cube",
        amodal_box_xyxy=(3.5, 6.0, 4.5, 7.0),
        amodal_area_px=4,
        truncated_fraction=0.25,
        object_to_camera=pose,
        box_3d_size_m=(2.0, 2.0, 2.0),
        keypoints=(
            Keypoint("far", (4.0, 6.5), 12.0, 2.0),
            Keypoint("near", (4.0, 6.5), 10.0, 0.0),
            Keypoint("out", (7.0, 6.5), 10.0, None),
        ),
    )
    return replace(plain, **values)


def frame_of(*instances: Instance, kind: Any = "perspective", ids: Any = None, **values: Any) -> Frame:
    """The instances show two pixels each, one above the other."""
    if ids is None:
        ids = np.zeros((11, 7), np.uint16)
        for number, instance in enumerate(instances):
            ids[5:7, number] = instance.id
    facts: dict[str, Any] = {"camera": camera_of(kind), "keypoint_names": {"cube": NAMES}}
    return Frame("train", 0, np.zeros((*ids.shape, 3), np.uint8), ids, ("ball", "cube"), instances, **(facts | values))


def fields(frame: Frame, name: str, instance: Instance | None = None, labels: Labels = EVERYTHING) -> dict[str, Any]:
    """What one labeler says of one instance, the first if not told."""
    instance = instance or frame.instances[0]
    return LABELERS[name](frame, instance, scan(frame.ids)[instance.id], labels)


# --- The contract, over the registries

FRAMES = {
    "perspective": frame_of(cube()),
    "orthographic": frame_of(cube(), kind="orthographic"),
    "two": frame_of(cube(), cube(id=9, category="ball", keypoints=())),
    "bare": frame_of(Instance(1, "ball", (0.0, 5.0, 1.0, 7.0), 2, 0.0), camera=None, keypoint_names={}),
    "symmetric": frame_of(cube(drawn={"symmetry": 4})),
    "odd numbers": frame_of(cube(amodal_box_xyxy=(-0.0, 1 / 3, 2 / 3, 1e5), box_3d_size_m=(1 / 3, 1e-9, 0.1))),
}


@pytest.mark.parametrize("name", LABELERS)
@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_labeler_contract(name: str, frame: Frame) -> None:
    """Plain JSON without endless digits, fields that nobody else gives, the same for whatever else is in the frame."""
    for instance in frame.instances:
        found = fields(frame, name, instance)
        assert json.loads(json.dumps(found, allow_nan=False)) == found
        assert not re.search(r"\.\d{7}|e-|-0\.0\b", json.dumps(found))
        assert found == fields(frame, name, instance)
        alone = replace(frame, instances=(instance,))
        assert found == fields(alone, name)
        others = [fields(frame, other, instance) for other in LABELERS if other != name]
        assert not set(found) & set(itertools.chain.from_iterable(others))


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_every_field_is_documented(frame: Frame) -> None:
    table = DOCS[DOCS.index("## Fields") : DOCS.index("## Layers")]
    for annotation in annotate_frame(frame, EVERYTHING):
        for name in annotation:
            assert re.search(rf"\| annotation \|[^|]*`{name}`", table), name
    for encode in IMAGE_LABELERS.values():
        for name in encode(frame):
            assert re.search(rf"\| image \|[^|]*`{name}`", table), name


def test_empty_frame() -> None:
    assert annotate_frame(frame_of(ids=np.zeros((11, 7), np.uint16)), EVERYTHING) == []


def test_facts_that_a_frame_lacks_give_no_fields() -> None:
    (found,) = annotate_frame(FRAMES["bare"], EVERYTHING)
    assert not {"pose", "bbox_3d", "keypoints", "num_keypoints"} & set(found)
    assert IMAGE_LABELERS["camera"](FRAMES["bare"]) == {}


# --- Each label


def test_box_and_mask() -> None:
    frame = frame_of(cube())
    assert fields(frame, "box") == {"bbox": [0, 5, 1, 2], "iscrowd": 0}
    assert fields(frame, "mask")["area"] == 2
    assert fields(frame, "mask")["segmentation"]["size"] == [11, 7]


@pytest.mark.parametrize(
    ("pixels", "margin", "box"),
    [
        ((slice(4, 8), slice(2, 5)), 0.0, [2, 4, 3, 4]),
        ((slice(4, 8), slice(2, 5)), 0.1, [1.7, 3.6, 3.6, 4.8]),
        ((slice(4, 8), slice(2, 5)), 1 / 3, [1, 2.67, 5, 6.67]),
        ((slice(4, 8), slice(2, 5)), 1.0, [0, 0, 7, 11]),  # [-1, 0, 9, 12] before it is cut
        ((slice(9, 11), slice(0, 3)), 0.25, [0, 8.5, 3.75, 2.5]),
        ((slice(0, 1), slice(6, 7)), 0.1, [5.9, 0, 1.1, 1.1]),
        ((slice(0, 11), slice(0, 7)), 0.1, [0, 0, 7, 11]),
    ],
)
def test_boxes_with_room_around(pixels: tuple[slice, slice], margin: float, box: list[float]) -> None:
    """A part of the width left and right and of the height above and below, as far as the picture of 7x11 px goes."""
    ids = np.zeros((11, 7), np.uint16)
    ids[pixels] = 7
    labels = EVERYTHING.model_copy(update={"box_margin": margin})
    (found,) = annotate_frame(frame_of(cube(), ids=ids), labels)
    (tight,) = annotate_frame(frame_of(cube(), ids=ids), EVERYTHING)
    assert found["bbox"] == pytest.approx(box, abs=0.005)
    assert {**found, "bbox": 0} == {**tight, "bbox": 0}  # area, mask and filters are of the visible pixels
    x, y, w, h = found["bbox"]
    assert 0 <= x <= x + w <= 7.01 and 0 <= y <= y + h <= 11.01


def test_visibility() -> None:
    """Two of four pixels are seen, one is outside of the picture; the box is followed there."""
    frame = frame_of(cube(amodal_box_xyxy=(-1.0, 5.0, 1.004, 7.0)))
    assert fields(frame, "visibility") == {
        "amodal_bbox": [-1.0, 5.0, 2.0, 2.0],
        "amodal_area": 4,
        "visible_fraction": 0.5,
        "truncated_fraction": 0.25,
    }


def test_a_silhouette_smaller_than_what_is_seen_is_wholly_visible() -> None:
    assert fields(frame_of(cube(amodal_area_px=1)), "visibility")["visible_fraction"] == 1.0


def test_keypoints_in_the_category_s_order() -> None:
    """near is seen; far lies behind the cube's own front; out and behind and never have no place in COCO."""
    found = fields(frame_of(cube()), "keypoints")
    assert found == {"keypoints": [3.5, 6.0, 2, 3.5, 6.0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], "num_keypoints": 2}


@pytest.mark.parametrize(
    ("behind_m", "tolerance", "v"),
    [(-1e6, 0.0, 2), (0.0, 0.0, 2), (0.34, 0.1, 2), (0.35, 0.1, 1), (0.35, 0.2, 2), (1e-6, 0.0, 1), (None, 1.0, 0)],
)
def test_tolerance_is_a_part_of_the_diagonal(behind_m: float | None, tolerance: float, v: int) -> None:
    """Of a cube of 2 m: 3.464 m."""
    frame = frame_of(cube(keypoints=(Keypoint("near", (0.5, 1.25), 10.0, behind_m),)))
    labels = Labels(min_visible_px=0, min_visible_fraction=0.0, box_margin=0.0, keypoint_tolerance=tolerance)
    found = fields(frame, "keypoints", labels=labels)
    assert found["keypoints"][:3] == ([0.0, 0.75, v] if v else [0, 0, 0])
    assert found["num_keypoints"] == (v > 0)


def test_an_instance_without_the_category_s_keypoints_has_zeros() -> None:
    assert fields(frame_of(cube(keypoints=())), "keypoints") == {"keypoints": [0] * 15, "num_keypoints": 0}


def test_pose_takes_own_axes_to_the_camera() -> None:
    """The own x axis of this cube points down in the picture."""
    pose = fields(frame_of(cube()), "pose")["pose"]
    assert pose == {"rotation": [[0, -1, 0], [1, 0, 0], [0, 0, 1]], "translation_m": [1, 2, 11]}
    assert (np.array(pose["rotation"]) @ [1, 0, 0] + pose["translation_m"]).tolist() == [1, 3, 11]


def test_bbox_3d_has_a_centre_of_its_own() -> None:
    """Of a bottle whose origin is at its foot, say."""
    found = fields(frame_of(cube(box_3d_centre_m=(0.0, 0.0, 1.5), box_3d_size_m=(1.0, 1.0, 3.0))), "bbox_3d")
    assert found == {"bbox_3d": {"centre_m": [0, 0, 1.5], "size_m": [1, 1, 3]}}


def test_symmetry_is_what_the_scene_says() -> None:
    assert fields(frame_of(cube()), "symmetry") == {}
    assert fields(frame_of(cube(drawn={"symmetry": "axis"})), "symmetry") == {"symmetry": "axis"}
    assert fields(frame_of(cube(drawn={"symmetry": 4})), "symmetry") == {"symmetry": 4}


def test_camera() -> None:
    found = IMAGE_LABELERS["camera"](frame_of(kind="orthographic"))["camera"]
    assert found["kind"] == "orthographic"
    assert found["intrinsics"] == [[5, 0, 3], [0, 5, 5], [0, 0, 1]]
    assert found["distortion"] == [-0.2, 0.05, 0, 0, 0]
    assert (np.array(found["world_to_camera"]) @ [0, 0, 1, 1]).tolist() == [2, 0, 9, 1]


def test_tracks() -> None:
    """Three sequences of two frames with the same instance ids: six images, a track for each sequence and id."""
    frames = [frame_of(cube(), cube(id=9), sequence=q, step=t) for q in range(3) for t in range(2)]
    images = [IMAGE_LABELERS["track"](f) for f in frames]
    assert [(i["video_id"], i["frame_id"]) for i in images] == [(1, 0), (1, 1), (2, 0), (2, 1), (3, 0), (3, 1)]
    tracks = [[a["track_id"] for a in annotate_frame(f, EVERYTHING)] for f in frames]
    assert tracks[0] == [7, 9]
    assert tracks[::2] == tracks[1::2]
    assert len(set(itertools.chain.from_iterable(tracks))) == 6


def test_tracks_of_the_largest_ids_stay_apart() -> None:
    last = frame_of(cube(id=65_535), sequence=0)
    first = frame_of(cube(id=1), sequence=1)
    assert fields(last, "track")["track_id"] < fields(first, "track")["track_id"]


# --- Labels together


def docs_example() -> Any:
    """`box_3d_px` of docs/labels.md, as users would copy it."""
    namespace: dict[str, Any] = {}
    exec(re.search(r"```python\n(.*?)```", DOCS, re.DOTALL)[1], namespace)  # type: ignore[index]
    return namespace["box_3d_px"]


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        (
            "perspective",
            (3.0, 5 + 5 / 12),
            (4.0, 6.5),
        ),  # the far side, 12 m away, is smaller: its y starts at 5 * 1 / 12
        ("orthographic", (3.0, 10.0), (13.0, 20.0)),  # 0 to 2 m and 1 to 3 m, 5 px each
    ],
)
def test_pose_3d_box_and_camera_give_the_corners_in_the_picture(kind: str, low: Any, high: Any) -> None:
    frame = frame_of(cube(), kind=kind)
    (annotation,) = annotate_frame(frame, EVERYTHING)
    corners = docs_example()(annotation, IMAGE_LABELERS["camera"](frame)["camera"])
    assert corners.shape == (8, 2)
    np.testing.assert_allclose(corners.min(axis=0), low)
    np.testing.assert_allclose(corners.max(axis=0), high)


def test_the_annotation_in_the_docs_is_a_real_one() -> None:
    """A cube of 1 m in the middle of the picture; its near side, 9.5 m away, is 0.53 px wide."""
    pose = ((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 10.0), (0.0, 0.0, 0.0, 1.0))
    reach = 2.5 / 9.5
    box = (3.5 - reach, 5.5 - reach, 3.5 + reach, 5.5 + reach)
    ids = np.zeros((11, 7), np.uint16)
    ids[5, 3] = 1
    one = Instance(1, "ball", box, 1, 0.0, object_to_camera=pose, box_3d_size_m=(1.0, 1.0, 1.0))
    (found,) = annotate_frame(frame_of(one, ids=ids), EVERYTHING)
    shown = json.loads(re.search(r"```json\n(.*?)```", DOCS, re.DOTALL)[1])  # type: ignore[index]
    assert shown == {"id": 1, "image_id": 1} | found


# --- Layer of categories


def test_category_ids_by_hand() -> None:
    """Also of what the filters leave out; an id that is no instance counts as background."""
    ids = np.array([[0, 7, 7], [300, 0, 5]], np.uint16)
    frame = frame_of(cube(), cube(id=300, category="ball"), ids=ids)
    found = category_ids(frame)
    assert found.tolist() == [[0, 2, 2], [1, 0, 0]]
    assert found.dtype == np.uint8


def test_category_ids_of_an_empty_frame() -> None:
    assert category_ids(frame_of(ids=np.zeros((11, 7), np.uint16))).tolist() == [[0] * 7] * 11


def test_many_categories_need_16_bits() -> None:
    names = tuple(f"c{n}" for n in range(300))
    frame = replace(frame_of(cube(category="c299")), categories=names)
    assert category_ids(frame).dtype == np.uint16
    assert category_ids(frame)[5, 0] == 300
