"""The answer says what the intervals say, in every case."""

import math
from typing import Any

import pytest

from pipeline.report.answer import Answer, answers
from pipeline.report.table import UNKNOWN, Interval, Row

Gap = tuple[float, float, float]


def answer(
    transfer: Gap,
    domain: Gap = (0.02, 0.01, 0.03),
    mixed: Gap = (0.0, -0.01, 0.01),
    gain: Gap = (0.04, 0.02, 0.06),
) -> Answer:
    """Of a classifier whose synthetic-only training scores 95 % on real test."""

    def row(regime: str, real: Gap, gap: Gap | None, gain: Interval | None = None) -> Row:
        transfer_gap = None if gap is None else Interval(*gap)
        return Row(
            "classifier",
            "accuracy",
            regime,
            Interval(0.97, 0.96, 0.98),
            Interval(*real),
            Interval(*domain),
            transfer_gap,
            gain,
        )

    rows = [row("synthetic", (0.95, 0.94, 0.96), transfer), row("real", (0.9, 0.9, 0.9), None)]
    rows.append(row("mixed", (0.99, 0.98, 1.0), mixed, Interval(*gain)))
    return answers([*rows, *(Row("detector", "AP50", *_tail(r)) for r in rows)])[0]


def _tail(row: Row) -> tuple[Any, ...]:
    return row.regime, row.synthetic_val, row.real_test, row.domain_gap, row.transfer_gap


ALONE = "training on rendered images alone "
EQUAL = ALONE + "is not distinguishable from training on real ones:"
NAN = (math.nan, math.nan, math.nan)


@pytest.mark.parametrize(
    ("transfer", "verdict", "start", "end"),
    [
        ((0.02, 0.01, 0.03), "worse", ALONE + "stays behind", "by 2.0 points [1.0, 3.0]."),
        ((-0.02, -0.03, -0.01), "better", ALONE + "beats", "by 2.0 points [1.0, 3.0]."),
        ((0.01, -0.01, 0.03), "indistinguishable", EQUAL, "+1.0 points [-1.0, +3.0]."),
        ((0.0, 0.0, 0.0), "indistinguishable", EQUAL, "+0.0 points [+0.0, +0.0]."),
        ((0.01, 0.0, 0.02), "indistinguishable", EQUAL, "+1.0 points [+0.0, +2.0]."),
        (NAN, "unknown", "no answer,", "as a score is missing."),
    ],
)
def test_lead_follows_the_interval_of_the_transfer_gap(transfer: Gap, verdict: str, start: str, end: str) -> None:
    found = answer(transfer)
    assert found.verdict == verdict
    assert found.lead.startswith(f"Classifier: {start}")
    assert found.lead.partition(" Mixed training")[0].endswith(end)


def test_lead_also_says_what_both_together_are() -> None:
    end = "Mixed training is not distinguishable from real training: real minus mixed is +0.0 points [-1.0, +1.0]."
    assert answer((0.02, 0.01, 0.03)).lead.endswith(end)


def alone(*regimes: str) -> Answer:
    """Of training in these regimes, without the transfer gap that real training would give."""
    score = Interval(0.95, 0.94, 0.96)
    return answers([Row("detector", "AP50", r, score, score, Interval(0.0, -0.01, 0.01), UNKNOWN) for r in regimes])[0]


@pytest.mark.parametrize(
    ("regimes", "training", "other"),
    [
        (["synthetic"], "rendered images alone", "real"),
        (["synthetic", "mixed"], "rendered images alone", "real"),
        (["mixed"], "rendered and some real images together", "real"),
        (["real"], "real images", "rendered"),
    ],
)
def test_without_a_reference_the_score_is_the_answer(regimes: list[str], training: str, other: str) -> None:
    found = alone(*regimes)
    assert found.verdict == "alone"
    assert found.lead == (
        f"Detector: training on {training} reaches 0.950 AP50 [0.940, 0.960] on real test images; "
        f"no training on {other} images alone to compare with."
    )
    assert found.badge == f"No {other}{' training' if other == 'real' else ' images'} to compare with"
    assert [s.name for s in found.scores] == regimes
    assert not any("better" in p.text or "behind" in p.text for p in found.points)


def test_without_synthetic_training_the_answer_is_about_mixed_training() -> None:
    score, gap = Interval(0.95, 0.94, 0.96), Interval(-0.02, -0.03, -0.01)
    rows = [
        Row("detector", "AP50", "real", score, score, gap, None),
        Row("detector", "AP50", "mixed", *[score] * 2, gap, gap),
    ]
    (found,) = answers(rows)
    assert found.verdict == "better"
    assert found.lead.startswith("Detector: training on rendered and some real images together beats training on real")


def test_transfer_gap_is_named_with_sign_and_interval() -> None:
    point = answer((-0.02, -0.03, -0.01)).points[0]
    assert point.figure == "-2.0 points [-3.0, -1.0]"
    assert "below 0: training on rendered images alone is better" in point.text


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ((0.02, 0.01, 0.03), "score 97.0 % [96.0, 98.0]; on real images they lose the difference."),
        ((-0.02, -0.03, -0.01), "on real images they do better."),
        ((0.01, -0.01, 0.03), "the interval of the gap contains 0: no clear difference to real images."),
        (NAN, "A score is missing."),
    ],
)
def test_domain_gap_in_words(domain: Gap, words: str) -> None:
    assert answer((0.0, 0.0, 0.0), domain).points[1].text.endswith(words)


@pytest.mark.parametrize(
    ("mixed", "words"),
    [
        ((0.02, 0.01, 0.03), "behind real training (transfer gap +2.0 points [+1.0, +3.0])"),
        ((-0.02, -0.03, -0.01), "better than real training (transfer gap -2.0 points [-3.0, -1.0])"),
        ((0.01, -0.01, 0.03), "not distinguishable from real training"),
    ],
)
def test_mixed_in_words(mixed: Gap, words: str) -> None:
    point = answer((0.0, 0.0, 0.0), mixed=mixed).points[2]
    assert point.figure == "99.0 % [98.0, 100.0]"
    assert words in point.text


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        ((0.04, 0.02, 0.06), "+4.0 points [+2.0, +6.0]: better than training on rendered images alone."),
        ((-0.04, -0.06, -0.02), "-4.0 points [-6.0, -2.0]: behind training on rendered images alone."),
        ((0.01, 0.0, 0.02), "+1.0 points [+0.0, +2.0]: not distinguishable from training on rendered images alone."),
    ],
)
def test_mixed_against_synthetic_follows_the_paired_interval(gain: Gap, words: str) -> None:
    """Whatever the two scores' own intervals do: here they never overlap."""
    assert answer((0.0, 0.0, 0.0), gain=gain).points[2].text.endswith(f" Mixed minus synthetic is {words}")


def test_without_a_gain_nothing_is_said_of_it() -> None:
    assert "Mixed minus synthetic" not in answer((0.0, 0.0, 0.0), gain=NAN).points[2].text
