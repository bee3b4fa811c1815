"""Shared fixtures."""

from pathlib import Path

import pytest
from rendering import render


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """An empty frame store, apart from the user's."""
    return tmp_path / "store"


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with five train frames and one val frame of 40x30 px in data/frames, made by one worker.

    Read-only: its files are links into workspace/store.
    """
    workspace = tmp_path_factory.mktemp("rendered")
    render(workspace, workspace / "store", train=5, workers=1)
    return workspace
