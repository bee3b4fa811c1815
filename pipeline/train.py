"""Stage: train one task in one regime; the weights of the best validation, never of the real test split.

Work in progress lives in the cache folder under a key of everything it depends on, so that an interrupted run goes
on at its last validation with a better score; the model folder appears when all is done.
"""

import argparse
import logging
import math
import shutil
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.utilities import rank_zero_only
from torch import nn
from torch.utils.data import DataLoader

from pipeline.adapt.rounds import LABELS, label_round, renew_statistics, renews
from pipeline.cache import cache_folder
from pipeline.errors import InputError, run
from pipeline.folders import whole_folder
from pipeline.learner import Batches, Learner, Once
from pipeline.models.checkpoint import Card, save_model
from pipeline.params import Params, load_params
from pipeline.progress import LAST, Best, Curves, alone, done, forget_after, last_step, set_done
from pipeline.recipes.callbacks import SNAPSHOTS, recipe_callbacks
from pipeline.runs import TASKS
from pipeline.work import Work, start_network

FINETUNE_RATE = 0.2  # of the learning rate


def train_phase(work: Work, network: nn.Module, phase: int, folder: Path) -> Best:
    """Train on the images of one phase, unless an earlier run has; leaves the best weights in `network`."""
    best = done(folder) or fit(work, network, phase, folder)
    set_done(folder, best)
    state = torch.load(folder / best.checkpoint, map_location="cpu", weights_only=True)["state_dict"]
    network.load_state_dict({name.removeprefix("network."): value for name, value in state.items()})
    return best


def fit(work: Work, network: nn.Module, phase: int, folder: Path) -> Best:
    """Train on the images of one phase, from where an interrupted run has come."""
    steps = work.steps(phase)
    rate = work.fit.learning_rate * (1.0 if phase == work.phases()[0] else FINETUNE_RATE)
    every = steps // math.ceil(steps / work.fit.val_every_steps)  # in equal parts: the last step is validated too
    batches = work.batches(phase, steps)
    batches.first = last_step(folder)
    if batches.first:
        print(f"going on at step {batches.first} of {steps}", flush=True)
    forget_after(folder / "curves", batches.first)
    best = make_checkpoint(folder, chosen=phase not in work.pseudo)
    trainer = make_trainer(work, folder, steps, every, best)
    print(f"training on {trainer.strategy.root_device}, {trainer.precision}", flush=True)
    batches.rank, batches.world = trainer.global_rank, trainer.world_size
    check_shares(batches)
    loader = DataLoader(batches, batch_size=None, num_workers=work.params.train.workers)
    network.train()  # Lightning leaves the mode as it is: who labels images has put it into evaluation
    learner = Learner(network, batches, rate, work.score, work.train_score(phase), trainer.log_every_n_steps)  # type: ignore[attr-defined]
    trainer.fit(learner, loader, DataLoader(Once()), ckpt_path=str(folder / LAST) if batches.first else None)
    kept = Path(best.best_model_path if best.save_top_k == 1 else best.last_model_path)
    state = torch.load(kept, map_location="cpu", weights_only=True)
    score = float(state["callbacks"][best.state_key]["current_score"])
    return Best(kept.name, score, int(state["global_step"]))


def make_checkpoint(folder: Path, chosen: bool) -> ModelCheckpoint:
    """Keeps the weights of the best score on val, or all: those of the last step count where val has no say.

    In self-training it has none, as synthetic val cannot tell how far a network has come on real images.
    """
    return ModelCheckpoint(
        folder,
        "best-{step}",
        monitor="val/score",
        mode="max",
        save_top_k=1 if chosen else -1,
        save_last=True,
        enable_version_counter=False,
    )


def check_shares(batches: Batches) -> None:
    """Raises InputError where a process would get no example of a batch."""
    if batches.world > batches.fit.batch_size:
        found = f"{batches.world} processes and a batch_size of {batches.fit.batch_size}"
        raise InputError(f"params.yaml: train.devices: expected an example for each process, found {found}.")


