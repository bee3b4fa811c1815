"""Intervals over seeds by hand and by how often they contain the truth; Holm's correction by his own rule."""

import itertools
import json

import numpy as np
import pytest

from pipeline.intervals import holm, paired_seed_interval, seed_interval


def test_student_by_hand() -> None:
    found = seed_interval([1.0, 2.0, 3.0])  # standard error 1 / sqrt(3); t of 2 degrees at 97.5 %: 4.3027
    assert (found.value, found.low, found.high) == pytest.approx((2, 2 - 2.48414, 2 + 2.48414), abs=1e-4)
    t = 2 * 3**0.5
    assert found.p_value == pytest.approx(1 - t / (t**2 + 2) ** 0.5)  # closed form for 2 degrees
    assert found.seeds == 3


def test_what_a_mean_cannot_be_is_left_out() -> None:
    found = seed_interval([1.0, 2.0, 3.0]).within(0.0, 2.5)  # 2 -+ 2.48
    assert (found.value, found.low, found.high) == (2, 0, 2.5)
    assert seed_interval([0.9]).within(0.0, 1.0) == seed_interval([0.9])


def test_of_one_seed_nothing_is_known() -> None:
    found = seed_interval([0.9])
    assert (found.value, found.low, found.high, found.p_value) == (0.9, -np.inf, np.inf, 1)
    assert json.loads(json.dumps(found.figures(), allow_nan=False)) == {
        "value": 0.9,
        "low": None,
        "high": None,
        "p_value": 1,
        "seeds": 1,
    }


def test_a_factor_that_changes_nothing_has_no_effect() -> None:
    found = paired_seed_interval([0.9, 0.8, 0.7], [0.9, 0.8, 0.7])
    assert (found.value, found.low, found.high, found.p_value) == (0, 0, 0, 1)


def test_equal_differences_are_no_proof() -> None:
    """All three are 0.1 up to rounding, by which Student would be certain."""
    found = paired_seed_interval([0.3, 0.4, 0.9], [0.2, 0.3, 0.8])
    assert (found.low, found.high) == pytest.approx((0.1, 0.1))
    assert found.p_value == 0.25  # heads three times, or tails three times


def test_what_a_seed_does_to_both_cancels_out() -> None:
    a, b = [0.90, 0.70, 0.80], [0.89, 0.68, 0.77]
    paired, one = paired_seed_interval(a, b), seed_interval(a)
    assert paired == seed_interval([x - y for x, y in zip(a, b, strict=True)])
    assert paired.high - paired.low < (one.high - one.low) / 5


def test_pairs_must_be_complete() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired_seed_interval([0.9, 0.8], [0.9])


@pytest.mark.parametrize("seeds", [3, 5])
def test_intervals_contain_a_known_gap_as_often_as_they_claim(seeds: int) -> None:
    """A gap of 0.02 between runs whose seed moves both by 0.03, and each by 0.01; p-values below 0.05 as often."""
    rng = np.random.default_rng(seeds)
    shared = rng.normal(0, 0.03, (200, seeds))
    a, b = 0.95 + shared, 0.93 + shared
    a, b = (runs + rng.normal(0, 0.01, runs.shape) for runs in (a, b))
    found = [paired_seed_interval(x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    contained = [f.low <= 0.02 <= f.high for f in found]
    assert 0.90 <= np.mean(contained) <= 0.98
    null = [paired_seed_interval(x, y) for x, y in zip(a.tolist(), (b + 0.02).tolist(), strict=True)]
    assert [f.p_value >= 0.05 for f in null] == contained


def test_the_bootstrap_over_few_seeds_would_claim_too_much() -> None:
    """Why it is not offered: its 95 % interval of five values contains the mean far less often."""
    rng = np.random.default_rng(0)
    runs = rng.normal(0, 1, (2000, 5))
    means = runs[:, rng.integers(0, 5, (1000, 5))].mean(axis=-1)  # [2000, 1000]
    low, high = np.quantile(means, [0.025, 0.975], axis=1)
    assert 0.80 <= np.mean((low <= 0) & (high >= 0)) <= 0.86


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.5]).tolist() == [1, 1]
    assert holm([]).tolist() == []


def test_holm_rejects_as_his_procedure_does() -> None:
    """By rising p-value, the m-th of M is compared with level / (M - m + 1); the first that fails ends it."""
    rng = np.random.default_rng(1)
    for p_values in rng.uniform(0, 0.05, (50, 6)).tolist():
        ranked = sorted(p_values)
        rejected = list(itertools.takewhile(lambda mp: mp[1] <= 0.05 / (6 - mp[0]), enumerate(ranked)))
        assert np.count_nonzero(holm(p_values) <= 0.05) == len(rejected)
