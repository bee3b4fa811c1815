"""Every detector of the registry keeps the contract that training and evaluation rely on, on any backbone."""

from typing import Any

import pytest
import tiny
import torch
from test_models import assert_learns
from torch import Tensor, nn
from torchvision.models import detection
from torchvision.models.detection._utils import BoxCoder, BoxLinearCoder

from pipeline.errors import InputError
from pipeline.models import DETECTORS, build
from pipeline.models.detectors import ON_A_BACKBONE, WANTS
from pipeline.models.detectors.backbones import LAYERS, with_pyramid
from pipeline.models.detectors.torchvisions import NativeScale

NAMES = ["disc", "bar", "cross"]
RGB = 3
SIZES_HW = [(40, 56), (33, 47)]  # neither square nor a multiple of any stride
FEW = 4  # proposals
Target = dict[str, Tensor]


def pictures() -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(RGB, *size, generator=generator) for size in SIZES_HW]


def targets() -> list[Target]:
    """Two objects on the first picture, none on the second, with everything that a network may want."""
    boxes = torch.tensor([[4.0, 6.0, 20.0, 18.0], [30.0, 10.0, 50.0, 34.0]])
    masks = torch.zeros(2, *SIZES_HW[0], dtype=torch.uint8)
    masks[0, 6:18, 4:20] = masks[1, 10:34, 30:50] = 1
    points = torch.tensor([[[9.0, 9, 2], [15.0, 15, 1]], [[35.0, 15, 2], [0.0, 0, 0]]])
    proposals = torch.tensor([[5.0, 5, 21, 17], [0.0, 20, 20, 40], [28.0, 8, 44, 30]])
    none = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.long)}
    nothing = {"masks": torch.zeros(0, *SIZES_HW[1], dtype=torch.uint8), "keypoints": torch.zeros(0, 2, 3)}
    some = {"boxes": boxes, "labels": torch.tensor([1, 3]), "masks": masks, "keypoints": points}
    return [some | {"proposals": proposals}, none | nothing | {"proposals": proposals[:1]}]


def targets_for(name: str) -> list[Target]:
    wanted = {"boxes", "labels"} | WANTS.get(name, frozenset())
    return [{k: t for k, t in target.items() if k in wanted} for target in targets()]


def quick(network: Any) -> Any:
    """With few proposals and answers."""
    if hasattr(network, "rpn"):
        network.rpn._pre_nms_top_n = network.rpn._post_nms_top_n = {"training": FEW, "testing": FEW}
        network.roi_heads.fg_bg_sampler.batch_size_per_image = FEW
        network.roi_heads.detections_per_img, network.roi_heads.score_thresh = FEW, 0.0
    return network


@pytest.mark.parametrize("name", DETECTORS)
def test_detector(name: str) -> None:
    torch.manual_seed(0)
    network = quick(tiny.network("detector", name, len(NAMES), RGB)).train()
    losses = network(pictures(), targets_for(name))
    assert_learns(network, torch.stack(list(losses.values())).sum())
    with torch.no_grad():
        found = network.eval()(pictures())
    for one, size_hw in zip(found, SIZES_HW, strict=True):
        assert_detections(one, size_hw, WANTS.get(name, frozenset()))


def assert_detections(found: Target, size_hw: tuple[int, int], wanted: frozenset[str]) -> None:
    height, width = size_hw
    boxes, labels, scores = found["boxes"], found["labels"], found["scores"]
    assert boxes.shape == (len(labels), 4) and labels.shape == scores.shape
    assert ((labels >= 1) & (labels <= len(NAMES))).all() and not labels.is_floating_point()
    assert ((scores >= 0) & (scores <= 1)).all()
    corners = boxes.reshape(-1, 2)  # of SSD, whose pictures are resized there and back, up to rounding
    assert (corners >= 0).all() and (corners <= torch.tensor([width, height]) + 1e-3).all()
    assert (boxes[:, 2:] >= boxes[:, :2]).all()
    if "masks" in wanted:
        assert found["masks"].shape == (len(labels), 1, height, width)
    if "keypoints" in wanted:
        assert found["keypoints"].shape == (len(labels), tiny.KEYPOINTS, 3)


def test_centernet_starts_by_guessing() -> None:
    """The part of its loss that names categories is log C exactly, since its last layer starts at zero."""
    with torch.no_grad():
        losses = tiny.network("detector", "centernet_tiny", len(NAMES), RGB).train()(pictures(), targets_for(""))
    assert float(losses["what"]) == pytest.approx(torch.tensor(float(len(NAMES))).log().item())


@pytest.mark.parametrize("name", [n for n in DETECTORS if not n.startswith("center")])
def test_torchvisions_detectors_want_rgb(name: str) -> None:
    with pytest.raises(InputError, match="3 channels, found 1"), torch.device("meta"):
        tiny.network("detector", name, 3, 1)


