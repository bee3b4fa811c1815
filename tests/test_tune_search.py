"""Searches: what a file may say, what is proposed, how a range is narrowed; and a real search with DVC, tiny."""

import sys
from pathlib import Path
from typing import Any

import pytest
import tiny
import yaml
from dvc_project import make_dvc_project

from pipeline.errors import InputError
from pipeline.experiments import Done, finished
from pipeline.runs import TASKS, Task
from pipeline.section import Distribution
from pipeline.tune import refine, search
from pipeline.tune.propose import Proposer, as_param, points
from pipeline.tune.search import Trial, score_of, trial_name
from pipeline.tune.search_file import Search, load_search

RATE, GROUPS = "classifier.learning_rate", "classifier.augment.groups"
ENDS = "classifier.augment.scale.1"  # the upper end of a range
BASE: dict[str, Any] = {"task": "classifier", "regime": "synthetic", "metric": "synthetic_val", "sampler": "random"}
BASE |= {"seed": 0, "trials": 4, "steps": 6, "space": {RATE: {"loguniform": [1e-4, 1e-1]}}}


def write(folder: Path, **changes: Any) -> Path:
    path = folder / "rates.yaml"
    path.write_text(yaml.safe_dump(BASE | changes), encoding="utf-8")
    return path


def load(folder: Path, **changes: Any) -> Search:
    return load_search(write(folder, **changes), tiny.write_params(folder / "params.yaml"))


