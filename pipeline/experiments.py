"""DVC experiments: run one in a temporary copy of the project, and read those that are finished."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import InputError

# What no trial depends on; dvc.lock follows from the rest
ASIDE = (":!dvc.lock", ":!docs", ":!searches", ":!studies", ":!tests", ":!bench")


@dataclass(frozen=True)
class Done:
    """A finished experiment."""

    params: dict[str, Any]  # params.yaml
    metrics: dict[str, Any]  # file -> what is in it


def check_name(path: Path) -> None:
    """Raises InputError for a file of studies/ or searches/ that no experiment can be called after."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", path.stem):
        raise InputError(f"{path}: expected a name of letters, digits, - and _, as experiments are called after it.")


def finished() -> dict[str, Done]:
    """The experiments of the commit that is checked out, by name."""
    shown = json.loads(output(sys.executable, "-m", "dvc", "exp", "show", "--json"))
    rows = [row for commit in shown for row in commit.get("experiments") or []]
    last = {row["name"]: row["revs"][0]["data"] for row in rows if row["name"] and row["revs"]}
    return {name: _done(data) for name, data in last.items() if data}


def _done(data: dict[str, Any]) -> Done:
    metrics = {path: found.get("data") for path, found in data["metrics"].items()}
    return Done(data["params"].get("params.yaml", {}).get("data", {}), metrics)


def run_experiment(name: str, settings: dict[str, Any], target: str, log: Path) -> bool:
    """Run the graph up to `target`, with other values, as the experiment `name`; whether it ended well.

    What it prints goes to `log`. Stages that an earlier run has done, in whatever experiment, come from DVC's cache.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    given = [word for key, value in settings.items() for word in ("--set-param", f"{key}={json.dumps(value)}")]
    line = [sys.executable, "-m", "dvc", "exp", "run", "--temp", "--name", name, *given, target]
    with log.open("w", encoding="utf-8") as lines:
        return subprocess.run(line, stdout=lines, stderr=subprocess.STDOUT, check=False).returncode == 0


def reason(log: Path) -> str:
    """Why an experiment failed: the error of its stage, else where to look."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line for line in lines if line.startswith("error: ")), f"see {log}")


def changes() -> str:
    """What differs from the commit that is checked out, as far as a trial could depend on it."""
    return output("git", "diff", "HEAD", "--", ".", *ASIDE)


def output(*line: str) -> str:
    """What a command prints. Raises InputError with its last words where it fails."""
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        raise InputError(f"{' '.join(line[-4:])}: expected it to end well, found: {said}")
    return done.stdout
