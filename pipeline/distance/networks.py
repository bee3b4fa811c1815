"""The networks whose features are compared: one as training starts with it, and the trained ones of each regime."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from pipeline.distance.features import Features
from pipeline.infer import best_device
from pipeline.models import build
from pipeline.models.changes.preprocessing import set_statistics
from pipeline.models.checkpoint import load_model
from pipeline.models.weights import fill, read_start
from pipeline.params import Fit, Params, fit_channels
from pipeline.runs import Task

START = "start"  # name of the network before training


def looked_at(tasks: list[Task]) -> list[Task]:
    """The tasks, and what looks at crops or at whole pictures where they lack it: its network stays untrained."""
    pictures: list[Task] = [] if {"detector", "segmenter"} & set(tasks) else ["detector"]
    crops: list[Task] = [] if "classifier" in tasks else ["classifier"]
    return [*crops, *tasks, *pictures]


def networks_of(
    task: Task, params: Params, models: Path | None, categories: int, crops: Callable[[], Tensor]
) -> dict[str, Features]:
    """Name -> network; `start` first, then the regimes where the task was trained. `models` None: no trained ones."""
    fit: Fit = getattr(params, task)
    trained = params.regimes if models is not None and task in params.tasks else []
    found = {START: started(task, fit, categories, params.distance.seed, task in params.tasks, crops)}
    found |= {regime: load_model(Path(str(models), task, regime))[0] for regime in trained}
    return {name: Features(network.to(best_device())) for name, network in found.items()}


def started(task: Task, fit: Fit, categories: int, seed: int, asked: bool, crops: Callable[[], Tensor]) -> nn.Module:
    """The network with the weights that it starts from: those that `weights` names, or random ones of this seed.

    A task that is not `asked` for takes random ones. `crops` uint8 [N, C, S, S] are read where it wants statistics.
    """
    channels = fit_channels(fit)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build(task, fit, categories, channels)
    fill(network, read_start(task, fit, channels) if asked else None)
    set_statistics(network, crops)
    return network
