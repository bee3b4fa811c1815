"""dvc.yaml against the code: a stage that runs a module which its deps do not name would not be run again."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("blender", "pipeline")
STAGES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
PARAMS = yaml.safe_load((ROOT / "presets" / "digits.yaml").read_text(encoding="utf-8"))
TASKS = ("classifier", "detector", "segmenter")


# What reads params, reports errors and places files; none of it decides about the content of an output.
NAMES = ("cache", "errors", "folders", "progress", "runs", "section")
FOUNDATION = {"pipeline/params", *(f"pipeline/{name}.py" for name in NAMES)}


def file_of(module: str) -> Path | None:
    """File of a module of this project, relative to its root; None for what is not one."""
    place = Path(*module.split("."))
    return next((p for p in (place.with_suffix(".py"), place / "__init__.py") if (ROOT / p).is_file()), None)


def imported_names(file: Path) -> Iterator[str]:
    """Every name that could be a module, imports inside of functions included; relative imports are not used here."""
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield from (str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names))


def closure(module: str) -> set[Path]:
    """Files that `python -m module` runs, those of its packages' __init__ included."""
    found: set[Path] = set()
    waiting = [f"{module}.__main__", module]
    while waiting:
        name = waiting.pop()
        file = file_of(name) if name.split(".")[0] in ROOMS else None
        if file is None or file in found:
            continue
        found.add(file)
        waiting += [*imported_names(file), *(name.rsplit(".", n)[0] for n in range(1, name.count(".") + 1))]
    return found


def as_dep(file: Path) -> str:
    """A package counts as a whole: pipeline/models/vgg.py -> pipeline/models, blender/workers/pool.py -> blender."""
    if file.parts[0] == "blender":
        return "blender"
    return "/".join(file.parts[:2])


def has_code(file: Path) -> bool:
    return len(ast.parse((ROOT / file).read_text(encoding="utf-8")).body) > 1


def module_of(stage: dict[str, Any]) -> str:
    words = stage["cmd"].split()
    assert words[:2] == ["python", "-m"], stage["cmd"]
    return str(words[2])


@pytest.mark.parametrize("name", STAGES)
def test_deps_are_the_modules_that_the_stage_runs(name: str) -> None:
    files = closure(module_of(STAGES[name]))
    assert len(files) > 2, f"{name}: closure found only {files}"
    needed = {as_dep(f) for f in files if f.name != "__init__.py" or has_code(f)}
    needed -= FOUNDATION
    listed = {d for d in STAGES[name]["deps"] if d.split("/")[0] in ROOMS}
    assert sorted(needed - listed) == [], "run by the stage, not in its deps"
    assert sorted(listed - needed - FOUNDATION) == [], "in its deps, not run by the stage"


def test_closure_follows_packages_and_imports_inside_of_functions() -> None:
    render = closure("blender.render")
    assert Path("blender/scenes/digits.py") in render  # only imported by blender/make.py, within a function of worker
    assert Path("pipeline/benchmarks/digits.py") in closure("pipeline.benchmarks")
    assert Path("pipeline/metrics/resample.py") in closure("pipeline.gap")
    assert not any(f.parts[0] == "blender" for f in closure("pipeline.train"))


def resolve(key: str) -> Any:
    value: Any = PARAMS
    for part in key.split("."):
        value = value[part]
    return value


def expanded(stage: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The stage once for each task that its matrix names."""
    for task in TASKS if "task" in stage.get("matrix", {}) else [""]:
        yield yaml.safe_load(yaml.safe_dump(stage).replace("${item.task}", task))


@pytest.mark.parametrize("name", STAGES)
def test_params_of_a_stage_exist(name: str) -> None:
    for stage in expanded(STAGES[name]):
        for key in stage.get("params", []):
            assert resolve(key) is not None, key


def test_every_param_matters_to_some_stage() -> None:
    """Apart from those that only say how the machine is used."""
    machine = {f"render.{key}" for key in ("scheduler", "workers", "frames_per_worker", "timeout_s")}
    listed = {key for stage in STAGES.values() for one in expanded(stage) for key in one.get("params", [])}
    keys = {f"{name}.{key}" for name, values in PARAMS.items() if isinstance(values, dict) for key in values}
    assert {"seed", "tasks", "regimes"} <= listed
    assert {k for k in keys if k not in listed and k.split(".")[0] not in listed} == machine


def test_paths_of_a_command_are_deps_or_outs() -> None:
    """What a command line names is known to DVC: itself, a folder that holds it, or something in it."""
    for name, stage in STAGES.items():
        known = [*stage["deps"], *stage.get("outs", []), *stage.get("metrics", [])]
        given = [w for w in stage["cmd"].split() if "/" in w]
        for path in given:
            assert any(k == path or k.startswith(path + "/") or path.startswith(k + "/") for k in known), (name, path)


def test_what_runs_is_what_params_ask_for() -> None:
    """A matrix takes its tasks and regimes from params.yaml; what comes after depends on both."""
    matrices = {name: stage["matrix"] for name, stage in STAGES.items() if "matrix" in stage}
    assert set(matrices) == {"check", "train", "evaluate", "cascade"}
    asked = {"task": "${tasks}", "regime": "${regimes}"}
    assert all(value == asked[key] for matrix in matrices.values() for key, value in matrix.items())
    for name in ("mix", "gap", "causes", "report"):
        assert {"tasks", "regimes"} <= set(STAGES[name]["params"])


def test_train_never_depends_on_the_real_test_split() -> None:
    """A change of the test split alone trains nothing anew. Real train is for augment.histogram_matching."""
    deps = [d for d in STAGES["train"]["deps"] if d.startswith("data/")]
    own = [f"data/${{item.regime}}/${{item.task}}/{split}.json" for split in ("train", "val")]
    assert deps == [*own, "data/real/${item.task}/train.json"]
