"""The answer in words. Every sentence is made from the intervals of gap.json and must hold whatever they are."""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pipeline.report.table import METRICS, REGIMES, Interval, Row, number, span

Verdict = Literal["better", "worse", "indistinguishable", "unknown"]

BADGES: dict[Verdict, str] = {
    "better": "Better than real training",
    "worse": "Behind real training",
    "indistinguishable": "Not distinguishable from real training",
    "unknown": "No answer: a score is missing",
}
TRANSFER: dict[Verdict, str] = {
    "better": "The interval lies below 0: training on rendered images alone is better than training on real ones.",
    "worse": "The interval lies above 0: training on real images is better than training on rendered ones alone.",
    "indistinguishable": "The interval contains 0: the two cannot be told apart here, which does not prove them equal.",
    "unknown": "A score is missing.",
}
MIXED: dict[Verdict, str] = {
    "better": "better than real training",
    "worse": "behind real training",
    "indistinguishable": "not distinguishable from real training",
    "unknown": "a score is missing",
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
    """One answer for each task, by its first metric."""
    return [_answer({r.regime: r for r in rows if (r.task, r.metric) == (t, m[0])}) for t, m in METRICS.items()]


def _answer(rows: dict[str, Row]) -> Answer:
    synthetic = rows["synthetic"]
    verdict = verdict_of(synthetic.transfer_gap)
    return Answer(
        task=synthetic.task,
        metric=synthetic.metric,
        verdict=verdict,
        badge=BADGES[verdict],
        lead=f"{synthetic.task.capitalize()}: {_lead(synthetic, verdict)}",
        scores=[Point(r, score(synthetic.metric, rows[r].real_test), _brackets(rows[r])) for r in REGIMES],
        points=[_transfer(synthetic, verdict), _domain(synthetic), _mixed(rows["mixed"], synthetic)],
    )


def _brackets(row: Row) -> str:
    return span(row.metric, row.real_test)


def score(metric: str, value: Interval) -> str:
    """A score with its unit, without its interval."""
    return number(metric, value.value) + (" %" if metric == "accuracy" and value.known else "")


def signed(metric: str, gap: Interval | None) -> str:
    """A difference with its unit, and with its interval if there is one."""
    gap = gap or Interval(math.nan, math.nan, math.nan)
    unit = " points" if metric == "accuracy" and math.isfinite(gap.value) else ""
    return f"{number(metric, gap.value, True)}{unit} {span(metric, gap, True)}".rstrip()


def _lead(synthetic: Row, verdict: Verdict) -> str:
    """What a reader in a hurry takes away."""
    metric, gap = synthetic.metric, synthetic.transfer_gap
    if gap is None or verdict == "unknown":
        return "no answer, as a score is missing."
    if verdict == "better":
        return f"training on rendered images alone beats training on real ones by {_amount(metric, gap.negated)}."
    if verdict == "worse":
        return f"training on rendered images alone stays behind training on real ones by {_amount(metric, gap)}."
    return (
        "training on rendered images alone is not distinguishable from training on real ones: "
        f"real minus rendered is {signed(metric, gap)}."
    )


def _amount(metric: str, gap: Interval) -> str:
    """A difference that is known to be above 0."""
    return f"{number(metric, gap.value)} {'points' if metric == 'accuracy' else metric} {span(metric, gap)}"


def _transfer(synthetic: Row, verdict: Verdict) -> Point:
    return Point("Transfer gap", signed(synthetic.metric, synthetic.transfer_gap), TRANSFER[verdict])


def _domain(synthetic: Row) -> Point:
    metric, gap = synthetic.metric, synthetic.domain_gap
    if not gap.known:
        return Point("Domain gap", signed(metric, gap), "A score is missing.")
    held_out = f"{score(metric, synthetic.synthetic_val)} {span(metric, synthetic.synthetic_val)}"
    text = f"On rendered images held out from training, the rendered-only weights score {held_out}"
    if gap.low > 0:
        return Point("Domain gap", signed(metric, gap), f"{text}; on real images they lose the difference.")
    if gap.high < 0:
        return Point("Domain gap", signed(metric, gap), f"{text}; on real images they do better.")
    return Point(
        "Domain gap",
        signed(metric, gap),
        f"{text}; the interval of the gap contains 0: no clear difference to real images.",
    )


def _mixed(mixed: Row, synthetic: Row) -> Point:
    """Also against synthetic-only, for which gap.json has no interval: the scores' own intervals have to speak."""
    against_real = f"{MIXED[verdict_of(mixed.transfer_gap)]} (transfer gap {signed(mixed.metric, mixed.transfer_gap)})"
    text = f"Rendered and some real images together: {against_real}."
    one, other = mixed.real_test, synthetic.real_test
    if one.known and other.known:
        apart = one.low > other.high or one.high < other.low
        change = signed(mixed.metric, Interval(one.value - other.value, math.nan, math.nan))
        text += f" Against rendered images alone {change}; the two scores' intervals {'do not ' * apart}overlap."
    return Point("Mixed", f"{score(mixed.metric, one)} {_brackets(mixed)}".rstrip(), text)
