"""A segmenter through the stages: batches with class maps, training, evaluation, gap, and somebody's pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
import yaml
from PIL import Image

from pipeline import evaluate, gap, predict, train
from pipeline.augment.lens import bent_each
from pipeline.augment.mosaic import mosaic
from pipeline.augment.pictures import PictureAugment
from pipeline.class_maps import IGNORED, class_map, size_of
from pipeline.coco import read_json
from pipeline.dataset import load_pictures, read_split
from pipeline.metrics import read_truth, results_of_task, segmenter_metrics
from pipeline.params import load_params
from pipeline.runs import results_of
from pipeline.work import Work

pytestmark = pytest.mark.filterwarnings("ignore")
QUICK = {"steps": 150, "val_every_steps": 50, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set, and a segmenter that has seen its rendered part for a moment."""
    folder = tmp_path_factory.mktemp("work")
    data, params = tiny.write_data(folder / "data"), tiny.write_params(folder / "params.yaml", segmenter=QUICK)
    values = yaml.safe_load(params.read_text(encoding="utf-8"))
    params.write_text(yaml.safe_dump(values | {"tasks": ["segmenter"], "regimes": ["synthetic"]}), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNTH2REAL_STORE", str(folder / "store"))
        job = Work("segmenter", data / "synthetic" / "segmenter", data, load_params(params))
        train.train(job, folder / "models" / "segmenter" / "synthetic")
    return folder


@pytest.fixture(scope="module")
def results(work: Path) -> Path:
    """Those of its evaluation."""
    out = results_of(work / "results", "segmenter", "synthetic")
    folders = {"--synthetic": work / "data/synthetic/segmenter", "--real": work / "data/real/segmenter"}
    named = [part for item in folders.items() for part in item]
    model = work / "models" / "segmenter" / "synthetic"
    args = ["--params", work / "params.yaml", "--model", model, *named, "--images", work / "data", "--out", out]
    tiny.call(evaluate.main, *args)
    return out


def test_it_learns_and_predictions_give_its_metrics_again(work: Path, results: Path) -> None:
    """Background alone has an mIoU of 1/4 at most."""
    metrics = read_json(results / "metrics.json", "")
    assert set(metrics) == {"synthetic_val", "real_val", "real_test"}
    assert metrics["synthetic_val"]["mIoU"] > 0.4 and metrics["real_test"]["Dice"] > 0.3
    truth = read_truth(work / "data/real/segmenter/test.json")
    found = results_of_task("segmenter", results / "predictions" / "real_test.json", truth)
    assert segmenter_metrics(truth, found) == metrics["real_test"]
    assert sorted(p.name for p in (results / "predictions").iterdir()) == [f"{split}.json" for split in sorted(metrics)]


def test_gap_json_agrees_with_the_metrics(work: Path, results: Path) -> None:
    args = ["--results", work / "results", "--data", work / "data", "--out", work / "gap.json"]
    tiny.call(gap.main, *args, "--params", work / "params.yaml")
    metrics, gaps = read_json(results / "metrics.json", ""), read_json(work / "gap.json", "")
    assert set(gaps) == {"segmenter"} and set(gaps["segmenter"]) == {"mIoU", "Dice", "pixel_accuracy"}
    for name, figures in gaps["segmenter"].items():
        scored = {split: metrics[split][name] for split in ("synthetic_val", "real_test")}
        assert {s: figures[s]["synthetic"]["value"] for s in scored} == pytest.approx(scored)
        by_hand = scored["synthetic_val"] - scored["real_test"]
        assert figures["domain_gap"]["synthetic"]["value"] == pytest.approx(by_hand)


def test_pictures_of_several_sizes(work: Path, tmp_path: Path) -> None:
    sheet, _ = tiny.draw(np.random.default_rng(5), 5)
    for name, picture in {"a.png": sheet, "small.png": np.full((11, 7), 128, np.uint8)}.items():
        Image.fromarray(picture).save(tmp_path / name)
    paths, out = [tmp_path / "a.png", tmp_path / "small.png"], tmp_path / "out"
    tiny.call(predict.main, "--model", work / "models/segmenter/synthetic", "--out", out, *paths)
    found = read_json(out / "predictions.json", "")
    assert {r["image_id"] for r in found} >= {1} and {r["category_id"] for r in found} <= {1, 2, 3}
    assert all(r["segmentation"]["size"] == {1: [40, 56], 2: [11, 7]}[r["image_id"]] for r in found)
    assert Image.open(out / "0001_a.png").width == 56 * 11


# --- Class maps in training


def pictures(work: Path) -> Any:
    data = work / "data"
    return load_pictures(read_split(data / "synthetic/segmenter/train.json", data), data, frozenset({"class_map"}))


def augment(params: Path, **changes: Any) -> PictureAugment:
    calm = {"brightness": 0.0, "contrast": 0.0, "blur_sigma_px": [0.01, 0.01], **changes}
    fit = load_params(params).segmenter
    return PictureAugment(fit.model_copy(update={"augment": fit.augment.model_copy(update=calm)}))


@pytest.mark.parametrize("changes", [{}, {"flips": True, "quarter_turns": True}, {"mosaic": 1.0}])
def test_a_map_goes_where_its_crop_goes(changes: dict[str, Any], work: Path) -> None:
    """Shapes are darker than 70, paper is lighter than 180: wherever a crop comes from, its map says which is which."""
    loaded = pictures(work)
    torch.manual_seed(3)
    crops, targets = augment(work / "params.yaml", **changes)(loaded.images, [loaded.target(n) for n in range(6)])
    for crop, target in zip(crops, targets, strict=True):
        assert target["class_map"].shape == (1, 32, 32) and target["class_map"].dtype == torch.uint8
        assert torch.equal(crop.mean(0) < 125 / 255, target["class_map"][0] > 0)
    assert sum(int((t["class_map"] > 0).sum()) for t in targets) > 200


def test_a_scaled_map_has_no_new_classes(work: Path) -> None:
    loaded = pictures(work)
    targets = [loaded.target(n) for n in range(6)]
    _, scaled = augment(work / "params.yaml", scale=[1.3, 1.3])(loaded.images, targets)
    assert all(t["class_map"].shape == (1, 32, 32) for t in scaled)
    assert {int(v) for t in scaled for v in t["class_map"].unique()} <= {0, 1, 2, 3}


def test_around_a_small_picture_the_map_is_ignored(work: Path) -> None:
    target = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0), "class_map": torch.ones(1, 11, 7).byte()}
    (_,), (found,) = augment(work / "params.yaml")([torch.zeros(3, 11, 7).byte()], [target])
    assert int((found["class_map"] == 1).sum()) == 77
    assert int((found["class_map"] == IGNORED).sum()) == 32 * 32 - 77


