"""Which render settings are worth their time: accuracy on real images after training on what one render budget buys.

    python -m bench.settings                          # classifier, about an hour on two cores
    python -m bench.settings --detector --sizes 320x240

Every setting gets the same render time, so cheap frames are many. The default is chosen by real_val, a hold-out of real
train; real_test is printed beside it and has no say. Go on after an interruption with the same command.
"""

import argparse
import itertools
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.changes import cores, with_render
from bench.machine import describe
from bench.spread import spread, table
from bench.trial import Setting, Trial
from bench.workers import finished, rate
from blender.workers.pool import Pool
from pipeline.cache import cache_folder
from pipeline.coco import write_json
from pipeline.errors import run
from pipeline.params import load_params

SCORES = {"classifier": "accuracy", "detector": "AP50"}
FRAMES = 12  # timed in each round, after those that warm up

Seconds = dict[str, list[float]]  # a frame, by name of the setting; one for each round


def timed(settings: list[Setting], params: Path, rounds: int, known: Path) -> Seconds:
    """Wall seconds a frame, with a worker of one thread on each core; in turn, and kept in the file `known`."""
    seconds: Seconds = json.loads(known.read_text(encoding="utf-8")) if known.exists() else {}
    for number, setting in itertools.product(range(rounds), settings):
        values = seconds.setdefault(setting.name, [])
        if len(values) <= number:
            values.append(_seconds(setting, params))
            print(f"{setting}: {values[-1]:.3f} s a frame", file=sys.stderr, flush=True)
            write_json(known, seconds)
    return seconds


def _seconds(setting: Setting, params: Path) -> float:
    size = {"width_px": setting.width_px, "height_px": setting.height_px}
    changed = with_render(load_params(params), samples=setting.samples, denoiser=setting.denoiser, **size)
    with tempfile.TemporaryDirectory() as folder, Pool(changed, cores(), 1, Path(folder)) as pool:
        return 1 / rate(list(finished(pool, FRAMES + 2 * cores(), "0000")), cores())


def row(trial: Trial, seconds: list[float], task: str, seeds: int) -> list[Any]:
    """Setting, seconds, frames, score on real val and on real test: means over seeds."""
    print(f"{trial.setting}: {task}, {trial.frames} frames", file=sys.stderr, flush=True)
    metrics = [trial.metrics(task, seed) for seed in range(seeds)]
    scores = [[one[split][SCORES[task]] for one in metrics] for split in ("real_val", "real_test")]
    return [str(trial.setting), spread(seconds).text(3), trial.frames, *scores]


def report(rows: list[list[Any]], budget_s: float, task: str) -> str:
    """Best on real val first."""
    ordered = sorted(rows, key=lambda r: -statistics.mean(r[3]))
    shown = [[name, seconds, str(frames), _mean(val), _mean(test)] for name, seconds, frames, val, test in ordered]
    name = SCORES[task]
    head = [f"{budget_s:g} s of rendering", "s/frame", "frames", f"{task} {name}, real val", f"{name}, real test"]
    return table(head, shown)


def _mean(scores: list[float]) -> str:
    deviation = f" ± {statistics.stdev(scores):.4f}" if len(scores) > 1 else ""
    return f"{statistics.mean(scores):.4f}{deviation}"


def size_of(text: str) -> tuple[int, int]:
    width_px, height_px = text.split("x")
    return int(width_px), int(height_px)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--budget", type=float, default=60.0, help="s of rendering for each setting (default: 60)")
    parser.add_argument("--samples", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--denoisers", nargs="+", default=["none", "fast"])
    parser.add_argument("--sizes", type=size_of, nargs="+", default=[(240, 180), (320, 240), (640, 480)])
    parser.add_argument("--seeds", type=int, default=1, help="of training, for each setting (default: 1)")
    parser.add_argument("--rounds", type=int, default=2, help="of timing (default: 2)")
    parser.add_argument("--detector", action="store_true", help="as well as the classifier")
    parser.add_argument("--work", type=Path, default=cache_folder() / "bench" / "settings")
    args = parser.parse_args()
    print(describe(), flush=True)
    settings = [Setting(n, d, *wh) for wh, n, d in itertools.product(args.sizes, args.samples, args.denoisers)]
    args.work.mkdir(parents=True, exist_ok=True)
    seconds = timed(settings, args.params, args.rounds, args.work / "seconds.json")
    for task in ["classifier", "detector"][: 1 + args.detector]:
        rows = []
        for setting in settings:
            frames = max(1, round(args.budget / statistics.median(seconds[setting.name])))
            rows.append(row(Trial(setting, frames, args.params, args.work), seconds[setting.name], task, args.seeds))
        print(report(rows, args.budget, task), flush=True)


if __name__ == "__main__":
    run(main)
