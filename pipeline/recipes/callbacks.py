"""Parts of a recipe that look at a run as it goes: Lightning's callbacks. All of them survive an interruption."""

from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback
from torch.optim.lr_scheduler import ReduceLROnPlateau

from pipeline.params import Fit, Schedule
from pipeline.recipes.averaging import averaging
from pipeline.recipes.schedules import PLATEAU, RESTARTS, cycle_ends

SNAPSHOTS = "snapshots"


def recipe_callbacks(fit: Fit, steps: int, folder: Path) -> list[Callback]:
    """What the recipe of `fit` wants; `folder` is that of the phase."""
    found = averaging(fit, steps)
    if fit.schedule.name == PLATEAU:
        found.append(Plateau(fit.schedule))
    if fit.schedule.name == RESTARTS:
        found.append(KeepSnapshots(folder / SNAPSHOTS, cycle_ends(fit.schedule, steps)))
    return found


class Plateau(Callback):
    """The rate x `factor` after more than `patience` validations without a better score, by torch's ReduceLROnPlateau.

    Lightning would step it after the checkpoint was written, and a run that goes on from there would not know.
    """

    def __init__(self, options: Schedule) -> None:
        self.options, self.restored = options, dict[str, Any]()
        self.plateau: ReduceLROnPlateau | None = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        factor, patience = self.options.factor, self.options.patience
        self.plateau = ReduceLROnPlateau(trainer.optimizers[0], "max", factor, patience, threshold=0.0)
        self.plateau.load_state_dict(self.restored)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert self.plateau
        self.plateau.step(trainer.callback_metrics["val/score"])

    def state_dict(self) -> dict[str, Any]:
        return self.plateau.state_dict() if self.plateau else self.restored

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.restored = state_dict


class KeepSnapshots(Callback):
    """The weights at the ends of cycles of the rate, as <step>.pt (Huang et al. 2017)."""

    def __init__(self, folder: Path, ends: list[int]) -> None:
        self.folder, self.ends = folder, ends

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        if trainer.global_step in self.ends and trainer.is_global_zero:
            self.folder.mkdir(parents=True, exist_ok=True)
            torch.save(pl_module.get_submodule("network").state_dict(), self.folder / f"{trainer.global_step}.pt")
