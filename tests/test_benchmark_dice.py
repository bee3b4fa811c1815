"""The dice photos: boxes of the published forms by hand, downloads with real git, and what is wrong in a copy."""

import io
import math
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from dice_photos import kaggle, photos
from PIL import Image

from pipeline.benchmarks import dice
from pipeline.benchmarks.dice_download import checkout
from pipeline.benchmarks.parts import SPLITS, check_benchmark
from pipeline.coco import category_names, read_coco, write_json
from pipeline.errors import InputError
from pipeline.folders import whole_folder

REPOSITORY = Path(__file__).resolve().parents[1]
Boxes = list[tuple[str, float, float, float, float]]  # class, x0, y0, x1, y1 px
TRAIN: dict[str, Boxes] = {
    "IMG_0.jpg": [("six", 1, 2, 4, 5), ("one", 5, -1, 8, 2)],  # the second is a square that reaches over the border
    "IMG_1.jpg": [("two", 0, 0, 7, 7)],
    "IMG_2.jpg": [("three", 2.5, 3.25, 4.5, 5.25)],
}
TEST: dict[str, Boxes] = {"IMG_3.jpg": [("four", 1, 6, 5, 10)]}


def block(number: int, data: bytes) -> bytes:
    """A field of bytes in the wire format of protobuf: https://protobuf.dev/programming-guides/encoding/."""
    size = len(data)
    lengths = [size >> 7 * n & 127 for n in range(max(1, (size.bit_length() + 6) // 7))]
    return bytes([number << 3 | 2, *(v | 128 for v in lengths[:-1]), lengths[-1]]) + data


def record(features: dict[str, list[bytes] | list[float]]) -> bytes:
    """An example of TensorFlow in a record; its check sums are zeros."""
    entries = b""
    for name, values in features.items():
        texts = b"".join(block(1, value) for value in values if isinstance(value, bytes))
        numbers = [value for value in values if not isinstance(value, bytes)]
        feature = block(2, block(1, struct.pack(f"<{len(numbers)}f", *numbers))) if numbers else block(1, texts)
        entries += block(1, block(1, name.encode()) + block(2, feature))
    data = block(1, entries)
    return struct.pack("<QI", len(data), 0) + data + bytes(4)


def jpeg(number: int, size_wh: tuple[int, int] = (7, 11)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size_wh, (20 * number,) * 3).save(buffer, "JPEG")
    return buffer.getvalue()


def photo_record(name: str, boxes: Boxes, photo: bytes) -> bytes:
    """As the author wrote them: sides in parts of 7x11 px."""
    sides = {"xmin": (1, 7), "ymin": (2, 11), "xmax": (3, 7), "ymax": (4, 11)}
    return record(
        {
            "image/height": [],
            "image/filename": [name.encode()],
            "image/encoded": [photo],
            **{f"image/object/bbox/{key}": [float(b[n]) / size for b in boxes] for key, (n, size) in sides.items()},
            "image/object/class/text": [b[0].encode() for b in boxes],
        }
    )


def published(folder: Path, train: dict[str, Boxes] = TRAIN, test: dict[str, Boxes] = TEST) -> Path:
    """The author's repository in small: 7x11 px, three photos for train and one for test."""
    (folder / "tfrecords").mkdir(parents=True)
    for split, photos_of in (("train", train), ("test", test)):
        records = (photo_record(name, boxes, jpeg(int(name[4]))) for name, boxes in photos_of.items())
        (folder / "tfrecords" / f"{split}.record").write_bytes(b"".join(records))
    return folder


def coco(folder: Path, names: tuple[str, ...]) -> Path:
    photos(folder / "images", range(3))
    categories = [{"id": n, "name": name} for n, name in enumerate(names, start=1)]
    for split, numbers in (("train", (0, 1)), ("test", (2,))):
        images = [{"id": n, "file_name": f"IMG_{n}.jpg", "width": 7, "height": 11} for n in numbers]
        boxes = [{"id": n, "image_id": n, "category_id": 6, "bbox": [1, 2, 3, 4]} for n in numbers]
        write_json(folder / f"{split}.json", {"images": images, "annotations": boxes, "categories": categories})
    return folder


def build(folder: Path, out: Path, hold_out: float = 0.2) -> dict[str, dict[str, Any]]:
    """Build and check as the stage does; the detector's splits."""
    with whole_folder(out) as room:
        dice.build(dice.Params(folder=str(folder), hold_out=hold_out), room)
        check_benchmark(room)
    return {split: dict(read_coco(out / "detector" / f"{split}.json", out.parent)) for split in SPLITS}


def objects(split: dict[str, Any]) -> list[tuple[str, str, list[float]]]:
    names, files = category_names(split), {i["id"]: Path(i["file_name"]).name for i in split["images"]}  # type: ignore[arg-type]
    return [(files[a["image_id"]], names[a["category_id"] - 1], a["bbox"]) for a in split["annotations"]]


# --- the published forms


def test_boxes_and_split_of_the_author_s_records(tmp_path: Path) -> None:
    splits = build(published(tmp_path / "dice"), tmp_path / "real")
    assert sorted(objects(splits["train"]) + objects(splits["val"])) == [
        ("IMG_0.jpg", "one", [5, 0, 2, 2]),
        ("IMG_0.jpg", "six", [1, 2, 3, 3]),
        ("IMG_1.jpg", "two", [0, 0, 7, 7]),
        ("IMG_2.jpg", "three", [2.5, 3.25, 2, 2]),
    ]
    assert [len(splits[split]["images"]) for split in SPLITS] == [2, 1, 1]
    assert objects(splits["test"]) == [("IMG_3.jpg", "four", [1, 6, 4, 4])]
    assert category_names(splits["val"]) == ["one", "two", "three", "four", "five", "six"]  # type: ignore[arg-type]
    assert (tmp_path / splits["test"]["images"][0]["file_name"]).read_bytes() == jpeg(3)
    crops = read_coco(tmp_path / "real" / "classifier" / "test.json", tmp_path)
    assert crops["annotations"] == splits["test"]["annotations"]
    note = (tmp_path / "real" / "note.txt").read_text(encoding="utf-8")
    assert "3 for train and val, 1 for test" in note and "BSD 3-Clause" in note and "the author's." in note


def test_boxes_follow_a_photo_that_was_scaled(tmp_path: Path) -> None:
    folder = published(tmp_path / "dice")
    (folder / "tfrecords" / "test.record").write_bytes(photo_record("IMG_3.jpg", TEST["IMG_3.jpg"], jpeg(3, (14, 22))))
    assert objects(build(folder, tmp_path / "real")["test"]) == [("IMG_3.jpg", "four", [2, 12, 8, 8])]


def test_boxes_and_split_of_kaggle_s_folder(tmp_path: Path) -> None:
    splits = build(kaggle(tmp_path / "dice"), tmp_path / "real", hold_out=0.25)
    files = {name: {Path(i["file_name"]).name for i in split["images"]} for name, split in splits.items()}
    assert [len(files[split]) for split in SPLITS] == [6, 2, 2]
    assert files["test"] == {"IMG_1.jpg", "IMG_2.jpg"}  # the lowest SHA-256 of the ten names
    boxes = [(name, box) for split in splits.values() for _, name, box in objects(split)]
    assert len(boxes) == 18  # one photo has no dice, and stays
    assert sorted(boxes)[:9] == [("six", [2.5, 8, 2, 2])] * 9
    assert sorted(boxes)[9:] == [("three", [2.5, 4, 2, 3])] * 9


def test_an_archive_with_one_folder_is_the_same_as_the_folder(tmp_path: Path) -> None:
    folder = build(kaggle(tmp_path / "d6" / "dice"), tmp_path / "a" / "real")
    archive = shutil.make_archive(str(tmp_path / "archive"), "zip", tmp_path / "d6")
    assert build(Path(archive), tmp_path / "b" / "real") == folder


def test_a_coco_folder_is_passed_on(tmp_path: Path) -> None:
    splits = build(coco(tmp_path / "dice", dice.NAMES), tmp_path / "real")
    assert objects(splits["test"]) == [("IMG_2.jpg", "six", [1, 2, 3, 4])]
    assert "Nell Byler" in (tmp_path / "real" / "note.txt").read_text(encoding="utf-8")
    with pytest.raises(InputError, match=r"train.json: categories: expected one, two, .* found six, five, four"):
        build(coco(tmp_path / "other", dice.NAMES[::-1]), tmp_path / "real")


BOX = (1.0, 6.0, 5.0, 10.0)
FOUR = ("four", *BOX)
WRONG_RECORDS: dict[str, tuple[bytes, str]] = {
    "class": (photo_record("IMG_3.jpg", [("seven", *BOX)], jpeg(3)), "record 1: expected a class .*, found 'seven'"),
    "turned": (photo_record("IMG_3.jpg", [("four", 5, 6, 1, 10)], jpeg(3)), "record 1: expected a box in the photo"),
    "beyond": (photo_record("IMG_3.jpg", [("four", 8, 6, 9, 10)], jpeg(3)), "record 1: expected a box in the photo"),
    "nan": (photo_record("IMG_3.jpg", [("four", 1, 6, 5, math.nan)], jpeg(3)), "expected a box in the photo"),
    "sliver": (
        photo_record("IMG_3.jpg", [("four", 4.999, 6, 5, 10)], jpeg(3)),
        "a box in IMG_3.jpg, found one w",
    ),
    "damaged photo": (photo_record("IMG_3.jpg", [FOUR], jpeg(3)[:200]), r"tfrecords/IMG_3.jpg: expected a picture"),
    "in both": (
        photo_record("IMG_1.jpg", [FOUR], jpeg(3)),
        "record 1: .* another photo, found 'IMG_1.jpg'",
    ),
    "outside": (photo_record("../IMG_3.jpg", [FOUR], jpeg(3)), r"name of another photo, found '../IMG_3.jpg'"),
    "no name": (record({"image/encoded": [jpeg(3)]}), "record 1: expected one image/filename, found 0"),
    "no classes": (
        record({"image/filename": [b"a.jpg"], "image/encoded": [jpeg(3)], "image/object/bbox/xmin": [0.5]}),
        "record 1: expected four sides for each of 0 classes, found 1, 0, 0, 0",
    ),
    "cut off": (photo_record("IMG_3.jpg", [FOUR], jpeg(3))[:-5], "test.record: expected whole records"),
    "second cut off": (photo_record("IMG_3.jpg", [FOUR], jpeg(3)) + bytes(3), "test.record: expected whole records"),
    "text": (b"version https://git-lfs.github.com/spec/v1", "test.record: expected whole records"),
    "other data": (struct.pack("<QI", 2, 0) + b"\xff\xff" + bytes(4), "record 1: expected an example of TensorFlow"),
    "empty": (b"", "test.record: expected at least 1 photos, found 0"),
}


@pytest.mark.parametrize("wrong", WRONG_RECORDS)
def test_wrong_records_are_named(wrong: str, tmp_path: Path) -> None:
    data, message = WRONG_RECORDS[wrong]
    folder = published(tmp_path / "dice")
    (folder / "tfrecords" / "test.record").write_bytes(data)
    with pytest.raises(InputError, match=message) as error:
        build(folder, tmp_path / "real")
    assert str(folder) in str(error.value) or "IMG_3.jpg" in str(error.value)
    assert not (tmp_path / "real").exists()


def test_folders_of_other_things_are_named(tmp_path: Path) -> None:
    folder = published(tmp_path / "dice")
    (folder / "tfrecords" / "test.record").unlink()
    with pytest.raises(InputError, match=r"expected a checkout of .*Kaggle.* or COCO; .* none of them in .*dice"):
        build(folder, tmp_path / "real")
    with pytest.raises(InputError, match=r"benchmark.folder: expected a folder or an archive .*, found no .*nowhere"):
        build(tmp_path / "nowhere", tmp_path / "real")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"Annotations/IMG_1.txt: expected the boxes of a photo, found no file"),
        ("2 0.5 0.5 0.1\n", r"IMG_1.txt: line 1: expected class x y w h, found 4 values"),
        ("\n6 0.5 0.5 0.1 0.1\n", r"IMG_1.txt: line 2: expected a class of 0, 1, 2, 3, 4, 5, found '6'"),
        ("0 0.5 0.5 0 0.1\n", r"IMG_1.txt: line 1: expected a box in the photo"),
        ("0 0.5 a 0.1 0.1\n", r"IMG_1.txt: line 1: expected numbers, found .*'a'"),
    ],
)
def test_wrong_files_of_boxes_are_named(text: str | None, message: str, tmp_path: Path) -> None:
    folder = kaggle(tmp_path / "dice", 3)
    path = folder / "Annotations" / "IMG_1.txt"
    path.unlink() if text is None else path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        build(folder, tmp_path / "real")


