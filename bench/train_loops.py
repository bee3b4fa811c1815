"""Three ways to take the same training steps: ours, a bare loop on batches in memory, and torchvision's reference.

All have the network, optimizer, schedule, clipping of gradients and batch size of the params, and tell a `Watch` how
they come on.
"""

from collections.abc import Callable, Iterable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.fabric.utilities import move_data_to_device
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import nn
from torch.utils.data import DataLoader

from bench import train_files
from bench.train_decoded import decoded_each_time
from pipeline.infer import best_device
from pipeline.learner import Learner, Once, loss_parts
from pipeline.models import build
from pipeline.models.changes.groups import parameter_groups
from pipeline.recipes.optimizers import make_optimizer
from pipeline.recipes.schedules import make_schedule
from pipeline.train import make_trainer, precision_of
from pipeline.work import Work

IN_MEMORY = 4  # batches that the bare loop takes in turn


class Watch(pl.Callback):
    """Told of each step, and of each validation with its score, by Lightning or by `loop`."""

    def step(self) -> None: ...

    def validated(self, score: float) -> None: ...

    def on_train_batch_end(self, *_: Any) -> None:
        self.step()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.validated(float(trainer.callback_metrics["val/score"]))


def ours(work: Work, steps: int, every: int, folder: Path, watch: Watch, change: str = "") -> None:
    """The stage's own trainer, with its curves, progress bar and checks, on batches made as it makes them."""
    batches = work.batches(0, steps)
    if change == "decoded":
        batches = decoded_each_time(work, batches)
    trainer = make_trainer(work, folder, steps, every, ModelCheckpoint(folder, monitor="val/score", mode="max"))
    trainer.callbacks.append(watch)  # type: ignore[attr-defined]
    network, log_every = CHANGES[change](network_of(work)), trainer.log_every_n_steps  # type: ignore[attr-defined]
    learner = Learner(network, batches, work.fit.learning_rate, work.score, log_every=log_every)
    loader = DataLoader(batches, batch_size=None, num_workers=work.params.train.workers)
    trainer.fit(learner, loader, DataLoader(Once()))


def bare(work: Work, steps: int, every: int, folder: Path, watch: Watch) -> None:
    """Batches that are augmented already, in our precision, and nothing around the steps."""
    device = best_device()
    made = [move_data_to_device(batch, device) for batch in islice(work.batches(0, IN_MEMORY), IN_MEMORY)]
    loop(work, islice(cycle(made), steps), steps, "bf16" in precision_of(work.params), every, watch)


def reference(work: Work, steps: int, every: int, folder: Path, watch: Watch) -> None:
    """As torchvision's reference scripts: files decoded by PIL, its transforms, a DataLoader's workers, 32 bits."""
    loader, device = train_files.loader(work, steps, folder / "files"), best_device()
    loop(work, (move_data_to_device(batch, device) for batch in loader), steps, False, every, watch)


def loop(work: Work, batches: Iterable[Any], steps: int, bf16: bool, every: int, watch: Watch) -> None:
    device = best_device()
    network = network_of(work).to(device).train()
    optimizer = make_optimizer(work.fit.optimizer, parameter_groups(network, work.fit, work.fit.learning_rate))
    schedule = make_schedule(work.fit.schedule, optimizer, steps)
    for step, batch in enumerate(batches, start=1):
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            loss = torch.stack(list(loss_parts(network, work.fit, batch).values())).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch has none here
        if work.fit.gradient_clip:
            nn.utils.clip_grad_norm_(network.parameters(), work.fit.gradient_clip)
        optimizer.step()
        schedule.step()
        watch.step()
        if step % every == 0:
            watch.validated(work.score(network))
            network.train()


def network_of(work: Work) -> nn.Module:
    torch.manual_seed(work.params.train.seed)
    return build(work.task, work.fit, len(work.categories), work.channels)


def compiled(network: nn.Module) -> nn.Module:
    network.compile()
    return network


# names of settings that no params have -> what they make of the network
CHANGES: dict[str, Callable[[nn.Module], nn.Module]] = {
    "": lambda network: network,
    "channels_last": lambda network: network.to(memory_format=torch.channels_last),
    "compiled": compiled,
    "decoded": lambda network: network,
}
