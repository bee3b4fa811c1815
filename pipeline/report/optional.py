"""What other stages and studies found: each may be absent, and then its part of the page is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.coco import read_json
from pipeline.errors import InputError
from pipeline.params import Params
from pipeline.report.table import UNKNOWN, Interval
from pipeline.runs import CASCADE, TASKS

Entry = Mapping[str, Any]
STUDY_KEYS = {"study", "question", "design", "scene", "benchmark", "sentences", "answers", "effects", "cells", "curves"}


@dataclass(frozen=True)
class Optional:
    """JSON of docs/gap.md, docs/distance.md and docs/studies.md; empty where there is none."""

    causes: Entry
    distance: Entry
    points: Entry
    studies: list[Entry]  # of this scene and benchmark, by name


def read_optional(results: Path, params: Params) -> Optional:
    """Raises InputError that names a file that is there and damaged."""
    return Optional(
        causes=_in_order(_of_object(results / "causes.json", "causes of the gaps")),
        distance=_in_order(_of_object(results / "distance.json", "distances of images")),
        points=_of_object(results / "distance_points.json", "features in a plane"),
        studies=[s for p in sorted((results / "studies").glob("*.json")) if _is_of(s := _study(p), params)],
    )


def _of_object(path: Path, what: str) -> Entry:
    found = read_json(path, what) if path.exists() else {}
    if not isinstance(found, dict):
        raise InputError(f"{path}: expected {what}, found {type(found).__name__}.")
    return found


def _in_order(by_name: Entry) -> Entry:
    """Tasks and the cascade as in every table; JSON has them by the alphabet."""
    return {name: by_name[name] for name in (*TASKS, CASCADE) if name in by_name}


def _study(path: Path) -> Entry:
    found = _of_object(path, "a study")
    if missing := STUDY_KEYS - set(found):
        raise InputError(f"{path}: expected a study, found none of the keys {', '.join(sorted(missing))}.")
    return found


def _is_of(study: Entry, params: Params) -> bool:
    return bool((study["scene"], study["benchmark"]) == (params.scene.name, params.benchmark.name))


def interval_of(entry: Any) -> Interval:
    """`value`, `low` and `high` of JSON; unknown where there is null in its place."""
    return Interval(*(float(entry[key]) for key in ("value", "low", "high"))) if entry else UNKNOWN
