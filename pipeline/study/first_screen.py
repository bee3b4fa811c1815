"""The short answer of a study, for a first screen: intervals of what is distinguishable; the rest by name and range."""

from pipeline.report.table import number
from pipeline.study.curve_words import Curves, clear_rises, corner_sentences, unclear_rises_by_range
from pipeline.study.words import (
    Found,
    clear_effects,
    clear_sentence,
    gap_sentence,
    missing_sentences,
    named,
    subject,
    unit,
    worth_noting,
)

FIRST = 3  # sentences of a kind


def answers(found: Found) -> list[str]:
    """The strongest effects, what else is and is not distinguishable, gaps, rises, and what is missing."""
    clear = clear_effects(found)
    said = [*map(clear_sentence, clear[:FIRST]), *further_sentences(clear[FIRST:]), *unclear_by_range(found)]
    said += [*map(gap_sentence, found["transfer_gaps"]), *curve_answers(found["curves"])]
    return [*said, *missing_sentences(found["experiments"])]


def curve_answers(curves: Curves) -> list[str]:
    """Scores with few and many images, and what more of them bring."""
    return [*corner_sentences(curves), *clear_rises(curves)[:FIRST], *unclear_rises_by_range(curves)]


def further_sentences(clear: list[Found]) -> list[str]:
    """One for each task and regime, of what is distinguishable and not among the first."""
    further: dict[str, list[str]] = {}
    for one in clear:
        further.setdefault(subject(one), []).append(f"{named(one)} ({one['verdict']})")
    return [f"{who}: distinguishable too: {', '.join(own)}." for who, own in further.items()]


def unclear_by_range(found: Found) -> list[str]:
    """One for each task and regime: names, the range of the estimates, and what the study would have seen."""
    unclear: dict[tuple[str, ...], list[Found]] = {}
    for one in found["effects"]:
        if not worth_noting(one):
            unclear.setdefault(_group(one), []).append(one)
    seen = {_group(one): one for one in found["detectable"]}
    return [_unclear_sentence(own, seen.get(group)) for group, own in unclear.items()]


def _group(one: Found) -> tuple[str, ...]:
    return one["task"], one["regime"], one["metric"]


def _unclear_sentence(effects: list[Found], seen: Found | None) -> str:
    first, values = effects[0], [one["real_test"]["value"] for one in effects]
    low, high = (number(first["metric"], value, sign=True) for value in (min(values), max(values)))
    size = f"from {low} to {high}" if len(values) > 1 else low
    names = ", ".join(map(named, effects))
    who = f"{subject(first)}: not distinguishable from the baseline: {names}"
    return f"{who}; on real test {size} {first['metric']}{unit(first)}{_seen(seen)}."


def _seen(one: Found | None) -> str:
    size = one and number(one["metric"], one["smallest"])
    return f", where a true {size} would be seen four times out of five" if size else ""
