"""Training on a tiny data set: what it writes, and that an interruption changes nothing of it."""

import json
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pytest
import tiny
import torch
import yaml
from torch.utils.data import DataLoader

from pipeline import train
from pipeline.coco import read_json, sha256_of, write_json
from pipeline.edit import with_value
from pipeline.errors import InputError
from pipeline.learner import Batches, Learner
from pipeline.models.checkpoint import load_model
from pipeline.params import load_params
from pipeline.work import Work, of_phase

# Lightning warns of a loader without workers, and that the folder of an interrupted run is not empty
pytestmark = pytest.mark.filterwarnings("ignore")


def arguments(task: str, data: Path, regime: str, params: Path, out: Path) -> list[Any]:
    return ["--params", params, "--task", task, "--data", data / regime / task, "--images", data, "--out", out]


def train_here(task: Any, data: Path, regime: str, params: Path, out: Path) -> None:
    train.train(Work(task, data / regime / task, data, load_params(params)), out)


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def steps_of(table: bytes) -> list[int]:
    return [int(row.split("\t")[0]) for row in table.decode().splitlines()[1:]]


@pytest.mark.parametrize("task", ["classifier", "detector"])
def test_the_model_folder(task: str, data: Path, store: Path, tmp_path: Path) -> None:
    """Weights, card and curves; the same bytes when trained again; nothing left over in the store."""
    params = tiny.write_params(tmp_path / "params.yaml")
    for out in (tmp_path / "first" / "synthetic", tmp_path / "second" / "synthetic"):
        train_here(task, data, "synthetic", params, out)
    first, second = (contents(tmp_path / run) for run in ("first", "second"))
    assert first == second
    for part in ("train", "val"):
        assert steps_of(first[f"synthetic/curves/phase0/{part}/score.tsv"]) == [3, 7, 11]
    network, card = load_model(tmp_path / "first" / "synthetic")
    assert (card.task, card.categories, card.step % 4) == (task, tiny.NAMES, 0)
    assert card.data_sha256["val.json"] == sha256_of(data / "synthetic" / task / "val.json")
    assert all(torch.isfinite(p).all() for p in network.parameters())
    assert not list((store / "runs").glob("*/"))


