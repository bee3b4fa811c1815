"""Studies run for real: DVC experiments of a small project, side by side, after a kill, with a cell that fails.

One project serves all tests; the second goes on from what the first has left.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from study_project import RATE, STAGES, STEPS, make_project, write_study

from pipeline.experiments import finished
from pipeline.lanes import at_work
from pipeline.study.running import LANES

FACTORS: dict[str, Any] = {"rate": {"tiny": {RATE: 1e-9}, "wrong": {RATE: 50.0}}, STEPS: [7]}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The code that works is not committed: experiments are to run what is in the work tree."""
    with pytest.MonkeyPatch.context() as patch:
        root = make_project(tmp_path_factory.mktemp("study") / "project", patch)
        stages = root / "stages.py"
        stages.write_text("raise SystemExit('error: this is of the last commit')\n", encoding="utf-8")
        subprocess.run(["git", "commit", "-qam", "other code"], check=True)
        stages.write_text(STAGES, encoding="utf-8")
        yield root


def command(study: Path, name: str, *words: str) -> list[str]:
    return [sys.executable, "-m", "pipeline.study", name, str(study), *words]


def outcome(study: Path, name: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(study, name, *words), capture_output=True, text=True, check=False)


def records(project: Path) -> dict[str, str]:
    """Name -> bytes on disk."""
    folder = project / "results" / "studies" / "rates"
    return {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}


def test_a_killed_study_leaves_the_work_tree_alone(project: Path) -> None:
    """SIGKILL in the middle of the second experiment."""
    study, before = write_study(project, repeats=1, factors=FACTORS), state(project)
    logs = project / "results" / "studies" / "rates" / "logs"
    with subprocess.Popen(command(study, "run"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: len(records(project)) == 1)
            wait_for(lambda: len([log for log in logs.glob("*.log") if log.stat().st_size]) == 2)
        finally:
            process.kill()
    assert state(project) == before


def state(project: Path) -> tuple[bytes, bytes]:
    """Parameters, and what is changed but not committed."""
    return (project / "params.yaml").read_bytes(), subprocess.check_output(["git", "diff", "HEAD"])


def wait_for(true: Callable[[], bool]) -> None:
    for _ in range(4500):
        if true():
            return
        time.sleep(0.1)
    pytest.fail("too much time has passed")


def test_the_next_run_does_the_rest_and_names_what_fails(project: Path) -> None:
    """Two at a time: what is there stays as it is, one level fails, the others end well."""
    study, before, first = project / "studies" / "rates.yaml", state(project), records(project)
    done = outcome(study, "run", "--jobs", "2")
    assert done.returncode == 1 and at_work([project / LANES]) == []
    why = "error: params.yaml: classifier.learning_rate: expected at most 10, found 50.0"
    assert re.search(rf"^rates-rate-wrong-r0-\w+  failed: {why}$", done.stdout, re.MULTILINE)
    assert "expected all experiments to end well, 1 did not" in done.stderr
    made = records(project)
    assert len(made) == 3 and made.items() >= first.items() and set(finished()) == set(made)
    assert state(project) == before and not any((project / LANES / "rates").iterdir())


def test_what_is_finished_is_not_run_again_and_more_seeds_are_added(project: Path) -> None:
    """Without the level that fails; stages of the data are shared by all of them, and made once."""
    study = write_study(project, repeats=3, factors=FACTORS | {"rate": {"tiny": {RATE: 1e-9}}})
    before = records(project)
    done = outcome(study, "run", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    after = records(project)
    assert len(after) == 9 and after.items() >= before.items()
    assert sum("data" in json.loads(text)["seconds"] for text in after.values()) == 1
    again = outcome(study, "run")
    assert again.returncode == 0 and "  done" not in again.stdout and records(project) == after


def test_the_report_finds_the_planted_factor_and_no_effect_of_the_inert_one(project: Path) -> None:
    study = project / "studies" / "rates.yaml"
    done = outcome(study, "report")
    assert done.returncode == 0, done.stderr
    found = json.loads((project / "results" / "studies" / "rates.json").read_text(encoding="utf-8"))
    assert {one["factor"]: one["verdict"] for one in found["effects"]} == {
        "rate": "worse",
        STEPS: "not distinguishable",
    }
    assert found["experiments"]["missing"] == [] and found["effects"][0]["real_test"]["value"] < -0.3
    assert "rate=tiny is worse on real test" in done.stdout
    assert (project / "results" / "studies" / "rates.svg").stat().st_size > 1000
    assert "3 of 3" in outcome(study, "list").stdout


def test_one_study_runs_once_at_a_time(project: Path) -> None:
    with FileLock(project / LANES / "rates.lock"):
        done = outcome(project / "studies" / "rates.yaml", "run")
    assert done.returncode == 1 and "expected that nothing else runs this study here" in done.stderr


def test_an_inert_key_and_a_level_that_is_the_baseline_are_named(project: Path) -> None:
    inert = write_study(project, factors={"detector.crop_px": [64]})
    assert "detector.crop_px is inert: no stage of evaluate@classifier-synthetic" in outcome(inert, "list").stdout
    same = write_study(project, factors={STEPS: [12]})
    done = outcome(same, "list")
    assert done.returncode == 1
    assert f"factors.{STEPS}.12: expected a level of its own, found the values of baseline." in done.stderr
    missing = write_study(project, regimes=["real"])
    assert "expected stages of dvc.yaml" in outcome(missing, "list").stderr
