"""The short answer of a study, for a first screen: intervals of what is distinguishable; the rest by name and range."""

from collections.abc import Sequence

from pipeline.report.table import number
from pipeline.study.curve_words import Curves, clear_rises, corner_sentences, unclear_rises_by_range
from pipeline.study.words import (
    Found,
    asked,
    clear_effects,
    clear_sentence,
    gap_sentence,
    grouped,
    missing_sentences,
    named,
    span,
    subject,
    unclear_effects,
    unit,
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


def further_sentences(clear: Sequence[Found]) -> list[str]:
    """One for each task and regime, of what is distinguishable and not among the first."""
    names = {who: [f"{named(one)} ({one['verdict']})" for one in own] for who, own in grouped(clear, subject).items()}
    return [f"{who}: distinguishable too: {', '.join(own)}." for who, own in names.items()]


def unclear_by_range(found: Found) -> list[str]:
    """One for each task and regime: names, the range of the estimates, and what the study would have seen."""
    seen = {asked(one): one for one in found["detectable"]}
    return [_unclear_sentence(own, seen.get(of)) for of, own in grouped(unclear_effects(found), asked).items()]


def _unclear_sentence(effects: Sequence[Found], seen: Found | None) -> str:
    first, names = effects[0], ", ".join(map(named, effects))
    size = span(first["metric"], [one["real_test"] for one in effects])
    tested = f"on real test {'from ' if len(effects) > 1 else ''}{size} {first['metric']}{unit(first)}"
    return f"{subject(first)}: not distinguishable from the baseline: {names}; {tested}{_seen(seen)}."


def _seen(one: Found | None) -> str:
    size = one and number(one["metric"], one["smallest"])
    return f", where a true {size} would be seen four times out of five" if size else ""
