"""Real benchmarks: what each of them promises, the digits in detail, and folders that are wrong."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from dice_photos import kaggle
from PIL import Image
from sklearn.datasets import load_digits

from pipeline.benchmarks import BENCHMARKS, __main__
from pipeline.benchmarks.layout import place_squares
from pipeline.benchmarks.parts import SPLITS, TASKS, check_benchmark, kept_for_train
from pipeline.benchmarks.sheets import Scan, enlarge, make_sheet, tight_box_xywh
from pipeline.coco import category_names, read_coco, sha256_of, write_json
from pipeline.errors import InputError
from pipeline.folders import whole_folder
from pipeline.masks import decode

REPOSITORY = Path(__file__).resolve().parents[1]
EMPTY = {"coins": ["train", "val"]}  # one photograph, all of it test
DIGITS = {
    "name": "digits",
    "seed": 0,
    "hold_out": 0.2,
    "digits_per_sheet": 15,
    "height_px": [24, 48],
    "sheet_size_wh": [320, 240],
}


def params_file(folder: Path, benchmark: dict[str, Any]) -> Path:
    """The preset digits with another benchmark."""
    values = yaml.safe_load((REPOSITORY / "presets" / "digits.yaml").read_text(encoding="utf-8"))
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump({**values, "benchmark": benchmark}), encoding="utf-8")
    return path


def build(folder: Path, benchmark: dict[str, Any], out: Path) -> Path:
    """Run the stage in this process."""
    arguments = ["benchmarks", "--out", str(out), "--params", str(params_file(folder, benchmark))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", arguments)
        __main__.main()
    return out


def content(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): sha256_of(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def coco_folder(folder: Path) -> Path:
    """A user's folder: 5 pictures for train, 2 for test, 7x11 px, two boxes on each; category ids are sparse."""
    (folder / "images" / "deep").mkdir(parents=True)
    for split, numbers in (("train", range(5)), ("test", range(5, 7))):
        images, annotations = [], []
        for n in numbers:
            name = f"deep/{n}.png"
            Image.fromarray(np.full((11, 7, 3), 10 * n, np.uint8)).save(folder / "images" / name)
            images.append({"id": 10 + n, "file_name": name, "width": 7, "height": 11, "flickr_url": "elsewhere"})
            boxes = {"category_id": 7, "bbox": [1, 2, 3.5, 4]}, {"category_id": 3, "bbox": [0, 0, 7, 11], "area": 5}
            annotations += [{"id": 2 * n + k, "image_id": 10 + n, **box} for k, box in enumerate(boxes)]
        annotations[-1]["iscrowd"] = 1
        categories = [{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}]
        write_json(folder / f"{split}.json", {"images": images, "annotations": annotations, "categories": categories})
    return folder


def samples(own: Path) -> dict[str, dict[str, Any]]:
    """Parameters to try each benchmark with; `own` is a user's folder, beside one of dice photos."""
    return {
        "digits": DIGITS,
        "coco": {"name": "coco", "hold_out": 0.4, "folder": str(own)},
        "dice": {"name": "dice", "hold_out": 0.4, "folder": str(own.with_name("dice"))},
        "coins": {"name": "coins"},
    }


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("user")
    kaggle(folder / "dice")
    return coco_folder(folder / "own")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, own: Path) -> Callable[[str], Path]:
    """Benchmarks by name, each built once, in a folder whose name is not the usual one."""
    root = tmp_path_factory.mktemp("benchmarks")

    def get(name: str) -> Path:
        out = root / "data" / f"real_{name}"
        return out if out.exists() else build(root, samples(own)[name], out)

    return get


def read(folder: Path, task: str, split: str) -> Any:
    return read_coco(folder / task / f"{split}.json", folder.parent)


# --- what every benchmark promises


