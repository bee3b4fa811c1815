"""A file of searches/: which keys of params.yaml are varied, how, how often, and what counts as better."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from pipeline.errors import InputError
from pipeline.experiments import check_name
from pipeline.params import Regime, Task, load_params, read_yaml
from pipeline.runs import TASKS
from pipeline.section import Count, Distribution, NonNegative, Section, validate
from pipeline.settings import check_settings

KINDS = ("uniform", "loguniform", "integer", "choice")
SCORES: dict[Task, str] = {"classifier": "accuracy", "detector": "AP50", "segmenter": "mIoU"}


def _not_test(metric: Any) -> Any:
    if "test" in str(metric):
        raise ValueError(f"expected synthetic_val or real_val, found {metric}: a choice made on test is worth nothing")
    return metric


def _can_be_proposed(drawn: Distribution) -> Distribution:
    if drawn.kind not in KINDS:
        raise ValueError(f"expected one of {', '.join(KINDS)}, found {drawn.kind}")
    return drawn


class Search(Section):
    task: Task
    regime: Regime
    metric: Annotated[Literal["synthetic_val", "real_val"], BeforeValidator(_not_test)]
    sampler: Literal["random", "grid", "tpe"]
    seed: NonNegative
    trials: Count
    points: Annotated[int, Field(ge=2)] = 4  # of a range, in a grid
    steps: Count  # of training, in each trial
    fixed: dict[str, Any] = Field(default_factory=dict)  # other keys of params.yaml and their values in all trials
    space: Annotated[dict[str, Annotated[Distribution, AfterValidator(_can_be_proposed)]], Field(min_length=1)]

    @property
    def target(self) -> str:
        """The stage of dvc.yaml that ends a trial."""
        return f"evaluate@{self.task}-{self.regime}"

    @property
    def metrics_file(self) -> str:
        return f"results/runs/{self.task}/{self.regime}/metrics.json"

    def settings(self, drawn: dict[str, Any]) -> dict[str, Any]:
        """All keys that a trial sets."""
        return {f"{self.task}.steps": self.steps, **self.fixed, **drawn}


def load_search(path: Path, params: Path) -> Search:
    """Read and check a search. Raises InputError that names the file and the key, before anything is trained."""
    check_name(path)
    search = validate(Search, read_yaml(path, "a search"), str(path))
    base = load_params(params)
    for key, known in (("task", base.tasks), ("regime", base.regimes)):
        if getattr(search, key) not in known:
            found = f"found '{getattr(search, key)}', which {key}s of {params} leave out."
            raise InputError(f"{path}: {key}: expected one of {', '.join(known)}, {found}")
    for key in (*search.fixed, *search.space):
        if key.split(".")[0] in set(TASKS) - {search.task}:
            raise InputError(f"{path}: {key}: expected a key that matters to the {search.task}.")
    for key, drawn in search.space.items():  # of each key alone the ends of its range, or all of its choices
        for value in drawn.args:
            check_settings(search.settings({key: value}), params, str(path))
    return search
