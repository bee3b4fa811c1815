"""The answer in words. Every sentence is made from the intervals of gap.json and must hold whatever they are."""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pipeline.report.table import METRICS, UNKNOWN, Interval, Row, number, span

Verdict = Literal["better", "worse", "indistinguishable", "unknown", "alone"]

BADGES: dict[Verdict, str] = {
    "better": "Better than real training",
    "worse": "Behind real training",
    "indistinguishable": "Not distinguishable from real training",
    "unknown": "No answer: a score is missing",
    "alone": "No real training to compare with",
}
WHAT = {"synthetic": "rendered images alone", "real": "real images", "mixed": "rendered and some real images together"}
TRANSFER: dict[Verdict, str] = {
    "better": "The interval lies below 0: training on {} is better than training on real ones.",
    "worse": "The interval lies above 0: training on real images is better than training on {}.",
    "indistinguishable": "The interval contains 0: the two cannot be told apart here, which does not prove them equal.",
    "unknown": "A score is missing.",
    "alone": "No model was trained on real images alone: there is nothing to compare with (regimes in params.yaml).",
}
MIXED: dict[Verdict, str] = {
    "better": "better than real training",
    "worse": "behind real training",
    "indistinguishable": "not distinguishable from real training",
    "unknown": "a score is missing",
    "alone": "without real training to compare with",
}
GAIN: dict[Verdict, str] = {
    "better": "better than training on rendered images alone",
    "worse": "behind training on rendered images alone",
    "indistinguishable": "not distinguishable from training on rendered images alone",
}


class Point(NamedTuple):
    """One figure and what it means."""

    name: str
    figure: str
    text: str


@dataclass(frozen=True)
class Answer:
    """What the numbers say about one task."""

    task: str
    metric: str
    verdict: Verdict
    badge: str
    lead: str
    scores: list[Point]  # on real test: regime, value, interval
    points: list[Point]


def verdict_of(transfer_gap: Interval | None) -> Verdict:
    """Real minus this one: better if all of the interval is below 0, worse if all of it is above."""
    if transfer_gap is None or not transfer_gap.known:
        return "unknown"
    if transfer_gap.high < 0:
        return "better"
    return "worse" if transfer_gap.low > 0 else "indistinguishable"


def answers(rows: list[Row]) -> list[Answer]:
    """One answer for each task and the cascade, by its first metric."""
    by_task = [{r.regime: r for r in rows if (r.task, r.metric) == (t, m[0])} for t, m in METRICS.items()]
    return [_answer(of_task) for of_task in by_task if of_task]


def _answer(rows: dict[str, Row]) -> Answer:
    """By regime, in the order of the table. It is about the training with the fewest real images."""
    first = next(rows[regime] for regime in ("synthetic", "mixed", "real") if regime in rows)
    verdict = verdict_of(first.transfer_gap) if "real" in rows and first.regime != "real" else "alone"
    return Answer(
        task=first.task,
        metric=first.metric,
        verdict=verdict,
        badge=BADGES[verdict] if first.regime != "real" else "No rendered images to compare with",
        lead=f"{first.task.capitalize()}: {_lead(first, verdict)}{_also_mixed(first, rows)}",
        scores=[Point(name, score(row.metric, row.real_test), _brackets(row)) for name, row in rows.items()],
        points=_points(rows, first, verdict),
    )


def _points(rows: dict[str, Row], first: Row, verdict: Verdict) -> list[Point]:
    points = [] if first.regime == "real" else [_transfer(first, verdict)]
    points.append(_domain(first))
    if first.regime == "synthetic" and "mixed" in rows:
        points.append(_mixed(rows["mixed"], verdict_of(rows["mixed"].transfer_gap) if "real" in rows else "alone"))
    return points


def _brackets(row: Row) -> str:
    return span(row.metric, row.real_test)


def score(metric: str, value: Interval) -> str:
    """A score with its unit, without its interval."""
    return number(metric, value.value) + (" %" if metric == "accuracy" and value.known else "")


def signed(metric: str, gap: Interval | None) -> str:
    """A difference with its unit, and with its interval if there is one."""
    gap = gap or UNKNOWN
    unit = " points" if metric == "accuracy" and math.isfinite(gap.value) else ""
    return f"{number(metric, gap.value, True)}{unit} {span(metric, gap, True)}".rstrip()


def _lead(row: Row, verdict: Verdict) -> str:
    """What a reader in a hurry takes away."""
    metric, gap, training = row.metric, row.transfer_gap, f"training on {WHAT[row.regime]}"
    if verdict == "alone":
        reached = f"{training} reaches {score(metric, row.real_test)} {metric} {_brackets(row)}".rstrip()
        other = "rendered" if row.regime == "real" else "real"
        return f"{reached} on real test images; no training on {other} images alone to compare with."
    if gap is None or verdict == "unknown":
        return "no answer, as a score is missing."
    if verdict == "better":
        return f"{training} beats training on real ones by {_amount(metric, gap.negated)}."
    if verdict == "worse":
        return f"{training} stays behind training on real ones by {_amount(metric, gap)}."
    return (
        f"{training} is not distinguishable from training on real ones: "
        f"real minus {'rendered' if row.regime == 'synthetic' else row.regime} is {signed(metric, gap)}."
    )


def _also_mixed(first: Row, rows: dict[str, Row]) -> str:
    """What both together are against real training, where the lead is about rendered images alone."""
    mixed = rows.get("mixed")
    if first.regime != "synthetic" or mixed is None or "real" not in rows:
        return ""
    verdict = verdict_of(mixed.transfer_gap)
    if verdict == "unknown":
        return ""
    return f" Mixed training is {MIXED[verdict]}: real minus mixed is {signed(mixed.metric, mixed.transfer_gap)}."


def _amount(metric: str, gap: Interval) -> str:
    """A difference that is known to be above 0."""
    return f"{number(metric, gap.value)} {'points' if metric == 'accuracy' else metric} {span(metric, gap)}"


def _transfer(row: Row, verdict: Verdict) -> Point:
    return Point("Transfer gap", signed(row.metric, row.transfer_gap), TRANSFER[verdict].format(WHAT[row.regime]))


def _domain(row: Row) -> Point:
    metric, gap = row.metric, row.domain_gap
    if not gap.known:
        return Point("Domain gap", signed(metric, gap), "A score is missing.")
    held_out = f"{score(metric, row.synthetic_val)} {span(metric, row.synthetic_val)}"
    text = f"On rendered images held out from training, the weights of {row.regime} training score {held_out}"
    if gap.low > 0:
        return Point("Domain gap", signed(metric, gap), f"{text}; on real images they lose the difference.")
    if gap.high < 0:
        return Point("Domain gap", signed(metric, gap), f"{text}; on real images they do better.")
    return Point(
        "Domain gap",
        signed(metric, gap),
        f"{text}; the interval of the gap contains 0: no clear difference to real images.",
    )


def _mixed(mixed: Row, verdict: Verdict) -> Point:
    """Against real training and against synthetic-only: both are paired, as all are tested on the same images."""
    gap = f" (transfer gap {signed(mixed.metric, mixed.transfer_gap)})" if verdict != "alone" else ""
    against_real = f"{MIXED[verdict]}{gap}"
    text = f"Rendered and some real images together: {against_real}."
    gain = mixed.gain_over_synthetic
    if gain is not None and gain.known:
        change = signed(mixed.metric, gain)
        text += f" Mixed minus synthetic is {change}: {GAIN[verdict_of(gain.negated)]}."
    return Point("Mixed", f"{score(mixed.metric, mixed.real_test)} {_brackets(mixed)}".rstrip(), text)