@pytest.mark.parametrize("name", BENCHMARKS)
def test_contract(name: str, built: Callable[[str], Path]) -> None:
    folder = built(name)
    listed = set()
    for task in TASKS:
        cocos = {split: read(folder, task, split) for split in SPLITS}
        assert [split for split in SPLITS if not cocos[split]["images"]] == EMPTY.get(name, [])
        for coco in cocos.values():
            assert [c["id"] for c in coco["categories"]] == list(range(1, len(coco["categories"]) + 1))
            assert coco["categories"] == cocos["train"]["categories"]
            for image in coco["images"]:
                assert image["file_name"].startswith(f"real_{name}/images/")
                assert image["sha256"] == sha256_of(folder.parent / image["file_name"])
                assert image["domain"] == "real"
            assert all({"area", "iscrowd"} <= set(a) for a in coco["annotations"])
            listed |= {image["file_name"] for image in coco["images"]}
        pictures = {split: {i["sha256"] for i in coco["images"]} for split, coco in cocos.items()}
        assert not pictures["test"] & (pictures["train"] | pictures["val"])
        assert not pictures["train"] & pictures["val"]
    assert listed == {f"real_{name}/{p}" for p in content(folder) if p.startswith("images/")}
    assert len((folder / "note.txt").read_text(encoding="utf-8").splitlines()) == 1
    assert [p.name for p in folder.parent.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize("name", BENCHMARKS)
def test_same_bytes_in_a_fresh_process(name: str, built: Callable[[str], Path], own: Path, tmp_path: Path) -> None:
    folder = built(name)
    again = tmp_path / folder.name
    arguments = ["--out", str(again), "--params", str(params_file(tmp_path, samples(own)[name]))]
    subprocess.run([sys.executable, "-m", "pipeline.benchmarks", *arguments], cwd=REPOSITORY, check=True)
    assert content(again) == content(folder)


def test_the_check_of_a_finished_benchmark_finds_a_test_picture_in_train(tmp_path: Path) -> None:
    own = coco_folder(tmp_path / "own")
    folder = build(tmp_path, {"name": "coco", "hold_out": 0.4, "folder": str(own)}, tmp_path / "real")
    check_benchmark(folder)
    for task in TASKS:
        write_json(folder / task / "val.json", json.loads((folder / task / "test.json").read_text(encoding="utf-8")))
    with pytest.raises(InputError, match=r"test.json: image 15: expected a picture that val.json does not have"):
        check_benchmark(folder)


@pytest.mark.parametrize(
    ("number", "hold_out", "kept"), [(10, 0.2, 8), (898, 0.2, 718), (2, 0.01, 1), (2, 0.99, 1), (5, 0.4, 3)]
)
def test_hold_out_leaves_both_parts_something(number: int, hold_out: float, kept: int) -> None:
    assert kept_for_train(number, hold_out) == kept


# --- digits


@pytest.mark.parametrize("task", TASKS)
def test_every_scan_is_in_one_split_once(task: str, built: Callable[[str], Path]) -> None:
    scans = {s: [a["scan"] for a in read(built("digits"), task, s)["annotations"]] for s in SPLITS}
    assert scans == {"train": list(range(718)), "val": list(range(718, 898)), "test": list(range(898, 1797))}


@pytest.mark.parametrize("task", TASKS)
def test_every_scan_has_the_name_of_its_digit(task: str, built: Callable[[str], Path]) -> None:
    digits = load_digits().target
    for split in SPLITS:
        coco = read(built("digits"), task, split)
        names = dict(enumerate(category_names(coco), start=1))
        assert all(names[a["category_id"]] == str(digits[a["scan"]]) for a in coco["annotations"])


def test_scans_are_dark_ink_on_white_paper(built: Callable[[str], Path]) -> None:
    pixels = np.asarray(Image.open(built("digits") / "images" / "scans" / "0000.png"))
    values = load_digits().images[0]  # its first row: 0 0 5 13 9 1 0 0
    assert values[0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert pixels[0].tolist() == [255] * 10  # the blank margin
    assert pixels[1].tolist() == [255, 255, 255, 175, 48, 112, 239, 255, 255, 255]
    assert pixels.shape == (10, 10)


def test_boxes_of_scans_are_tight_around_all_ink(built: Callable[[str], Path]) -> None:
    annotations = read(built("digits"), "classifier", "train")["annotations"]
    assert annotations[0]["bbox"] == [2, 1, 6, 8]  # columns 1 to 6 of the scan have ink, and all rows; margin 1
    assert annotations[0]["area"] == 48


def test_boxes_on_sheets_are_tight_around_the_edge_of_the_ink(built: Callable[[str], Path]) -> None:
    folder = built("digits")
    for split, sheets, on_last in (("train", 48, 13), ("val", 12, 15), ("test", 60, 14)):
        coco = read(folder, "detector", split)
        assert len(coco["images"]) == sheets
        assert sum(a["image_id"] == sheets for a in coco["annotations"]) == on_last
        for image in coco["images"]:
            assert (image["width"], image["height"]) == (320, 240)
            seen = np.asarray(Image.open(folder.parent / image["file_name"])) < 255 * 0.5  # at least half of full ink
            boxes = [a["bbox"] for a in coco["annotations"] if a["image_id"] == image["id"]]
            covered = np.zeros_like(seen, dtype=int)
            for x, y, w, h in boxes:
                assert tight_box_xywh(seen[y : y + h, x : x + w]) == [0, 0, w, h]
                covered[y : y + h, x : x + w] += 1
            assert covered.max() == 1  # no box over another
            assert not (seen & (covered == 0)).any()


def test_the_heights_of_digits_follow_the_params(built: Callable[[str], Path]) -> None:
    boxes = [a["bbox"] for s in SPLITS for a in read(built("digits"), "detector", s)["annotations"]]
    heights = np.array([h for _, _, _, h in boxes])
    # The scans fill their eight rows, the first and last often with less than half of full ink.
    assert 24 * 6 / 8 <= heights.min() <= 24
    assert 46 <= heights.max() <= 48 + 1
    assert 36 * 7 / 8 <= heights.mean() <= 36
    widths = np.array([w for _, _, w, _ in boxes])
    assert 0.5 < (widths / heights).mean() < 0.9  # digits, not squashed


def test_a_change_of_hold_out_leaves_the_test_sheets_and_a_change_of_seed_does_not(
    built: Callable[[str], Path], tmp_path: Path
) -> None:
    def sheets(folder: Path) -> dict[str, str]:
        return {name: sha for name, sha in content(folder).items() if "sheets/test" in name}

    first = sheets(built("digits"))
    assert sheets(build(tmp_path, {**DIGITS, "hold_out": 0.5}, tmp_path / "a")) == first
    assert not set(sheets(build(tmp_path, {**DIGITS, "seed": 1}, tmp_path / "b")).values()) & set(first.values())


def test_tight_box_of_a_hand_made_mask() -> None:
    mask = np.zeros((7, 11), bool)
    mask[2, 9] = mask[5, 3] = True
    assert tight_box_xywh(mask) == [3, 2, 7, 4]
    mask[:] = False
    mask[6, 10] = True
    assert tight_box_xywh(mask) == [10, 6, 1, 1]


def test_a_scan_at_its_own_height_is_drawn_as_it_is() -> None:
    ink = np.zeros((8, 8), np.uint8)
    ink[0:8, 2:5] = 255
    ink[3, 6] = 20  # less than half of full ink: drawn, but outside of the box
    assert np.array_equal(enlarge(ink, 8), np.pad(ink, 1))
    sheet, objects = make_sheet([Scan(41, 3, ink)], (23, 11), (8, 8), np.random.default_rng(0))
    assert sheet.shape == (11, 23)
    (seen,) = objects
    x, y, w, h = seen.pop("bbox")
    assert (w, h) == (3, 8)
    assert (sheet[y : y + 8, x : x + 3] == 255).all()
    assert sheet[y + 3, x + 4] == 20
    assert int(sheet.sum()) == 24 * 255 + 20
    assert np.array_equal(decode(seen.pop("segmentation"), sheet.shape), sheet > 127)
    assert seen == {"category_id": 3, "area": 24, "iscrowd": 0, "scan": 41}


def test_squares_stay_inside_and_apart() -> None:
    sides = [3, 5, 4, 3, 2, 5, 1, 4]
    covered = np.zeros((13, 31), int)
    for (x, y), side in zip(place_squares(sides, (31, 13), np.random.default_rng(3)), sides, strict=True):
        assert x >= 0 and y >= 0 and x + side <= 31 and y + side <= 13
        covered[y : y + side, x : x + side] += 1
    assert covered.sum() == sum(side**2 for side in sides)
    assert covered.max() == 1


def test_squares_use_the_whole_sheet() -> None:
    rng = np.random.default_rng(0)
    corners = {corner for _ in range(300) for corner in place_squares([5], (7, 8), rng)}
    assert corners == {(x, y) for x in range(3) for y in range(4)}


def test_too_many_squares_are_an_error() -> None:
    with pytest.raises(InputError, match=r"digits_per_sheet: expected .* on 7x11 px, found 2 of 6 to 7 px"):
        place_squares([7, 6], (7, 11), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "digit"}, "benchmark.name: expected a known name, found 'digit'. Did you mean 'digits'"),
        ({"hold_outt": 0.1}, "benchmark: hold_outt: unknown key. Did you mean 'hold_out'"),
        ({"hold_out": 1.0}, "benchmark: hold_out: expected less than 1, found 1.0"),
        ({"hold_out": "0.2"}, "benchmark: hold_out: expected .* number, found '0.2'"),
        ({"height_px": [48, 24]}, r"height_px: expected \[low, high\] with low <= high, found \[48, 24\]"),
        ({"height_px": [24, 193]}, "height_px: expected scans that with their margin fit in 240 px, found 193 px"),
        ({"height_px": [24]}, "benchmark: height_px"),
        ({"digits_per_sheet": 0}, "benchmark: digits_per_sheet: expected greater than or equal to 1, found 0"),
        ({"digits_per_sheet": 200}, "benchmark.digits_per_sheet: expected a number of scans that find room"),
        ({"seed": None}, "benchmark: seed: expected .* integer, found None"),
    ],
)
def test_wrong_params_stop_with_their_key_and_leave_nothing(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        build(tmp_path, {**DIGITS, **change}, tmp_path / "data" / "real")
    assert not (tmp_path / "data").exists() or list((tmp_path / "data").iterdir()) == []


# --- a folder of one's own


def test_own_folder_becomes_three_splits_with_ids_from_one(built: Callable[[str], Path]) -> None:
    cocos = {split: read(built("coco"), "detector", split) for split in SPLITS}
    ids = {split: [i["id"] for i in coco["images"]] for split, coco in cocos.items()}
    assert ids == {"train": [10, 11, 12], "val": [13, 14], "test": [15, 16]}
    assert category_names(cocos["test"]) == ["cat", "dog"]
    dog, cat = cocos["test"]["annotations"][:2]
    assert dog == {"id": 10, "image_id": 15, "category_id": 2, "bbox": [1, 2, 3.5, 4], "area": 14.0, "iscrowd": 0}
    assert (cat["category_id"], cat["area"]) == (1, 5)  # an area that was given stays
    assert set(cocos["test"]["images"][0]) == {"id", "file_name", "width", "height", "sha256", "domain"}


def test_crowds_are_not_for_the_classifier(built: Callable[[str], Path]) -> None:
    crowds = {task: [a["id"] for a in read(built("coco"), task, "test")["annotations"]] for task in TASKS}
    whole = [10, 11, 12, 13]
    assert crowds == {"detector": whole, "segmenter": whole, "classifier": [10, 11, 12]}


def edit(path: Path, section: str, number: int, **values: Any) -> None:
    coco = json.loads(path.read_text(encoding="utf-8"))
    coco[section][number].update(values)
    write_json(path, coco)


def clear(path: Path, section: str) -> None:
    write_json(path, {**json.loads(path.read_text(encoding="utf-8")), section: []})


def move_out(folder: Path) -> None:
    (folder / "images" / "deep" / "5.png").rename(folder / "5.png")
    edit(folder / "test.json", "images", 0, file_name="../5.png")


def empty(path: Path) -> None:
    clear(path, "annotations")
    clear(path, "images")


def truncate(path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (11, 7, 3)).astype(np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:120])