def test_through_a_lens_a_map_bends_as_the_picture_does() -> None:
    """The picture shows the map itself; only between two blocks, where it is mixed, the nearest pixel decides."""
    torch.manual_seed(0)
    blocks = torch.randint(2, (1, 8, 8)).byte().repeat_interleave(4, 1).repeat_interleave(4, 2)
    target = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0), "class_map": blocks}
    bent = bent_each([(200 * blocks.expand(3, -1, -1), target)] * 5, 0.1)
    assert any(not torch.equal(found["class_map"], blocks) for _, found in bent)
    for crop, found in bent:
        sure = (crop[0] == 0) | (crop[0] == 200)
        assert sure.float().mean() > 0.5
        assert torch.equal(found["class_map"][0][sure], crop[0][sure] // 200)


def test_a_mosaic_of_maps_is_one_map() -> None:
    def of(value: int) -> Any:
        crop = torch.full((3, 9, 9), value).byte()
        return crop, {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0), "class_map": crop[:1]}

    torch.manual_seed(0)
    for crop, target in mosaic([of(n) for n in (1, 2, 3, IGNORED)], 1.0):
        assert torch.equal(target["class_map"][0], crop[0])


def test_maps_of_a_data_set(work: Path) -> None:
    coco = read_split(work / "data/synthetic/segmenter/train.json", work / "data")
    for image, found in zip(coco["images"], pictures(work).maps, strict=True):
        own = [a for a in coco["annotations"] if a["image_id"] == image["id"]]
        assert np.array_equal(found[0].numpy(), class_map(own, size_of(image)))
    assert not pictures(work).maps[-1].any()  # the last has no object
