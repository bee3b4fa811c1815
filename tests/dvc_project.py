"""A project of DVC and git whose stages are a few lines of Python, for tests that run DVC experiments."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tiny
import yaml


def make_dvc_project(
    root: Path, patch: pytest.MonkeyPatch, stages: str, graph: dict[str, Any], ignored: str, **changes: dict[str, Any]
) -> Path:
    """Committed, and the working directory of the test; `changes` are those of `tiny.write_params`."""
    root.mkdir()
    patch.chdir(root)
    patch.setenv("DVC_SITE_CACHE_DIR", str(root.parent / "dvc"))
    patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    tiny.write_params(root / "params.yaml", **changes)
    (root / "stages.py").write_text(stages, encoding="utf-8")
    (root / "dvc.yaml").write_text(yaml.safe_dump(graph, sort_keys=False), encoding="utf-8")
    (root / ".gitignore").write_text(ignored, encoding="utf-8")
    for line in ("git init -q", "git config user.name t", "git config user.email t@example.org"):
        subprocess.run(line.split(), check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], check=True)
    for line in ("git add -A", "git commit -qm tiny"):
        subprocess.run(line.split(), check=True)
    return root
