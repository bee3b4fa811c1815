"""The arithmetic of bench/ by hand: times, memory, boxes. The measurements themselves take minutes."""

import io
import itertools
import json
import mmap
import os
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
import tiny
import torch
import yaml

from bench import train, train_files, train_watch
from bench.alike import boxes_apart_px
from bench.changes import only_camera_varies, sized
from bench.convert import _unlike
from bench.kept import key
from bench.memory import memory_mb, report
from bench.resample import compare
from bench.seed_table import mean_text, rows
from bench.seeds import side_by_side
from bench.settings import report as settings_report
from bench.side import Side
from bench.spread import ratios, spread, table
from bench.train_data import write_data
from bench.train_decoded import decoded_each_time
from bench.train_side import work_of
from bench.train_tables import compared, reached, settings_rows
from bench.trial import Setting
from bench.workers import rate
from pipeline.coco import write_json
from pipeline.errors import InputError
from pipeline.params import Params, load_params
from pipeline.runs import results_of

REPOSITORY = Path(__file__).resolve().parents[1]
PARAMS = REPOSITORY / "presets" / "digits.yaml"


def test_a_ratio_is_taken_of_neighbours() -> None:
    """The machine was slow in the second round. Medians would give 6 / 4 = 1.5."""
    assert ratios([2.0, 20.0, 6.0], [1.0, 10.0, 4.0]).middle == 2.0
    assert spread([1, 2, 3, 4, 5]).text(1) == "3.0 [2.0, 4.0]"


def test_table_is_markdown() -> None:
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_resamples_agree_with_pycocotools_run_on_each() -> None:
    """Two of five; else it raises."""
    lines = compare(images=4, objects=5, resamples=5, run=2).splitlines()
    assert lines[0] == "| 5 resamples of 4 images x 5 objects | CPU s | times faster |"
    assert len(lines) == 4


def test_rate_leaves_out_the_first_frames_of_each_worker() -> None:
    """Two workers: four frames are left out, then one comes every half second."""
    assert rate([0.0, 9.0, 9.1, 10.0, 10.5, 11.0, 11.5], workers=2) == pytest.approx(2.0)


