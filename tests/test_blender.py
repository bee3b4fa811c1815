"""Runs each blender_*.py in a process of its own: Blender is one world for a process."""

import subprocess
import sys
from pathlib import Path

import pytest
from rendering import REPOSITORY

FILES = sorted(Path(__file__).parent.glob("blender_*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_in_a_process_of_its_own(path: Path) -> None:
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)]
    done = subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
