"""All that a study has found, as results/studies/<study>.json holds it; docs/studies.md describes the keys."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from pipeline.intervals import holm
from pipeline.study.curve_findings import curves_of
from pipeline.study.design import BASELINE, Level
from pipeline.study.effects import all_levels, detectable, differences, interactions, verdict
from pipeline.study.first_screen import answers
from pipeline.study.plan import Plan
from pipeline.study.records import Record
from pipeline.study.scores import (
    MEASURES,
    Asked,
    BySeed,
    Scores,
    asked_of,
    done,
    figures,
    images_of,
    lowest,
    scores_of,
    subtract,
    training_seconds,
)
from pipeline.study.sentences import sentences

TEST, REFERENCE = "real_test", "real"
Found = dict[str, Any]


def findings(plan: Plan, records: Mapping[str, Record]) -> Found:
    """Of the experiments that are there; `records` is by name of the experiment."""
    study, asked = plan.study, asked_of(plan)
    curve = study.design == "curve"
    effects = [] if curve else [e for a in asked for e in effects_of(plan, records, a)]
    crossed = [i for a in asked for i in interactions_of(plan, records, a)] if study.design == "grid" else []
    gaps = [gap for a in asked for gap in transfer_gaps(plan, records, a)]
    curves = [c for a in asked for c in curves_of(plan, records, a)] if curve else []
    compared = [*effects, *crossed, *gaps, *(c["rise"] for c in curves if c["rise"])]
    correct(compared, plan.base.evaluate.confidence)
    found = {
        **about(plan, records),
        "cells": [cell for a in asked for cell in cells_found(plan, records, a)],
        "effects": effects,
        "interactions": crossed,
        "transfer_gaps": gaps,
        "curves": curves,
        "detectable": [d for a in asked for d in detectable_of(plan, records, a, len(compared))],
    }
    return {**found, "sentences": sentences(found), "answers": answers(found)}


def about(plan: Plan, records: Mapping[str, Record]) -> Found:
    study = plan.study
    missing = [planned.name for planned in plan.experiments if planned.name not in records]
    other = [(p.repeat, record["commit"]) for p, record in done(plan, records) if record["key"] != p.key]
    return {
        "study": plan.name,
        "question": study.question,
        "design": study.design,
        "scene": plan.base.scene.name,
        "benchmark": plan.base.benchmark.name,
        "tasks": list(study.tasks),
        "regimes": list(study.regimes),
        "repeats": study.repeats,
        "repeat_keys": study.repeat_keys,
        "command": plan.command,
        "confidence": plan.base.evaluate.confidence,
        "experiments": {
            "planned": len(plan.experiments),
            "missing": missing,
            "of_other_code": len(other),
            "other_repeats": sorted({repeat for repeat, _ in other}),
            "other_commits": sorted({commit for _, commit in other}),
        },
    }


def cells_found(plan: Plan, records: Mapping[str, Record], asked: Asked) -> list[Found]:
    """Mean scores of each cell, its images and how long it trained."""
    of = {measure: scores_of(plan, records, asked, measure) for measure in MEASURES}
    seconds, images = training_seconds(plan, records, asked), images_of(plan, records, asked)
    return [
        {
            **asked.facts,
            "cell": cell.name,
            "levels": cell.levels,
            **{measure: figures(plan, scores.get(cell.name, {}), lowest(measure)) for measure, scores in of.items()},
            "images": images.get(cell.name, {}),
            "train_seconds": mean(seconds.get(cell.name, {})),
        }
        for cell in plan.cells
    ]


def mean(by_seed: BySeed) -> float | None:
    return round(float(np.mean(list(by_seed.values()))), 1) if by_seed else None


def effects_of(plan: Plan, records: Mapping[str, Record], asked: Asked) -> list[Found]:
    """Of each level that has runs with the seeds of the baseline: what it changes on each split and in the gap."""
    levels = all_levels(plan.cells)
    of = {m: level_effects(plan, scores_of(plan, records, asked, m), levels) for m in MEASURES}
    seconds = level_effects(plan, training_seconds(plan, records, asked), levels)
    return [
        {
            **asked.facts,
            "factor": level[0],
            "level": level[1],
            **{measure: figures(plan, by_level[level]) for measure, by_level in of.items()},
            "train_seconds": mean(seconds[level]),
        }
        for level in levels
        if of[TEST][level]
    ]


def level_effects(plan: Plan, scores: Scores, levels: Sequence[Level]) -> dict[Level, BySeed]:
    return differences(plan.study.design, plan.cells, scores, levels)


def interactions_of(plan: Plan, records: Mapping[str, Record], asked: Asked) -> list[Found]:
    """Of each pair of levels of different factors."""
    found = interactions(plan.cells, scores_of(plan, records, asked, TEST))
    return [
        {**asked.facts, "levels": [list(one), list(other)], TEST: figures(plan, by_seed)}
        for (one, other), by_seed in found.items()
    ]


def transfer_gaps(plan: Plan, records: Mapping[str, Record], asked: Asked) -> list[Found]:
    """Of the baseline: real training minus this one on real test, by seed. Negative: this one is better."""
    if asked.regime == REFERENCE or REFERENCE not in plan.study.regimes:
        return []
    one, other = (scores_of(plan, records, a, TEST) for a in (Asked(asked.task, REFERENCE), asked))
    by_seed = subtract(one.get(BASELINE, {}), other.get(BASELINE, {}))
    return [{**asked.facts, TEST: figures(plan, by_seed)}] if by_seed else []


def correct(comparisons: list[Found], confidence: float) -> None:
    """Put `p_holm`, over all comparisons of the study on real test, and `verdict` into each."""
    p_values = [comparison[TEST]["p_value"] for comparison in comparisons]
    for comparison, p in zip(comparisons, holm(p_values), strict=True):
        comparison["p_holm"] = float(p)
        comparison["verdict"] = verdict(comparison[TEST]["value"], float(p), confidence)


def detectable_of(plan: Plan, records: Mapping[str, Record], asked: Asked, comparisons: int) -> list[Found]:
    """The spread over seeds, of differences or, without factors, of two runs, and the smallest effect to be seen."""
    scores = scores_of(plan, records, asked, TEST)
    by_level = level_effects(plan, scores, all_levels(plan.cells)) if plan.study.design != "curve" else {}
    base = list(scores.get(BASELINE, {}).values())
    unpaired = [{n: v * 2**0.5 for n, v in enumerate(base)}]  # two runs differ by sqrt(2) times the spread of one
    found = detectable(by_level.values() or unpaired, max(1, comparisons), plan.base.evaluate.confidence)
    if not found:
        return []
    return [{**asked.facts, **asdict(found)}]
