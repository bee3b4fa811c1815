"""Distances of sets whose distance is known: by hand, by a closed form, or because there is none."""

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.distance.a_distance import a_distance, folds_of
from pipeline.distance.effects import earth_movers, effect, ranked, summary
from pipeline.distance.kernels import Blocks, blocks, cubic, gaussian, halves, kid, mmd, mmd2
from pipeline.distance.resample import Bootstrap, mean_of
from pipeline.distance.sets import PAIRS, SETS, Sampled, draw, groups_of, pairs_of

Floats = npt.NDArray[np.float64]


def bootstrap(seed: int = 0, resamples: int = 200) -> Bootstrap:
    return Bootstrap(resamples, 0.95, np.random.default_rng(seed))


def alone(values: Floats) -> Sampled:
    """One sample for each image."""
    return Sampled(values, np.arange(len(values)))


def drawn(seed: int, count: int, shift: float, dimensions: int = 3) -> Sampled:
    """A normal distribution of deviation 1, its first coordinate shifted."""
    values = np.random.default_rng(seed).normal(size=(count, dimensions))
    values[:, 0] += shift
    return alone(values)


def whole(of: Blocks) -> float:
    return float(mmd2(of, of.whole, 1 - of.whole)[0])


def test_kernels_of_two_points() -> None:
    """x·y / d + 1 is 2.5, 1 and 1; the median of one distance is that distance."""
    np.testing.assert_allclose(cubic(np.array([[1.0, 2.0], [2.0, -1.0]])), [[3.5**3, 1], [1, 3.5**3]])
    np.testing.assert_allclose(gaussian(np.array([[0.0, 0.0], [3.0, 4.0]])), [[1, np.exp(-0.5)], [np.exp(-0.5), 1]])


def test_the_same_points_everywhere() -> None:
    """No distance to take a scale from."""
    same = alone(np.ones((4, 2)))
    assert mmd(same, same, 10, 10, bootstrap())["value"] == pytest.approx(0)
    assert kid(same, same, 10, bootstrap())["value"] == pytest.approx(0)


def test_kid_by_hand() -> None:
    """All of one set at a, all of the other at b: k(a, a) + k(b, b) - 2 k(a, b) = 8 + 8 - 2, whatever the halves."""
    first, second = (alone(np.tile(row, (5, 1))) for row in ([1.0, 1.0], [-1.0, 1.0]))
    found = kid(first, second, 10, bootstrap())
    assert found == pytest.approx({"value": 14, "deviation": 0, "low": 14, "high": 14})


def test_mmd_by_hand() -> None:
    """Within: k(a, b) = 2 and k(c, d) = 3. Across: the mean of 0, 1, 1, 2. Diagonals do not count."""
    kernel = np.array([[9.0, 2, 0, 1], [2, 9, 1, 2], [0, 1, 9, 3], [1, 2, 3, 9]])
    two = alone(np.zeros((2, 1)))
    assert whole(blocks(kernel, two, two)) == pytest.approx(2 + 3 - 2 * 1)


def test_pairs_of_one_image_do_not_count() -> None:
    """a and b are of one image, c of another: within the first set only (a, c) and (b, c)."""
    kernel = np.full((5, 5), 100.0)
    kernel[:2, 2] = kernel[2, :2] = [4.0, 6.0]
    kernel[:3, 3:] = kernel[3:, :3] = 1
    kernel[3, 4] = kernel[4, 3] = 7
    first, second = Sampled(np.zeros((3, 1)), np.array([0, 0, 1])), alone(np.zeros((2, 1)))
    assert whole(blocks(kernel, first, second)) == pytest.approx(5 + 7 - 2 * 1)


def test_mmd_of_shifted_normal_distributions() -> None:
    """Of N(0, I) and N(m, I) in d dimensions with a Gaussian kernel of width s, by its integral:

    2 (s² / (s² + 2))^(d/2) (1 - exp(-|m|² / 2 (s² + 2))).
    """
    first, second = drawn(1, 800, 0.0), drawn(2, 800, 2.0)
    together = np.concatenate([first.values, second.values])
    apart = np.linalg.norm(together[:, None] - together[None], axis=2)
    squared = np.median(apart[np.triu_indices(len(together), 1)]) ** 2
    expected = 2 * (squared / (squared + 2)) ** 1.5 * (1 - np.exp(-4 / 2 / (squared + 2)))
    found = mmd(first, second, 50, 100, bootstrap())
    assert found["value"] == pytest.approx(expected, rel=0.1)
    assert found["low"] < expected < found["high"]
    assert found["p"] == pytest.approx(1 / 101)