def test_too_few_photos_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Images: expected at least 3 photos .* found 2"):
        build(kaggle(tmp_path / "dice", 2), tmp_path / "real")


# --- the download


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    line = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """A repository to download from and its commit; the cache is an empty folder."""
    monkeypatch.setenv("SYNTH2REAL_STORE", str(tmp_path / "cache"))
    folder = published(tmp_path / "upstream")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "photos")
    return folder, git(folder, "rev-parse", "HEAD")


def left_over(folder: Path) -> list[str]:
    """What is in the folder of downloads, but for locks."""
    return [path.name for path in (folder / "cache" / "benchmarks").iterdir() if path.suffix != ".lock"]


def test_a_download_is_the_pinned_commit_and_is_kept(upstream: tuple[Path, str], tmp_path: Path) -> None:
    url, commit = upstream
    (url / "tfrecords" / "test.record").unlink()
    git(url, "commit", "--quiet", "--all", "--message", "later")
    folder = checkout(str(url), commit)
    assert folder.is_relative_to(tmp_path / "cache")
    assert git(folder, "rev-parse", "HEAD") == commit
    assert left_over(tmp_path) == [folder.name]
    splits = build(folder, tmp_path / "real")
    assert objects(splits["test"]) == [("IMG_3.jpg", "four", [1, 6, 4, 4])]
    shutil.rmtree(url)
    assert checkout(str(url), commit) == folder


