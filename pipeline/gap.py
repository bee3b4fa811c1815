"""Stage: the two gaps, defined here and nowhere else, each with a bootstrap interval over images.

The interval is the percentile interval of B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993),
chapter 13: images are drawn again, with replacement, and the metric is computed on each draw. It says how much a
figure depends on which images happened to be in the evaluation. What it does not say:
- how the figure would change with another training seed;
- anything where a model makes no error at all: there it has no width;
- what AP would be on far more images: AP at high IoU falls a little as a set grows, as each point of its curve is the
  best of what is to the right of it. The interval is for sets of the same size, and gaps are best between such sets.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from pipeline.coco import Coco, write_json
from pipeline.errors import run
from pipeline.metrics import SCORERS, Scorer, image_ids, read_truth, results_of_task
from pipeline.metrics.inputs import objects
from pipeline.params import Evaluate, Params, load_params
from pipeline.runs import COMPARED, EVALUATED, measured, results_of, task_of


@dataclass(frozen=True)
class Estimate:
    """A figure and what it is on each resample, [R]. Estimates on the same resamples are paired."""

    value: float
    resampled: npt.NDArray[np.float64]

    def __sub__(self, other: "Estimate") -> "Estimate":
        return Estimate(self.value - other.value, self.resampled - other.resampled)

    def interval(self, confidence: float) -> dict[str, float]:
        """`value`, `low`, `high`: the middle part `confidence` of the resamples."""
        low, high = np.quantile(self.resampled, [(1 - confidence) / 2, (1 + confidence) / 2])
        return {"value": self.value, "low": float(low), "high": float(high)}


def domain_gap(synthetic_val: Estimate, real_test: Estimate) -> Estimate:
    """The same weights on held-out synthetic and on real test images: two independent sets."""
    return synthetic_val - real_test


def transfer_gap(real_trained: Estimate, trained: Estimate) -> Estimate:
    """Two models on the same real test images, resample by resample; negative: `trained` beats real training."""
    return real_trained - trained


def stream(seed: int, name: str) -> np.random.Generator:
    """Random numbers of their own for each set of images."""
    return np.random.default_rng([seed, crc32(name.encode())])


def draw_counts(truth: Coco, resamples: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """How often each image is in each resample, [R, N], images by ascending id.

    A resample without any object, on which no metric is defined, is drawn again. `truth` must have an object.
    """
    images = image_ids(truth)
    has_object = np.isin(images, [a["image_id"] for a in objects(truth)])
    weights = np.full(len(images), 1 / len(images))
    counts = rng.multinomial(len(images), weights, size=resamples)
    while (empty := ~counts[:, has_object].any(axis=1)).any():
        counts[empty] = rng.multinomial(len(images), weights, size=np.count_nonzero(empty))
    return counts


def estimate(scorer: Scorer, counts: npt.NDArray[np.int64]) -> dict[str, Estimate]:
    """Each metric on all images once, and on the resamples `counts` [R, N]."""
    values, resampled = scorer(np.ones_like(counts[:1])), scorer(counts)
    return {metric: Estimate(float(values[metric][0]), resampled[metric]) for metric in values}


def gaps(of: Mapping[str, Mapping[str, Estimate]], confidence: float) -> dict[str, dict[str, dict[str, float]]]:
    """The part of gap.json for one metric; `of` is split -> regime -> estimate. No transfer gap without `real`."""
    synthetic_val, real_test = of["synthetic_val"], of["real_test"]
    estimates = {**of, "domain_gap": {r: domain_gap(synthetic_val[r], real_test[r]) for r in real_test}}
    if "real" in real_test:
        others = [r for r in real_test if r != "real"]
        estimates["transfer_gap"] = {r: transfer_gap(real_test["real"], real_test[r]) for r in others}
    return {name: {r: e.interval(confidence) for r, e in by.items()} for name, by in estimates.items()}


def task_gaps(name: str, truths: Mapping[str, Path], results: Mapping[str, Path], evaluate: Evaluate) -> dict[str, Any]:
    """The part of gap.json for a task or the cascade: metric -> gaps.

    `truths` is split -> COCO file, `results` regime -> folder of an evaluation.
    """
    of: dict[str, dict[str, dict[str, Estimate]]] = {}  # metric -> split -> regime
    for split, path in truths.items():
        truth = read_truth(path)
        # the cascade is drawn for like its detector: the two may be compared
        counts = draw_counts(truth, evaluate.resamples, stream(evaluate.seed, f"{task_of(name)}/{split}"))
        for regime, folder in results.items():
            scorer = scorer_of(name, truth, folder / "predictions" / f"{split}.json")
            for metric, estimated in estimate(scorer, counts).items():
                of.setdefault(metric, {}).setdefault(split, {})[regime] = estimated
    return {metric: gaps(by_split, evaluate.confidence) for metric, by_split in of.items()}


def scorer_of(name: str, truth: Coco, predictions: Path) -> Scorer:
    task = task_of(name)
    return SCORERS[task](truth, results_of_task(task, predictions, truth))


def all_gaps(params: Params, results: Path, data: Path) -> dict[str, Any]:
    """gap.json: task or cascade -> metric -> gaps."""
    result = {}
    for name in measured(params.tasks):
        where = [(split, *EVALUATED[split]) for split in COMPARED]
        truths = {split: data / domain / task_of(name) / f"{part}.json" for split, domain, part in where}
        folders: dict[str, Path] = {regime: results_of(results, name, regime) for regime in params.regimes}
        result[name] = task_gaps(name, truths, folders, params.evaluate)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name in ("results", "data", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    args = parser.parse_args()
    write_json(args.out, all_gaps(load_params(args.params), args.results, args.data))


if __name__ == "__main__":
    run(main)
