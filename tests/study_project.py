"""A project of DVC and git with two small stages: points of five kinds, and a linear classifier that learns them."""

from pathlib import Path
from typing import Any

import pytest
import tiny
import yaml
from dvc_project import make_dvc_project

# The rate decides, the seed matters, `steps` concerns the stage but changes nothing; a rate above 10 ends the stage
STAGES = """
import json, sys, yaml
from pathlib import Path
import numpy as np

params = yaml.safe_load(Path("params.yaml").read_text())
if sys.argv[1] == "data":
    rng = np.random.default_rng(params["seed"])
    names = rng.integers(0, 5, 400)
    points = rng.normal(size=(5, 8))[names] + 1.5 * rng.normal(size=(400, 8))
    Path("data").mkdir()
    np.savez("data/points.npz", points=points, names=names)
    sys.exit()
rate, rng = float(params["classifier"]["learning_rate"]), np.random.default_rng(params["train"]["seed"])
if rate > 10:
    sys.exit(f"error: params.yaml: classifier.learning_rate: expected at most 10, found {rate}")
points, names = np.load("data/points.npz").values()
weights = rng.normal(size=(8, 5))
for n in rng.integers(0, 200, 300):  # gradient descent on the cross entropy, point by point
    scores = np.exp(points[n] @ weights - (points[n] @ weights).max())
    weights -= rate * np.outer(points[n], scores / scores.sum() - np.eye(5)[names[n]])
right = (points @ weights).argmax(1) == names
metrics = {"synthetic_val": {"accuracy": right[200:300].mean()}, "real_test": {"accuracy": right[300:].mean()}}
path = Path("results/runs/classifier/synthetic/metrics.json")
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps(metrics))
"""
GRAPH: dict[str, Any] = {
    "stages": {
        "data": {
            "cmd": "python stages.py data",
            "deps": ["stages.py"],
            "params": ["seed"],
            "outs": ["data"],
        },
        "evaluate": {
            "matrix": {"task": ["classifier"], "regime": ["synthetic"]},
            "cmd": "python stages.py ${item.task}",
            "deps": ["stages.py", "data"],
            "params": ["classifier.learning_rate", "classifier.steps", "train.seed"],
            "metrics": ["results/runs/${item.task}/${item.regime}/metrics.json"],
        },
    }
}
RATE, STEPS = "classifier.learning_rate", "classifier.steps"
STUDY: dict[str, Any] = {
    "question": "What matters here?",
    "tasks": ["classifier"],
    "regimes": ["synthetic"],
    "design": "one_factor_off",
    "repeats": 2,
    "factors": {"rate": {"tiny": {RATE: 1e-9}}, STEPS: [7]},
}


def make_project(root: Path, patch: pytest.MonkeyPatch) -> Path:
    """Committed, and the working directory of the test."""
    patch.setenv("PYTHONPATH", str(tiny.ROOT))
    return make_dvc_project(root, patch, STAGES, GRAPH, "/results\n/data\n", classifier={"learning_rate": 0.1})


def write_study(root: Path, **changes: Any) -> Path:
    path = root / "studies" / "rates.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(STUDY | changes, sort_keys=False), encoding="utf-8")
    return path
