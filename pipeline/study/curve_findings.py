"""Curves over counts of images, for each amount of the other kind: points, fit, what the most images bring over the
fewest, and what one more point would take."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from pipeline.study.curves import Fit, band, fit_curve, more_images, points, resampled_fits
from pipeline.study.plan import Plan
from pipeline.study.records import Record
from pipeline.study.scores import Asked, Scores, figures, images_of, interval, scores_of, subtract
from pipeline.study.study_file import AMOUNTS

SHOWN = 40  # points of a drawn curve


def curves_of(plan: Plan, records: Mapping[str, Record], asked: Asked) -> list[dict[str, Any]]:
    """One along each factor for each level of the other, on real test."""
    scores, images = scores_of(plan, records, asked, "real_test"), images_of(plan, records, asked)
    found = []
    for along in plan.study.levels:
        others = [name for name in plan.study.levels if name != along]
        for level in dict.fromkeys(tuple(cell.levels[name] for name in others) for cell in plan.cells):
            own = [c.name for c in plan.cells if tuple(c.levels[name] for name in others) == level and c.name in scores]
            if own:
                facts = {**asked.facts, "along": along, "at": dict(zip(others, level, strict=True))}
                curve = {**facts, **one_curve(plan, along, own, scores, images)}
                found.append({**curve, "rise": rise(plan, along, curve["points"], scores)})
    return found


def rise(plan: Plan, along: str, shown: list[dict[str, Any]], scores: Scores) -> dict[str, Any] | None:
    """What the most images change against the fewest, of runs with the same seed; None where there are none."""
    ordered = sorted(shown, key=lambda point: point["images"][along])
    first, last = ordered[0], ordered[-1]
    by_seed = subtract(scores[last["cell"]], scores[first["cell"]])
    if first is last or not by_seed:
        return None
    return {"fewest": first["images"][along], "most": last["images"][along], "real_test": figures(plan, by_seed)}


def one_curve(
    plan: Plan, along: str, cells: list[str], scores: Scores, images: dict[str, dict[str, int]]
) -> dict[str, Any]:
    confidence = plan.base.evaluate.confidence
    amounts = {cell: {kind: images[cell].get(kind, 0) for kind in AMOUNTS} for cell in cells}
    shown = [{"cell": cell, "images": amounts[cell], **interval(plan, scores[cell], lowest=0.0)} for cell in cells]
    counts, errors = points(images, scores, cells, along)
    fit = fit_curve(counts, errors)
    return {"points": shown, **(fitted(counts, errors, fit, confidence) if fit else {"fit": None, "more": None})}


def fitted(counts: Any, errors: Any, fit: Fit, confidence: float) -> dict[str, Any]:
    """The fit, its line with a band, and images for one more point."""
    at = np.geomspace(counts.min(), counts.max(), SHOWN)
    drawn = resampled_fits(counts, errors, fit)
    low, high = band(drawn, at, confidence)
    more = more_images(counts, fit, drawn, confidence)
    score = {"score": 1 - fit.at(at), "low": 1 - high, "high": 1 - low}
    line = {"images": at.tolist(), **{name: values.tolist() for name, values in score.items()}}
    deviation = float(np.sqrt(np.mean((errors - fit.at(counts)) ** 2)))
    return {"fit": {**asdict(fit), "deviation": deviation, "line": line}, "more": asdict(more)}