def test_the_score_on_train_changes_no_weight(
    data: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Augmentation and dropout draw what they would have drawn without it, and layers go on learning after it."""
    params = tiny.write_params(tmp_path / "params.yaml")
    params.write_text(with_value(params.read_text("utf-8"), "classifier.network.dropout=0.3", "params"), "utf-8")
    train_here("classifier", data, "synthetic", params, tmp_path / "with")
    monkeypatch.setattr(Work, "train_score", lambda work, phase: None)
    train_here("classifier", data, "synthetic", params, tmp_path / "without")
    with_it, without = (contents(tmp_path / name) for name in ("with", "without"))
    assert {name: with_it[name] for name in without} == without
    assert set(with_it) - set(without) == {"curves/phase0/train/score.tsv"}


def test_it_learns(data: Path, store: Path, tmp_path: Path) -> None:
    """Three shapes, twenty examples of them: most of those in val are named rightly."""
    params = tiny.write_params(
        tmp_path / "params.yaml", classifier={"steps": 60, "val_every_steps": 20, "batch_size": 16}
    )
    train_here("classifier", data, "synthetic", params, tmp_path / "model")
    assert load_model(tmp_path / "model")[1].score >= 0.8


def wait_for(path: Path, process: Any) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None and time.monotonic() < deadline, tiny.finish(process, code=-1)
        time.sleep(0.01)


LONG = {"classifier": {"steps": 200, "val_every_steps": 20}, "detector": {"steps": 80, "val_every_steps": 10}}


@pytest.mark.parametrize(
    ("task", "how"),
    [("classifier", signal.SIGKILL), ("detector", signal.SIGKILL), ("classifier", signal.SIGINT)],
)
def test_an_interrupted_run_goes_on(
    task: str, how: signal.Signals, data: Path, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ended in the middle, it leaves no model; run again, it goes on, and ends with an undisturbed run's bytes."""
    params, out = tiny.write_params(tmp_path / "params.yaml", **{task: LONG[task]}), tmp_path / "a" / "model"
    process = tiny.start(store, "pipeline.train", *arguments(task, data, "synthetic", params, out))
    key = Work(task, data / "synthetic" / task, data, load_params(params)).key()
    wait_for(store / "runs" / key / "phase0" / "last.ckpt", process)
    process.send_signal(how)
    tiny.finish(process, code=-9 if how == signal.SIGKILL else 1)
    assert not out.exists()

    train_here(task, data, "synthetic", params, out)
    assert "going on at step" in capsys.readouterr().out
    train_here(task, data, "synthetic", params, tmp_path / "b" / "model")
    assert "going on at step" not in capsys.readouterr().out
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.fixture
def mixed(data: Path, tmp_path: Path) -> Path:
    """Synthetic images in phase 0, real ones in phase 1."""
    both = tmp_path / "data"
    shutil.copytree(data, both)
    coco = {n: read_json(data / n / "classifier" / "train.json", n) for n in ("synthetic", "real")}
    result: dict[str, Any] = {"images": [], "annotations": [], "categories": coco["real"]["categories"]}
    for phase, part in enumerate(coco.values()):
        result["images"] += [{**i, "id": i["id"] + 100 * phase, "phase": phase} for i in part["images"]]
        moved = [
            {**a, "id": a["id"] + 100 * phase, "image_id": a["image_id"] + 100 * phase} for a in part["annotations"]
        ]
        result["annotations"] += moved
    write_json(both / "mixed" / "classifier" / "train.json", result)
    shutil.copy(data / "synthetic" / "classifier" / "val.json", both / "mixed" / "classifier" / "val.json")
    return both


def test_two_phases(mixed: Path, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Killed in the second phase, it goes on there; the first, ended early for want of progress, stays as it was."""
    phases = {"steps": 400, "val_every_steps": 10, "patience": 1, "finetune_steps": 200}
    params, out = tiny.write_params(tmp_path / "params.yaml", classifier=phases), tmp_path / "a" / "model"
    process = tiny.start(store, "pipeline.train", *arguments("classifier", mixed, "mixed", params, out))
    work = Work("classifier", mixed / "mixed" / "classifier", mixed, load_params(params))
    wait_for(store / "runs" / work.key() / "phase1" / "last.ckpt", process)
    process.kill()
    tiny.finish(process, code=-9)

    train_here("classifier", mixed, "mixed", params, out)
    assert capsys.readouterr().out.count("training on") == 1
    train_here("classifier", mixed, "mixed", params, tmp_path / "b" / "model")
    interrupted, undisturbed = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert interrupted == undisturbed
    last = {n: steps_of(undisturbed[f"model/curves/phase{n}/val/score.tsv"])[-1] for n in (0, 1)}
    assert last[0] < 399, "patience was meant to end the first phase early"
    assert last[1] <= 199


def test_the_phases_have_their_own_images(mixed: Path) -> None:
    params = load_params(tiny.write_params(mixed / "params.yaml"))
    work = Work("classifier", mixed / "mixed" / "classifier", mixed, params)
    assert work.phases() == [0, 1]
    domains = [{i["domain"] for i in of_phase(work.train, phase)["images"]} for phase in (0, 1)]
    assert domains == [{"synthetic"}, {"real"}]
    assert [work.batches(phase, 1).examples for phase in (0, 1)] == [20, 20]


@pytest.mark.parametrize("task", ["classifier", "detector"])
def test_the_real_test_split_is_never_opened(task: str, data: Path, store: Path, tmp_path: Path) -> None:
    """Training on real images works, with the same result, where test.json is no JSON and its pictures are gone."""
    params = tiny.write_params(tmp_path / "params.yaml")
    poisoned = tmp_path / "data"
    shutil.copytree(data, poisoned)
    (poisoned / "real" / task / "test.json").write_text("not to be read", encoding="utf-8")
    for picture in (poisoned / "real" / "images").glob("test_*.png"):
        picture.unlink()
    train_here(task, data, "real", params, tmp_path / "a" / "model")
    train_here(task, poisoned, "real", params, tmp_path / "b" / "model")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_two_runs_of_the_same_at_a_time(data: Path, store: Path, tmp_path: Path) -> None:
    """As two experiments in temporary copies do that share a stage."""
    params = tiny.write_params(tmp_path / "params.yaml", classifier=LONG["classifier"])
    outs = [tmp_path / n / "model" for n in "ab"]
    started = [
        tiny.start(store, "pipeline.train", *arguments("classifier", data, "synthetic", params, out)) for out in outs
    ]
    for process in started:
        tiny.finish(process)
    assert contents(outs[0]) == contents(outs[1])


def test_two_processes_train_one_model(data: Path, store: Path, tmp_path: Path) -> None:
    """As with two GPUs: each sees its part of every batch; one writes the model."""
    params = tiny.write_params(tmp_path / "params.yaml", train={"devices": 2})
    out = tmp_path / "model"
    output = tiny.finish(tiny.start(store, "pipeline.train", *arguments("detector", data, "real", params, out)))
    assert output.count("on val at step") == 1
    assert steps_of(contents(out)["curves/phase0/val/score.tsv"]) == [3, 7, 11]


STILL = {"rotation_deg": 0.0, "translate": 0.0, "scale": [1.0, 1.0], "shear_deg": 0.0, "noise": 0.0}


class Plain(Learner):
    """A linear network, which has no batch normalisation."""

    def __init__(self, batches: Batches) -> None:
        torch.manual_seed(0)
        super().__init__(
            torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1024, 3)), batches, 0.01, lambda _: 0.0
        )
        self.batches = batches

    def setup(self, stage: str) -> None:
        self.batches.rank, self.batches.world = self.trainer.global_rank, self.trainer.world_size
        self.rank, self.share = self.batches.rank, self.batches.share()


def test_two_processes_learn_what_one_does(data: Path, tmp_path: Path) -> None:
    """Batches of five, of which one takes three and the other two; without draws, every weight is the same."""
    values = yaml.safe_load((tiny.ROOT / "presets" / "digits.yaml").read_text(encoding="utf-8"))
    still = {"batch_size": 5, "augment": {**values["classifier"]["augment"], **STILL, "resolution_px": [32, 32]}}
    params = load_params(tiny.write_params(tmp_path / "params.yaml", classifier=still))
    weights = []
    for devices, strategy in ((1, "auto"), (2, "ddp_fork")):
        learner = Plain(Work("classifier", data / "synthetic" / "classifier", data, params).batches(0, 12))
        start = learner.network[1].weight.detach().clone()
        options: Any = {"logger": False, "enable_progress_bar": False, "enable_checkpointing": False}
        trainer = pl.Trainer(
            accelerator="cpu", devices=devices, strategy=strategy, max_steps=12, default_root_dir=tmp_path, **options
        )
        trainer.fit(learner, DataLoader(learner.batches, batch_size=None))
        weights.append(learner.network[1].weight.detach().clone())
    assert float((weights[0] - start).abs().max()) > 0.01
    assert float((weights[0] - weights[1]).abs().max()) < 1e-5


def test_more_processes_than_examples_are_named(data: Path, store: Path, tmp_path: Path) -> None:
    params = load_params(tiny.write_params(tmp_path / "params.yaml"))
    batches = Work("classifier", data / "real" / "classifier", data, params).batches(0, 1)
    batches.world = 5
    with pytest.raises(InputError, match=r"train\.devices: expected an example for each process, found 5 .* 4"):
        train.check_shares(batches)


def test_a_checkpoint_that_was_cut_off_is_not_used(
    data: Path, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    params = tiny.write_params(tmp_path / "params.yaml")
    work = Work("classifier", data / "real" / "classifier", data, load_params(params))
    last = store / "runs" / work.key() / "phase0" / "last.ckpt"
    last.parent.mkdir(parents=True)
    last.write_bytes(b"PK\x03\x04 cut off")
    train.train(work, tmp_path / "model")
    assert "going on" not in capsys.readouterr().out
    assert (tmp_path / "model" / "weights.pt").exists()


def test_a_loss_that_explodes_is_named(data: Path, store: Path, tmp_path: Path) -> None:
    params = tiny.write_params(tmp_path / "params.yaml", detector={"learning_rate": 1e30})
    with pytest.raises(InputError, match=r"expected a finite loss, found .*lower learning_rate"):
        train_here("detector", data, "synthetic", params, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_split_without_objects_is_named(data: Path, store: Path, tmp_path: Path) -> None:
    own = tmp_path / "data"
    shutil.copytree(data, own)
    path = own / "synthetic" / "detector" / "val.json"
    path.write_text(json.dumps({**read_json(path, ""), "annotations": []}), encoding="utf-8")
    with pytest.raises(InputError, match=r"val\.json: expected at least one object"):
        train_here("detector", own, "synthetic", tiny.write_params(tmp_path / "params.yaml"), tmp_path / "model")
