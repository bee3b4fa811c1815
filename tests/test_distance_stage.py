"""The stage distance on tiny data: every part is there, and follows from the data and the seed alone."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch

from pipeline.coco import read_json, subset, write_json
from pipeline.distance import __main__ as stage
from pipeline.distance.measures import MEASURES
from pipeline.distance.neighbours import wrong_of
from pipeline.distance.networks import looked_at
from pipeline.distance.sets import PAIRS, SETS
from pipeline.errors import InputError
from pipeline.models.checkpoint import Card, save_model

QUICK = {"images": 12, "subsets": 10, "permutations": 20, "points": 3, "mistakes": 2, "neighbours": 2}


def trained(folder: Path, task: Any, seed: int) -> None:
    """A model with random weights where a trained one would be."""
    fit = tiny.fit_of(task, "lenet5" if task == "classifier" else "centernet_tiny")
    channels = 1 if task == "classifier" else 3
    torch.manual_seed(seed)
    network = tiny.build(task, fit, len(tiny.NAMES), channels)
    save_model(folder, network, Card(task, fit.model, tiny.NAMES, channels, fit.model_dump(), {}, {}, 0.5, 1))


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of five and more images a set, two models, and names that are all wrong but one."""
    root = tmp_path_factory.mktemp("distance")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiny, "COUNTS", {"train": 6, "val": 5, "test": 6})
        tiny.write_data(root / "data")
    for task in ("classifier", "detector"):
        trained(root / "models" / task / "synthetic", task, 1)
    truth = read_json(root / "data" / "real" / "classifier" / "test.json", "")
    names = [
        {
            "image_id": a["image_id"],
            "annotation_id": a["id"],
            "category_id": a["category_id"] if a["id"] == 1 else a["category_id"] % 3 + 1,
            "bbox": a["bbox"],
            "score": a["id"] / 100,
        }
        for a in truth["annotations"]
    ]
    write_json(root / "results/runs/classifier/synthetic/predictions/real_test.json", names)
    tiny.write_params(root / "params.yaml", evaluate={"resamples": 20}, distance=QUICK)
    change(root / "params.yaml", tasks=["classifier", "detector"], regimes=["synthetic"])
    return root


def change(path: Path, **values: Any) -> None:
    text = tiny.yaml.safe_load(path.read_text(encoding="utf-8")) | values
    path.write_text(tiny.yaml.safe_dump(text), encoding="utf-8")


