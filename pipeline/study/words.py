"""What a study has found, in plain sentences with numbers."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pipeline.report.table import Interval, cell, number
from pipeline.runs import CASCADE

Found = Mapping[str, Any]
Key = TypeVar("Key", bound=Hashable)


def worth_noting(comparison: Found) -> bool:
    return bool(comparison["verdict"] != "not distinguishable")


def effect_sentences(found: Found) -> list[str]:
    """What is distinguishable from the baseline, strongest first, and what is not."""
    return [*map(clear_sentence, clear_effects(found)), *unclear_sentences(found)]


def clear_effects(found: Found) -> list[Found]:
    """Strongest first."""
    return sorted(filter(worth_noting, found["effects"]), key=lambda one: -abs(one["real_test"]["value"]))


def clear_sentence(one: Found) -> str:
    return f"{subject(one)}: {named(one)} is {one['verdict']} on real test: {change(one)}."


def unclear_sentences(found: Found) -> list[str]:
    """One for each task and regime."""
    return [_unclear_sentence(own) for own in grouped(unclear_effects(found), asked).values()]


def unclear_effects(found: Found) -> list[Found]:
    return [one for one in found["effects"] if not worth_noting(one)]


def _unclear_sentence(effects: Sequence[Found]) -> str:
    first = effects[0]
    names = ", ".join(f"{named(one)} {figure(one['metric'], one['real_test'])}" for one in effects)
    return f"{subject(first)}: not distinguishable from the baseline, in {first['metric']}{unit(first)}: {names}."


def asked(one: Found) -> tuple[str, ...]:
    """What a finding is of."""
    return one["task"], one["regime"], one["metric"]


def grouped(findings: Iterable[Found], of: Callable[[Found], Key]) -> dict[Key, list[Found]]:
    """By what `of` gives, in the order in which they come."""
    found: dict[Key, list[Found]] = {}
    for one in findings:
        found.setdefault(of(one), []).append(one)
    return found


def subject(one: Found) -> str:
    article = "detector and classifier together" if one["task"] == CASCADE else one["task"]
    return f"{article[0].upper()}{article[1:]}, {one['regime']} training"


def named(one: Found) -> str:
    return f"{one['factor']}={one['level']}"


def change(one: Found) -> str:
    return f"{one['metric']} {figure(one['metric'], one['real_test'])}{unit(one)}, p = {one['p_holm']:.2g} after Holm"


def unit(one: Found) -> str:
    return " points" if one["metric"] == "accuracy" else ""


def figure(metric: str, value: Found, sign: bool = True) -> str:
    """`value [low, high]`; of one seed the value alone."""
    low, high = (value[key] if value[key] is not None else float("nan") for key in ("low", "high"))
    return cell(metric, Interval(value["value"], low, high), sign)


def span(metric: str, differences: Sequence[Found]) -> str:
    """`lowest to highest` of the estimates; of one it alone."""
    values = [one["value"] for one in differences]
    low, high = (number(metric, value, sign=True) for value in (min(values), max(values)))
    return f"{low} to {high}" if len(values) > 1 else low


def gap_sentence(one: Found) -> str:
    """Real training minus this one: where it is better, that one is behind."""
    words = {"better": "behind real training", "worse": "ahead of real training"}
    return (
        f"{subject(one)} is {words.get(one['verdict'], 'not distinguishable from real training')}: gap {change(one)}."
    )


def interaction_sentence(one: Found) -> str:
    pair = " and ".join("=".join(level) for level in one["levels"])
    return f"{subject(one)}: {pair} together change real test by {change(one)} beyond what each does alone."


def detectable_sentence(one: Found) -> str:
    size = f"{one['metric']} {number(one['metric'], one['smallest'])}{unit(one)}"
    found = f"with {one['seeds']} seeds a true difference of {size} would be found four times out of five"
    return f"{subject(one)}: {found}; of smaller ones this study says little."


def missing_sentences(experiments: Found) -> list[str]:
    said = []
    if missing := len(experiments["missing"]):
        said.append(f"{missing} of {experiments['planned']} experiments are missing: this is a part of the study.")
    if other := experiments["of_other_code"]:
        which = f"seeds {', '.join(map(str, experiments['other_repeats']))}"
        of = f"commit {', '.join(commit[:10] for commit in experiments['other_commits'])}"
        said.append(f"{other} experiments ({which}) were run by other code than the project has now: {of}.")
    return said


def lines(texts: Sequence[str]) -> str:
    return "\n".join(f"- {text}" for text in texts)
