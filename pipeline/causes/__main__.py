"""Stage: where the gaps come from: types of errors, calibration, and which parts of the data are hard (docs/gap.md)."""

import argparse
from pathlib import Path
from typing import Any

from tqdm import tqdm

from pipeline.causes.collect import causes, read_splits
from pipeline.coco import write_json
from pipeline.errors import run
from pipeline.folders import whole_folder
from pipeline.params import Params, load_params
from pipeline.rows import write_rows
from pipeline.runs import measured, results_of, task_of


def all_causes(params: Params, results: Path, data: Path) -> dict[str, Any]:
    """causes.json: task or cascade -> regime -> errors, calibration, parts."""
    splits = {task: read_splits(task, data, params.evaluate) for task in params.tasks}
    found: dict[str, Any] = {}
    for name in tqdm(measured(params.tasks), desc="causes", mininterval=2):
        folders = {str(r): results_of(results, name, r) / "predictions" for r in params.regimes}
        found[name] = dict(causes(name, splits[task_of(name)], folders, data))
    return found


def write_reliability(folder: Path, causes: dict[str, Any]) -> None:
    """For DVC's plots: mean score and part of right answers of each bin on real test, a file for each model."""
    for name, regime, of in ((n, r, of) for n, by in causes.items() for r, of in by.items() if "calibration" in of):
        rows = [(b["score"], b["right"]) for b in of["calibration"]["real_test"]["bins"] if b["count"]]
        (folder / name).mkdir(exist_ok=True)
        write_rows(folder / name / f"{regime}.csv", ("score", "right"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name in ("results", "data", "out", "plots"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    args = parser.parse_args()
    found = all_causes(load_params(args.params), args.results, args.data)
    with whole_folder(args.plots) as folder:
        write_reliability(folder, found)
    write_json(args.out, found)


if __name__ == "__main__":
    run(main)