def test_no_difference_is_zero_on_average() -> None:
    """Unbiased: over repeats KID and MMD are above and below 0, and p is below a tenth in about a tenth of them."""
    found = [
        (kid(a, b, 20, bootstrap(n)), mmd(a, b, 20, 60, bootstrap(n)))
        for n in range(60)
        for a, b in [(drawn(2 * n, 30, 0.0), drawn(2 * n + 1, 30, 0.0))]
    ]
    for values in (np.array([k["value"] for k, _ in found]), np.array([m["value"] for _, m in found])):
        assert abs(values.mean()) < 3 * values.std() / np.sqrt(len(values))
        assert 0.2 < (values > 0).mean() < 0.8
    assert np.mean([m["p"] < 0.1 for _, m in found]) < 0.25


def test_crops_of_one_image_that_are_alike_are_no_difference() -> None:
    """Ten crops of each of 12 images, alike within an image: by crops the sets differ, by images they do not."""

    def clustered(seed: int) -> Sampled:
        return Sampled(np.repeat(drawn(seed, 12, 0.0).values, 10, axis=0), np.repeat(np.arange(12), 10))

    values = [mmd(clustered(2 * n), clustered(2 * n + 1), 10, 30, bootstrap(n)) for n in range(40)]
    assert abs(np.mean([v["value"] for v in values])) < 0.03
    assert np.mean([v["p"] < 0.1 for v in values]) < 0.3


def test_the_deviation_over_halves_is_the_standard_error() -> None:
    """With the product as kernel, and a second set of zeros, MMD² is the square of a mean: 2 · mean · its error."""
    x, zero = drawn(3, 200, 5.0, 1), alone(np.zeros((200, 1)))
    values = np.r_[x.values[:, 0], zero.values[:, 0]]
    of = blocks(np.outer(values, values), x, zero)
    assert whole(of) == pytest.approx(25, rel=0.05)
    error = mmd2(of, *halves(of, 400, np.random.default_rng(0))).std()
    assert error == pytest.approx(2 * 5 * x.values.std() / np.sqrt(200), rel=0.15)


def test_halves_take_half_of_both() -> None:
    of = blocks(np.eye(11), alone(np.zeros((7, 1))), alone(np.zeros((4, 1))))
    x, y = halves(of, 5, np.random.default_rng(0))
    assert x[:, :7].sum(axis=1).tolist() == [3] * 5 and x[:, 7:].sum() == 0
    assert y[:, 7:].sum(axis=1).tolist() == [2] * 5 and y[:, :7].sum() == 0
    assert len({tuple(row) for row in x.tolist()}) > 1


def test_a_distance_of_sets_that_can_be_told_apart() -> None:
    assert a_distance(drawn(1, 40, 0.0), drawn(2, 30, 50.0), bootstrap()) == {"value": 2, "low": 2, "high": 2}


def test_a_distance_of_sets_that_cannot() -> None:
    """Sets of other sizes: who guesses the larger one is wrong on the whole other one."""
    found = [a_distance(drawn(2 * n, 60, 0.0), drawn(2 * n + 1, 20, 0.0), bootstrap(n)) for n in range(20)]
    assert abs(np.mean([f["value"] for f in found])) < 0.15
    assert np.mean([f["low"] <= 0 <= f["high"] for f in found]) > 0.7


def test_a_distance_does_not_know_images_by_heart() -> None:
    """Many dimensions and crops that are alike: with folds of crops the distance would be nearly 2."""

    def clustered(seed: int) -> Sampled:
        return Sampled(np.repeat(drawn(seed, 8, 0.0, 50).values, 10, axis=0), np.repeat(np.arange(8), 10))

    found = [a_distance(clustered(2 * n), clustered(2 * n + 1), bootstrap(n))["value"] for n in range(8)]
    assert abs(np.mean(found)) < 0.6


def test_folds_are_of_whole_images() -> None:
    sampled = Sampled(np.zeros((40, 1)), np.repeat(np.arange(20), 2))
    folds = folds_of(sampled, np.random.default_rng(0))
    assert (folds[::2] == folds[1::2]).all()
    assert np.bincount(folds).tolist() == [8] * 5


def test_effect_by_hand() -> None:
    """Means 2 and 5, both variances 1: three deviations. None of 4, 5, 6 lies within 1 .. 3."""
    found = effect(alone(np.array([1.0, 2, 3])), alone(np.array([4.0, 5, 6])), bootstrap())
    assert found["value"] == pytest.approx(3 / np.sqrt(2 / 3))
    assert found["covered"] == 0
    assert found["low"] < found["value"] < found["high"]


