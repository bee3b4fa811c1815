"""How to make the page again: the commit of the code and the commands."""

import subprocess
from pathlib import Path

from pipeline.params import Params

ROOT = Path(__file__).resolve().parents[2]
CODE = ("blender", "pipeline", "dvc.yaml")  # what results depend on; params.yaml stands on the page
UNKNOWN = "unknown: the code does not lie in a git checkout"


def revision(root: Path = ROOT) -> str:
    """The commit of the code in `root`, and whether the code is another by now."""
    top = _git(root, "rev-parse", "--show-toplevel")
    commit = _git(root, "rev-parse", "HEAD")
    if not commit or Path(top).resolve() != root.resolve():
        return UNKNOWN
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", *CODE)
    return f"{commit}, with changes that are not committed" if changed else commit


def _git(root: Path, *command: str) -> str:
    """What git prints; nothing where it is not installed or fails."""
    try:
        done = subprocess.run(["git", "-C", str(root), *command], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def commands(params: Params, commit: str) -> list[tuple[str, str]]:
    """What to type, and what it does."""
    code = [] if commit == UNKNOWN else [(f"git checkout {commit.split(',')[0]}", "the code")]
    return [
        *code,
        ("# save params.yaml from below", f"scene {params.scene.name}, benchmark {params.benchmark.name}"),
        (
            "make repro",
            "environment, pictures, training, evaluation, this page; unchanged stages come from DVC's cache",
        ),
        ("dvc repro --force --single-item report", "this page alone, with studies that were reported since"),
    ]
