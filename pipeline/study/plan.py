"""The experiments of a study: cells x repeats, each with the keys that say whether it has been run."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from tqdm import tqdm

from pipeline.errors import InputError
from pipeline.params import Params, Yaml
from pipeline.section import validate
from pipeline.settings import replaced, with_settings
from pipeline.study.design import BASELINE, Cell, cells_of, check_determined
from pipeline.study.graph import Graph, code_key, matters, read_graph, stage_keys
from pipeline.study.study_file import Study, load_study

PARAMS = "params.yaml"  # what the command takes if not told otherwise
SLUG = 40  # characters of a cell's name that its experiments are called after


@dataclass(frozen=True)
class Planned:
    """One experiment."""

    name: str  # <study>-<cell>-r<repeat>-<hash>
    cell: Cell
    repeat: int
    settings: dict[str, Any]  # those of the cell and of the repeat
    stages: dict[str, str]  # name -> key of all that its outputs depend on
    key: str  # of the targets
    params_key: str  # of the targets, whatever the code


@dataclass(frozen=True)
class Plan:
    """Of a study and the project as they are now."""

    name: str
    study: Study
    base: Params  # of the baseline
    cells: list[Cell]
    experiments: list[Planned]  # in the order in which they are run: repeat 0 of all cells first
    command: str  # that runs it
    code_key: str  # of the code that its targets depend on


def make_plan(path: Path, params: Path) -> Plan:
    """Read and check a study, before anything runs; warns of keys that no stage of its targets depends on.

    Raises:
        InputError: that names the file and the key.
    """
    study = load_study(path, params)
    cells = cells_of(study)
    check_determined(study, cells, str(path))
    graph = read_graph(study.targets, f"{path}: tasks and regimes")
    base = read_base(study, path, params)
    for key in inert(study, graph):
        tqdm.write(f"warning: {path}: {key} is inert: no stage of {', '.join(study.targets)} depends on it.")
    experiments = [planned(path, study, graph, base, cell, n) for n in range(study.repeats) for cell in cells]
    return Plan(
        path.stem,
        study,
        validate(Params, base, str(path)),
        cells,
        experiments,
        command_of(path, params),
        code_key(graph),
    )


def command_of(path: Path, params: Path) -> str:
    """From the project's folder, wherever that is."""
    study, values = (Path(os.path.relpath(file)).as_posix() for file in (path, params))
    return f"python -m pipeline.study run {study}{'' if values == PARAMS else f' --params {values}'}"


def read_base(study: Study, path: Path, params: Path) -> dict[str, Any]:
    """The baseline's values; checks each level alone on the way, and that no two are the same."""
    text = params.read_text(encoding="utf-8")
    text = with_settings(text, {**study.common, **dict.fromkeys(study.repeat_keys, 0)}, str(path))
    base: dict[str, Any] = yaml.load(text, Loader=Yaml)
    validate(Params, base, str(path))
    for factor, levels in study.levels.items():
        seen = {} if study.design == "curve" else {BASELINE: base}  # amounts of a curve may be the baseline's
        for level, settings in levels.items():
            where = f"{path}: factors.{factor}.{level}"
            with_settings(text, settings, where)
            values = replaced(base, settings)
            validate(Params, values, where)
            if same := next((name for name, other in seen.items() if other == values), None):
                raise InputError(f"{where}: expected a level of its own, found the values of {same}.")
            seen[level] = values
    return base


def planned(path: Path, study: Study, graph: Graph, base: dict[str, Any], cell: Cell, repeat: int) -> Planned:
    settings = {**cell.settings, **dict.fromkeys(study.repeat_keys, repeat)}
    values = replaced(base, settings)
    validate(Params, values, f"{path}: {cell.name}")
    stages = stage_keys(graph, values)
    key, bare = joined(stages, study), joined(stage_keys(graph, values, code=False), study)
    return Planned(f"{path.stem}-{slug(cell)}-r{repeat}-{key[:6]}", cell, repeat, settings, stages, key, bare)


def joined(keys: dict[str, str], study: Study) -> str:
    """One key for those of all targets."""
    return hashlib.sha256(" ".join(keys[target] for target in study.targets).encode()).hexdigest()


def slug(cell: Cell) -> str:
    """Letters, digits and - of its name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", cell.name).strip("-")[:SLUG].strip("-")


def inert(study: Study, graph: Graph) -> list[str]:
    """Keys that are varied though nothing that is measured depends on them."""
    varied = {key for levels in study.levels.values() for settings in levels.values() for key in settings}
    return sorted(key for key in {*varied, *study.repeat_keys} if not matters(graph, key))
