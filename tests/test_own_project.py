"""docs/your-own-project.md, from labels of a tool to data to train on. Rendered pictures stand in for photos."""

import sys
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from rendering import REPOSITORY, SMALL, run_stage, write_params

from pipeline.coco import category_names, read_coco

PHOTOS = 6


def small_preset(folder: Path, own: Path) -> Path:
    """presets/props.yaml, but few and small frames, and the photos in `own`."""
    values = yaml.safe_load((REPOSITORY / "presets" / "props.yaml").read_text(encoding="utf-8"))
    values["render"] |= SMALL | {"train": PHOTOS, "width_px": 96, "height_px": 64}
    values["labels"]["min_visible_px"] = 8
    values["benchmark"]["folder"] = str(own)
    return write_params(folder / "params.yaml", values)


def test_labels_of_a_tool_become_the_benchmark_of_the_scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, own, labelled = tmp_path / "data", tmp_path / "my_photos", tmp_path / "labelled"
    params = ("--params", small_preset(tmp_path, own))

    def run(module: str, *args: str | Path) -> None:
        monkeypatch.setattr(sys, "argv", [module, *map(str, args)])
        import_module(module).main()

    done = run_stage(tmp_path / "store", "blender.render", *params, "--out", data / "frames")
    assert done.returncode == 0, done.stderr
    run("pipeline.annotate", *params, "--frames", data / "frames", "--out", data / "synthetic")
    rendered = data / "synthetic" / "detector" / "train.json"
    run("pipeline.export.__main__", "--to", "yolo", "--coco", rendered, "--images", data, "--out", labelled)
    run("pipeline.benchmarks.__main__", "import", "--from", "yolo", labelled, "--to", own, "--split", "0.7")
    run("pipeline.benchmarks.__main__", *params, "--out", data / "real")
    run("pipeline.mix", *params, "--synthetic", data / "synthetic", "--real", data / "real", "--out", data / "mixed")

    splits = [read_coco(data / "real" / "detector" / f"{split}.json", data) for split in ("train", "val", "test")]
    scene = read_coco(rendered, data)
    assert all(category_names(split) == category_names(scene) for split in splits)
    assert sum(len(split["images"]) for split in splits) == PHOTOS
    assert sum(len(split["annotations"]) for split in splits) == len(scene["annotations"]) > PHOTOS
