"""Parts of a recipe that look at a run as it goes: Lightning's callbacks. All of them survive an interruption."""

from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping
from torch.optim.lr_scheduler import ReduceLROnPlateau

from pipeline.params import Fit, Schedule
from pipeline.recipes.averaging import averaging, start_of_swa
from pipeline.recipes.schedules import PLATEAU, RESTARTS, cycle_ends

SNAPSHOTS = "snapshots"


def recipe_callbacks(fit: Fit, steps: int, folder: Path) -> list[Callback]:
    """What the recipe of `fit` wants; `folder` is that of the phase."""
    found = [Patience(fit.patience, patient_until(fit, steps)), *averaging(fit, steps)]
    if fit.schedule.name == PLATEAU:
        found.append(Plateau(fit.schedule))
    if fit.schedule.name == RESTARTS:
        found.append(KeepSnapshots(folder / SNAPSHOTS, cycle_ends(fit.schedule, steps)))
    return found


def patient_until(fit: Fit, steps: int) -> int:
    """The steps before which no score ends a run, since what comes is not to be had earlier.

    Scores fall at each restart of the rate, and the last cycle has its weights at its end; the mean of swa begins late.
    """
    if fit.schedule.name == RESTARTS:
        return steps
    return start_of_swa(fit, steps) if fit.average.name == "swa" else 0


class Patience(EarlyStopping):
    """Ends training after `patience` validations without a better score; those before step `first` do not count.

    Early stopping (Prechelt 1998, "Early Stopping - But When?"); the best snapshot is what is kept.
    """

    def __init__(self, patience: int, first: int) -> None:
        super().__init__("val/score", mode="max", patience=patience)
        self.first = first

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.global_step >= self.first:
            super().on_validation_end(trainer, pl_module)


class Plateau(Callback):
    """The rate x `factor` after more than `patience` validations without a better score, by torch's ReduceLROnPlateau.

    By hand so in Krizhevsky et al. (2012, section 5) and He et al. (2016, section 3.4).
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