def run_stage(work: Path, out: Path, data: Path | None = None, params: Path | None = None, before: bool = False) -> Any:
    after = [] if before else [f"--models={work / 'models'}", f"--results={work / 'results'}"]
    where = [f"--data={data or work / 'data'}", f"--params={params or work / 'params.yaml'}"]
    tiny.call(stage.main, *where, *after, f"--out={out / 'distance.json'}", f"--points={out / 'points.json'}")
    return json.loads((out / "distance.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def found(work: Path) -> Any:
    return run_stage(work, work / "out")


def test_every_part_is_there(found: Any) -> None:
    assert {task: of["of"] for task, of in found.items()} == {"classifier": "crops", "detector": "pictures"}
    for of in found.values():
        assert set(of["sets"]) == set(SETS)
        assert set(of["features"]) == {"start", "synthetic"}
        for network in of["features"].values():
            assert set(network["pairs"]) == set(PAIRS)
            assert all(set(pair) == {"kid", "mmd2", "a_distance"} for pair in network["pairs"].values())
        assert set(of["statistics"]["pairs"]) == set(PAIRS)
        assert {r["measure"] for r in of["statistics"]["ranked"]} == set(MEASURES)
    assert found["classifier"]["features"]["start"]["dimensions"] == 84
    assert found["detector"]["features"]["synthetic"]["dimensions"] == 64
    assert found["classifier"]["sets"]["real_test"] == {"images": 5, "samples": 12}
    assert found["detector"]["sets"]["real_test"] == {"images": 6, "samples": 6}  # one has no object


def test_neighbours_of_the_most_confident_mistakes(found: Any, work: Path) -> None:
    """Of 20 objects the first is named rightly; scores rise with the id."""
    assert "neighbours" not in found["detector"]
    neighbours = found["classifier"]["neighbours"]
    assert neighbours["wrong"] == 19
    assert [m["annotation_id"] for m in neighbours["mistakes"]] == [20, 19]
    truth = {a["id"]: a for a in read_json(work / "data/real/classifier/test.json", "")["annotations"]}
    rendered = {a["id"]: a for a in read_json(work / "data/synthetic/classifier/train.json", "")["annotations"]}
    for mistake in neighbours["mistakes"]:
        assert mistake["bbox"] == truth[mistake["annotation_id"]]["bbox"]
        assert mistake["category"] == tiny.NAMES[truth[mistake["annotation_id"]]["category_id"] - 1]
        assert mistake["predicted"] != mistake["category"]
        distances = [near["distance"] for near in mistake["nearest"]]
        assert len(distances) == 2 and distances == sorted(distances)
        assert all(rendered[near["annotation_id"]]["image_id"] == near["image_id"] for near in mistake["nearest"])


def test_points_follow_the_samples(work: Path, found: Any) -> None:
    points = json.loads((work / "out" / "points.json").read_text(encoding="utf-8"))
    assert [s["set"] for s in points["detector"]["samples"]] == [name for name in SETS for _ in range(3)]
    assert set(points["detector"]["samples"][0]) == {"set", "image_id"}
    assert set(points["classifier"]["samples"][0]) == {"set", "image_id", "annotation_id", "category"}
    for of in points.values():
        for network in of["networks"].values():
            assert np.array(network["pca"]).shape == np.array(network["tsne"]).shape == (12, 2)


def test_the_same_bytes_again(work: Path, found: Any) -> None:
    run_stage(work, work / "again")
    assert {p.name: p.read_bytes() for p in (work / "out").iterdir()} == {
        p.name: p.read_bytes() for p in (work / "again").iterdir()
    }


def test_before_training(work: Path, found: Any, tmp_path: Path) -> None:
    """Data alone: the same figures for the network that training starts with, and no other network."""
    before = run_stage(work, tmp_path, before=True)
    for task, of in before.items():
        assert of["features"] == {"start": found[task]["features"]["start"]}
        assert of["statistics"] == found[task]["statistics"]
        assert "neighbours" not in of


def test_the_same_pictures_are_no_distance(work: Path, tmp_path: Path) -> None:
    """Real pictures in the place of the rendered ones: no effect is clear, and KID is far below that of others."""
    shutil.copytree(work / "data", tmp_path / "data")
    shutil.rmtree(tmp_path / "data/synthetic/detector")
    shutil.copytree(tmp_path / "data/real/detector", tmp_path / "data/synthetic/detector")
    same = run_stage(work, tmp_path, tmp_path / "data", before=True)["detector"]
    for effect in same["statistics"]["pairs"]["synthetic_train/real_train"]["effects"].values():
        assert effect["value"] == pytest.approx(0, abs=1e-9)
    assert same["features"]["start"]["pairs"]["synthetic_train/real_train"]["mmd2"]["p"] > 0.1


def test_a_benchmark_for_testing_alone(work: Path, tmp_path: Path) -> None:
    """Without real train nothing is named to turn."""
    shutil.copytree(work / "data", tmp_path / "data")
    for path in (tmp_path / "data" / "real").glob("*/train.json"):
        write_json(path, {**read_json(path, ""), "images": [], "annotations": []})
    for of in run_stage(work, tmp_path, tmp_path / "data", before=True).values():
        assert set(of["sets"]) == set(SETS) - {"real_train"}
        assert set(of["statistics"]["pairs"]) == {p for p in PAIRS if "real_train" not in p}
        assert of["statistics"]["ranked"] == []


def test_too_few_images_for_any_pair(work: Path, tmp_path: Path) -> None:
    """As of a benchmark of one photo: nothing to compare is no error."""
    shutil.copytree(work / "data", tmp_path / "data")
    for path in (tmp_path / "data").glob("*/*/*.json"):
        coco = read_json(path, "")
        write_json(path, subset(coco, coco["images"][:1]))
    for of in run_stage(work, tmp_path, tmp_path / "data", before=True).values():
        assert of["features"]["start"]["pairs"] == of["statistics"]["pairs"] == {}
    points = json.loads((tmp_path / "points.json").read_text(encoding="utf-8"))
    assert points["detector"]["networks"] == {"start": None}


def test_a_missing_model_is_named(work: Path, tmp_path: Path) -> None:
    shutil.copy(work / "params.yaml", tmp_path / "params.yaml")
    change(tmp_path / "params.yaml", regimes=["synthetic", "real"])
    with pytest.raises(InputError, match=r"classifier/real/model\.json: expected the description of a trained model"):
        run_stage(work, tmp_path, params=tmp_path / "params.yaml")
    assert not (tmp_path / "distance.json").exists()


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        (["classifier", "detector"], ["classifier", "detector"]),
        (["classifier"], ["classifier", "detector"]),
        (["segmenter"], ["classifier", "segmenter"]),
        (["detector", "segmenter"], ["classifier", "detector", "segmenter"]),
    ],
)
def test_crops_and_pictures_are_looked_at_whatever_is_trained(tasks: Any, expected: list[str]) -> None:
    assert looked_at(tasks) == expected


def test_wrong_names() -> None:
    """The most confident first; a crowd is no object."""
    annotations: list[dict[str, Any]] = [{"id": n, "category_id": 1, "iscrowd": int(n == 4)} for n in range(5)]
    results = [{"annotation_id": n, "category_id": 1 + (n > 1), "score": 0.1 * n} for n in range(5)]
    truth: Any = {"images": [], "annotations": annotations, "categories": []}
    assert [r["annotation_id"] for r in wrong_of(truth, results)] == [3, 2]
