"""Every network gives features of crops or of pictures, and they are those that the documentation promises."""

from typing import Any

import numpy as np
import pytest
import tiny
import torch
from torch import nn

from pipeline.distance.features import Features, pooled, standardised
from pipeline.distance.networks import started
from pipeline.distance.plane import plane
from pipeline.models import DETECTORS, SEGMENTERS

# one of each way to be built: the others of its family have the same last layer
CLASSIFIERS = {
    "linear": 32 * 32,
    "lenet300_100": 100,
    "highway": 50,
    "lenet5": 84,
    "resnet_tiny": 2048,
    "bagnet9": 2048,
    "alexnet": 512,
    "vgg11": 512,
    "googlenet": 1024,
    "resnet18": 512,
    "densenet121": 1024,
    "mobilenet_v1": 1024,
    "mobilenet_v3_small": 1024,
    "shufflenet_v2_x0_5": 1024,
    "efficientnet_b0": 1280,
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_features_of_a_classifier_are_what_its_last_layer_takes(name: str) -> None:
    """So the last layer makes the logits of them."""
    network = tiny.network("classifier", name, 3, 1).eval()
    last = [m for m in network.modules() if isinstance(m, nn.Linear)][-1]
    nn.init.normal_(last.weight)
    crops = torch.randint(0, 256, (3, 1, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    found = Features(network).of_crops(crops)
    assert found.shape == (3, CLASSIFIERS[name])
    with torch.inference_mode():
        logits, again = network(crops.float() / 255), last(torch.from_numpy(found).float())
    torch.testing.assert_close(again, logits, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("task", "name"), [*(("detector", n) for n in DETECTORS), *(("segmenter", n) for n in SEGMENTERS)]
)
def test_every_detector_and_segmenter_has_features_of_a_picture(task: str, name: str) -> None:
    """Finite, the same again, and others for another picture."""
    torch.manual_seed(0)
    features = Features(tiny.network(task, name, 3, 3))
    rng = np.random.default_rng(0)
    one, other = (torch.from_numpy(tiny.draw(rng, n)[0].transpose(2, 0, 1).copy()) for n in (1, 6))
    found = features.of_picture(one)
    assert found.ndim == 1 and len(found) >= 16 and np.isfinite(found).all()
    np.testing.assert_array_equal(features.of_picture(one), found)
    assert np.abs(features.of_picture(other) - found).max() > 0


def test_features_of_a_detector_are_the_mean_of_its_last_map() -> None:
    network = tiny.network("detector", "centernet_tiny", 3, 3).eval()
    picture = torch.randint(0, 256, (3, 40, 56), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = network.backbone((picture[None] / 255 - 0.5) / 0.25).mean(dim=(0, 2, 3))
    np.testing.assert_allclose(Features(network).of_picture(picture), expected, rtol=1e-4, atol=1e-5)


def test_pooled() -> None:
    maps = torch.arange(24.0).reshape(1, 2, 3, 4)
    assert pooled(maps).tolist() == [[5.5, 17.5]]
    assert pooled(torch.ones(2, 5)).shape == (2, 5)


def test_standardised_over_all_sets() -> None:
    """Means 3 and 7 over both; the second feature never changes."""
    found = standardised({"a": np.array([[1.0, 7], [3, 7]]), "b": np.array([[5.0, 7]])})
    np.testing.assert_allclose(found["a"], [[-np.sqrt(1.5), 0], [0, 0]])
    np.testing.assert_allclose(found["b"], [[np.sqrt(1.5), 0]])


def test_the_network_before_training_follows_the_seed() -> None:
    def weights(seed: int, **changes: Any) -> torch.Tensor:
        fit = tiny.fit_of("classifier", "lenet5", **changes)
        network = started("classifier", fit, 3, seed, False, lambda: torch.zeros(2, 1, 32, 32, dtype=torch.uint8))
        return torch.cat([p.flatten() for p in network.parameters()])

    before = torch.random.get_rng_state()
    assert torch.equal(weights(0), weights(0)) and not torch.equal(weights(0), weights(1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(weights(0, weights="nowhere"), weights(0))  # not asked for, so not looked for


def test_two_groups_are_apart_in_a_plane() -> None:
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(0, 1, (20, 6)), rng.normal(30, 1, (20, 6))])
    found = plane(features, 0)
    assert found is not None and plane(features, 0) == found
    for points in (np.array(found["pca"]), np.array(found["tsne"])):
        within = max(np.ptp(points[:20], axis=0).max(), np.ptp(points[20:], axis=0).max())
        assert np.linalg.norm(points[:20].mean(axis=0) - points[20:].mean(axis=0)) > within
    assert plane(features[:4], 0) is None
