"""The scores of a study: for each cell and seed, on every split, and what differs between them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.intervals import seed_interval
from pipeline.report.table import METRICS
from pipeline.runs import CASCADE, COMPARED, EVALUATED, HALVES
from pipeline.study.plan import Plan, Planned
from pipeline.study.records import Record

GAP = "domain_gap"
MEASURES = (*EVALUATED, GAP)
BySeed = dict[int, float]  # repeat -> value
Scores = dict[str, BySeed]  # cell -> repeat -> value


@dataclass(frozen=True)
class Asked:
    """What is trained and measured; `metric` is the one that answers."""

    task: str
    regime: str

    @property
    def metric(self) -> str:
        return METRICS[self.task][0]

    @property
    def facts(self) -> dict[str, str]:
        return {"task": self.task, "regime": self.regime, "metric": self.metric}

    @property
    def training(self) -> list[str]:
        """The stages that train it."""
        tasks = sorted(HALVES) if self.task == CASCADE else [self.task]
        return [f"train@{task}-{self.regime}" for task in tasks]


def asked_of(plan: Plan) -> list[Asked]:
    return [Asked(task, regime) for task in plan.study.tasks for regime in plan.study.regimes]


def scores_of(plan: Plan, records: Mapping[str, Record], asked: Asked, measure: str) -> Scores:
    """On a split, or the domain gap, synthetic val minus real test, of the cells that have some."""
    found: Scores = {}
    for planned, record in done(plan, records):
        splits = record["metrics"][asked.task][asked.regime]
        parts = [splits.get(split, {}).get(asked.metric) for split in (COMPARED if measure == GAP else (measure,))]
        if None not in parts:
            value = parts[0] - parts[1] if measure == GAP else parts[0]
            found.setdefault(planned.cell.name, {})[planned.repeat] = float(value)
    return found


def training_seconds(plan: Plan, records: Mapping[str, Record], asked: Asked) -> Scores:
    """Of the runs that were trained, not taken from DVC's cache."""
    found: Scores = {}
    for planned, record in done(plan, records):
        if all(stage in record["seconds"] for stage in asked.training):
            seconds = sum(record["seconds"][stage] for stage in asked.training)
            found.setdefault(planned.cell.name, {})[planned.repeat] = seconds
    return found


def images_of(plan: Plan, records: Mapping[str, Record], asked: Asked) -> dict[str, dict[str, int]]:
    """Cell -> rendered and real training images, those of its first repeat."""
    found: dict[str, dict[str, int]] = {}
    for planned, record in done(plan, records):
        found.setdefault(planned.cell.name, record["images"][asked.task][asked.regime])
    return found


def done(plan: Plan, records: Mapping[str, Record]) -> Iterator[tuple[Planned, Record]]:
    """The experiments that are there; `records` is by name of the experiment."""
    return ((p, records[p.name]) for p in plan.experiments if p.name in records)


def lowest(measure: str) -> float:
    """What a mean of it cannot be below: the gap is a difference of scores."""
    return -1.0 if measure == GAP else 0.0


def subtract(one: BySeed, other: BySeed) -> BySeed:
    """Of the seeds that both have."""
    return {n: one[n] - other[n] for n in sorted(one.keys() & other.keys())}


def interval(plan: Plan, by_seed: BySeed, lowest: float) -> dict[str, Any]:
    """Mean and interval of one seed or more; `lowest` is what the mean cannot be below, and 1 what it cannot exceed."""
    return seed_interval(list(by_seed.values()), plan.base.evaluate.confidence).within(lowest, 1.0).figures()


def figures(plan: Plan, by_seed: BySeed, lowest: float = -1.0) -> dict[str, Any] | None:
    """The same with the values; None where there is no run."""
    return {**interval(plan, by_seed, lowest), "values": list(by_seed.values())} if by_seed else None