def test_effect_of_values_that_never_change() -> None:
    same = alone(np.full(5, 1e6))
    assert effect(same, same, bootstrap()) == {"value": 0, "low": 0, "high": 0, "covered": 1}


def test_the_interval_of_an_effect_contains_it() -> None:
    """Half a deviation, 40 values each, 95 % intervals: 88 to 100 of a hundred."""
    hits = 0
    for n in range(100):
        a, b = (alone(drawn(s, 40, shift, 1).values[:, 0]) for s, shift in ((2 * n, 0.0), (2 * n + 1, 0.5)))
        found = effect(a, b, bootstrap(n))
        hits += found["low"] <= 0.5 <= found["high"]
    assert 88 <= hits <= 100


def test_a_mean_counts_images_as_often_as_they_are_drawn() -> None:
    """Image 0 has the values 1 and 2, image 1 has 6: once each (1 + 2 + 6) / 3, and twice the first alone 1.5."""
    sampled = Sampled(np.array([1.0, 2, 6]), np.array([0, 0, 1]))
    assert mean_of(sampled, np.array([[1.0, 1], [2, 0], [1, 2]])).tolist() == [3, 1.5, 15 / 4]


def test_earth_movers_distance_by_hand() -> None:
    """All of the first bin to the third: two bins of 5."""
    first, second = (alone(np.tile(row, (4, 1))) for row in ([1.0, 0, 0], [0.0, 0, 1]))
    assert earth_movers(first, second, 5.0, bootstrap()) == {"value": 10, "low": 10, "high": 10}


def test_the_interval_of_an_earth_movers_distance_contains_it() -> None:
    """Of two draws of one population, where resamples are nearly all farther apart than the draws."""
    rng = np.random.default_rng(0)
    first, second = (alone(np.eye(16)[rng.integers(0, 16, 60)]) for _ in range(2))
    found = earth_movers(first, second, 1.0, bootstrap())
    assert 0 <= found["low"] < found["value"] < found["high"]
    assert found["value"] - found["low"] <= found["high"] - found["value"] + 1e-9


def test_ranked_has_the_largest_first_and_says_which_are_clear() -> None:
    found = ranked(
        {
            "noise": {"value": 0.1, "low": -0.1, "high": 0.3, "covered": 1.0},
            "sharpness": {"value": -2.0, "low": -3.0, "high": -1.0, "covered": 0.0},
        }
    )
    assert [(r["measure"], r["clear"]) for r in found] == [("sharpness", True), ("noise", False)]


def test_summary() -> None:
    assert summary(np.arange(21.0)) == pytest.approx(
        {"mean": 10, "deviation": np.sqrt(110 / 3), "q05": 1, "q25": 5, "q50": 10, "q75": 15, "q95": 19}
    )


COCO = {
    "images": [{"id": 9}, {"id": 4}, {"id": 7}],
    "annotations": [{"id": n, "image_id": i, "iscrowd": int(n == 5)} for n, i in enumerate([9, 9, 7, 7, 9, 9])],
    "categories": [],
}


def test_drawn_crops_keep_their_order_and_their_images() -> None:
    """A crowd is no object, and an image without a drawn crop is left out."""
    everything = draw(COCO, True, 100, np.random.default_rng(0))  # type: ignore[arg-type]
    assert [a["id"] for a in everything["annotations"]] == [0, 1, 2, 3, 4]
    assert [i["id"] for i in everything["images"]] == [9, 7]
    assert groups_of(everything, True).tolist() == [1, 1, 0, 0, 1]
    few = draw(COCO, True, 3, np.random.default_rng(0))  # type: ignore[arg-type]
    assert len({a["id"] for a in few["annotations"]}) == 3


def test_drawn_pictures() -> None:
    drawn_coco = draw(COCO, False, 2, np.random.default_rng(1))  # type: ignore[arg-type]
    assert len(drawn_coco["images"]) == 2 and groups_of(drawn_coco, False).tolist() in ([0, 1], [1, 0])


def test_sets_of_few_images_are_not_compared() -> None:
    images = dict.fromkeys(SETS, 4)
    assert [pair for pair, *_ in pairs_of(images)] == list(PAIRS)
    assert [pair for pair, *_ in pairs_of({**images, "real_train": 3})] == [p for p in PAIRS if "real_train" not in p]
    assert pairs_of({"synthetic_train": 400}) == []