def test_memory_report_compares_both_ends() -> None:
    """1 s a frame and 100 MB in the first half, 2 s and 110 MB in the second; windows of 4 of 16 frames."""
    moments = [float(i) if i < 8 else 7.0 + 2 * (i - 7) for i in range(16)]
    seen = [(at, 300.0, 100.0 if i < 8 else 110.0) for i, at in enumerate(moments)]
    lines = report(seen, window=4).splitlines()
    assert lines[2:] == [
        "| RSS, MB | 300.00 | 300.00 | +0.0 % |",
        "| USS, MB | 100.00 | 110.00 | +10.0 % |",
        "| frames/s, first and last | 1.00 | 0.50 | -50.0 % |",
        "| largest USS, MB |  | 110.00 |  |",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_counts_what_a_process_takes() -> None:
    _, before = memory_mb(os.getpid())
    with mmap.mmap(-1, 50_000_000) as taken:  # bytes may get memory that an earlier test has given back
        taken[:: mmap.PAGESIZE] = bytes(-(-len(taken) // mmap.PAGESIZE))
        rss, after = memory_mb(os.getpid())
        assert 45 < after - before < 60 and rss >= after > len(taken) / 1e6


def coco(path: Path, *boxes: list[float]) -> Path:
    annotations = [{"image_id": 7, "bbox": box} for box in boxes]
    path.write_text(json.dumps({"images": [{"id": 7}], "annotations": annotations}), encoding="utf-8")
    return path


def test_boxes_are_compared_whatever_their_order(tmp_path: Path) -> None:
    one = coco(tmp_path / "one.json", [0, 0, 5, 5], [20, 30, 7, 11])
    other = coco(tmp_path / "other.json", [20, 30, 7, 9], [0, 0, 5, 5])
    assert boxes_apart_px(one, one) == 0
    assert boxes_apart_px(one, other) == 2
    assert boxes_apart_px(one, coco(tmp_path / "fewer.json", [0, 0, 5, 5])) == float("inf")


def test_run_lengths_of_both_kinds_are_compared(tmp_path: Path) -> None:
    """A mask of 2x3 px whose middle column is set, as BlenderProc writes it and as pycocotools compresses it."""
    plain = {"size": [2, 3], "counts": [2, 2, 2]}
    compressed = {"size": [2, 3], "counts": "222"}
    same = {"area": 2, "bbox": [1, 0, 1, 2]}
    theirs, ours = tmp_path / "theirs.json", tmp_path / "ours.json"
    theirs.write_text(json.dumps({"annotations": [{**same, "segmentation": plain}]}), encoding="utf-8")
    ours.write_text(json.dumps([[{**same, "segmentation": compressed}]]), encoding="utf-8")
    assert _unlike(theirs, ours) == 0
    ours.write_text(json.dumps([[{**same, "area": 3, "segmentation": compressed}]]), encoding="utf-8")
    assert _unlike(theirs, ours) == 1


@pytest.mark.parametrize("size_wh", [(320, 240), (640, 480)])
def test_a_setting_keeps_params_valid_and_its_smallest_label_as_large_a_part(size_wh: tuple[int, int]) -> None:
    values = Setting(2, "fast", *size_wh).params(PARAMS, frames=77, seed=3)
    params, given = Params.model_validate(values), load_params(PARAMS)
    assert (params.render.train, params.render.samples, params.render.denoiser, params.train.seed) == (77, 2, "fast", 3)
    larger = size_wh[0] * size_wh[1] / (given.render.width_px * given.render.height_px)
    assert params.labels.min_visible_px == given.labels.min_visible_px * larger


def test_the_best_setting_is_that_of_real_val_not_of_real_test() -> None:
    rows = [["good on test", "1", 5, [0.8, 0.8], [0.99, 0.99]], ["good on val", "1", 5, [0.9, 0.9], [0.5, 0.7]]]
    lines = settings_report(rows, 60, "classifier").splitlines()
    assert lines[2].startswith("| good on val") and "0.6000 ± 0.1414" in lines[2]


def test_a_comparison_varies_nothing_but_the_camera() -> None:
    params = only_camera_varies(sized(load_params(PARAMS), (64, 48), samples=3))
    assert [name for name, given in params.randomizers.items() if given["enabled"]] == ["camera"]
    assert (params.render.width_px, params.render.height_px, params.render.samples) == (64, 48, 3)
    assert params.render.device == "cpu"


def test_a_side_that_dies_is_an_error() -> None:
    side = Side(sys.executable, "this_module_does_not_exist")
    with closing(side), pytest.raises(RuntimeError, match="expected an answer, found its end"):
        side.ask("render")


def test_settings_file_is_what_the_stages_read(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(Setting(1, "none", 320, 240).params(PARAMS, 5, 0)), encoding="utf-8")
    assert load_params(path).render.train == 5


def test_means_over_seeds_have_student_s_interval() -> None:
    """0.90, 0.92, 0.94: deviation 0.02, its error 0.01155, Student's factor for three values 4.303."""
    assert mean_text([0.90, 0.92, 0.94], unit=1) == "0.920 ± 0.050"
    assert mean_text([0.9], unit=100) == "90.0"
    assert mean_text([0.01, 0.03], unit=1, signed=True) == "+0.020 ± 0.127"
    assert mean_text([], unit=1) == "-"


def test_the_transfer_gap_is_taken_of_runs_with_the_same_seed(tmp_path: Path) -> None:
    """Real training is ahead by 0.01 with one seed and by 0.03 with the other."""
    for seed, (real, own) in enumerate([(0.95, 0.94), (0.85, 0.82)]):
        for task, regime in itertools.product(("classifier", "detector", "cascade"), ("synthetic", "real", "mixed")):
            score = real if regime == "real" else own
            metrics = {split: {"AP50": score} for split in ("synthetic_val", "real_test")}
            write_json(results_of(tmp_path / str(seed), task, regime) / "metrics.json", metrics)
    found = {
        (task, regime): cells
        for task, metric, regime, *cells in rows(load_params(PARAMS), [tmp_path / "0", tmp_path / "1"])
    }
    assert found["cascade", "synthetic"] == ["0.880 ± 0.762", "-", "0.880 ± 0.762", "+0.020 ± 0.127"]
    assert found["detector", "real"][-1] == "-"


def test_what_a_bench_keeps_is_of_the_same_parameters_and_data(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for task in ("classifier", "detector"):
        write_json(data / "real" / task / "train.json", {"images": []})
    kept = key({"steps": 3}, data, "classifier")
    assert kept == key({"steps": 3}, data, "classifier") != key({"steps": 4}, data, "classifier")
    write_json(data / "real" / "detector" / "train.json", {"images": [1]})
    assert kept == key({"steps": 3}, data, "classifier")
    write_json(data / "real" / "classifier" / "train.json", {"images": [1]})
    assert kept != key({"steps": 3}, data, "classifier")


def test_after_an_error_no_run_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for what has begun before anybody could know."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    done: list[int] = []

    def fail() -> None:
        raise InputError("a run")

    def work(number: int) -> None:
        time.sleep(0.2)
        done.append(number)

    with pytest.raises(InputError, match="a run"):
        side_by_side([(fail, ()), *((work, (n,)) for n in range(10))], jobs=1)
    assert len(done) < 10


def answers(*seconds: float, mb: float = 100.0) -> list[dict[str, float]]:
    return [{"wall": s, "cpu": 2 * s, "mb": mb, "score": 0.9, "validations": 3.0} for s in seconds]


def test_training_is_compared_step_by_step() -> None:
    """16 examples in 0.5 s are 32 a second; the bare loop takes half as long, the reference twice."""
    found = {"ours": answers(0.5, 0.5), "bare": answers(0.25, 0.25, mb=50.0), "reference": answers(1.0, 1.0)}
    half, twice = "0.50 [0.50, 0.50]", "2.00 [2.00, 2.00]"
    assert compared("x", 16, found) == ["x", "32 [32, 32]", half, half, twice, twice, "100", "50", "100"]
    assert settings_rows({"a": found["ours"], "b": found["bare"]})[1] == ["b", twice, twice, "50"]
    assert reached({"a": answers(4.0, 6.0)}) == [["a", "5 [4, 6]", "10 [9, 11]", "0.900", "3", "100"]]


def test_images_are_counted_in_the_batches_that_are_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ResNet-18 learns from 32 at once, whatever the preset's classifier does: in 0.5 s they are 64 a second."""
    monkeypatch.setattr(train, "in_turn", lambda ways, *_: {side: answers(0.5, 0.5) for side in ways})
    row = train.compare(["ResNet-18"], PARAMS, 2, tmp_path).splitlines()[-1]
    assert row.startswith("| ResNet-18 | 64 [64, 64] |")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--accuracy", 0.9, "--data", "data", "--cases", "ResNet-18"], "--cases: expected --tasks with --accuracy"),
        (["--tasks", "classifier"], "--tasks: expected with --accuracy"),
        (["--accuracy", 0.9], "--accuracy: expected --data"),
    ],
)
def test_a_case_is_not_what_the_params_train(options: list[object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        tiny.call(train.main, *options)


def test_a_turn_counts_its_last_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of three is left out: two take 4 s, of which 3 s are work. After the last order the process ends."""
    clock = iter([(10.0, 5.0), (14.0, 8.0), (20.0, 9.0), (22.0, 10.0)])
    monkeypatch.setattr(train_watch, "now", lambda: next(clock))
    monkeypatch.setattr(train_watch, "peak_mb", lambda: 77.0)
    monkeypatch.setattr(sys, "stdin", io.StringIO("turn\nturn\n"))
    said = io.StringIO()
    turns = train_watch.Turns(said, skipped=1, counted=2)
    for _ in range(5):
        turns.step()
    with pytest.raises(SystemExit):
        turns.step()
    assert [json.loads(line) for line in said.getvalue().splitlines()] == [
        "ready",
        {"wall": 2.0, "cpu": 1.5, "mb": 77.0},
        {"wall": 1.0, "cpu": 0.5, "mb": 77.0},
    ]


def test_time_until_a_score_ends_where_it_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([(10.0, 5.0), (14.0, 8.0)])
    monkeypatch.setattr(train_watch, "now", lambda: next(clock))
    said = io.StringIO()
    watch = train_watch.Until(said, score=0.9, validations=7)
    watch.validated(0.8)
    with pytest.raises(SystemExit):
        watch.validated(0.95)
    found = json.loads(said.getvalue())
    assert (found["wall"], found["cpu"], found["score"], found["validations"]) == (4.0, 3.0, 0.95, 2)


@pytest.mark.parametrize("task", ["classifier", "detector"])
def test_the_reference_reads_files_into_batches_like_ours(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = str(write_data(tmp_path / "data", 2))
    work = work_of(str(PARAMS), task, [f"{task}.batch_size=3"], data, data)
    monkeypatch.setattr(train_files, "WORKERS", 0)
    theirs, mine = next(iter(train_files.loader(work, 1, tmp_path / "files"))), next(iter(work.batches(0, 1)))
    assert [one.shape for one in theirs[0]] == [one.shape for one in mine[0]]
    assert all(0 <= float(one.min()) < float(one.max()) <= 1 for one in theirs[0])
    if task == "detector":
        assert [set(target) for target in theirs[1]] == [{"boxes", "labels"}] * 3
    else:
        assert theirs[1].shape == mine[1].shape


@pytest.mark.parametrize("task", ["classifier", "detector"])
def test_decoding_at_every_step_makes_the_same_batches(task: str, tmp_path: Path) -> None:
    data = str(write_data(tmp_path / "data", 2))
    work = work_of(str(PARAMS), task, [f"{task}.batch_size=3"], data, data)
    kept, decoded = (next(iter(b)) for b in (work.batches(0, 1), decoded_each_time(work, work.batches(0, 1))))
    assert all(torch.equal(a, b) for a, b in zip(kept[0], decoded[0], strict=True))
