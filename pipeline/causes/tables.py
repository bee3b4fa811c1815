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


def simultaneous(of: Sequence[Estimate], confidence: float) -> list[Entry | None]:
    """Intervals that all hold at once with this confidence: so does that of whichever figure is picked afterwards.

    Each reaches equally many of its own bootstrap deviations to both sides, as many as the farthest figure of a
    resample needs (J. P. Romano and M. Wolf 2005, Stepwise multiple testing as formalized data snooping). `of` are
    estimates on the same resamples; None where a figure is not defined.
    """
    known = [n for n, e in enumerate(of) if not np.isnan(e.value)]
    if not known:
        return [None for _ in of]
    values = np.array([of[n].value for n in known])
    resampled = np.stack([of[n].resampled for n in known])  # [figures, R]
    deviation = np.nanstd(resampled, axis=1)
    with np.errstate(invalid="ignore"):  # a figure that is the same on all resamples is never far
        away = np.abs(resampled - values[:, None]) / deviation[:, None]
    reach = np.quantile(np.fmax.reduce(away, axis=0, initial=0), confidence) * deviation
    found = dict(zip(known, np.stack([values, values - reach, values + reach], axis=1).tolist(), strict=True))
    return [dict(zip(("value", "low", "high"), found[n], strict=True)) if n in found else None for n in range(len(of))]


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
    kept: dict[str, list[int]] = {}
    for dimension in dict.fromkeys(m.dimension for m, _ in rows):
        own = [n for n, (m, _) in enumerate(rows) if m.dimension == dimension]
        synthetic, tested = (sum(rows[n][k].objects > 0 for n in own) for k in (0, 1))  # parts with objects
        if tested > 1 or (tested == 0 and synthetic > 1):
            kept[dimension] = own
    estimates = {n: _estimates(*rows[n], references[n]) for own in kept.values() for n in own}
    at_once = simultaneous([e["domain_gap"] for e in estimates.values()], confidence)
    parts = {
        n: {**_row(*rows[n], estimates[n], confidence), "domain_gap_simultaneous": wide}
        for n, wide in zip(estimates, at_once, strict=True)
    }
    return {d: {"metric": rows[own[0]][0].metric, "parts": [parts[n] for n in own]} for d, own in kept.items()}


def _estimates(synthetic_val: Measured, real_test: Measured, real: Measured | None) -> dict[str, Estimate]:
    """Scores and gaps of a part."""
    synthetic, tested = _scored(synthetic_val), _scored(real_test)
    found = {"synthetic_val": synthetic, "real_test": tested, "domain_gap": domain_gap(synthetic, tested)}
    return found if real is None else {**found, "transfer_gap": transfer_gap(_scored(real), tested)}


def _row(synthetic_val: Measured, real_test: Measured, of: Mapping[str, Estimate], confidence: float) -> Entry:
    part, by_split = synthetic_val.part, {"synthetic_val": synthetic_val, "real_test": real_test}
    return {
        "part": part.name,
        "low": part.low,
        "high": part.high,
        "objects": {split: m.objects for split, m in by_split.items()},
        "images": {split: m.images for split, m in by_split.items()},
        **{name: interval(e, confidence) for name, e in of.items()},
    }


def _scored(measured: Measured) -> Estimate:
    """Undefined where the part has too few images."""
    if measured.images >= MIN_IMAGES:
        return measured.estimate
    return Estimate(np.nan, np.full_like(measured.estimate.resampled, np.nan))
