"""What curves over counts of images have found, in plain sentences with numbers."""

import itertools
from collections.abc import Callable, Sequence

from pipeline.study.words import Found, asked, change, figure, grouped, span, subject, unit, worth_noting

POINT = {"accuracy": "one more point of accuracy"}  # of others 0.01
Curves = Sequence[Found]


def curve_sentences(curves: Curves) -> list[str]:
    """Scores with the fewest and the most images, what more images bring, and what one more point takes."""
    return [*corner_sentences(curves), *clear_rises(curves), *unclear_rises(curves), *more_sentences(curves)]


def corner_sentences(curves: Curves) -> list[str]:
    """For each network the scores of the fewest and the most images of each kind."""
    return [_corner_sentence(own) for own in grouped(curves, asked).values()]


def _corner_sentence(own: Curves) -> str:
    who, metric = subject(own[0]), own[0]["metric"]
    points = {(p["images"]["synthetic"], p["images"]["real"]): p for one in own for p in one["points"]}
    synthetic, real = ((min(counts), max(counts)) for counts in zip(*points, strict=True))
    corners = dict.fromkeys((s, r) for r, s in itertools.product(real, synthetic) if (s, r) in points)
    said = [f"{figure(metric, points[s, r], sign=False)} with {_amounts(s, r)}" for s, r in corners]
    return f"{who}: {metric}{' in %' if metric == 'accuracy' else ''} on real test is {', '.join(said)}."


def _amounts(synthetic: int, real: int) -> str:
    kinds = [f"{count} {kind}" for count, kind in ((synthetic, "synthetic"), (real, "real")) if count]
    return f"{' and '.join(kinds) or 'no'} images"


def clear_rises(curves: Curves) -> list[str]:
    """What the most images bring over the fewest, one for each curve where that is distinguishable, largest first."""
    clear = [one for one in curves if one["rise"] and worth_noting(one["rise"])]
    return [_clear_rise(one) for one in sorted(clear, key=lambda one: -abs(one["rise"]["real_test"]["value"]))]


def _clear_rise(one: Found) -> str:
    rise = {"metric": one["metric"], **one["rise"]}
    return f"{where(one)}: with {_counts(one)} real test is {rise['verdict']}: {change(rise)}."


def unclear_rises(curves: Curves) -> list[str]:
    """One for all curves along the same images, with intervals."""
    return _by_kind(curves, lambda own: ", ".join(f"{_rise(one)}{_beside([one])}" for one in own))


def unclear_rises_by_range(curves: Curves) -> list[str]:
    """The same for a first screen, with the range of the estimates alone."""
    return _by_kind(curves, lambda own: f"{_span(own)}{_beside(own)}")


def _by_kind(curves: Curves, told: Callable[[list[Found]], str]) -> list[str]:
    unclear = [one for one in curves if one["rise"] and not worth_noting(one["rise"])]
    groups = grouped(unclear, lambda one: (f"{subject(one)}: {_counts(one)}", f"{one['metric']}{unit(one)}"))
    none = "makes no distinguishable difference on real test, in"
    return [f"{who} {none} {measured}: {told(own)}." for (who, measured), own in groups.items()]


def _rise(one: Found) -> str:
    return figure(one["metric"], one["rise"]["real_test"])


def _span(own: list[Found]) -> str:
    return span(own[0]["metric"], [one["rise"]["real_test"] for one in own])


def _beside(own: list[Found]) -> str:
    """The amounts of the other kind of images, if any."""
    kinds = {kind: [one["at"][kind] for one in own] for kind in own[0]["at"]}
    return "".join(f" ({kind} images: {', '.join(levels)})" for kind, levels in kinds.items())


def _counts(one: Found) -> str:
    return f"{one['rise']['most']} {one['along']} images instead of {one['rise']['fewest']}"


def where(one: Found) -> str:
    """A curve's network, and the amount of the other kind of images."""
    return f"{subject(one)}{_beside([one])}"


def more_sentences(curves: Curves) -> list[str]:
    """What one more point takes; curves of which the same is said, along the same images, share a sentence."""
    groups = grouped(curves, lambda one: (subject(one), more_words(one)))
    return [f"{who}{_beside(own) if own[0]['fit'] else ''}: {said}" for (who, said), own in groups.items()]


def more_words(one: Found) -> str:
    """How many more images for one more point."""
    more, along = one["more"], one["along"]
    wanted = POINT.get(one["metric"], f"0.01 more {one['metric']}")
    if more is None:
        return f"how many more {along} images {wanted} takes cannot be said from so few counts."
    if not one["fit"]["b"]:
        return f"the error does not fall with more {along} images."
    start = f"from {more['start']} {along} images on, {wanted}"
    low = f"{more['low']:.0f}" if more["low"] is not None else None
    if more["images"] is None or more["high"] is None:
        least = f"; at least {low} more" if low else ""
        return f"{start} cannot be had, or how many it takes cannot be said{least}."
    return f"{start} takes about {more['images']:.0f} more [{low}, {more['high']:.0f}]."
