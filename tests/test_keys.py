"""The key of a frame follows what the frame depends on, and nothing else."""

from pathlib import Path
from typing import Any

import pytest
from rendering import small_values, write_params
from test_dvc_graph import closure

from blender.workers import keys
from blender.workers.keys import base_key, code_hash, content_hash, differences, facts_of, frame_key
from pipeline.errors import InputError
from pipeline.params import load_params

BLENDER = Path(keys.__file__).parents[1]


def key(folder: Path, place: str = "seed", value: Any = 0, device: str = "cpu") -> str:
    """Of the small parameters with one value changed, `place` like render.samples."""
    values = small_values()
    *sections, name = place.split(".")
    section = values
    for part in sections:
        section = section[part]
    section[name] = value
    return base_key(facts_of(load_params(write_params(folder / "params.yaml", values)), device))


DECIDES = [
    *[("seed", 1), ("scene.height_m", 0.1), ("randomizers.light.energy", 1.0)],
    *[("render.samples", 2), ("render.width_px", 41), ("render.denoiser", "fast"), ("render.bounces", 1)],
    *[("render.layers", ["depth"]), ("render.sequence_length", 2)],
]
DOES_NOT = [
    *[("render.train", 9), ("render.val", 2), ("render.workers", 2), ("render.timeout_s", 9.0)],
    *[("render.frames_per_worker", 9), ("render.scheduler", "tcp://there:8786"), ("render.device", "auto")],
    *[("train.seed", 1), ("labels.min_visible_px", 9)],
]


def test_what_decides_about_pixels_counts(tmp_path: Path) -> None:
    found = [key(tmp_path, *change) for change in DECIDES] + [key(tmp_path, device="optix")]
    assert len({key(tmp_path), *found}) == 1 + len(DECIDES) + 1


@pytest.mark.parametrize(("place", "value"), DOES_NOT)
def test_what_does_not_is_left_out(place: str, value: Any, tmp_path: Path) -> None:
    assert key(tmp_path, place, value) == key(tmp_path)


def test_each_frame_has_its_own() -> None:
    assert len({frame_key("base", s, i) for s in ("train", "val") for i in (0, 1)}) == 4


def asset_key(place: Path, **sky: Any) -> str:
    """With a made-up randomizer: the keys only look at names."""
    return key(place, "randomizers.sky", {"enabled": True, "folder": None, "file": None} | sky)


def test_the_user_s_files_count_by_name_and_content(tmp_path: Path) -> None:
    skies = tmp_path / "skies"
    (skies / "dusk").mkdir(parents=True)
    (skies / "noon.hdr").write_bytes(b"bright")
    (skies / "dusk" / "late.hdr").write_bytes(b"dark")
    before = asset_key(tmp_path, folder=str(skies))
    assert asset_key(tmp_path, folder=str(skies)) == before
    (skies / "noon.hdr").write_bytes(b"cloudy")
    changed = asset_key(tmp_path, folder=str(skies))
    (skies / "noon.hdr").rename(skies / "noon2.hdr")
    renamed = asset_key(tmp_path, folder=str(skies))
    (skies / "dusk" / "late.hdr").unlink()
    assert len({before, changed, renamed, asset_key(tmp_path, folder=str(skies))}) == 4

    one = asset_key(tmp_path, file=str(skies / "noon2.hdr"))
    (skies / "noon2.hdr").write_bytes(b"night")
    assert asset_key(tmp_path, file=str(skies / "noon2.hdr")) != one


def test_names_and_bytes_do_not_run_into_each_other(tmp_path: Path) -> None:
    """a: "b", c: "" against a: "", b: "c", say."""
    for name, files in (("one", {"a": b"b", "c": b""}), ("two", {"a": b"", "b": b"c"}), ("three", {"ab": b"c"})):
        (tmp_path / name).mkdir()
        for file, data in files.items():
            (tmp_path / name / file).write_bytes(data)
    assert len({content_hash("k", tmp_path / name) for name in ("one", "two", "three")}) == 3


def test_missing_files_are_named_with_their_key(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"params\.yaml: randomizers\.sky\.folder: .* found nothing at .*nowhere"):
        asset_key(tmp_path, folder=str(tmp_path / "nowhere"))
    asset_key(tmp_path, enabled=False, folder=str(tmp_path / "nowhere"))  # switched off: not looked at


def test_orchestration_is_every_file_that_makes_no_frame() -> None:
    """What blender/make.py runs counts; a renamed or new file of the others would silently begin to count."""
    there = {p.relative_to(BLENDER) for p in BLENDER.rglob("*.py") if p.name != "__init__.py"}
    run = closure("blender.make") | closure("blender.picture.passes")
    of_frames = {p.relative_to("blender") for p in run if p.parts[0] == "blender" and p.name != "__init__.py"}
    assert {p.parts[0] for p in there} >= keys.ORCHESTRATION
    of_frames -= {Path("workers/keys.py")}  # the scene `props` names the meshes that it keeps by it
    assert {p for p in there if p.parts[0] not in keys.ORCHESTRATION} == of_frames


def test_code_hash_reads_the_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A copy of the two folders in which one file is changed, then one that does not count."""
    for name in ("blender/make.py", "blender/scenes/store.py", "blender/workers/store.py", "pipeline/frame.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    for name in ("section.py", "frame_files.py"):
        (tmp_path / "pipeline" / name).write_text("1")
    monkeypatch.setattr(keys, "__file__", str(tmp_path / "blender" / "workers" / "keys.py"))

    def after(name: str) -> str:
        (tmp_path / name).write_text("2")
        return code_hash()

    first = code_hash()
    assert after("blender/workers/store.py") == first
    assert len({first, after("blender/make.py"), after("blender/scenes/store.py"), after("pipeline/frame.py")}) == 4


def test_differences_name_what_a_worker_lacks() -> None:
    expected = {"seed": 0, "code": "a", "packages": {"bpy": "5.0.1", "numpy": "1"}, "assets": {"sky": "x"}}
    assert differences(expected, dict(expected)) == []
    found = {"seed": 0, "code": "b", "packages": {"bpy": "5.0.0", "numpy": "1"}, "assets": {}}
    assert differences(expected, found) == [
        "code b instead of a",
        "packages: bpy 5.0.0 instead of 5.0.1",
        "assets: sky None instead of x",
    ]
