"""What Lightning runs: steps, validation and learning rate, the same for all tasks."""

from collections.abc import Callable, Iterator
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset, IterableDataset, get_worker_info

from pipeline.augment.crops import CropAugment
from pipeline.augment.lighting import Lighting
from pipeline.augment.mixing import mixing
from pipeline.augment.pictures import PictureAugment
from pipeline.augment.real_look import RealLook
from pipeline.dataset import Crops, Pictures
from pipeline.errors import InputError
from pipeline.models.auxiliary import losses
from pipeline.models.changes.groups import parameter_groups
from pipeline.params import Classifier, Fit, OnPictures
from pipeline.recipes.optimizers import make_optimizer
from pipeline.recipes.penalties import penalties
from pipeline.recipes.schedules import make_schedule

NETWORK_SEED = 1 << 31  # far from the seeds of augmentation
Batch = Any
Score = Callable[[nn.Module], float]


class Batches(IterableDataset[Batch]):
    """Batch after batch, drawn without replacement until all examples were seen.

    The examples of a step depend on (seed, step) alone, so that a resumed run sees what an undisturbed one would.
    """

    def __init__(self, examples: int, fit: Fit, steps: int, seed: int, collate: Callable[[list[int]], Batch]) -> None:
        self.examples, self.fit, self.steps, self.seed, self.collate = examples, fit, steps, seed, collate
        self.first, self.rank, self.world = 0, 0, 1

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()  # the loader takes one batch from each of its workers in turn
        start, stride = (worker.id, worker.num_workers) if worker else (0, 1)
        for step in range(self.first + start, self.steps, stride):
            torch.default_generator.manual_seed(own_draws(self.seed * 1_000_003 + step, self.rank))  # for augmentation
            yield self.collate(self.choose(step)[self.rank :: self.world])

    def share(self) -> float:
        """What the mean over this process's examples weighs in the mean over processes, which then is the batch's."""
        own = len(range(self.rank, self.fit.batch_size, self.world))
        return own * self.world / self.fit.batch_size

    def choose(self, step: int) -> list[int]:
        """Indices of the examples of a step: a slice of an endless row of shuffled rounds."""
        start = step * self.fit.batch_size
        wanted = range(start, start + self.fit.batch_size)
        rounds = {n // self.examples for n in wanted}
        orders = {r: np.random.default_rng([self.seed, r]).permutation(self.examples) for r in rounds}
        return [int(orders[n // self.examples][n % self.examples]) for n in wanted]


def own_draws(seed: int, rank: int) -> int:
    """A seed for each process: two that draw the same would vary less than one with the whole batch."""
    return seed + (rank << 24)  # of a seed the generator takes 32 bits


def seed_network(seed: int) -> None:
    """As torch.manual_seed, which, of a GPU that is not there, notes each time who asked: half a millisecond."""
    seed_all = torch.manual_seed if torch.accelerator.is_available() else torch.default_generator.manual_seed
    seed_all(seed)


class Once(Dataset[int]):
    """One empty batch: the score function holds the validation split itself."""

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> int:
        return index


def crop_batches(
    crops: Crops, params: Classifier, categories: int, look: RealLook | None = None
) -> Callable[[list[int]], Batch]:
    """A batch of the classifier: augmented crops [N, C, S, S] and labels [N], or [N, categories] where they are mixed.

    `look` is what augment takes from real crops.
    """
    lighting = Lighting(crops.crops, params.augment.lighting) if params.augment.lighting else None
    augment = CropAugment(params.augment, params.input_px, lighting, look)
    mix = mixing(params.augment, categories)

    def batch(chosen: list[int]) -> Batch:
        augmented, labels = augment(crops.crops[chosen].float() / 255), crops.labels[chosen]
        return mix(augmented, labels) if mix else (augmented, labels)

    return batch


def picture_batches(
    pictures: Pictures, params: OnPictures, look: RealLook | None = None
) -> Callable[[list[int]], Batch]:
    """A batch of the detector or the segmenter: a list of augmented crops, and their targets."""
    augment = PictureAugment(params, look)
    return lambda chosen: augment([pictures.images[i] for i in chosen], [pictures.target(i) for i in chosen])


class Learner(pl.LightningModule):
    """A network with its loss, its score on the validation split, its optimizer and the course of the learning rate."""

    def __init__(
        self,
        network: nn.Module,
        batches: Batches,
        rate: float,
        score: Score,
        train_score: Score | None = None,
        log_every: int = 1,
    ):
        """`log_every` as the trainer's log_every_n_steps: Lightning's `log` takes its time at every step, logged or
        not."""
        super().__init__()
        self.log_every = log_every
        self.network, self.rate, self.score, self.train_score = network, rate, score, train_score
        self.fit, self.steps, self.seed = batches.fit, batches.steps, batches.seed
        self.rank, self.share = batches.rank, batches.share()

    def training_step(self, batch: Batch, index: int) -> Tensor:
        # what the network draws, as its dropout, depends on (seed, step) too, whoever loads the batches
        seed_network(own_draws(NETWORK_SEED + self.seed * 1_000_003 + self.global_step, self.rank))
        parts = penalised_parts(self.network, self.fit, batch)
        loss = torch.stack(list(parts.values())).sum()
        if not torch.isfinite(loss):
            found = f"found {loss.item()}; lower learning_rate, {self.rate:g}."
            raise InputError(f"step {self.global_step}: expected a finite loss, {found}")
        if (self.global_step + 1) % self.log_every == 0:
            self.log_parts(loss, parts)
        return loss * self.share

    def log_parts(self, loss: Tensor, parts: dict[str, Tensor]) -> None:
        self.log("train/loss", loss, prog_bar=True)
        for name, part in parts.items():
            if name != "loss":
                self.log(f"train/{name}", part)

    def validation_step(self, batch: Batch, index: int) -> None:
        """The whole split at once: its score is not a mean over batches. In 32 bits, as `evaluate` measures."""
        with torch.autocast(self.device.type, enabled=False):
            score = self.score(self.network)
            train_score = self.train_score(self.network) if self.train_score else None
        self.log("val/score", score, prog_bar=True)
        if train_score is not None:
            self.log("train/score", train_score)
        self.network.train()

    def configure_optimizers(self) -> Any:
        optimizer = make_optimizer(self.fit.optimizer, parameter_groups(self.network, self.fit, self.rate))
        schedule = make_schedule(self.fit.schedule, optimizer, self.steps)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def loss_parts(network: nn.Module, fit: Fit, batch: Batch) -> dict[str, Tensor]:
    """The parts of the loss, by name; those of a detector are its own.

    Of a classifier it is cross-entropy, against (1 - e) y + e / categories with label smoothing e (Szegedy et al.
    2016).
    """
    if isinstance(fit, Classifier):
        crops, labels = batch
        smoothing = fit.label_smoothing
        return losses(network(crops), lambda logits: F.cross_entropy(logits, labels, label_smoothing=smoothing))
    images, targets = batch
    parts: dict[str, Tensor] = network(images, targets)
    return parts


def penalised_parts(network: nn.Module, fit: Fit, batch: Batch) -> dict[str, Tensor]:
    """Those and the penalties on weights: their sum is what training minimises."""
    return {**loss_parts(network, fit, batch), **penalties(network, fit)}
