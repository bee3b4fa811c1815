"""The whole graph, tiny, in a fresh clone of its own: what runs, what runs again, and what DVC's commands show.

One repro of everything serves all tests of this file; each leaves the project as it found it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
TASKS, REGIMES = ("classifier", "detector"), ("synthetic", "real", "mixed")
RUNS = [f"{task}-{regime}" for task in TASKS for regime in REGIMES]
STAGES = {
    *("render", "annotate", "benchmark", "mix", "gap", "causes", "distance", "report"),
    *(f"check@{task}" for task in TASKS),
    *(f"cascade@{regime}" for regime in REGIMES),
    *(f"{stage}@{run}" for stage in ("train", "evaluate") for run in RUNS),
}
TINY: dict[str, Any] = {
    "render": {"train": 4, "val": 2, "width_px": 160, "height_px": 120, "samples": 1, "bounces": 0},
    "benchmark": {"digits_per_sheet": 100, "height_px": [12, 16]},
    "mixed": {"real_images": {"classifier": 20, "detector": 2, "segmenter": 2}},
    "check": {"objects": 5, "steps": 10, "score": 0.0, "loss_tolerance": 1.0},
    "classifier": {"batch_size": 8, "steps": 6, "val_every_steps": 3},
    "detector": {"batch_size": 2, "steps": 4, "val_every_steps": 2, "crop_px": 64},
    "segmenter": {"batch_size": 2, "steps": 2, "val_every_steps": 2, "crop_px": 64},
    "evaluate": {"resamples": 20},
    "distance": {"images": 10, "subsets": 10, "permutations": 10, "points": 4},
    "report": {"examples": 1, "mistakes": 2},
}


class Project:
    """A clone with its own store, and the commands that a user would type in it."""

    def __init__(self, root: Path, store: Path) -> None:
        self.root = root
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "SYNTH2REAL_STORE": str(store),
            "DVC_SITE_CACHE_DIR": str(store / "dvc"),
            "OMP_NUM_THREADS": "1",  # others may be busy on the same cores
        }

    def run(self, *command: str) -> str:
        """What a command prints; a test fails with all of it where the command fails."""
        done = subprocess.run(
            command, cwd=self.root, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert done.returncode == 0, f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}"
        return done.stdout

    def params(self) -> dict[str, Any]:
        values: dict[str, Any] = yaml.safe_load((self.root / "params.yaml").read_text(encoding="utf-8"))
        return values

    @contextmanager
    def changed(self, key: str, value: Any) -> Iterator[None]:
        """params.yaml with another value at `section.key`, for a while."""
        path = self.root / "params.yaml"
        before = path.read_text(encoding="utf-8")
        values = self.params()
        section, name = key.split(".")
        assert values[section][name] != value
        values[section][name] = value
        path.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(before, encoding="utf-8")

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Back to the last commit and its results afterwards."""
        try:
            yield
        finally:
            self.run("git", "checkout", "-q", "--", ".")
            self.run("dvc", "checkout", "-q")

    def changed_stages(self) -> set[str]:
        """Stages that params, code or data have changed for; what follows from them not included."""
        return set(json.loads(self.run("dvc", "status", "--json")))


def stages_run(output: str) -> set[str]:
    return set(re.findall(r"^Running stage '(?:dvc\.yaml:)?(.+)':", output, re.MULTILINE))


def copy_working_tree(to: Path) -> None:
    """Files that git tracks, and those that it would."""
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, to / name)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A fresh clone with a tiny preset digits as its params.yaml, committed, nothing run."""
    root = tmp_path_factory.mktemp("dvc") / "project"
    copy_working_tree(root)
    project = Project(root, root.parent / "store")
    values = yaml.safe_load((root / "presets" / "digits.yaml").read_text(encoding="utf-8"))
    for section, own in TINY.items():
        values[section].update(own)
    (root / "dvc.lock").unlink(missing_ok=True)
    (root / "params.yaml").write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    for command in (["init", "-q"], ["config", "user.name", "t"], ["config", "user.email", "t@example.org"]):
        project.run("git", *command)
    project.run("git", "add", "-A")
    project.run("git", "commit", "-qm", "tiny")
    return project


@pytest.fixture(scope="module")
def project(clone: Project) -> Project:
    """The clone after its first `dvc repro`."""
    output = clone.run("dvc", "repro")
    assert "6 frames: 0 in the store, 6 to render" in output, output
    assert stages_run(output) == STAGES, output
    clone.run("git", "add", "-A")
    clone.run("git", "commit", "-qm", "first run")
    return clone


def test_everything_is_there(project: Project) -> None:
    assert (project.root / "report" / "index.html").stat().st_size > 10_000
    lock = (project.root / "dvc.lock").read_text(encoding="utf-8")
    assert str(project.root) not in lock and str(project.root.parent) not in lock
    gaps = json.loads((project.root / "results" / "gap.json").read_text(encoding="utf-8"))
    assert set(gaps) == {*TASKS, "cascade"}


def test_again_without_a_change_runs_nothing(project: Project) -> None:
    assert stages_run(project.run("dvc", "repro")) == set()


CHECK_AND_TRAIN = {"check@classifier", "distance", *(f"train@classifier-{regime}" for regime in REGIMES)}


@pytest.mark.parametrize(
    ("key", "value", "stages"),
    [
        ("labels.min_visible_px", 30, {"annotate"}),
        ("classifier.learning_rate", 0.003, CHECK_AND_TRAIN),
        ("render.train", 6, {"render"}),
        ("evaluate.resamples", 30, {"gap", "causes", "distance"}),
        ("benchmark.hold_out", 0.3, {"benchmark"}),
        ("mixed.how", "finetune", {"mix"}),
        ("report.mistakes", 3, set()),
    ],
)
def test_a_param_concerns_its_stages_alone(key: str, value: Any, stages: set[str], project: Project) -> None:
    """The report shows all params, so it always follows. Params of the machine concern nobody."""
    with project.changed(key, value):
        assert project.changed_stages() == stages | {"report"}


def test_params_of_the_machine_concern_no_stage(project: Project) -> None:
    with project.changed("render.workers", 1):
        assert project.changed_stages() == set()


def test_more_frames_render_only_those(project: Project) -> None:
    """4 -> 6 renders two; back at 4 the frames and their annotations come from DVC's cache."""
    with project.restored(), project.changed("render.train", 6):
        output = project.run("dvc", "repro", "annotate")
        assert "8 frames: 6 in the store, 2 to render" in output, output
        assert stages_run(output) == {"render", "annotate"}
        assert len(list((project.root / "data" / "frames" / "train").iterdir())) == 6
    assert project.changed_stages() == set()