def make_trainer(work: Work, folder: Path, steps: int, every: int, best: ModelCheckpoint) -> pl.Trainer:
    # of `deterministic`: it would fill all new memory first, which is for finding code that reads what nobody wrote
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    live = Curves(
        dir=str(folder / "curves"), resume=True, save_dvc_exp=False, dvcyaml=None, report=None, monitor_system=False
    )
    fit = work.fit if best.save_top_k == 1 else work.fit.model_copy(update={"patience": steps})
    bar = TQDMProgressBar(refresh_rate=max(1, every // 10))
    return pl.Trainer(
        max_steps=steps,
        max_epochs=1,
        val_check_interval=every,
        log_every_n_steps=min(10, every),
        num_sanity_val_steps=0,
        accelerator="auto",
        devices=work.params.train.devices,
        num_nodes=work.params.train.num_nodes,
        sync_batchnorm=torch.cuda.is_available(),  # of several GPUs: statistics of the whole batch; CPUs cannot
        precision=precision_of(work.params),
        gradient_clip_val=work.fit.gradient_clip,
        deterministic="warn",  # as far as the device can: on GPUs some pooling has no deterministic gradient
        callbacks=[best, bar, *recipe_callbacks(fit, steps, folder)],
        logger=live,
        enable_model_summary=False,
        default_root_dir=folder,
    )


def precision_of(params: Params) -> Any:
    """bf16 where the GPU, or without one the CPU, computes with it: elsewhere it is many times slower."""
    if params.train.precision != "auto":
        return params.train.precision
    return "bf16-mixed" if computes_with_bf16() else "32-true"


def computes_with_bf16() -> bool:
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def train(work: Work, out: Path) -> None:
    """All phases one after the other, then the model folder in one step."""
    pl.seed_everything(work.params.train.seed, verbose=False)
    counts = len(work.categories), work.channels
    network = start_network(work.task, work.fit, *counts, work.start, work.training_crops)
    running = cache_folder() / "runs" / work.key()
    with alone(running):
        for phase in work.phases():
            best = train_phase(work, network, phase, running / f"phase{phase}")
        renew_statistics(work, network)
        for phase in work.rounds():
            if label_round(work, network, phase, running / f"phase{phase}"):
                best = train_phase(work, network, phase, running / f"phase{phase}")
                renew_statistics(work, network)
        if torch.distributed.is_initialized():  # all have read the weights that publish clears away
            torch.distributed.barrier()
        publish(work, network, best, running, out)


@rank_zero_only
def publish(work: Work, network: nn.Module, best: Best, running: Path, out: Path) -> None:
    """Write the model folder, and clear away the work that led to it."""
    if renews(work):  # what chose the weights had other statistics
        best = replace(best, score=work.score(network))
    with whole_folder(out) as folder:
        save_model(folder, network, card_of(work, best))
        trained = [*work.phases(), *work.pseudo]
        for phase in trained:
            metrics = running / f"phase{phase}" / "curves" / "plots" / "metrics"
            shutil.copytree(metrics, folder / "curves" / f"phase{phase}")
        for phase in work.rounds():
            labels = folder / "pseudo_labels" / f"phase{phase}.json"
            labels.parent.mkdir(exist_ok=True)
            shutil.copy(running / f"phase{phase}" / LABELS, labels)
        publish_snapshots(work, network, running / f"phase{trained[-1]}" / SNAPSHOTS, folder / SNAPSHOTS)
    shutil.rmtree(running)
    print(f"{out}: score {best.score:.4f} on val at step {best.step}", flush=True)


def publish_snapshots(work: Work, network: nn.Module, kept: Path, out: Path) -> None:
    """Write a model folder for each snapshot of the last phase, named by its step, with its own score on val."""
    for file in kept.glob("*.pt"):
        network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
        renew_statistics(work, network)
        snapshot = Best(file.name, work.score(network), int(file.stem))
        save_model(out / file.stem, network, card_of(work, snapshot))


def card_of(work: Work, best: Best) -> Card:
    return Card(
        task=work.task,
        architecture=work.fit.model,
        categories=work.categories,
        channels=work.channels,
        params=work.fit.model_dump(),
        train=work.params.train.model_dump(),
        data_sha256=work.files_sha256(),
        score=round(best.score, 6),
        step=best.step,
    )


def quiet() -> None:
    """Lightning's advertisements, and its warnings about what is meant so here."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module=r"lightning\.pytorch")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--task", choices=TASKS, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder with train.json and val.json")
    parser.add_argument("--images", type=Path, required=True, help="folder that their file names start from")
    parser.add_argument("--real", type=Path, help="train.json of the benchmark, for augment and adapt")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    quiet()
    train(Work(args.task, args.data, args.images, load_params(args.params), args.real), args.out)


if __name__ == "__main__":
    run(main)