WRONG: dict[str, tuple[Callable[[Path], Any], str]] = {
    "missing folder": (
        lambda f: f.rename(f.parent / "away"),
        "benchmark.folder: expected a folder with .*found no .*own",
    ),
    "no train.json": (lambda f: (f / "train.json").unlink(), "benchmark.folder: .*found no .*train.json"),
    "no test.json": (lambda f: (f / "test.json").unlink(), "benchmark.folder: .*found no .*test.json"),
    "no images": (lambda f: (f / "images").rename(f / "pictures"), "benchmark.folder: .*found no .*images"),
    "damaged json": (lambda f: (f / "test.json").write_text("{"), "test.json: .*found damaged JSON"),
    "missing image": (
        lambda f: (f / "images/deep/6.png").unlink(),
        "test.json: image 16: expected the picture .*6.png, found no file",
    ),
    "truncated image": (
        lambda f: truncate(f / "images/deep/3.png"),
        "train.json: image 13: .*3.png: expected a picture, found: ",
    ),
    "image outside": (move_out, "test.json: image 15: expected a file_name inside of images/, found ../5.png"),
    "box outside": (
        lambda f: edit(f / "train.json", "annotations", 3, bbox=[5, 5, 3, 3]),
        r"train.json: annotation 3: expected a box inside of 7x11 px, found \[5, 5, 3, 3\]",
    ),
    "unknown category": (
        lambda f: edit(f / "test.json", "annotations", 0, category_id=5),
        "test.json: annotation 10: expected a category id, found 5",
    ),
    "other categories": (
        lambda f: edit(f / "test.json", "categories", 0, name="owl"),
        "test.json: categories: expected those of train.json, .*dog.* found .*owl",
    ),
    "picture on both sides": (
        lambda f: (f / "images/deep/6.png").write_bytes((f / "images/deep/1.png").read_bytes()),
        "test.json: image 16: expected a picture that train.json does not have, found deep/6.png, which is deep/1.png",
    ),
    "no annotations": (
        lambda f: clear(f / "train.json", "annotations"),
        "train.json: annotations: expected at least 1, found 0",
    ),
    "no test images": (lambda f: empty(f / "test.json"), "test.json: images: expected at least 1, found 0"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_folders_are_named_and_leave_what_was_there(wrong: str, tmp_path: Path) -> None:
    damage, message = WRONG[wrong]
    own, out = coco_folder(tmp_path / "own"), tmp_path / "data" / "real"
    out.mkdir(parents=True)
    (out / "old.txt").write_text("old", encoding="utf-8")
    damage(own)
    with pytest.raises(InputError, match=message):
        build(tmp_path, {"name": "coco", "hold_out": 0.4, "folder": str(own)}, out)
    assert [p.relative_to(out.parent).as_posix() for p in out.parent.rglob("*")] == ["real", "real/old.txt"]


def test_the_command_ends_with_one_line_and_an_exit_code(tmp_path: Path) -> None:
    params = params_file(tmp_path, {"name": "coco", "hold_out": 0.4, "folder": str(tmp_path / "no")})
    command = [sys.executable, "-m", "pipeline.benchmarks", "--out", str(tmp_path / "real"), "--params", str(params)]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("error: benchmark.folder: expected a folder")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "real").exists()


# --- folders that are written whole


def test_a_folder_is_replaced_only_by_a_whole_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with whole_folder(out) as folder:
        assert folder.name == "out"
        (folder / "a").write_text("1", encoding="utf-8")
        assert not out.exists()
    with pytest.raises(KeyError), whole_folder(out) as folder:
        (folder / "b").write_text("2", encoding="utf-8")
        raise KeyError
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")] == ["out", "out/a"]
    with whole_folder(out) as folder:
        (folder / "c").write_text("3", encoding="utf-8")
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")] == ["out", "out/c"]


def test_what_an_interruption_left_does_not_disturb(tmp_path: Path) -> None:
    (tmp_path / ".out.part" / "out").mkdir(parents=True)
    (tmp_path / ".out.part" / "out" / "half").write_text("", encoding="utf-8")
    with whole_folder(tmp_path / "out"):
        pass
    assert [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")] == ["out"]
