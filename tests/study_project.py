"""A project of DVC and git with two small stages: real digits, and a linear classifier that learns them in a moment."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tiny
import yaml

# The rate decides, the seed matters, `steps` concerns the stage but changes nothing; a rate above 10 ends the stage
STAGES = """
import json, sys, yaml
from pathlib import Path
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier

params = yaml.safe_load(Path("params.yaml").read_text())
if sys.argv[1] == "data":
    Path("data").mkdir(exist_ok=True)
    order = np.random.default_rng(params["seed"]).permutation(600)
    Path("data/order.json").write_text(json.dumps(order.tolist()))
    with Path("ran.log").open("a") as log:
        log.write("data\\n")
    sys.exit()
rate, seed = float(params["classifier"]["learning_rate"]), params["train"]["seed"]
if rate > 10:
    sys.exit(f"error: params.yaml: classifier.learning_rate: expected at most 10, found {rate}")
pictures, names = load_digits(return_X_y=True)
order = json.loads(Path("data/order.json").read_text())
few = np.random.default_rng(seed).choice(order[:400], 200, replace=False)
model = SGDClassifier(learning_rate="constant", eta0=rate, max_iter=3, tol=None, random_state=seed)
model.fit(pictures[few] / 16, names[few])
score = {split: {"accuracy": model.score(pictures[part] / 16, names[part])}
         for split, part in (("synthetic_val", order[400:500]), ("real_test", order[500:]))}
path = Path("results/runs/classifier/synthetic/metrics.json")
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps(score))
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
    root.mkdir()
    patch.chdir(root)
    patch.setenv("DVC_SITE_CACHE_DIR", str(root.parent / "dvc"))
    patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    patch.setenv("PYTHONPATH", str(tiny.ROOT))
    tiny.write_params(root / "params.yaml")
    (root / "stages.py").write_text(STAGES, encoding="utf-8")
    (root / "dvc.yaml").write_text(yaml.safe_dump(GRAPH, sort_keys=False), encoding="utf-8")
    (root / ".gitignore").write_text("/results\n/data\n", encoding="utf-8")
    for line in ("git init -q", "git config user.name t", "git config user.email t@example.org"):
        subprocess.run(line.split(), check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], check=True)
    for line in ("git add -A", "git commit -qm tiny"):
        subprocess.run(line.split(), check=True)
    return root


def write_study(root: Path, **changes: Any) -> Path:
    path = root / "studies" / "rates.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(STUDY | changes, sort_keys=False), encoding="utf-8")
    return path
