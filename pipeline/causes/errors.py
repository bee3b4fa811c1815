"""Types of a detector's errors, after TIDE (Bolya, Foley, Hays and Hoffman 2020), at IoU 0.5.

Of a box that is not right, `own` and `other` are its highest IoU with an object of its category and of another one:

- duplicate: own >= 0.5, and a better box has that object;
- classification: other >= 0.5, the place is right and the name is not;
- localisation: 0.1 <= own < 0.5;
- both: 0.1 <= other < 0.5, wrong name and wrong place;
- background: on nothing.

`kinds_of` has the rule, which galleries follow too.

The first that applies counts. TIDE's own code asks for localisation first, which differs where a box on one object
bears the name of a neighbour that it touches. An object is missed if no box is right on it, and none would be with
another name or in another place.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipeline.causes.boxes import Bools, Boxes, Floats, Ints, Objects, ap50, overlaps
from pipeline.matching import kinds_of
from pipeline.metrics import Scorer

OF_BOXES = ("classification", "localisation", "both", "duplicate", "background")
KINDS = (*OF_BOXES, "missed")
FIXED = ("classification", "localisation")  # what would make a box right


@dataclass(frozen=True)
class Errors:
    """What is wrong with each box, and which objects no box explains."""

    kind: npt.NDArray[np.str_]  # [D], right or one of OF_BOXES
    target: Ints  # [D], of FIXED: the object that the box would be right on; or -1
    missed: Bools  # [M]

    def counts(self) -> dict[str, int]:
        """Number of errors of each kind."""
        return {**{k: int((self.kind == k).sum()) for k in OF_BOXES}, "missed": int(self.missed.sum())}


def errors_of(boxes: Boxes, of: Objects) -> Errors:
    """The error of each box and the objects that are missed."""
    kind = np.full(len(boxes.image), "background", dtype="<U14")
    target = np.full(len(boxes.image), -1)
    for image in range(of.images):
        b, o, iou = overlaps(boxes, of, image)
        same = boxes.category[b][:, None] == of.category[o]
        kind[b] = kinds_of(iou, same, boxes.taken[b] >= 0)
        for name, which in (("classification", ~same), ("localisation", same)):
            fixed = kind[b] == name
            target[b[fixed]] = o[np.where(which, iou, -1)[fixed].argmax(axis=1)] if fixed.any() else -1
    explained = np.isin(np.arange(len(of.image)), np.concatenate([boxes.taken, target]))
    return Errors(kind, target, ~explained)


def without(boxes: Boxes, of: Objects, errors: Errors, kind: str) -> tuple[Boxes, Bools]:
    """The boxes if errors of one kind were put right, and the objects [M] that then count, as TIDE has it.

    A wrong name or place becomes the right one, if no box is right on that object; of several the one of the highest
    score. Other errors of the kind are left out. Missed objects are not counted.
    """
    if kind == "missed":
        return boxes, ~errors.missed
    wrong, counted = errors.kind == kind, np.ones(len(of.image), dtype=bool)
    if kind not in FIXED:
        return boxes.chosen(~wrong), counted
    found = np.isin(errors.target, boxes.taken[boxes.taken >= 0])
    ranked = np.argsort(-boxes.score, kind="stable")
    ranked = ranked[(wrong & ~found)[ranked]]
    best = ranked[np.unique(errors.target[ranked], return_index=True)[1]]
    category, taken = boxes.category.copy(), boxes.taken.copy()
    category[best], taken[best] = of.category[errors.target[best]], errors.target[best]
    fixed = replace(boxes, category=category, taken=taken)
    return fixed.chosen(~wrong | (taken >= 0)), counted


def gain_scorer(boxes: Boxes, of: Objects) -> Scorer:
    """AP50 over resamples, and dAP50 of each kind: AP50 if errors of that kind were put right, minus AP50.

    Where every object is missed, AP50 without missed objects is 1: none is left to be found.
    """
    errors = errors_of(boxes, of)
    fixed = {kind: without(boxes, of, errors, kind) for kind in KINDS}

    def score(counts: Ints) -> dict[str, Floats]:
        before = ap50(boxes, of, counts)
        after = {kind: ap50(b, of, counts, counted) for kind, (b, counted) in fixed.items()}
        after["missed"] = np.nan_to_num(after["missed"], nan=1.0)
        return {"AP50": before, **{kind: ap - before for kind, ap in after.items()}}

    return score
