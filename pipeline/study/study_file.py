"""A file of studies/: what is varied, in which design, how often, and what it is measured on."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from pipeline.errors import InputError
from pipeline.experiments import check_name
from pipeline.params import Params, Regime, load_params, read_yaml
from pipeline.runs import CASCADE, HALVES, TASKS, Task, measured
from pipeline.section import Count, NonNegative, Section, validate

Settings = dict[str, Any]  # key of params.yaml -> value
Measured = Literal[Task, "cascade"]
AMOUNTS = ("synthetic", "real")  # factors of a curve: counts of training images


def _named(levels: Any) -> Any:
    """YAML 1.1 reads off as False and 10 as a number; names of levels are text."""
    if not isinstance(levels, dict):
        return levels
    words = {False: "off", True: "on"}
    return {words[k] if isinstance(k, bool) else str(k): v for k, v in levels.items()}


Levels = Annotated[list[Any] | dict[str, Settings], BeforeValidator(_named), Field(min_length=1)]


class Study(Section):
    question: str
    scene: str | None = None  # that it is for, where it would make no sense with another one
    tasks: Annotated[list[Measured], Field(min_length=1)]  # left out in the file: those of params.yaml
    regimes: Annotated[list[Regime], Field(min_length=1)]  # as tasks
    design: Literal["one_factor_off", "grid", "random", "curve"]
    repeats: Count
    repeat_keys: list[str] = Field(default=["train.seed"])  # set to 0, 1, ... : with `seed`, frames are rendered anew
    fixed: Settings = Field(default_factory=dict)  # the same in all cells
    baseline: Settings = Field(default_factory=dict)  # in all cells whose factors do not say otherwise
    factors: dict[str, Levels] = Field(
        default_factory=dict
    )  # a key -> its levels; or a name -> level -> values of some keys
    cells: Count = 20  # of the design `random`
    seed: NonNegative = 0  # of the design `random`

    @property
    def common(self) -> Settings:
        """Of every cell. A cascade depends on all that is trained: it is told to train no more than is asked for."""
        halves = [task for task in TASKS if task in HALVES or task in self.tasks]
        own = {"tasks": halves, "regimes": list(self.regimes)} if CASCADE in self.tasks else {}
        return {**own, **self.fixed, **self.baseline}

    @property
    def levels(self) -> dict[str, dict[str, Settings]]:
        """Factor -> level -> settings."""
        return {name: levels_of(name, given) for name, given in self.factors.items()}

    @property
    def targets(self) -> list[str]:
        """The stages of dvc.yaml that end an experiment."""
        names = [(t, r) for t in self.tasks for r in self.regimes]
        return [f"{CASCADE}@{r}" if t == CASCADE else f"evaluate@{t}-{r}" for t, r in names]


def levels_of(factor: str, given: list[Any] | dict[str, Settings]) -> dict[str, Settings]:
    if isinstance(given, dict):
        return given
    return {value if isinstance(value, str) else json.dumps(value): {factor: value} for value in given}


def load_study(path: Path, params: Path) -> Study:
    """Read a study, and check all of it that does not need the graph or single values: see plan.py.

    Raises:
        InputError: that names the file and the key.
    """
    check_name(path)
    values, base = read_yaml(path, "a study"), load_params(params)
    study = validate(Study, {"tasks": measured(base.tasks), "regimes": list(base.regimes), **values}, str(path))
    if study.scene not in (None, base.scene.name):
        found = f"found '{base.scene.name}': `--params presets/{study.scene}.yaml`, or another params.yaml."
        raise InputError(f"{path}: expected parameters of the scene {study.scene} in {params}, {found}")
    check_asked(study, base, path)
    check_factors(study, path)
    return study


def check_asked(study: Study, base: Params, path: Path) -> None:
    """Raises InputError for tasks and regimes that params.yaml leaves out."""
    tasks = {*study.tasks, *(HALVES if CASCADE in study.tasks else ())} - {CASCADE}
    for key, asked, known in (("tasks", tasks, base.tasks), ("regimes", set(study.regimes), base.regimes)):
        if missing := sorted(asked - set(known)):
            found = f"found '{missing[0]}', which {key} of params.yaml leave out. Without this key it is those."
            raise InputError(f"{path}: {key}: expected some of {', '.join(known)}, {found}")


def check_factors(study: Study, path: Path) -> None:
    """Raises InputError where the design lacks factors, or a key is set from two sides."""
    where = f"{path}: factors"
    if not study.factors and study.design != "one_factor_off":
        raise InputError(f"{where}: expected at least one for the design {study.design}, found none.")
    if study.design == "curve" and not set(study.factors) <= set(AMOUNTS):
        raise InputError(f"{where}: expected {' and '.join(AMOUNTS)} for a curve, found {', '.join(study.factors)}.")
    taken = {**dict.fromkeys(study.fixed, "fixed"), **dict.fromkeys(study.repeat_keys, "repeat_keys")}
    for key in study.baseline:
        _check_free(taken, key, "baseline", f"{path}: baseline")
    together = study.design != "one_factor_off"
    for factor, levels in study.levels.items():
        keys = {key for settings in levels.values() for key in settings}
        for key in keys:
            _check_free(taken, key, factor, f"{where}.{factor}")
        taken |= dict.fromkeys(keys, factor) if together else {}


def _check_free(taken: dict[str, str], key: str, by: str, where: str) -> None:
    if taken.get(key, by) != by:
        raise InputError(f"{where}: expected keys that nothing else sets, found {key}, which {taken[key]} sets.")
