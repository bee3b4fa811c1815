"""Where a gap comes from: the score on parts of the data, by class, size, brightness, density and visibility.

- A classifier: accuracy on the objects of the part.
- A detector: AP50 of the objects of the part. As with COCO's ranges of areas, objects outside of it are ignored with
  the boxes on them, and a box on nothing counts where it would belong itself.
- A detector by visibility, which a box on nothing does not have: the part of the objects that are found by the boxes
  of at least its least score.
- A segmenter: IoU by class.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.bootstrap import Estimate
from pipeline.causes.boxes import Bools, Boxes, Floats, Ints, Objects, ap50
from pipeline.causes.facts import THIRDS, VISIBILITY, VISIBLE, VISIBLE_EDGES, Facts, Part, parts_of
from pipeline.coco import Coco, category_names, names_of
from pipeline.metrics.segmenter import BACKGROUND, by_class

CLASS = "class"
Score = Callable[[Ints], Floats]  # counts [R, N] -> [R]; NaN where no object of the part was drawn


@dataclass(frozen=True)
class Measured:
    """A model's score on one part of one split."""

    dimension: str
    part: Part
    metric: str
    objects: int
    images: int  # with such an object
    estimate: Estimate


@dataclass(frozen=True)
class Found:
    """What a model says of the objects of a split. A classifier has no boxes."""

    right: Bools  # [M]: named rightly, or found by the boxes of at least the least score
    boxes: Boxes | None  # all


def share(right: Bools, of: Objects, member: Bools) -> Score:
    """Part of the `member` objects [M] that are right: a ratio of sums, as an image may hold several or none."""
    good, all_of = (np.bincount(of.image[which], minlength=of.images) for which in (member & right, member))

    def score(counts: Ints) -> Floats:
        with np.errstate(invalid="ignore"):
            ratio: Floats = (counts @ good) / (counts @ all_of)
        return ratio

    return score


def part_ap50(boxes: Boxes, of: Objects, member: Bools, box_member: Bools) -> Score:
    """AP50 of the `member` objects [M]; boxes on nothing count where `box_member` [D] says so."""
    own = boxes.chosen((boxes.taken >= 0) | box_member)
    return lambda counts: ap50(own, of, counts, member)


def measured(found: Found, facts: Facts, truth: Coco, edges: Mapping[str, Floats], counts: Ints) -> Iterator[Measured]:
    """A classifier's or a detector's score on each part, also one without objects; `edges`: inner ones by dimension."""
    for dimension, part, member, box_member in _members(found.boxes, facts, truth, edges):
        if found.boxes is None or box_member is None:
            metric, score = "accuracy" if found.boxes is None else "found", share(found.right, facts.of, member)
        else:
            metric, score = "AP50", part_ap50(found.boxes, facts.of, member, box_member)
        images = len(np.unique(facts.of.image[member]))
        yield Measured(dimension, part, metric, int(member.sum()), images, estimate_of(score, counts))


def estimate_of(score: Score, counts: Ints) -> Estimate:
    return Estimate(float(score(np.ones_like(counts[:1]))[0]), score(counts))


def _members(
    boxes: Boxes | None, facts: Facts, truth: Coco, edges: Mapping[str, Floats]
) -> Iterator[tuple[str, Part, Bools, Bools | None]]:
    """Dimension, part, which objects [M] and which boxes [D] belong to it; None where boxes cannot be told."""
    of = facts.of
    for number, name in sorted(names_of(truth).items()):
        own = None if boxes is None else boxes.category == number
        yield CLASS, Part(name, None, None), of.category == number, own
    for dimension, names in THIRDS.items():
        values = facts.values(dimension, of.image, of.box_xywh)
        said = None if boxes is None else facts.values(dimension, boxes.image, boxes.box_xywh)
        for part in parts_of(names, edges[dimension]):
            yield dimension, part, part.holds(values), None if said is None else part.holds(said)
    for part in parts_of(VISIBLE, np.array(VISIBLE_EDGES)):
        yield VISIBILITY, part, part.holds(facts.visible_fraction), None


def measured_classes(tallied: Ints, truth: Coco, counts: Ints) -> Iterator[Measured]:
    """A segmenter's IoU by class, of `tallies` [N, 3, 1 + categories]; `objects` there are images with true pixels."""
    for n, name in enumerate([BACKGROUND, *category_names(truth)]):
        images, score = int((tallied[:, 1, n] > 0).sum()), _iou(tallied[:, :, n : n + 1])
        yield Measured(CLASS, Part(name, None, None), "IoU", images, images, estimate_of(score, counts))


def _iou(own: Ints) -> Score:
    return lambda counts: by_class(np.tensordot(counts, own, axes=1))[0][:, 0]