def test_a_label_filter_renders_nothing(project: Project) -> None:
    with project.restored(), project.changed("labels.min_visible_px", 30):
        assert stages_run(project.run("dvc", "repro", "annotate")) == {"annotate"}


def test_an_experiment_reruns_what_depends_on_it(project: Project) -> None:
    """Another learning rate of the classifier: it alone is trained, evaluated and compared again."""
    with project.restored():
        output = project.run("dvc", "exp", "run", "-n", "faster", "-S", "classifier.learning_rate=0.005")
        runs = {f"{stage}@classifier-{regime}" for stage in ("train", "evaluate") for regime in REGIMES}
        cascades = {f"cascade@{regime}" for regime in REGIMES}
        after = {"gap", "causes", "distance", "report"}
        assert stages_run(output) == {*runs, *cascades, "check@classifier", *after}, output
    shown = project.run("dvc", "exp", "show", "--json")
    assert "faster" in shown and "0.005" in shown
    diff = json.loads(project.run("dvc", "metrics", "diff", "--json", "HEAD", "faster"))
    assert "results/runs/classifier/real/metrics.json" in diff
    assert not any("detector" in path for path in diff)
    project.run("dvc", "params", "diff", "HEAD", "faster")


def test_a_queued_experiment_uses_the_frame_store(project: Project) -> None:
    """It runs in a temporary copy of the project, and finds the frames there."""
    project.run("dvc", "exp", "run", "--queue", "-n", "fewer", "-S", "render.train=3", "annotate")
    project.run("dvc", "exp", "run", "--run-all")
    logs = project.run("dvc", "queue", "logs", "fewer")
    assert "5 frames: 5 in the store, 0 to render" in logs, logs
    assert stages_run(logs) == {"render", "annotate"}
    status = project.run("dvc", "queue", "status")
    assert re.search(r"fewer\s.*Success", status), status
    assert project.changed_stages() == set()


def test_fewer_tasks_and_regimes_train_nothing_and_the_rest_copes(project: Project) -> None:
    """What was trained is still there; without a classifier there is no cascade, without `real` no transfer gap."""
    with project.restored():
        values = project.params() | {"tasks": ["detector"], "regimes": ["synthetic"]}
        (project.root / "params.yaml").write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
        output = project.run("dvc", "repro", "gap")
        assert stages_run(output) == {"check@detector", "cascade@synthetic", "gap"}, output
        assert "WARNING" not in output, output
        gaps = json.loads((project.root / "results" / "gap.json").read_text(encoding="utf-8"))
        assert set(gaps) == {"detector"}
        assert set(gaps["detector"]["AP50"]) == {"domain_gap", "synthetic_val", "real_test"}
        shown = json.loads(project.run("dvc", "metrics", "show", "--json"))[""]["data"]
        assert "results/runs/detector/synthetic/metrics.json" in shown
        assert not any("classifier" in path or "/real/" in path for path in shown)
        project.run("dvc", "plots", "show", "--out", "plots")  # says that some are absent, and draws the others
        assert "Detector: loss in training" in (project.root / "plots" / "index.html").read_text(encoding="utf-8")
        shutil.rmtree(project.root / "plots")
    assert project.changed_stages() == set()


def test_metrics(project: Project) -> None:
    metrics = json.loads(project.run("dvc", "metrics", "show", "--json"))[""]["data"]
    paths = {f"results/runs/{task}/{regime}/metrics.json" for task in TASKS for regime in REGIMES}
    paths |= {f"results/cascade/{regime}/metrics.json" for regime in REGIMES}
    paths |= {"results/gap.json", *(f"results/check/{task}/check.json" for task in TASKS)}
    assert set(metrics) == paths and all("error" not in m for m in metrics.values())


def test_plots(project: Project) -> None:
    """Curves with a line for each regime, a confusion matrix for each classifier, one page."""
    output = project.run("dvc", "plots", "show", "--out", "plots")
    assert "WARNING" not in output and "ERROR" not in output, output
    page = (project.root / "plots" / "index.html").read_text(encoding="utf-8")
    shutil.rmtree(project.root / "plots")
    curves = ("Classifier: accuracy on val", "Detector: loss in training", "precision over recall")
    for title in (*curves, "Confusion on", "right over score"):
        assert title in page, title
    assert page.count('"vega_') + page.count("vegaEmbed(") >= 8


def test_dag(project: Project) -> None:
    graph = project.run("dvc", "dag", "--dot")
    assert all(f'"{stage}"' in graph for stage in STAGES)
    assert '"render" -> "annotate"' in graph
    project.run("dvc", "dag")
