"""One task's sets held against each other: the parts of distance.json and of distance_points.json."""

from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from pipeline.bootstrap import stream
from pipeline.coco import category_names, names_of
from pipeline.dataset import load_crops
from pipeline.distance.a_distance import a_distance
from pipeline.distance.effects import differences, ranked, summary
from pipeline.distance.features import standardised
from pipeline.distance.kernels import kid, mmd
from pipeline.distance.look import look
from pipeline.distance.measures import MEASURES
from pipeline.distance.networks import networks_of
from pipeline.distance.plane import plane
from pipeline.distance.resample import Bootstrap
from pipeline.distance.sets import Sampled, draw, pairs_of, read_sets
from pipeline.params import Classifier, Fit, Params
from pipeline.runs import Task

CHOOSING = "synthetic_train/real_train"  # by which a randomizer may be turned: real test has no say


class Comparison:
    """The sets of a task, drawn and looked at."""

    def __init__(self, task: Task, params: Params, data: Path, models: Path | None) -> None:
        """Without `models` by the network before training alone."""
        self.task, self.params, self.data = task, params, data
        self.fit: Fit = getattr(params, task)
        self.crops = isinstance(self.fit, Classifier)
        self.cocos = read_sets(task, data)
        count = params.distance.images
        drawn = {name: draw(coco, self.crops, count, self.rng(name)) for name, coco in self.cocos.items()}
        self.drawn = {name: coco for name, coco in drawn.items() if coco["annotations" if self.crops else "images"]}
        categories = len(category_names(self.cocos["synthetic_train"]))
        self.networks = networks_of(task, params, models, categories, self._crops)
        self.looked = {n: look(c, data, self.fit, self.networks, f"{task}: {n}") for n, c in self.drawn.items()}
        self.pairs = pairs_of({name: seen.images for name, seen in self.looked.items()})

    def rng(self, name: str) -> np.random.Generator:
        """Random numbers of their own for everything that is drawn."""
        return stream(self.params.distance.seed, f"{self.task}/{name}")

    def bootstrap(self, name: str) -> Bootstrap:
        evaluate = self.params.evaluate
        return Bootstrap(evaluate.resamples, evaluate.confidence, self.rng(name))

    def _crops(self) -> Tensor:
        assert isinstance(self.fit, Classifier)
        return load_crops(self.drawn["synthetic_train"], self.data, self.fit).crops


def document(of: Comparison) -> dict[str, Any]:
    """The part of distance.json for a task."""
    samples = {name: {"images": seen.images, "samples": len(seen.groups)} for name, seen in of.looked.items()}
    return {
        "of": "crops" if of.crops else "pictures",
        "sets": samples,
        "features": {name: features(of, name) for name in of.networks},
        "statistics": statistics(of),
    }


def features(of: Comparison, network: str) -> dict[str, Any]:
    """Pair -> `kid`, `mmd2` and `a_distance` of a network's features."""
    values = standardised({name: seen.features[network] for name, seen in of.looked.items()})
    sampled = {name: Sampled(v, of.looked[name].groups) for name, v in values.items()}
    own = of.params.distance
    result = {}
    for pair, first, second in of.pairs:
        two, bootstrap = (sampled[first], sampled[second]), of.bootstrap(f"{network}/{pair}")
        result[pair] = {
            "kid": kid(*two, own.subsets, bootstrap),
            "mmd2": mmd(*two, own.subsets, own.permutations, bootstrap),
            "a_distance": a_distance(*two, bootstrap),
        }
    return {"dimensions": next(iter(values.values())).shape[1], "pairs": result}


def statistics(of: Comparison) -> dict[str, Any]:
    """Measures of each set, their effects by pair, and `ranked`: which differ most between what is trained on."""
    pairs = {
        pair: differences(of.looked[first], of.looked[second], of.bootstrap(f"statistics/{pair}"))
        for pair, first, second in of.pairs
    }
    return {
        "sets": {
            name: {m: summary(seen.measure(n).values) for n, m in enumerate(MEASURES)}
            for name, seen in of.looked.items()
        },
        "pairs": pairs,
        "ranked": ranked(pairs[CHOOSING]["effects"]) if CHOOSING in pairs else [],
    }


def points(of: Comparison) -> dict[str, Any]:
    """The part of distance_points.json: samples with set and category, and where each network has them in a plane."""
    chosen = {name: _chosen(len(seen.groups), of.params.distance.points) for name, seen in of.looked.items()}
    placed = {}
    for network in of.networks:
        values = standardised({name: seen.features[network] for name, seen in of.looked.items()})
        placed[network] = plane(
            np.concatenate([values[name][numbers] for name, numbers in chosen.items()]), of.params.distance.seed
        )
    samples = [_sample(of, name, n) for name, numbers in chosen.items() for n in numbers]
    return {"samples": samples, "networks": placed}


def _chosen(there: int, count: int) -> list[int]:
    """Evenly over what was drawn, which is in the order of the file."""
    return [round(n) for n in np.linspace(0, there - 1, min(there, count)).tolist()]


def _sample(of: Comparison, name: str, number: int) -> dict[str, Any]:
    coco = of.drawn[name]
    if not of.crops:
        return {"set": name, "image_id": coco["images"][number]["id"]}
    annotation = coco["annotations"][number]
    category = names_of(coco)[annotation["category_id"]]
    return {
        "set": name,
        "image_id": annotation["image_id"],
        "annotation_id": annotation["id"],
        "category": category,
    }
