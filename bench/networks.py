"""Networks on the real digits, trained on real digits: the lecture's order of errors, and every network for one epoch.

    python -m pipeline.benchmarks --out data/real
    python -m bench.networks order --data data --seeds 3
    python -m bench.networks epoch --data data
    python -m bench.networks plot --data data --out accuracy.svg    # of all that was kept, against their cost

MNIST and CIFAR-10 in place of the digits: bench.public. The test scans are read for these tables and choose nothing.
What an earlier call has made with the same parameters, data and code is used again.
"""

import argparse
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from bench.kept import key
from bench.machine import describe
from bench.seed_table import mean_text
from bench.spread import table
from bench.trial import stage
from bench.values import Values, read_values, write_values
from pipeline.cache import cache_folder
from pipeline.coco import read_json, write_json
from pipeline.costs.plot import Trained, plot
from pipeline.costs.summary import cost_of
from pipeline.dataset import read_split
from pipeline.errors import InputError, run
from pipeline.evaluate import predict
from pipeline.metrics import classifier_metrics
from pipeline.models import CLASSIFIERS
from pipeline.models.checkpoint import fit_of, load_model, read_card
from pipeline.params import Classifier, Evaluate, load_params

STILL = {"rotation_deg": 0.0, "translate": 0.0, "scale": [1.0, 1.0], "shear_deg": 0.0, "noise": 0.0}
PLAIN = {**STILL, "resolution_px": [64, 64]}  # shown as it is
DISTORTED = {"elastic": {"alpha_px": 34.0, "sigma_px": 4.0}, "rotation_deg": 8.0, "shear_deg": 8.0, "translate": 0.05}
ORDER = {"linear": "linear", "lenet300": "one hidden layer", "lenet300_100": "two hidden layers", "lenet5": "LeNet-5"}
KEPT = re.compile(r"(.+?)(-\d+)?-([0-9a-f]{16})")  # name and kind, seed, key
EPOCH = {"batch_size": 32, "learning_rate": 0.001}


def trained(given: Path, data: Path, work: Path, seed: int, **classifier: Any) -> Values:
    """Accuracy on real test, and seconds, of a classifier trained on real train with these changes of its section."""
    values = read_values(given)
    augment = values["classifier"]["augment"] | classifier.pop("augment", {})
    values["classifier"] |= {**classifier, "augment": augment}
    values["train"]["seed"] = seed
    folder = work.with_name(f"{work.name}-{key(values, data, 'classifier')}")
    done = folder / "result.json"
    if not done.exists():
        write_values(folder / "params.yaml", values)
        write_json(done, train_and_measure(folder, data))
    found: Values = read_json(done, "what a run scores")
    return found


def train_and_measure(folder: Path, data: Path) -> Values:
    """By the parameters in the folder."""
    params, real, start = folder / "params.yaml", data / "real" / "classifier", time.perf_counter()
    paths = {"data": real, "images": data, "real": real / "train.json", "out": folder / "model"}
    stage("pipeline.train", params, task="classifier", **paths)
    seconds = round(time.perf_counter() - start, 1)
    return {"seconds": seconds, **measured(folder / "model", real, data, load_params(params).evaluate)}


def measured(model: Path, real: Path, data: Path, params: Evaluate) -> Values:
    """Accuracy on the test scans, and the number of weights."""
    network, card = load_model(model)
    truth = read_split(real / "test.json", data)
    found = classifier_metrics(truth, predict(network, card, truth, data, params))
    return {"accuracy": found["accuracy"], "weights": sum(p.numel() for p in network.parameters())}


def order(given: Path, data: Path, work: Path, seeds: int) -> str:
    """The lecture's nets by falling error, without and with distortion: mean error in % and its interval."""
    rows = []
    for name, title in tqdm(ORDER.items(), unit="network"):
        cells = []
        for kind, augment in (("plain", PLAIN), ("distorted", PLAIN | DISTORTED)):
            runs = [
                trained(given, data, work / f"{name}-{kind}-{s}", s, model=name, augment=augment) for s in range(seeds)
            ]
            cells.append(mean_text([1 - r["accuracy"] for r in runs], unit=100))
        rows.append([title, *cells])
    return table(["network", "error on real test (%)", "with distortions"], rows)


def epoch(given: Path, data: Path, work: Path, seeds: int) -> str:
    """Every network for one epoch of the real train scans: it runs, how long, how large."""
    scans = len(read_split(data / "real" / "classifier" / "train.json", data)["annotations"])
    steps = -(-scans // EPOCH["batch_size"])
    rows = []
    for name in tqdm(CLASSIFIERS, unit="network"):
        own = {**EPOCH, "model": name, "steps": steps, "val_every_steps": steps}
        result = trained(given, data, work / f"{name}-epoch", 0, **own)
        cells = [f"{result['weights'] / 1e6:.2f}", f"{result['seconds']:.0f}", f"{100 * result['accuracy']:.1f}"]
        rows.append([f"`{name}`", *cells])
    return table(["network", "weights (million)", "seconds", "accuracy on real test (%)"], rows)


def kept(data: Path, work: Path) -> Iterator[tuple[str, Path, float]]:
    """Name and kind, model folder and accuracy of each run on these data with today's code."""
    for done in sorted(work.glob("*/result.json")):
        named = KEPT.fullmatch(done.parent.name)
        values = read_values(done.parent / "params.yaml")
        if named and named[3] == key(values, data, "classifier"):
            yield named[1], done.parent / "model", read_json(done, "what a run scores")["accuracy"]


def draw(data: Path, work: Path, out: Path) -> str:
    """Mean accuracy over seeds against cost, of each network as it was trained. Raises InputError where none was."""
    models, accuracies = {}, defaultdict(list)
    for name, model, accuracy in kept(data, work):
        models[name] = model
        accuracies[name].append(accuracy)
    if not models:
        raise InputError(f"{work}: expected results on {data} with today's code, found none: run order or epoch.")
    plot([point(n, m, sum(accuracies[n]) / len(accuracies[n])) for n, m in models.items()], "real_test", out)
    return f"{out}: {len(models)} networks"


def point(name: str, model: Path, accuracy: float) -> Trained:
    card = read_card(model)
    fit = fit_of(card)
    assert isinstance(fit, Classifier)
    cost = cost_of(fit, len(card.categories), card.channels)
    return Trained(name, 100 * accuracy, cost.multiply_adds, cost.parameters)


def main() -> None:
    tables: dict[str, Callable[[Path, Path, Path, int], str]] = {"order": order, "epoch": epoch}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=[*tables, "plot"])
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--data", type=Path, default=Path("data"), help="with real")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=cache_folder() / "bench" / "networks", help="keeps what was made")
    parser.add_argument("--out", type=Path, help="an .svg or .png, of plot")
    args = parser.parse_args()
    if args.table == "plot":
        if args.out is None:
            raise InputError("plot: expected --out, an .svg or .png, found none.")
        print(draw(args.data, args.work, args.out))
        return
    load_params(args.params)
    print(f"{describe()}, {torch.get_num_threads()} threads", flush=True)
    print(tables[args.table](args.params, args.data, args.work, args.seeds))


if __name__ == "__main__":
    run(main)
