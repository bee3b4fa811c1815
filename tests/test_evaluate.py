"""A trained model on synthetic val and on real test: what is written, and for whom it refuses."""

import csv
import shutil
from pathlib import Path
from typing import Any

import pytest
import tiny

from pipeline import evaluate, train
from pipeline.coco import categories_of, read_json, write_json
from pipeline.errors import InputError
from pipeline.metrics import read_results, read_truth
from pipeline.models.checkpoint import load_model
from pipeline.params import load_params
from pipeline.work import Work

pytestmark = pytest.mark.filterwarnings("ignore")
STEPS = {"classifier": {"steps": 60, "val_every_steps": 30}, "detector": {"steps": 40, "val_every_steps": 40}}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set, and a model of each task that was trained on it for a moment."""
    folder = tmp_path_factory.mktemp("work")
    data, params = tiny.write_data(folder / "data"), tiny.write_params(folder / "params.yaml", **STEPS)
    tasks: list[Any] = ["classifier", "detector"]
    for task in tasks:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SYNTH2REAL_STORE", str(folder / "store"))
            job = Work(task, data / "synthetic" / task, data, load_params(params))
            train.train(job, folder / "models" / task)
    return folder


def run_evaluate(work: Path, task: str, out: Path, data: Path | None = None) -> dict[str, Any]:
    data = data or work / "data"
    folders = {"--model": work / "models" / task, "--synthetic": data / "synthetic" / task, "--images": work / "data"}
    folders |= {"--real": data / "real" / task, "--out": out, "--params": work / "params.yaml"}
    tiny.call(evaluate.main, *(part for item in folders.items() for part in item))
    metrics: dict[str, Any] = read_json(out / "metrics.json", "metrics")
    return metrics


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_classifier(work: Path, tmp_path: Path) -> None:
    """One result for each object, confusion of real test, and an accuracy that both agree on."""
    metrics = run_evaluate(work, "classifier", tmp_path / "out")
    truth = read_truth(work / "data" / "real" / "classifier" / "test.json")
    results = read_results(tmp_path / "out" / "predictions" / "real_test.json", truth, per_object=True)
    assert [r["annotation_id"] for r in results] == [a["id"] for a in truth["annotations"]]
    table = rows(tmp_path / "out" / "predictions" / "confusion.csv")
    right = sum(r["actual"] == r["predicted"] for r in table)
    assert len(table) == len(truth["annotations"]) == 8
    assert metrics["real_test"]["accuracy"] == pytest.approx(right / 8)
    assert set(metrics["real_test"]["per_class"]) == set(tiny.NAMES)
    assert metrics["synthetic_val"]["images"] == 3
    assert metrics["synthetic_val"]["accuracy"] == pytest.approx(load_model(work / "models" / "classifier")[1].score)


def test_detector(work: Path, tmp_path: Path) -> None:
    metrics = run_evaluate(work, "detector", tmp_path / "out")
    truth = read_truth(work / "data" / "real" / "detector" / "test.json")
    read_results(tmp_path / "out" / "predictions" / "real_test.json", truth, per_object=False)
    table = rows(tmp_path / "out" / "predictions" / "precision_recall.csv")
    assert [float(r["recall"]) for r in table] == pytest.approx([n / 100 for n in range(101)])
    score = load_model(work / "models" / "detector")[1].score
    assert metrics["synthetic_val"]["AP50"] == pytest.approx(score, abs=1e-6)
    names = {"AP", "AP50", "AP75", "AR", "AP50_class_agnostic", "images", "per_class"}
    assert names == set(metrics["real_test"]) == set(metrics["real_val"])


def test_no_real_images_to_train_on(work: Path, tmp_path: Path) -> None:
    """Real val is left out, and nothing else changes."""
    whole = run_evaluate(work, "detector", tmp_path / "whole")
    for domain in ("synthetic", "real"):
        shutil.copytree(work / "data" / domain / "detector", tmp_path / "data" / domain / "detector")
    path = tmp_path / "data" / "real" / "detector" / "val.json"
    write_json(path, {**read_json(path, ""), "images": [], "annotations": []})
    metrics = run_evaluate(work, "detector", tmp_path / "out", tmp_path / "data")
    assert metrics == {split: of for split, of in whole.items() if split != "real_val"}
    assert not (tmp_path / "out" / "predictions" / "real_val.json").exists()


def test_the_same_bytes_again(work: Path, tmp_path: Path) -> None:
    for out in ("a", "b"):
        run_evaluate(work, "detector", tmp_path / out)
    a, b = ({p.name: p.read_bytes() for p in (tmp_path / n).rglob("*.*")} for n in "ab")
    assert a == b and len(a) == 5


def test_categories_that_the_model_does_not_know(work: Path, tmp_path: Path) -> None:
    """Found at the second file, after the first was evaluated: still nothing is written."""
    for task in ("synthetic", "real"):
        source, copy = (d / task / "detector" for d in (work / "data", tmp_path / "data"))
        for path in source.glob("*.json"):
            coco = read_json(path, "")
            if path.name == "test.json":
                coco["categories"] = categories_of(["disc", "bar", "cros"])
            write_json(copy / path.name, coco)
    with pytest.raises(InputError, match=r"test\.json: categories: 'cros' is not .*Did you mean 'cross'"):
        run_evaluate(work, "detector", tmp_path / "out", tmp_path / "data")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data"]
