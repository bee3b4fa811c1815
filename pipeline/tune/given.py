"""What every command of the recipe is given: a task, a regime and the data of one `dvc repro`."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from pipeline.coco import Coco
from pipeline.dataset import read_split
from pipeline.errors import InputError
from pipeline.params import Classifier, OnPictures, Params, Regime, Task, load_params
from pipeline.recipes.check import check_recipe
from pipeline.runs import REGIMES, TASKS
from pipeline.work import Work, check_targets


@dataclass(frozen=True)
class Given:
    """A task and a regime; their data lie in `data`/<regime>/<task>."""

    params: Params
    task: Task
    regime: Regime
    data: Path

    @property
    def fit(self) -> Classifier | OnPictures:
        fit: Classifier | OnPictures = getattr(self.params, self.task)
        return fit

    @property
    def name(self) -> str:
        return f"{self.task}-{self.regime}"

    def train(self) -> Coco:
        """The training images, without opening those of val. Raises InputError where nothing can learn from them."""
        path = self.data / self.regime / self.task / "train.json"
        coco = read_split(path, self.data)
        check_recipe(self.task, self.fit)
        check_targets(path, coco, self.fit)
        return coco

    def work(self) -> Work:
        real = self.data / "real" / self.task / "train.json"
        return Work(self.task, self.data / self.regime / self.task, self.data, self.params, real)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--task", choices=TASKS, required=True)
    parser.add_argument("--regime", choices=REGIMES, default="synthetic", help="what is trained on")
    parser.add_argument("--data", type=Path, default=Path("data"), help="with synthetic, real and mixed")


def given(args: argparse.Namespace) -> Given:
    """Raises InputError where `dvc repro` has not made the data."""
    folder = args.data / args.regime / args.task
    if not folder.is_dir():
        raise InputError(f"{folder}: expected the data of `dvc repro mix`, found no folder.")
    return Given(load_params(args.params), args.task, args.regime, args.data)
