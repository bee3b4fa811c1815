"""A mistake in params.yaml stops with one message that names the key, before anything is rendered."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rendering import DIGITS, REPOSITORY, run_stage, small_values, write_params

from pipeline.errors import InputError
from pipeline.params import load_params
from pipeline.section import Distribution, Section, validate


def changed(path: str, value: Any) -> dict[str, Any]:
    """Small parameters with a key, a.b.c, set to `value`; None takes it away."""
    values = small_values()
    *parents, last = path.split(".")
    section = values
    for part in parents:
        section = section[part]
    if value is None:
        del section[last]
    else:
        section[last] = value
    return values


def test_the_project_s_own_are_valid() -> None:
    assert load_params(REPOSITORY / "params.yaml").render.width_px > 0


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("rendr", {}, "rendr: unknown key. Did you mean 'render'?"),
        ("seed", None, "seed: missing."),
        ("render.sampels", 3, "render.sampels: unknown key. Did you mean 'samples'?"),
        (
            "classifier.augment.rotaton_deg",
            3,
            "classifier.augment.rotaton_deg: unknown key. Did you mean 'rotation_deg'?",
        ),
        ("render.samples", "4", "render.samples: expected a valid integer, found '4'."),
        ("render.samples", 4.0, "render.samples: expected a valid integer, found 4.0."),
        ("render.samples", True, "render.samples: expected a valid integer, found True."),
        ("render.denoiser", True, "render.denoiser: expected 'none', 'fast' or 'accurate', found True."),
        ("render.scheduler", "host:8786", "render.scheduler: expected tcp://host:port, found 'host:8786'"),
        ("render.width_px", 0, "render.width_px: expected greater than or equal to 1, found 0."),
        ("render.timeout_s", -1.0, "render.timeout_s: expected greater than 0, found -1.0."),
        (
            "labels.min_visible_fraction",
            1.5,
            "labels.min_visible_fraction: expected less than or equal to 1, found 1.5.",
        ),
        ("mixed.how", "jont", "mixed.how: expected 'joint' or 'finetune', found 'jont'."),
        ("classifier.augment.scale", [1.2, 0.9], "classifier.augment.scale: expected [low, high] with low <= high"),
        ("tasks", [], "tasks: expected some of classifier, detector, segmenter, each once, found []"),
        (
            "regimes",
            ["real", "real"],
            "regimes: expected some of synthetic, real, mixed, each once, found ['real', 'real']",
        ),
        ("regimes", ["both"], "regimes.0: expected 'synthetic', 'real' or 'mixed', found 'both'."),
        ("randomizers.camera", 5, "randomizers.camera: expected a valid dictionary, found 5."),
        ("scene.name", None, "scene.name: missing."),
    ],
)
def test_wrong_values_of_sections(path: str, value: Any, message: str, tmp_path: Path) -> None:
    file = write_params(tmp_path / "params.yaml", changed(path, value))
    with pytest.raises(InputError) as error:
        load_params(file)
    assert f"{file}: {message}" in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "found NoneType"), ("- a", "found list"), ("a: [", "not YAML"), ("a: \x00", "not YAML")],
)
def test_not_a_file_of_sections(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=words) as error:
        load_params(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found no file"):
        load_params(tmp_path / "params.yaml")


class Example(Section):
    size: Distribution


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"unifrom": [0, 1]}, "size: expected a known distribution, found 'unifrom'. Did you mean 'uniform'?"),
        ({"uniform": [0, 1], "choice": [1]}, "size: expected one distribution, found the keys ['choice', 'uniform']"),
        ({}, "size: expected one distribution"),
        ({"uniform": [1, 0]}, "uniform: expected [low, high] with low <= high"),
        ({"uniform": [1]}, "uniform: expected two numbers"),
        ({"uniform": ["0", 1]}, "uniform: expected two numbers"),
        ({"loguniform": [0, 1]}, "loguniform: expected [low, high]"),
        ({"normal": [0, -1]}, "deviation >= 0"),
        ({"integer": [0.5, 2]}, "integer: expected two numbers"),
        ({"choice": []}, "choice: expected at least one value"),
        ({"choice": "plain"}, "expected a valid list, found 'plain'"),
    ],
)
def test_wrong_distributions(value: Any, words: str) -> None:
    with pytest.raises(InputError) as error:
        validate(Example, {"size": value}, "example")
    assert str(error.value).startswith("example: size") and words in str(error.value)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("sceen", {}, "sceen: unknown key. Did you mean 'scene'?"),
        ("scene.name", "digit", "scene.name: expected a known name, found 'digit'. Did you mean 'digits'?"),
        ("scene.heigth_m", 1.0, "scene: heigth_m: unknown key. Did you mean 'height_m'?"),
        ("scene.height_m", "tall", "scene: height_m: expected numbers from 0.001 to inf, found constant ['tall']"),
        (
            "scene.depth",
            date(2020, 1, 1),
            "scene: depth: expected numbers from 0.01 to inf",
        ),  # so YAML reads 2020-01-01
        (
            "scene.fonts",
            ["DejaVuSan"],
            "scene.fonts: expected a known font, found 'DejaVuSan'. Did you mean 'DejaVuSans",
        ),
        ("randomizers.lihgt", {}, "randomizers: expected a known name, found 'lihgt'. Did you mean 'light'?"),
        ("randomizers.light", None, "randomizers.light: missing."),
        ("randomizers.light.knd", "sun", "randomizers.light: knd: unknown key. Did you mean 'kind'?"),
        (
            "randomizers.light.kind",
            {"choice": ["aera"]},
            "randomizers.light: kind: expected a known name, found 'aera'.",
        ),
        ("randomizers.light.energy", {"unifrom": [1, 2]}, "randomizers.light: energy: expected a known distribution"),
    ],
)
def test_render_stops_before_the_first_frame(path: str, value: Any, message: str, store: Path, tmp_path: Path) -> None:
    file = write_params(tmp_path / "bad.yaml", changed(path, value))
    done = run_stage(store, "blender.render", "--params", file, "--out", tmp_path / "data" / "frames")
    assert done.returncode == 1
    assert message in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()
    assert not (store / "frames").exists()


@pytest.mark.parametrize("written", ["1e-3", "1E-3", "1.0e-3", "0.001", ".1e-2"])
def test_a_number_may_be_written_as_yaml_1_2_and_dvc_allow(written: str, tmp_path: Path) -> None:
    text = DIGITS.read_text(encoding="utf-8")
    path = tmp_path / "params.yaml"
    path.write_text(re.sub(r"learning_rate: \S+", f"learning_rate: {written}", text), encoding="utf-8")
    assert load_params(path).classifier.learning_rate == 0.001
