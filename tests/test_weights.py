"""What a network starts from: weights of ImageNet, weights of a model trained here, and how it fails without them."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import tiny
import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.models import detection
from torchvision.transforms.functional import normalize

from pipeline import check, train
from pipeline.coco import read_json
from pipeline.errors import InputError
from pipeline.models import build
from pipeline.models.checkpoint import Card, load_model, save_model
from pipeline.models.detectors.backbones import LAYERS
from pipeline.models.detectors.pretrained import pretrained
from pipeline.models.weights import PRETRAINED, Start, fill, read_start
from pipeline.params import Fit, load_params
from pipeline.work import Work

pytestmark = pytest.mark.filterwarnings("ignore")

RESNET18 = models.ResNet18_Weights.DEFAULT
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """torch's folder with networks of torchvision's builders, drawn anew, under the names of the real files."""
    folder = tmp_path_factory.mktemp("torch")
    (folder / "hub" / "checkpoints").mkdir(parents=True)
    torch.manual_seed(7)
    for builder, weights in {
        models.resnet18: RESNET18,
        models.mobilenet_v3_small: models.MobileNet_V3_Small_Weights.DEFAULT,
        models.mobilenet_v3_large: models.MobileNet_V3_Large_Weights.DEFAULT,
        models.googlenet: models.GoogLeNet_Weights.DEFAULT,
    }.items():
        state = {n: 0.9 * t + 0.1 if t.is_floating_point() else t for n, t in builder().state_dict().items()}
        torch.save(state, folder / "hub" / "checkpoints" / Path(weights.url).name)
    return folder


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, NOWHERE)


@pytest.fixture
def downloaded(downloads: Path, offline: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(downloads))
    return downloads


@pytest.fixture
def nothing_downloaded(offline: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch" / "hub" / "checkpoints"


def fit_of(folder: Path, task: Any, model: str, weights: Path | str | None, **more: Any) -> Fit:
    own = {"model": model, "weights": None if weights is None else str(weights), **more}
    fit: Fit = getattr(load_params(tiny.write_params(folder / "params.yaml", **{task: own})), task)
    return fit


def read_of(folder: Path, task: Any, model: str, weights: Path | str, channels: int = 3, **more: Any) -> Start:
    start = read_start(task, fit_of(folder, task, model, weights, **more), channels)
    assert start is not None
    return start


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "googlenet"])
def test_a_classifier_sees_what_torchvisions_network_sees(name: str, downloaded: Path, tmp_path: Path) -> None:
    """Features before the last layer equal those of torchvision's network on pictures normalised by torchvision."""
    ours = tiny.build("classifier", tiny.fit_of("classifier", name, input_px=64), 3, 3).eval()
    fill(ours, read_of(tmp_path, "classifier", name, "imagenet"))
    theirs = models.get_model(name, weights="DEFAULT").eval()
    for network in (ours[1], theirs):  # type: ignore[index]
        last = network.classifier[3] if name == "mobilenet_v3_small" else network.fc
        last.register_forward_hook(lambda module, inputs, output: inputs[0])
    pictures = torch.rand(2, 3, 40, 56)
    normal = normalize(pictures, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    assert torch.allclose(ours(pictures), theirs(normal), rtol=1e-3, atol=1e-4)


def tensors(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Those under a prefix, without it, and without counters of batches, which frozen normalisation has not."""
    return {n.removeprefix(prefix): t for n, t in state.items() if n.startswith(prefix) and t.ndim}


def test_fcos_has_a_backbone_of_imagenet(downloaded: Path, tmp_path: Path) -> None:
    network = build("detector", tiny.fit_of("detector", "fcos", backbone="resnet18"), 3, 3)
    fill(network, read_of(tmp_path, "detector", "fcos", "imagenet", backbone="resnet18"))
    own, state = tensors(network.state_dict(), "backbone.body."), tensors(RESNET18.get_state_dict(), "")
    assert own.keys() == state.keys() - {"fc.weight", "fc.bias"}
    assert all(torch.equal(t, state[n]) for n, t in own.items())


def test_ssdlite_has_the_backbone_that_torchvision_would_give_it(downloaded: Path, tmp_path: Path) -> None:
    """But for the last blocks, which torchvision makes narrower for fresh weights."""
    network = tiny.network("detector", "ssdlite", 3, 3)
    fill(network, read_of(tmp_path, "detector", "ssdlite", "imagenet"))
    backbone = models.MobileNet_V3_Large_Weights.DEFAULT
    made = detection.ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=backbone, num_classes=4)
    own, theirs = (tensors(n.state_dict(), "backbone.features.") for n in (network, made))
    assert own.keys() == theirs.keys()
    same = {n for n, t in theirs.items() if own[n].shape == t.shape}
    assert {n for n in own if n.startswith("0.")} < same
    assert all(torch.equal(own[n], theirs[n]) for n in same)


def names(state: dict[str, Tensor], prefix: str = "") -> set[str]:
    return {n for n, t in state.items() if t.ndim and n.startswith(prefix)}


def assert_all_placed(weights: Any, name_of: Any, own: set[str]) -> None:
    """The names alone: networks without memory for their weights are made at once."""
    with torch.device("meta"):
        theirs = models.get_model(type(weights).__name__.removesuffix("_Weights").lower(), weights=None).state_dict()
    assert {name_of(n) for n in names(theirs)} - {None} == own


NEVER_TRAINED = ("1.aux1.", "1.aux2.")  # torchvision's GoogLeNet brings weights for them that mean nothing


def shapes(network: nn.Module) -> dict[str, torch.Size]:
    return {n: t.shape for n, t in network.state_dict().items() if t.ndim}


@pytest.mark.parametrize("name", PRETRAINED)
def test_every_tensor_of_imagenet_has_a_place(name: str) -> None:
    """Networks without memory for their weights are made at once; from 64 px on they are torchvision's."""
    _, name_of = PRETRAINED[name]
    with torch.device("meta"):
        own = shapes(build("classifier", tiny.fit_of("classifier", name, input_px=224), 3, 3))
        theirs = shapes(models.get_model(name, weights=None))
    places = {str(name_of(n)): shape for n, shape in theirs.items() if name_of(n)}
    assert {n: own.get(n) for n in places} == places
    fresh = {n for n in own.keys() - places.keys() if not n.startswith(NEVER_TRAINED)}
    assert {own[n][0] for n in fresh} == {3}, "only last layers start fresh"


def test_an_older_torchvision_named_the_tensors_of_densenet() -> None:
    _, name_of = PRETRAINED["densenet121"]
    old = "features.denseblock2.denselayer11.norm.1.running_mean"
    assert name_of(old) == "1.features.denseblock2.denselayer11.norm1.running_mean"
    assert name_of("features.denseblock2.denselayer11.conv.2.weight").endswith("denselayer11.conv2.weight")
    assert name_of("features.norm5.weight") == "1.features.norm5.weight"


@pytest.mark.parametrize("backbone", LAYERS)
def test_every_tensor_of_a_backbone_has_a_place(backbone: str) -> None:
    fit = tiny.fit_of("detector", "retinanet", backbone=backbone)
    with torch.device("meta"):
        own = build("detector", fit, 3, 3).state_dict()
    found = pretrained(fit)
    assert found is not None
    assert_all_placed(*found, names(own, "backbone.body."))


@pytest.mark.parametrize("name", ["rcnn", "fast_rcnn"])
def test_rcnns_take_what_they_have_of_a_backbone(name: str) -> None:
    """Fast R-CNN has no levels above stride 8."""
    fit = tiny.fit_of("detector", name, backbone="resnet18")
    with torch.device("meta"):
        own, theirs = build("detector", fit, 3, 3).state_dict(), models.resnet18().state_dict()
    found = pretrained(fit)
    assert found is not None
    places = {found[1](n) for n in names(theirs)} - {None}
    prefix = "backbone." if name == "fast_rcnn" else "roi_heads.box_head.body."
    missing = {n for n in places if ".layer3." in str(n) or ".layer4." in str(n)} if name == "fast_rcnn" else set()
    assert places - missing == names(own, prefix)


INSIDE = {"ssd": ("backbone.features.", "backbone.extra.0."), "ssdlite": ("backbone.features.",)}
FC = {f"backbone.extra.0.7.{layer}.{kind}" for layer in (1, 3) for kind in ("weight", "bias")}  # SSD's own


@pytest.mark.parametrize("name", INSIDE)
def test_every_tensor_of_ssds_backbone_has_a_place(name: str) -> None:
    with torch.device("meta"):
        own = tiny.network("detector", name, 3, 3).state_dict()
    found = pretrained(tiny.fit_of("detector", name))
    assert found is not None
    assert_all_placed(*found, {n for prefix in INSIDE[name] for n in names(own, prefix)} - FC)


def test_a_start_from_imagenet_is_trained_and_read_without_a_network(
    downloaded: Path, data: Path, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One step at almost no rate: the weights of ImageNet arrive; the model folder needs no download."""
    own = {"model": "mobilenet_v3_small", "weights": "imagenet", "grayscale": False}
    quick = {"steps": 1, "val_every_steps": 1, "learning_rate": 1e-9}
    params = load_params(tiny.write_params(tmp_path / "params.yaml", classifier={**own, **quick}))
    train.train(Work("classifier", data / "synthetic" / "classifier", data, params), tmp_path / "model")
    wanted = models.MobileNet_V3_Small_Weights.DEFAULT.get_state_dict()["features.0.0.weight"]
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "empty"))
    network, card = load_model(tmp_path / "model")
    assert card.params["weights"] == "imagenet"
    assert torch.allclose(network.state_dict()["1.features.0.0.weight"], wanted, atol=1e-6)
    assert not (tmp_path / "empty").exists()


@pytest.mark.parametrize(
    ("task", "model", "channels", "message"),
    [
        ("classifier", "lenet5", 3, r"expected one of alexnet, .*, wide_resnet50_2, found 'lenet5'\."),
        ("detector", "centernet_tiny", 3, r"expected one of .*, found 'centernet_tiny'\."),
        ("segmenter", "fcn_tiny", 3, r"expected one of deeplabv3_.*, lraspp_mobilenet_v3_large, found 'fcn_tiny'\."),
        ("classifier", "resnet18", 1, r"expected 3 channels, found 1: set grayscale: false\."),
    ],
)
def test_networks_that_imagenet_does_not_fit(
    task: str, model: str, channels: int, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=rf"^params.yaml: {task}\.weights: imagenet: {message}$"):
        read_of(tmp_path, task, model, "imagenet", channels)


def test_without_a_network_the_url_and_the_place_are_named(nothing_downloaded: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"classifier\.weights: expected a download of .*refused.*by hand") as error:
        read_of(tmp_path, "classifier", "resnet18", "imagenet")
    message = str(error.value)
    assert RESNET18.url in message and "\n" not in message
    assert message.endswith(str(nothing_downloaded / "resnet18-f37072fd.pth"))
    assert not list(nothing_downloaded.iterdir())


class Half(BaseHTTPRequestHandler):
    """Announces a long file and hangs up in the middle of it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.wfile.write(bytes(1000))

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def half() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Half)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_half_a_download_leaves_nothing(
    half: str, nothing_downloaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(RESNET18.value, "url", f"{half}/resnet18-f37072fd.pth")
    with pytest.raises(InputError, match=rf"expected a download of {half}.*by hand"):
        read_of(tmp_path, "classifier", "resnet18", "imagenet")
    assert not list(nothing_downloaded.iterdir())


def test_a_damaged_download_is_named(nothing_downloaded: Path, tmp_path: Path) -> None:
    nothing_downloaded.mkdir(parents=True)
    file = nothing_downloaded / "resnet18-f37072fd.pth"
    file.write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(InputError, match=r"f37072fd\.pth: expected the weights of https://.*; remove it") as error:
        read_of(tmp_path, "classifier", "resnet18", "imagenet")
    assert str(error.value).startswith(str(file))


def saved(
    folder: Path, name: str = "lenet5", categories: int = 3, task: Any = "classifier", seed: int = 3
) -> nn.Module:
    """A model folder of ours with weights of its own."""
    torch.manual_seed(seed)
    network = tiny.network(task, name, categories, 3)
    params = tiny.fit_of(task, name).model_dump()
    save_model(folder, network, Card(task, name, [f"{n}" for n in range(categories)], 3, params, {}, {}, 0.5, 1))
    return network


@pytest.mark.parametrize("part", ["", "weights.pt"])
@pytest.mark.parametrize(("task", "name"), [("classifier", "lenet5"), ("detector", "centernet_tiny")])
def test_a_model_of_ours(task: Any, name: str, part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = saved(tmp_path / "old", name, task=task).state_dict()
    network = tiny.network(task, name, 3, 3)
    fill(network, read_of(tmp_path, task, name, tmp_path / "old" / part))
    assert all(torch.equal(t, before[n]) for n, t in network.state_dict().items())
    assert "; fresh:" not in capsys.readouterr().out


def test_other_categories_get_a_fresh_last_layer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = saved(tmp_path / "old", categories=5).state_dict()
    network = tiny.network("classifier", "lenet5", 3, 3)
    last = {n: t.clone() for n, t in network.state_dict().items() if n.startswith("15.")}
    fill(network, read_of(tmp_path, "classifier", "lenet5", tmp_path / "old"))
    assert all(torch.equal(t, last.get(n, before[n])) for n, t in network.state_dict().items())
    line = f"weights: 16 of 18 tensors from {tmp_path / 'old'}; fresh: 15.weight, 15.bias\n"
    assert capsys.readouterr().out == line


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("old", r"expected a classifier, lenet5, as model names it, found a classifier, resnet_tiny\."),
        ("none", r"none: expected weights of lenet5 \(params.yaml: classifier\.weights\), found no file"),
        ("list.pt", r"list\.pt: expected weights of lenet5 .*, found no tensors by name"),
        ("damaged.pt", r"damaged\.pt: expected weights of lenet5"),
    ],
)
def test_files_that_are_not_for_the_network(file: str, message: str, tmp_path: Path) -> None:
    saved(tmp_path / "old", "resnet_tiny")
    torch.save([1], tmp_path / "list.pt")
    (tmp_path / "damaged.pt").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(InputError, match=message):
        read_of(tmp_path, "classifier", "lenet5", tmp_path / file)


def test_nothing_fits(tmp_path: Path) -> None:
    """Counters of batches would fit, which are not what was asked for."""
    torch.save(nn.Sequential(nn.Flatten(), nn.Flatten(), nn.BatchNorm2d(5)).state_dict(), tmp_path / "other.pt")
    start = read_of(tmp_path, "classifier", "lenet5", tmp_path / "other.pt")
    message = r"other\.pt: expected tensors of the network, such as 1\.weight, 1\.bias, .*found none"
    with pytest.raises(InputError, match=message):
        fill(tiny.network("classifier", "lenet5", 3, 3), start)


def test_a_run_depends_on_what_is_in_the_file(data: Path, tmp_path: Path) -> None:
    """Not on its name alone; a file that is gone is named before anything is trained."""
    params = load_params(tiny.write_params(tmp_path / "params.yaml", classifier={"weights": str(tmp_path / "old")}))
    keys = []
    for seed in (1, 2, 1):
        saved(tmp_path / "old", seed=seed)
        keys.append(Work("classifier", data / "synthetic" / "classifier", data, params).key())
    assert keys[0] == keys[2] != keys[1]
    (tmp_path / "old" / "weights.pt").unlink()
    with pytest.raises(InputError, match="found no file"):
        Work("classifier", data / "synthetic" / "classifier", data, params)


def run_check(data: Path, out: Path, classifier: dict[str, Any]) -> dict[str, Any]:
    own = {"objects": 8, "steps": 1, "score": 0.0}
    params = tiny.write_params(out.parent / "params.yaml", check=own, classifier={**classifier, "grayscale": False})
    folders = ["--synthetic", data / "synthetic" / "classifier", "--real", data / "real" / "classifier"]
    tiny.call(check.main, "--params", params, "--task", "classifier", *folders, "--images", data, "--out", out)
    result: dict[str, Any] = read_json(out / "check.json", "")
    return result


def test_the_check_before_training_starts_from_them_too(downloaded: Path, data: Path, tmp_path: Path) -> None:
    """From ImageNet by guessing; a model of ours may know the categories: no start loss that could be judged."""
    from_imagenet = run_check(data, tmp_path / "a", {"model": "mobilenet_v3_small", "weights": "imagenet"})
    assert from_imagenet["start_loss"] == pytest.approx(from_imagenet["expected_start_loss"], rel=1e-5)
    saved(tmp_path / "old")
    assert run_check(data, tmp_path / "b", {"weights": str(tmp_path / "old")})["start_loss"] is None
