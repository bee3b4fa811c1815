"""Names for what a bench keeps: of everything that a result depends on, so that nothing old is taken for new."""

from pathlib import Path
from typing import Any

import torch

from pipeline.cache import key_of
from pipeline.coco import sha256_of

CODE = Path(__file__).resolve().parents[1] / "pipeline"


def key(values: dict[str, Any], data: Path, *tasks: str) -> str:
    """Hash of parameters, of the data sets of `tasks` in `data`, of the pipeline's code and of torch's version."""
    sets = [p for task in tasks for p in sorted(data.glob(f"*/{task}/*.json"))]
    files = [(p.relative_to(data).as_posix(), sha256_of(p)) for p in sets]
    code = [(p.relative_to(CODE).as_posix(), sha256_of(p)) for p in sorted(CODE.rglob("*.py"))]
    return key_of([values, files, code, torch.__version__])[:16]
