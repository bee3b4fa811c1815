"""Several models as one: their mean, the same files as of one model, and whom it refuses."""

from pathlib import Path
from typing import Any

import pytest
import tiny
import torch

from pipeline import ensemble, evaluate
from pipeline.coco import read_coco, read_json
from pipeline.dataset import load_crops
from pipeline.errors import InputError
from pipeline.infer import probabilities
from pipeline.models import build
from pipeline.models.checkpoint import Card, load_model, save_model
from pipeline.params import load_params


def save(folder: Path, task: Any, seed: int, categories: list[str] = tiny.NAMES, **changes: Any) -> Path:
    """A model that knows nothing: of a classifier, the last layer's weights are drawn, so that its guesses differ."""
    torch.manual_seed(seed)
    model = changes.pop("model", "lenet5" if task == "classifier" else "centernet_tiny")
    fit = tiny.fit_of(task, model, **changes)
    channels = 1 if task == "classifier" else 3
    network = build(task, fit, len(categories), channels)
    card = Card(task, fit.model, categories, channels, fit.model_dump(), {}, {}, 0.0, 0)
    save_model(folder, network, card)
    return folder


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Data, and two classifiers whose crops have different sizes."""
    tiny.write_data(tmp_path / "data")
    tiny.write_params(tmp_path / "params.yaml")
    save(tmp_path / "a", "classifier", 1)
    save(tmp_path / "b", "classifier", 2, input_px=40, margin=0.2)
    return tmp_path


def call(main: Any, work: Path, out: str, *models: Any) -> dict[str, Any]:
    data = work / "data"
    folders = {"--synthetic": data / "synthetic" / "classifier", "--real": data / "real" / "classifier"}
    folders |= {"--images": data, "--out": work / out, "--params": work / "params.yaml"}
    tiny.call(main, *models, *(part for item in folders.items() for part in item))
    metrics: dict[str, Any] = read_json(work / out / "metrics.json", "metrics")
    return metrics


def test_the_mean_of_two(work: Path) -> None:
    """Each sees its own crops; the name and score of every object are those of the mean."""
    call(ensemble.main, work, "both", "--models", work / "a", work / "b")
    truth = read_coco(work / "data" / "real" / "classifier" / "test.json", work / "data")
    params: Any = load_params(work / "params.yaml").classifier
    own = []
    for name, changes in (("a", {}), ("b", {"input_px": 40, "margin": 0.2})):
        crops = load_crops(truth, work / "data", params.model_copy(update=changes))
        own.append(probabilities(load_model(work / name)[0], crops.crops, 16))
    mean = ((own[0].double() + own[1].double()) / 2).tolist()
    found = read_json(work / "both" / "predictions" / "real_test.json", "results")
    assert [f["score"] for f in found] == pytest.approx([max(m) for m in mean], abs=1e-4)
    assert [f["category_id"] for f in found] == [m.index(max(m)) + 1 for m in mean]
    assert not torch.allclose(own[0], own[1])


def test_one_alone_is_what_evaluate_writes(work: Path) -> None:
    """The same files, byte for byte; twice the same model changes nothing either."""
    call(evaluate.main, work, "evaluated", "--model", work / "a")
    for out, models in (("one", ["a"]), ("twice", ["a", "a"])):
        call(ensemble.main, work, out, "--models", *(work / m for m in models))
    contents = [
        {p.relative_to(work / out).as_posix(): p.read_bytes() for p in (work / out).rglob("*.*")}
        for out in ("evaluated", "one", "twice")
    ]
    assert contents[0] == contents[1] == contents[2] and "metrics.json" in contents[0]


def test_detectors_together(work: Path) -> None:
    """Two detectors with other first layers: one alone is what evaluate writes, both have boxes of each."""
    for seed in (1, 2):
        save(work / f"d{seed}", "detector", seed)
    call(evaluate.main, work, "evaluated", "--model", work / "d1")
    call(ensemble.main, work, "one", "--models", work / "d1")
    metrics = call(ensemble.main, work, "both", "--models", work / "d1", work / "d2")
    assert "AP50" in metrics["real_test"]
    found = {out: (work / out / "predictions" / "real_test.json").read_bytes() for out in ("evaluated", "one", "both")}
    assert found["evaluated"] == found["one"] != found["both"]
    images = {entry["image_id"] for entry in read_json(work / "both" / "predictions" / "real_test.json", "results")}
    assert images == {1, 2, 3}


def test_whom_it_refuses(work: Path) -> None:
    detector = save(work / "d", "detector", 1)
    other = save(work / "c", "classifier", 1, ["disc", "bar", "star"])
    segmenter = save(work / "s", "segmenter", 1, model="fcn_tiny")
    for second, message in (
        (detector, r"d: expected a classifier of .* as .*a, found a detector"),
        (other, r"c: expected a classifier of \['disc', 'bar', 'cross'\], .* found .*'star'"),
        (segmenter, "s: expected a classifier, or a detector of boxes alone, found fcn_tiny"),
    ):
        with pytest.raises(InputError, match=message):
            call(ensemble.main, work, "out", "--models", work / "a", second)
    assert not (work / "out").exists()
