"""Mixed data sets: synthetic train and the first real images; test pictures never."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from pipeline import mix
from pipeline.coco import categories_of, read_coco, read_json, sha256_of, write_json
from pipeline.dataset import load_pictures
from pipeline.errors import InputError
from pipeline.report.facts import colours_of, trained_on

REPOSITORY = Path(__file__).resolve().parents[1]
NAMES = ["cat", "dog"]


def write_split(data: Path, regime: str, task: str, split: str, first_id: int, boxes: list[int]) -> None:
    """A COCO file with an image of 7x11 px for each number in `boxes`, which says how many boxes are on it."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for n, number in enumerate(boxes):
        picture = data / regime / "images" / task / f"{split}_{n}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng([len(split), len(regime), len(task), n]).integers(0, 255, (11, 7, 3))
        Image.fromarray(noise.astype(np.uint8)).save(picture)
        image = {"id": first_id + n, "file_name": picture.relative_to(data).as_posix(), "width": 7, "height": 11}
        images.append({**image, "sha256": sha256_of(picture), "domain": regime})
        for k in range(number):
            box = {"category_id": 1 + k % 2, "bbox": [k, 2 * k, 1, 2], "area": 2, "iscrowd": 0}
            annotations.append({"id": first_id + len(annotations), "image_id": first_id + n, "note": f"{n}.{k}", **box})
    coco = {"images": images, "annotations": annotations, "categories": categories_of(NAMES)}
    write_json(data / regime / task / f"{split}.json", coco)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Synthetic train: 3 images with 2, 0 and 1 boxes; real train: 4 images with 1, 3, 0 and 2 boxes."""
    for task in ("classifier", "detector"):
        write_split(tmp_path / "data", "synthetic", task, "train", 1, [2, 0, 1])
        write_split(tmp_path / "data", "synthetic", task, "val", 1, [1])
        write_split(tmp_path / "data", "real", task, "train", 1, [1, 3, 0, 2])
        write_split(tmp_path / "data", "real", task, "test", 1, [1, 1])
    return tmp_path / "data"


def run_mix(
    data: Path, how: str = "joint", classifier: int = 2, detector: int = 3, repeats: int = 1, **changes: list[str]
) -> Path:
    values = yaml.safe_load((REPOSITORY / "presets" / "digits.yaml").read_text(encoding="utf-8"))
    values["mixed"] = {
        "real_images": {"classifier": classifier, "detector": detector, "segmenter": 0},
        "repeats": repeats,
        "how": how,
    }
    values |= changes
    params = data.parent / "params.yaml"
    params.write_text(yaml.safe_dump(values), encoding="utf-8")
    folders = {"--synthetic": data / "synthetic", "--real": data / "real", "--out": data / "mixed", "--params": params}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["mix", *(str(part) for item in folders.items() for part in item)])
        mix.main()
    return data / "mixed"


def read(data: Path, regime: str, task: str, split: str) -> Any:
    return read_coco(data / regime / task / f"{split}.json", data)


def notes(coco: Any) -> list[tuple[str, str, list[int]]]:
    """File name, note and box of every annotation."""
    names = {i["id"]: i["file_name"] for i in coco["images"]}
    return [(names[a["image_id"]], a["note"], a["bbox"]) for a in coco["annotations"]]


def test_train_is_all_synthetic_and_the_first_real_images(data: Path) -> None:
    run_mix(data)
    synthetic, real = (read(data, regime, "classifier", "train") for regime in ("synthetic", "real"))
    mixed = read(data, "mixed", "classifier", "train")
    pictures = [i["sha256"] for i in synthetic["images"] + real["images"][:2]]
    assert [i["sha256"] for i in mixed["images"]] == pictures
    assert [i["domain"] for i in mixed["images"]] == ["synthetic"] * 3 + ["real"] * 2
    assert notes(mixed) == notes(synthetic) + notes(real)[:4]
    assert mixed["categories"] == synthetic["categories"]
    assert len(read(data, "mixed", "detector", "train")["images"]) == 3 + 3


def test_ids_are_counted_anew_and_unique(data: Path) -> None:
    run_mix(data)
    mixed = read(data, "mixed", "classifier", "train")
    assert [i["id"] for i in mixed["images"]] == [1, 2, 3, 4, 5]
    assert [a["id"] for a in mixed["annotations"]] == [1, 2, 3, 4, 5, 6, 7]
    assert [a["image_id"] for a in mixed["annotations"]] == [1, 1, 3, 4, 5, 5, 5]


def test_a_real_image_counts_several_times(data: Path) -> None:
    run_mix(data, repeats=3)
    once, mixed = (read(data, regime, "classifier", "train") for regime in ("real", "mixed"))
    assert notes(mixed)[3:] == notes(once)[:4] * 3
    assert [i["id"] for i in mixed["images"]] == list(range(1, 3 + 3 * 2 + 1))
    assert [a["id"] for a in mixed["annotations"]] == list(range(1, 3 + 3 * 4 + 1))
    pictures = load_pictures(mixed, data)
    assert len(pictures.images) == 9 and pictures.images[3] is pictures.images[5]  # one copy in memory
    assert trained_on(mixed) == "3 rendered images (3 objects) and 2 real images (4 objects)"


def test_real_images_that_give_their_colours_are_named(data: Path) -> None:
    real = read(data, "real", "classifier", "train")
    cards = [{"params": {"augment": {"histogram_matching": part}}} for part in (0.0, 0.5)]
    assert [colours_of(card, real) for card in cards] == ["", f"; colours of {len(real['images'])} real images"]


@pytest.mark.parametrize(("how", "phase_of_real"), [("joint", 0), ("finetune", 1)])
def test_phases(how: str, phase_of_real: int, data: Path) -> None:
    run_mix(data, how)
    for task in ("classifier", "detector"):
        phases = {i["domain"]: i["phase"] for i in read(data, "mixed", task, "train")["images"]}
        assert phases == {"synthetic": 0, "real": phase_of_real}


def test_val_is_the_synthetic_one(data: Path) -> None:
    run_mix(data)
    path = Path("classifier") / "val.json"
    assert (data / "mixed" / path).read_bytes() == (data / "synthetic" / path).read_bytes()


def test_no_test_picture_comes_in(data: Path) -> None:
    run_mix(data, classifier=100, detector=100)
    for task in ("classifier", "detector"):
        test = {i["sha256"] for i in read(data, "real", task, "test")["images"]}
        mixed = read(data, "mixed", task, "train")["images"] + read(data, "mixed", task, "val")["images"]
        assert len(test) == 2
        assert not test & {i["sha256"] for i in mixed}


def test_fewer_real_images_than_asked_for_are_all_taken_and_told(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_mix(data, classifier=4, detector=5)
    assert len(read(data, "mixed", "detector", "train")["images"]) == 3 + 4
    (line,) = capsys.readouterr().out.splitlines()
    assert "detector/train.json: 4 images, fewer than mixed.real_images.detector: 5" in line


def test_no_real_images(data: Path) -> None:
    run_mix(data, classifier=0, detector=0)
    assert {i["domain"] for i in read(data, "mixed", "detector", "train")["images"]} == {"synthetic"}


def test_only_the_tasks_that_are_asked_for(data: Path) -> None:
    assert [p.name for p in run_mix(data, tasks=["detector"]).iterdir()] == ["detector"]


def test_nothing_is_mixed_where_nobody_trains_on_it(data: Path) -> None:
    """Nothing is read either: the benchmark may be for testing only."""
    (data / "real" / "detector" / "train.json").unlink()
    (told,) = run_mix(data, regimes=["real", "synthetic"]).iterdir()
    assert told.read_text(encoding="utf-8") == "Not asked for: see regimes in params.yaml.\n"


def test_no_real_images_to_mix_in_is_told(data: Path) -> None:
    path = data / "real" / "detector" / "train.json"
    write_json(path, {**read_json(path, "COCO"), "images": [], "annotations": []})
    message = r"params.yaml: regimes: expected images with objects in .*real/detector/train.json, found none: leave out"
    with pytest.raises(InputError, match=message):
        run_mix(data)
    assert not (data / "mixed").exists()


def test_same_inputs_give_the_same_bytes(data: Path) -> None:
    first = {p: p.read_bytes() for p in sorted(run_mix(data).rglob("*.json"))}
    assert len(first) == 4
    assert {p: p.read_bytes() for p in sorted(run_mix(data).rglob("*.json"))} == first


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["cat", "cow"], "real/detector/train.json: categories: 'cow' is not a category of the scene"),
        (["dog", "cat"], "real/detector/train.json: categories: expected .*'cat', 'dog'.* in the scene's order"),
    ],
)
def test_categories_of_the_benchmark_must_be_the_scenes(names: list[str], message: str, data: Path) -> None:
    path = data / "real" / "detector" / "train.json"
    write_json(path, {**read_json(path, "COCO"), "categories": categories_of(names)})
    with pytest.raises(InputError, match=message):
        run_mix(data)
    assert sorted(p.name for p in data.iterdir()) == ["real", "synthetic"]  # nothing of the classifier either


def test_a_missing_picture_stops_before_anything_is_written(data: Path) -> None:
    (data / "real" / "images" / "detector" / "train_3.png").unlink()
    with pytest.raises(InputError, match=r"real/detector/train.json: image 4: expected the picture .*train_3.png"):
        run_mix(data)
    assert sorted(p.name for p in data.iterdir()) == ["real", "synthetic"]
