"""What is measured of errors, calibration and parts as causes.json has it: docs/gap.md."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.bootstrap import Estimate, domain_gap, estimate, transfer_gap
from pipeline.causes.boxes import Boxes, Ints, Objects
from pipeline.causes.calibration import Answers, bins, calibration_scorer
from pipeline.causes.errors import KINDS, errors_of, gain_scorer
from pipeline.causes.parts import Measured

Entry = dict[str, Any]
MIN_IMAGES = 5  # of a part: of fewer, resamples are hardly different sets of images, and an interval claims too much


def interval(of: Estimate, confidence: float) -> Entry | None:
    """`value`, `low`, `high` over the resamples where it is defined; None where it is not."""
    defined = of.resampled[~np.isnan(of.resampled)]
    if np.isnan(of.value) or not len(defined):
        return None
    return dict(Estimate(of.value, defined).interval(confidence))


def errors_table(shown: Boxes, boxes: Boxes, of: Objects, counts: Ints, confidence: float) -> Entry:
    """Counts of the boxes that are `shown`, and dAP50 of all `boxes`."""
    number = errors_of(shown, of).counts()
    figures = {name: interval(e, confidence) for name, e in estimate(gain_scorer(boxes, of), counts).items()}
    return {
        "boxes": len(shown.image),
        "right": int((shown.taken >= 0).sum()),
        "objects": len(of.image),
        "AP50": figures["AP50"],
        "kinds": {kind: {"count": number[kind], "dAP50": figures[kind]} for kind in KINDS},
    }


def calibration_table(of: Answers, counts: Ints, confidence: float) -> Entry:
    figures = {name: interval(e, confidence) for name, e in estimate(calibration_scorer(of), counts).items()}
    return {"bins": bins(of), "count": int(of.count.sum()), **figures}


def parts_table(of: Mapping[str, Sequence[Measured]], real: Sequence[Measured] | None, confidence: float) -> Entry:
    """Dimension -> metric and parts, of one regime; `of` is by split, with the same parts on both.

    `real` is what real training has on real test, for the transfer gap. Left out are dimensions in which all objects
    of real test are in one part, or in which nobody knows of any object where it belongs.
    """
    rows = list(zip(of["synthetic_val"], of["real_test"], strict=True))
    references: list[Measured | None] = list(real) if real is not None else [None for _ in rows]
    found: dict[str, Entry] = {}
    for dimension in dict.fromkeys(m.dimension for m, _ in rows):
        own = [n for n, (m, _) in enumerate(rows) if m.dimension == dimension]
        synthetic, tested = (sum(rows[n][k].objects > 0 for n in own) for k in (0, 1))  # parts with objects
        if tested > 1 or (tested == 0 and synthetic > 1):
            parts = [_row(*rows[n], references[n], confidence) for n in own]
            found[dimension] = {"metric": rows[own[0]][0].metric, "parts": parts}
    return found


def _row(synthetic_val: Measured, real_test: Measured, real: Measured | None, confidence: float) -> Entry:
    part, by_split = synthetic_val.part, {"synthetic_val": synthetic_val, "real_test": real_test}
    estimates = {split: _scored(m) for split, m in by_split.items()}
    estimates["domain_gap"] = domain_gap(estimates["synthetic_val"], estimates["real_test"])
    if real is not None:
        estimates["transfer_gap"] = transfer_gap(_scored(real), estimates["real_test"])
    return {
        "part": part.name,
        "low": part.low,
        "high": part.high,
        "objects": {split: m.objects for split, m in by_split.items()},
        "images": {split: m.images for split, m in by_split.items()},
        **{name: interval(e, confidence) for name, e in estimates.items()},
    }


def _scored(measured: Measured) -> Estimate:
    """Undefined where the part has too few images."""
    if measured.images >= MIN_IMAGES:
        return measured.estimate
    return Estimate(np.nan, np.full_like(measured.estimate.resampled, np.nan))
