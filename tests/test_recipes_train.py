"""Recipes in a run: what is averaged, kept and forgotten, and that an interruption changes nothing of it."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch

from pipeline import train
from pipeline.errors import InputError
from pipeline.models.checkpoint import load_model, read_state
from pipeline.params import load_params
from pipeline.work import Work

# Lightning warns of a loader without workers, and that the folder of an interrupted run is not empty
pytestmark = pytest.mark.filterwarnings("ignore")
RESTARTS = {"name": "cosine_restarts", "warm_up": 0.0, "cycles": 3}
RECIPES: dict[str, dict[str, Any]] = {
    "plateau": {"schedule": {"name": "plateau", "patience": 0}, "optimizer": {"name": "momentum"}, "l1": 1e-4},
    "snapshots": {"schedule": RESTARTS, "average": {"name": "snapshots"}},
    "ema": {"average": {"name": "ema"}, "optimizer": {"name": "rmsprop"}, "gradient_clip": None, "l2": 1e-3},
    "swa": {"average": {"name": "swa", "start": 0.3}, "schedule": {"name": "constant"}},
}


@pytest.fixture
def made(data: Path, store: Path, tmp_path: Path) -> Any:
    """A function from a recipe to the work of 12 steps of the classifier, validated after 4, 8 and 12."""

    def work(recipe: dict[str, Any]) -> Work:
        whole = tiny.fit_of("classifier", "lenet5").model_dump()
        merged = {k: {**whole[k], **v} if isinstance(v, dict) else v for k, v in recipe.items()}
        params = load_params(tiny.write_params(tmp_path / "params.yaml", classifier=merged))
        return Work("classifier", data / "synthetic" / "classifier", data, params)

    return work


class Stopped(Exception):
    """The power fails."""


def interrupt(work: Work, validation: int) -> None:
    """Let the run end at this validation, from 1."""
    score, seen = work.score, []

    def or_stop(network: torch.nn.Module) -> float:
        seen.append(score(network))
        if len(seen) == validation:
            raise Stopped
        return seen[-1]

    work.score = or_stop


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("name", RECIPES)
def test_an_interrupted_run_ends_with_the_same_bytes(
    name: str, made: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stopped at the third validation it goes on at one before, with its rate, momentum, averages and snapshots."""
    work = made(RECIPES[name])
    interrupt(work, 3)
    with pytest.raises(Stopped):
        train.train(work, tmp_path / "a" / "model")
    train.train(made(RECIPES[name]), tmp_path / "a" / "model")
    assert "going on at step" in capsys.readouterr().out
    train.train(made(RECIPES[name]), tmp_path / "b" / "model")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_the_mean_of_snapshots_is_what_is_kept(made: Any, tmp_path: Path) -> None:
    """Cycles end at 4, 8 and 12: each end is a model of its own, and the best weights are the mean of those before."""
    train.train(made(RECIPES["snapshots"]), tmp_path / "model")
    folders = sorted((tmp_path / "model" / "snapshots").iterdir(), key=lambda f: int(f.name))
    assert [load_model(f)[1].step for f in folders] == [4, 8, 12]
    best = load_model(tmp_path / "model")[1].step
    before = [read_state(f / "weights.pt", "weights") for f in folders if int(f.name) <= best]
    assert before
    for key, kept in read_state(tmp_path / "model" / "weights.pt", "weights").items():
        mean = torch.stack([state[key] for state in before]).double().mean(0)
        assert torch.allclose(kept.double(), mean, atol=1e-5) or kept.ndim == 0, key


def test_averages_change_what_is_kept_and_not_how_it_is_trained(made: Any, tmp_path: Path) -> None:
    """The losses of a run with an average are those of the run without."""
    for name in ("none", "ema"):
        train.train(made({"average": {"name": name}, "patience": 9}), tmp_path / name)
    losses = [(tmp_path / name / "curves" / "phase0" / "train" / "loss.tsv").read_text() for name in ("none", "ema")]
    assert losses[0] == losses[1]
    plain, average = (read_state(tmp_path / n / "weights.pt", "weights")["1.weight"] for n in ("none", "ema"))
    assert not torch.equal(plain, average)


@pytest.mark.parametrize(
    ("recipe", "validated"),
    [
        ({}, [4, 8]),
        ({"schedule": RESTARTS}, [4, 8, 12]),
        ({"average": {"name": "swa", "start": 0.6}}, [4, 8, 12]),  # from step 7 on
        ({"average": {"name": "swa", "start": 0.3}}, [4, 8]),
    ],
)
def test_no_score_ends_a_run_before_its_last_cycle_or_its_mean(
    recipe: dict[str, Any], validated: list[int], made: Any, tmp_path: Path
) -> None:
    """Each score is worse than the one before, and the patience is one validation."""
    work = made({**recipe, "patience": 1})
    falling = itertools.count(0.0, -0.01)
    work.score = lambda network: next(falling)
    train.train(work, tmp_path / "model")
    rows = (tmp_path / "model" / "curves" / "phase0" / "val" / "score.tsv").read_text().splitlines()
    assert [int(row.split("\t")[0]) + 1 for row in rows[1:]] == validated


def test_the_plateau_lowers_the_rate(made: Any, tmp_path: Path) -> None:
    """Scores 0.5, 0.5, 0.6 with patience 0: the second is no better, so the last 4 steps go at a tenth."""
    work, rates = made(RECIPES["plateau"]), []
    scores = iter([0.5, 0.5, 0.6])

    def spy(*_: Any) -> None:
        rates.append(trainer.optimizers[0].param_groups[0]["lr"])

    make = train.make_trainer
    work.score = lambda network: next(scores)
    with pytest.MonkeyPatch.context() as patch:

        def spied(*arguments: Any) -> Any:
            nonlocal trainer
            trainer = make(*arguments)
            trainer.callbacks[0].on_train_batch_start = spy
            return trainer

        trainer: Any = None
        patch.setattr(train, "make_trainer", spied)
        train.train(work, tmp_path / "model")
    assert rates == pytest.approx([0.002] * 8 + [0.0002] * 4)


def test_a_recipe_is_checked_before_data_is_read(made: Any) -> None:
    with pytest.raises(InputError, match=r"params.yaml: classifier.optimizer.name: .*'sdg'. Did you mean 'sgd'"):
        made({"optimizer": {"name": "sdg"}})