V2 = {
    "fasterrcnn": (detection.fasterrcnn_resnet50_fpn_v2, {}),
    "maskrcnn": (detection.maskrcnn_resnet50_fpn_v2, {}),
    "keypointrcnn": (detection.keypointrcnn_resnet50_fpn, {"num_keypoints": tiny.KEYPOINTS}),
    "retinanet": (detection.retinanet_resnet50_fpn_v2, {}),
}


def shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    """Without counters of batches, which frozen normalisation has not."""
    return {name: tuple(t.shape) for name, t in network.state_dict().items() if t.ndim}


@pytest.mark.parametrize("name", V2)
def test_on_resnet50_it_is_torchvisions(name: str) -> None:
    builder, own = V2[name]
    with torch.device("meta"):
        theirs = builder(weights=None, weights_backbone=None, num_classes=4, **own)
        ours = build("detector", tiny.fit_of("detector", name, backbone="resnet50"), 3, RGB)
    assert shapes(ours) == shapes(theirs)


@pytest.mark.parametrize("name", LAYERS)
def test_strides_of_a_pyramid(name: str) -> None:
    """A picture of 64 x 128 px at 4, 8, 16, 32 and 64."""
    with torch.device("meta"):
        levels = with_pyramid(name, first=1)(torch.zeros(2, RGB, 64, 128))
    assert [tuple(level.shape) for level in levels.values()] == [
        (2, 256, 64 // s, 128 // s) for s in (4, 8, 16, 32, 64)
    ]


def test_pictures_keep_their_size() -> None:
    transform = NativeScale(800, 1333, [0.5] * 3, [0.25] * 3)
    batch, moved = transform(pictures(), targets_for("maskrcnn"))
    assert batch.image_sizes == SIZES_HW and batch.tensors.shape == (2, RGB, 64, 64)
    assert torch.allclose(batch.tensors[0, :, :40, :56], (pictures()[0] - 0.5) / 0.25)
    assert all(torch.equal(t[k], own[k]) for t, own in zip(moved, targets_for("maskrcnn"), strict=True) for k in own)


@pytest.mark.parametrize(
    ("model", "own", "message"),
    [
        (
            "fasterrcnn",
            {"backbone": None},
            r"backbone: expected one for fasterrcnn, found null\. Known: resn",
        ),
        (
            "fcos",
            {"backbone": "resnet19"},
            r"backbone: expected a known name, found 'resnet19'\. Did you mean",
        ),
        ("centernet_tiny", {"backbone": "resnet18"}, r"detector\.backbone: expected null, as centernet_tiny has .*18'"),
        ("ssd", {"backbone": "vgg16"}, r"detector\.backbone: expected null, as ssd has a backbone of its own"),
        ("keypointrcnn", {"keypoints": None}, r"detector\.keypoints: expected the number of points, found None"),
        ("maskrcnn", {"keypoints": 4}, r"detector\.keypoints: expected null for maskrcnn, found 4"),
    ],
)
def test_keys_that_a_network_does_not_go_with(model: str, own: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message), torch.device("meta"):
        build("detector", tiny.fit_of("detector", model, **own), 3, RGB)


def test_keypoints_are_not_mirrored() -> None:
    fit = tiny.fit_of("detector", "keypointrcnn")
    flipped = fit.model_copy(update={"augment": fit.augment.model_copy(update={"flips": True})})
    with pytest.raises(InputError, match=r"augment\.flips: expected false for keypointrcnn"):
        build("detector", flipped, 3, RGB)


@pytest.mark.parametrize("name", ["fasterrcnn", "retinanet", "fcos"])
def test_boxes_are_decoded_in_32_bits_under_autocast(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes of 0.3 around places far to the right: bf16 knows 0.3 as 0.30078, and no odd numbers above 256."""
    seen: list[Tensor] = []
    for coder, decode in ((BoxCoder, "decode_single"), (BoxLinearCoder, "decode")):
        monkeypatch.setattr(coder, decode, spied(getattr(coder, decode), seen))
    torch.manual_seed(0)
    network = quick(tiny.network("detector", name, len(NAMES), RGB)).train()
    last = network.rpn.head.bbox_pred if name == "fasterrcnn" else network.head.regression_head.bbox_reg
    nn.init.zeros_(last.weight), nn.init.constant_(last.bias, 0.3)
    target = {"boxes": torch.tensor([[270.0, 4, 303, 30]]), "labels": torch.tensor([1])}
    with torch.autocast("cpu", dtype=torch.bfloat16):
        network([torch.rand(RGB, 33, 311)], [target])
    assert seen and all(found.dtype == torch.float32 for found in seen)
    far = torch.cat([found.reshape(-1, 4) for found in seen])
    assert (far[far > 256] % 2 != 0).any()


def spied(decode: Any, seen: list[Tensor]) -> Any:
    def spy(*given: Any) -> Tensor:
        seen.append(decode(*given))
        return seen[-1]

    return spy


def test_what_is_wanted_is_of_known_networks() -> None:
    assert set(WANTS) <= set(ON_A_BACKBONE) <= set(DETECTORS)
