"""Shared fixtures. What takes seconds to import is imported inside: most tests need neither torch nor a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rendering import render

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store of frames and of training in progress, apart from the user's."""
    monkeypatch.setenv("SYNTH2REAL_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny data set for every task. Read-only."""
    import tiny

    return tiny.write_data(tmp_path_factory.mktemp("tiny") / "data")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless; closed before the next module, as playwright keeps an event loop running."""
    from report_browser import launched

    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def report_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with everything in it, and no other file near it."""
    from report_findings import write_findings
    from report_tree import write_tree

    from pipeline.report.load import load_inputs
    from pipeline.report.page import render as render_page

    root = write_findings(write_tree(tmp_path_factory.mktemp("tree")))
    inputs = load_inputs(root / "results", root / "models", root / "data", root / "params.yaml")
    alone = tmp_path_factory.mktemp("alone") / "index.html"
    alone.write_text(render_page(inputs), encoding="utf-8")
    return alone


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with five train frames and one val frame of 40x30 px in data/frames, made by one worker.

    Read-only: its files are links into workspace/store.
    """
    workspace = tmp_path_factory.mktemp("rendered")
    render(workspace, workspace / "store", train=5, workers=1)
    return workspace