@pytest.mark.parametrize("path", sorted((tiny.ROOT / "searches").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_project_s_own_are_valid(path: Path, tmp_path: Path) -> None:
    values = yaml.safe_load((tiny.ROOT / "presets" / "digits.yaml").read_text(encoding="utf-8"))
    params = tmp_path / "params.yaml"
    params.write_text(yaml.safe_dump({**values, "tasks": list(TASKS)}), encoding="utf-8")
    assert load_search(path, params).trials > 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metric": "real_test"}, "metric: expected synthetic_val or real_val, found real_test: a choice made on test"),
        ({"metric": "train"}, "metric: expected 'synthetic_val' or 'real_val', found 'train'"),
        ({"trails": 3}, "trails: unknown key. Did you mean 'trials'?"),
        ({"space": {RATE: {"normal": [0.1, 0.1]}}}, "expected one of uniform, loguniform, integer, choice, found norm"),
        ({"space": {"classifier.learning_rte": {"uniform": [0.1, 0.2]}}}, "Did you mean 'learning_rate'?"),
        ({"space": {"classifier.augment": {"choice": [1]}}}, "found a section"),
        ({"space": {RATE: {"uniform": [-0.1, 0.2]}}}, "classifier.learning_rate: expected greater than 0, found -0.1"),
        (
            {"space": {GROUPS: {"choice": [1, "two"]}}},
            "augment.groups: expected a valid integer, found 'two'",
        ),
        ({"space": {"detector.crop_px": {"choice": [64]}}}, "detector.crop_px: expected a key that matters to the cl"),
        ({"fixed": {"check.steps": 0}}, "check.steps: expected greater than or equal to 1, found 0"),
        ({"space": {}}, "space: expected"),
    ],
)
def test_a_wrong_search_is_named(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        load(tmp_path, **changes)
    assert message in str(error.value) and str(error.value).startswith(str(tmp_path / "rates.yaml"))


def test_a_regime_that_is_not_trained_is_named(tmp_path: Path) -> None:
    params = tiny.write_params(tmp_path / "params.yaml")
    values = yaml.safe_load(params.read_text(encoding="utf-8"))
    params.write_text(yaml.safe_dump(values | {"regimes": ["real"]}), encoding="utf-8")
    with pytest.raises(InputError, match="regime: expected one of real, found 'synthetic', which regimes of"):
        load_search(write(tmp_path), params)


def proposals(search: Search, scores: list[float | None]) -> list[dict[str, Any]]:
    """What is proposed when these scores are told."""
    proposer, found = Proposer(search), []
    for score in scores:
        trial, values = proposer.ask()
        proposer.tell(trial, score)
        found.append(values)
    return found


@pytest.mark.parametrize("sampler", ["random", "grid", "tpe"])
def test_the_same_scores_give_the_same_proposals(sampler: str, tmp_path: Path) -> None:
    """So a search that was interrupted finds its trials again; more trials begin with the same ones."""
    space = {
        RATE: {"loguniform": [1e-4, 1e-1]},
        GROUPS: {"integer": [1, 8]},
        "classifier.model": {"choice": ["lenet5"]},
    }
    scores: list[float | None] = [0.1, None, 0.5, 0.3, 0.2, 0.9, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    one = load(tmp_path, sampler=sampler, trials=14, space=space)
    found = proposals(one, scores)
    assert found == proposals(one, scores)
    assert found[:5] == proposals(load(tmp_path, sampler=sampler, trials=5, space=space), scores[:5])
    assert all(1e-4 <= values[RATE] <= 1e-1 and 1 <= values[GROUPS] <= 8 for values in found)
    assert found != proposals(load(tmp_path, sampler=sampler, trials=14, space=space, seed=1), scores)


def test_a_grid_has_every_combination_once(tmp_path: Path) -> None:
    space = {RATE: {"loguniform": [1e-4, 1e-1]}, GROUPS: {"choice": [1, 2, 4]}}
    grid = load(tmp_path, sampler="grid", trials=100, points=4, space=space)
    assert Proposer(grid).trials == 12
    found = {(values[RATE], values[GROUPS]) for values in proposals(grid, [0.0] * 12)}
    assert found == {(rate, groups) for rate in (1e-4, 1e-3, 1e-2, 1e-1) for groups in (1, 2, 4)}


def drawn(**kind: list[Any]) -> Distribution:
    return Distribution.model_validate(kind)


def test_points_of_a_grid_and_values_for_params() -> None:
    assert points(drawn(uniform=[0.0, 1.0]), 3) == [0.0, 0.5, 1.0]
    assert points(drawn(integer=[1, 3]), 5) == [1, 2, 3]
    assert as_param(drawn(choice=[[1, 2], None]), 0) == [1, 2]
    assert as_param(drawn(uniform=[0.0, 1.0]), 0.123456) == 0.123
    assert as_param(drawn(uniform=[0.12345, 1.0]), 0.12345) == 0.12345  # rounded it would lie outside


def test_a_range_is_narrowed_around_the_best() -> None:
    """By hand, ten trials: three decades / 10 = 0.3 decades to both sides of 1e-3 .. 1e-2."""
    assert refine.narrowed(drawn(loguniform=[1e-4, 1e-1]), [1e-3, 1e-2], 10) == {
        "loguniform": [float(f"{10**-3.3:.3g}"), float(f"{10**-1.7:.3g}")]
    }
    assert refine.narrowed(drawn(uniform=[0.0, 1.0]), [0.9, 1.0], 4) == {"uniform": [0.65, 1.25]}  # beyond the edge
    assert refine.narrowed(drawn(integer=[1, 9]), [3, 4], 8) == {"integer": [2, 5]}
    assert refine.narrowed(drawn(choice=["a", "b", "c"]), ["c", "a", "a"], 8) == {"choice": ["a", "c"]}


def test_an_end_that_params_do_not_allow_stays_as_it_was(tmp_path: Path) -> None:
    """label_smoothing is at most 1: beyond the edge is nothing; learning rates go on."""
    space = {"classifier.label_smoothing": {"uniform": [0.0, 1.0]}, RATE: {"loguniform": [1e-3, 1e-1]}}
    one = load(tmp_path, space=space)
    trials = [Trial(f"rates-{n}", {"classifier.label_smoothing": s, RATE: 0.1}, s) for n, s in enumerate((0.9, 1.0))]
    fine = refine.refined(one, trials, trials, tmp_path / "params.yaml", steps=18)
    assert fine["space"] == {"classifier.label_smoothing": {"uniform": [0.4, 1.0]}, RATE: {"loguniform": [0.01, 1.0]}}
    path = tmp_path / "fine.yaml"
    path.write_text(yaml.safe_dump(fine), encoding="utf-8")
    assert load_search(path, tmp_path / "params.yaml").steps == 18


def test_the_best_are_a_quarter_and_at_least_two() -> None:
    trials = [Trial(f"t-{n}", {}, n / 10) for n in range(12)]
    assert [trial.name for trial in refine.best_of(trials)] == ["t-11", "t-10", "t-9"]
    assert len(refine.best_of(trials[:3])) == 2


def test_a_score_of_val_alone_counts(tmp_path: Path) -> None:
    one = load(tmp_path, metric="real_val")
    metrics = {"real_test": {"accuracy": 0.9}, "synthetic_val": {"accuracy": 0.8}}
    with pytest.raises(InputError, match=r"t: results/.*metrics\.json: expected real_val\.accuracy, found none"):
        score_of(one, "t", Done({}, {one.metrics_file: metrics}))
    assert score_of(one, "t", Done({}, {one.metrics_file: metrics | {"real_val": {"accuracy": 0.7}}})) == 0.7


def test_other_values_or_other_code_are_another_trial() -> None:
    name = trial_name("rates", 7, {RATE: 0.1}, "")
    assert name.startswith("rates-007-") and name == trial_name("rates", 7, {RATE: 0.1}, "")
    assert len({name, trial_name("rates", 7, {RATE: 0.2}, ""), trial_name("rates", 7, {RATE: 0.1}, "diff")}) == 3


def test_only_what_a_search_sets_now_is_refined() -> None:
    """A trial of 6 steps is none of a search whose file has been edited to 7."""
    params = {"classifier": {"steps": 6, "learning_rate": 0.1}}
    assert refine.sets(params, {"classifier.steps": 6}) and not refine.sets(params, {"classifier.steps": 7})


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_a_score(task: Task) -> None:
    metrics = {"classifier": {"accuracy": 0.1}, "detector": {"AP50": 0.2}, "segmenter": {"mIoU": 0.3}}
    one = Search.model_validate({**BASE, "task": task})
    found = score_of(one, "t", Done({}, {one.metrics_file: {"synthetic_val": metrics[task]}}))
    assert [found] == list(metrics[task].values())


# --- A real search: the stages are a few lines that give a score by the rate, the rest is DVC's

STAGES = """
import json, sys, yaml
from pathlib import Path
rate = yaml.safe_load(Path("params.yaml").read_text())["classifier"]["learning_rate"]
if rate > 0.05:
    sys.exit("error: step 3: expected a finite loss, found nan")
path = Path("results/runs/classifier/synthetic/metrics.json")
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps({"synthetic_val": {"accuracy": rate}, "real_test": {"accuracy": -rate}}))
"""
GRAPH = {
    "stages": {
        "evaluate": {
            "matrix": {"task": ["classifier"], "regime": ["synthetic"]},
            "cmd": f"{sys.executable} stages.py",
            "deps": ["stages.py"],
            "params": ["classifier"],
            "metrics": ["results/runs/${item.task}/${item.regime}/metrics.json"],
        }
    }
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of DVC and git with one stage, committed; the order of its matrix is part of the stage's name."""
    return make_dvc_project(tmp_path / "project", monkeypatch, STAGES, GRAPH, "/tune\n/results\n")


def test_a_search_with_dvc(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A grid of two rates, of which one fails; again, and only what failed is run again."""
    space = {**BASE["space"], ENDS: {"choice": [1.2]}}
    one = load_search(write(project, sampler="grid", points=2, space=space), project / "params.yaml")
    before, logs = (project / "params.yaml").read_bytes(), project / "tune"
    trials = search.run_search(one, "rates", logs)
    assert [trial.score for trial in trials] == [1e-4]
    assert [done.params["classifier"]["augment"]["scale"] for done in finished().values()] == [[0.9, 1.2]]
    said = capfd.readouterr()
    assert "failed: error: step 3: expected a finite loss, found nan" in said.out + said.err
    names = {trial.name for trial in trials}
    assert set(finished()) == names
    for path in logs.iterdir():
        path.write_text("of the first time", encoding="utf-8")
    assert search.run_search(one, "rates", logs) == trials
    again = {path.stem for path in logs.iterdir() if path.read_text(encoding="utf-8") != "of the first time"}
    assert len(again) == 1 and not again & names
    assert (project / "params.yaml").read_bytes() == before
    assert {trial.name for trial in refine.finished_trials(one, "rates")} == names
