"""What a study's targets depend on, as DVC has it: stages, their params and code, and a key of each stage's outputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvc.dependency.param import ParamsDependency
from dvc.exceptions import DvcException
from dvc.repo import Repo

from pipeline.cache import key_of
from pipeline.coco import sha256_of
from pipeline.errors import InputError
from pipeline.experiments import output
from pipeline.settings import value_at


@dataclass(frozen=True)
class Stage:
    """A stage that a target depends on, or the target itself."""

    command: str
    params: tuple[str, ...]  # keys of params.yaml
    code_sha256: str  # of the files of git that it depends on, as they are in the work tree
    upstream: tuple[str, ...]  # stages


Graph = dict[str, Stage]  # by name


def read_graph(targets: Sequence[str], where: str) -> Graph:
    """The stages up to `targets`. Raises InputError, which starts with `where`, for one that dvc.yaml lacks."""
    try:
        with Repo(".") as repo:
            stages = {s.addressing: s for target in targets for s in repo.stage.collect(target, with_deps=True)}
            after = repo.index.graph
            return {n: _stage(s, [u.addressing for u in after.successors(s)]) for n, s in sorted(stages.items())}
    except DvcException as error:
        raise InputError(f"{where}: expected stages of dvc.yaml: {error}") from None


def _stage(stage: Any, upstream: list[str]) -> Stage:
    params = [key for dep in stage.deps if isinstance(dep, ParamsDependency) for key in dep.params]
    files = [str(dep.def_path) for dep in stage.deps if not isinstance(dep, ParamsDependency)]
    return Stage(str(stage.cmd), tuple(sorted(params)), code_sha256(files), tuple(sorted(upstream)))


def code_sha256(places: list[str]) -> str:
    """Of the files in these places that git tracks; what other stages make is not among them."""
    listed = output("git", "ls-files", "-z", "--", *places).split("\0") if places else []
    return key_of([[name, sha256_of(Path(name))] for name in sorted(set(listed)) if name and Path(name).is_file()])


def stage_keys(graph: Graph, values: dict[str, Any], code: bool = True) -> dict[str, str]:
    """Of each stage a hash of all that its outputs depend on, for these values of params.yaml; code if asked for."""
    keys: dict[str, str] = {}

    def key(name: str) -> str:
        if name not in keys:
            stage = graph[name]
            own = [stage.command, [[k, value_at(values, k)] for k in stage.params], stage.code_sha256 if code else ""]
            keys[name] = key_of([*own, [key(u) for u in stage.upstream]])
        return keys[name]

    return {name: key(name) for name in graph}


def code_key(graph: Graph) -> str:
    """Of the code alone, the same for all params."""
    return key_of([[name, stage.code_sha256] for name, stage in sorted(graph.items())])


def matters(graph: Graph, key: str) -> bool:
    """Whether some stage depends on this key of params.yaml, on a section that holds it, or on a part of it."""
    used = {k for stage in graph.values() for k in stage.params}
    return any(f"{key}.".startswith(f"{k}.") or f"{k}.".startswith(f"{key}.") for k in used)