def test_git_s_variables_of_another_repository_do_not_mislead(
    upstream: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    before = sorted(other.rglob("*"))
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    folder = checkout(str(upstream[0]), upstream[1])
    monkeypatch.delenv("GIT_DIR")
    assert git(folder, "rev-parse", "HEAD") == upstream[1]
    assert sorted(other.rglob("*")) == before


def test_a_commit_that_is_not_there_is_one_error(upstream: tuple[Path, str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"expected a download of .*upstream at commit {'0' * 39}1, found: ") as error:
        checkout(str(upstream[0]), "0" * 39 + "1")
    assert "\n" not in str(error.value)
    assert left_over(tmp_path) == []


def swap_objects(folder: Path) -> None:
    """Put the photos of train under the id of those of test, as a whole object."""
    ids = [git(folder, "rev-parse", f"HEAD:tfrecords/{split}.record") for split in ("test", "train")]
    place, other = (folder / ".git" / "objects" / i[:2] / i[2:] for i in ids)
    place.chmod(0o644)
    place.write_bytes(other.read_bytes())


def test_a_tampered_photo_is_not_downloaded(upstream: tuple[Path, str], tmp_path: Path) -> None:
    url, commit = upstream
    swap_objects(url)
    with pytest.raises(InputError, match=r"expected a download of .*upstream at commit") as error:
        checkout(str(url), commit)
    assert "benchmark.folder` takes a copy" in str(error.value)
    assert left_over(tmp_path) == []


def test_a_change_in_the_cache_is_found(upstream: tuple[Path, str]) -> None:
    url, commit = upstream
    folder = checkout(str(url), commit)
    (folder / "tfrecords" / "test.record").write_bytes(b"other photos")
    with pytest.raises(InputError, match=r"expected an unchanged checkout of .*test.record. Remove the folder"):
        checkout(str(url), commit)
    shutil.rmtree(folder)
    swap_objects(checkout(str(url), commit))
    with pytest.raises(InputError, match=r"expected an unchanged checkout of .*, found: "):
        checkout(str(url), commit)


def test_another_commit_in_the_cache_is_found(upstream: tuple[Path, str]) -> None:
    url, commit = upstream
    folder = checkout(str(url), commit)
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "mine")
    with pytest.raises(InputError, match=f"unchanged checkout of {commit}, found: {git(folder, 'rev-parse', 'HEAD')}"):
        checkout(str(url), commit)


def test_a_killed_download_leaves_nothing_that_counts(upstream: tuple[Path, str], tmp_path: Path) -> None:
    url, commit = upstream
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"git://127.0.0.1:{silent.getsockname()[1]}/dice"
        program = f"from pipeline.benchmarks.dice_download import checkout; checkout({address!r}, {commit!r})"
        with subprocess.Popen([sys.executable, "-c", program], cwd=REPOSITORY) as process:
            silent.settimeout(60)
            connection, _ = silent.accept()
            process.kill()
        connection.close()
    assert left_over(tmp_path) == [f".dice-{commit[:12]}.part"]
    time.sleep(0.2)  # git sees the closed connection and ends
    folder = checkout(str(url), commit)
    assert left_over(tmp_path) == [folder.name]
    assert len(list((folder / "tfrecords").iterdir())) == 2


def test_without_a_network_the_stage_ends_with_one_line(tmp_path: Path) -> None:
    """The real address, through a proxy that does not answer."""
    values = yaml.safe_load((REPOSITORY / "presets" / "digits.yaml").read_text(encoding="utf-8"))
    values["benchmark"] = {"name": "dice", "folder": None, "hold_out": 0.2}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    nowhere = "http://127.0.0.1:9"
    environment = {**os.environ, "https_proxy": nowhere, "SYNTH2REAL_STORE": str(tmp_path / "cache")}
    out = ("--out", str(tmp_path / "real"), "--params", str(tmp_path / "params.yaml"))
    command = [sys.executable, "-m", "pipeline.benchmarks", *out]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "https://github.com/nell-byler/dice_detection.git" in done.stderr
    assert "`benchmark.folder` takes a copy instead" in done.stderr
    assert not (tmp_path / "real").exists()
