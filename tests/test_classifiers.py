"""What is special in single classifiers: formulas, auxiliary classifiers, stems for small pictures."""

from typing import Any

import pytest
import tiny
import torch
from torch import Tensor, nn

from pipeline.learner import loss_parts
from pipeline.models import build
from pipeline.models.auxiliary import AuxiliaryLogits, WithAuxiliary, losses
from pipeline.models.classifiers.bagnet import Bottleneck
from pipeline.models.classifiers.dense import Highway
from pipeline.models.classifiers.normalise import HalfNormalise, ImageNetNormalise

CATEGORIES = 1000


def on_meta(name: str, input_px: int, channels: int = 3) -> Any:
    with torch.device("meta"):
        return build("classifier", tiny.fit_of("classifier", name, input_px=input_px), CATEGORIES, channels)


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("lenet300_100", 3072 * 300 + 300 + 300 * 100 + 100 + 100 * 1000 + 1000),
        ("linear", 3072 * 1000 + 1000),
        ("highway", 3072 * 50 + 50 + 9 * 2 * (50 * 50 + 50) + 50 * 1000 + 1000),
        ("mobilenet_v1", 4_231_976),  # 4.2 million in Howard et al. 2017, table 8
        ("bagnet33", 18_310_184),
        ("zfnet", 62_357_608),
    ],
)
def test_as_many_parameters_as_published(name: str, count: int) -> None:
    size_px = 32 if name in ("lenet300_100", "linear", "highway") else 224
    assert parameters(on_meta(name, size_px)) == count


def test_highway() -> None:
    """y = T H + (1 - T) x, by hand for one unit: H = relu(2 x + 1), T = sigmoid(x - 2)."""
    layer = Highway(1)
    assert layer.gate.bias.tolist() == [-2.0]
    with torch.no_grad():
        layer.transform.weight.fill_(2.0)
        layer.transform.bias.fill_(1.0)
        layer.gate.weight.fill_(1.0)
        found = layer(torch.tensor([[2.0], [-1.0]]))
    # x = 2: T = 1/2, H = 5; x = -1: H = 0, T = 1 / (1 + e^3)
    assert found.flatten().tolist() == pytest.approx([0.5 * 5 + 0.5 * 2, -(1 - 1 / (1 + 20.085537))])


def test_a_bagnet_knows_no_more_than_its_patch() -> None:
    """Changing a pixel outside of the first patch of 9 px changes nothing of what the first cell says."""
    torch.manual_seed(0)
    network: Any = build("classifier", tiny.fit_of("classifier", "bagnet9", input_px=64), 3, 1).eval()
    features = nn.Sequential(*list(network.children())[:-3])
    picture = torch.rand(1, 1, 40, 40)
    inside, outside = picture.clone(), picture.clone()
    inside[0, 0, 8, 8] += 1
    outside[0, 0, 9, 2:] += 1
    outside[0, 0, 2:, 9] += 1
    with torch.no_grad():
        first, same, other = (features(p)[0, :, 0, 0] for p in (picture, outside, inside))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_a_short_cut_of_a_bagnet_is_cut_at_the_right_and_below() -> None:
    block = Bottleneck(8, 2, kernel=3, stride=1).eval()
    nn.init.zeros_(block.convs[-1].weight)  # only the short cut is left
    x = torch.rand(1, 8, 7, 11)
    assert torch.equal(block(x), x[..., :5, :9])


class Three(nn.Module):
    """Two auxiliary classifiers, as torchvision's GoogLeNet has them."""

    def forward(self, x: Tensor) -> Any:
        return (x, 2 * x, 3 * x) if self.training else x


def test_auxiliary_losses_count_by_their_weight() -> None:
    logits = WithAuxiliary(nn.Identity(), Three(), weight=0.3).train()(torch.ones(2, 3))
    parts = losses(logits, lambda own: own.sum())
    assert float(parts["loss"]) == 6
    assert float(parts["auxiliary"]) == pytest.approx(0.3 * (12 + 18))
    assert losses(torch.ones(2, 3), torch.sum).keys() == {"loss"}
    assert isinstance(WithAuxiliary(Three(), weight=0.3).eval()(torch.ones(2, 3)), Tensor)


@pytest.mark.parametrize(("name", "weight", "count"), [("googlenet", 0.3, 2), ("inception_v3", 0.4, 1)])
@pytest.mark.parametrize("input_px", [32, 96])
def test_auxiliary_classifiers_of_torchvision(name: str, weight: float, count: int, input_px: int) -> None:
    found = on_meta(name, input_px).train()(torch.rand(2, 3, input_px, input_px, device="meta"))
    assert isinstance(found, AuxiliaryLogits)
    assert found.weight == weight
    assert [part.shape for part in found.auxiliary] == [(2, CATEGORIES)] * count


def test_auxiliary_classifiers_start_by_guessing_too() -> None:
    torch.manual_seed(0)
    fit = tiny.fit_of("classifier", "googlenet", label_smoothing=0.0)
    network = build("classifier", fit, 5, 1).train()
    with torch.no_grad():
        parts = loss_parts(network, fit, (torch.rand(4, 1, 32, 32), torch.tensor([0, 1, 2, 3])))
    log_c = float(torch.tensor(5.0).log())
    assert {n: float(p) for n, p in parts.items()} == pytest.approx({"loss": log_c, "auxiliary": 0.6 * log_c})


CELLS = {
    "resnet18": "1.layer4",
    "resnext50_32x4d": "1.layer4",
    "densenet121": "1.features",
    "mobilenet_v2": "1.features",
    "mobilenet_v3_large": "1.features",
    "efficientnet_b0": "1.features",
    "shufflenet_v2_x0_5": "1.conv5",
    "googlenet": "1.inception5b",
    "mobilenet_v1": "1",
}


@pytest.mark.parametrize("name", CELLS)
def test_small_pictures_are_halved_three_times_instead_of_five(name: str) -> None:
    """At 32 px as many cells as a picture of 128 px would have."""
    sides = []
    for input_px, size_px in ((32, 32), (128, 128)):
        network = on_meta(name, input_px).eval()
        network.get_submodule(CELLS[name]).register_forward_hook(lambda m, i, output: sides.append(output.shape[-2:]))
        network(torch.rand(1, 3, size_px, size_px, device="meta"))
    assert sides == [(4, 4), (4, 4)]


@pytest.mark.parametrize("name", ["vgg11", "alexnet", "zfnet"])
def test_small_pictures_have_narrow_dense_layers(name: str) -> None:
    small, large = (
        [m.out_features for m in on_meta(name, input_px).modules() if isinstance(m, nn.Linear)] for input_px in (63, 64)
    )
    assert small == [512, 512, CATEGORIES]
    assert large == [4096, 4096, CATEGORIES]


def test_normalisation() -> None:
    """Of a white pixel: (1 - 0.485) / 0.229 in red; grey ones by the means 0.449 and 0.226 over the channels."""
    white = torch.ones(1, 3, 1, 1)
    red, green, blue = ImageNetNormalise(3)(white).flatten().tolist()
    assert (red, green, blue) == pytest.approx((0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225))
    assert float(ImageNetNormalise(1)(white[:, :1])) == pytest.approx(0.551 / 0.226)
    assert HalfNormalise(3)(torch.tensor([0.0, 0.5, 1.0]).reshape(1, 3, 1, 1)).flatten().tolist() == [-1, 0, 1]
