"""Params files that a bench varies: read as the pipeline reads them, written beside what they have made."""

from pathlib import Path
from typing import Any

import yaml

from pipeline.params import Yaml

Values = dict[str, Any]


def read_values(path: Path) -> Values:
    found: Values = yaml.load(path.read_text(encoding="utf-8"), Loader=Yaml)
    return found


def write_values(path: Path, values: Values) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path
