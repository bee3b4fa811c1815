"""The report reads everything or stops, escapes what it shows, and stands alone."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from report_tree import ROOT, ask_for, change_json, for_testing_only, inputs_at, write_tree

from pipeline.coco import write_json
from pipeline.errors import InputError
from pipeline.report.load import read_curves
from pipeline.report.page import render, unbroken
from pipeline.report.svg import svg
from pipeline.runs import REGIMES


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return render(inputs_at(write_tree(tmp_path_factory.mktemp("tree"))))


def test_phases_of_training_follow_one_another(tmp_path: Path) -> None:
    write_tree(tmp_path)
    curves = read_curves(tmp_path / "models" / "detector" / "mixed" / "curves")
    assert curves == {"train/loss": [(10, 0.5), (20, 0.25), (30, 0.5), (40, 0.25)]}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("results/gap.json", "expected the gaps, found no file"),
        ("results/runs/detector/real/metrics.json", "expected metrics, found no file"),
        ("results/cascade/real/metrics.json", "expected metrics, found no file"),
        ("results/runs/detector/mixed/predictions/precision_recall.csv", "expected the columns recall, precision"),
        ("models/classifier/real/model.json", "expected a description of the weights"),
        ("results/check/detector/check.json", "expected sanity checks"),
        ("data/real/images/test_2.png", "expected the picture"),
    ],
)
def test_missing_file_is_named_and_nothing_is_written(name: str, message: str, tmp_path: Path) -> None:
    (write_tree(tmp_path) / name).unlink()
    done = report(tmp_path)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert Path(name).name in done.stderr
    assert message in done.stderr
    assert not (tmp_path / "report").exists()


def test_damaged_table_is_named(tmp_path: Path) -> None:
    path = write_tree(tmp_path) / "results/runs/detector/real/predictions/precision_recall.csv"
    path.write_text("recall,precision\n0.0,high\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"precision_recall\.csv: expected the columns .* found a damaged file"):
        inputs_at(tmp_path)


def report(root: Path) -> subprocess.CompletedProcess[str]:
    folders = [f"--{name}={root / name}" for name in ("results", "models", "data")]
    command = [sys.executable, "-m", "pipeline.report", *folders, f"--out={root / 'report'}"]
    command += [f"--params={root / 'params.yaml'}"]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_same_input_gives_same_bytes_in_another_process(page: str, tmp_path: Path) -> None:
    done = report(write_tree(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert [p.name for p in (tmp_path / "report").iterdir()] == ["index.html"]
    assert (tmp_path / "report" / "index.html").read_text(encoding="utf-8") == page


def test_names_from_data_are_escaped(page: str) -> None:
    assert "<b>x" not in page
    assert "<i>scans" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "Sheets composed from real &lt;i&gt;scans&lt;/i&gt;." in page


def test_dollar_in_a_name_is_no_formula(page: str) -> None:
    assert re.search(r"<text[^>]*>\$1</text>", page)


def test_page_reaches_for_nothing(page: str) -> None:
    sources = re.findall(r'(?:src|href)="([^"]{1,30})', page)
    assert sources
    assert all(s.startswith(("data:", "#")) for s in sources)
    assert "url(http" not in page
    assert "@import" not in page
    addresses = {a for a in re.findall(r"https?://[^\s\"'<]+", page) if "www.w3.org" not in a}
    assert addresses == set()  # the names of SVG's own vocabularies are no addresses


def test_ids_are_unique_and_links_lead_to_them(page: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    targets = set(re.findall(r'href="#([^"]+)"', page)) | set(re.findall(r"url\(#([^)]+)\)", page))
    assert targets <= set(ids)


def test_every_picture_has_a_text(page: str) -> None:
    images = re.findall(r"<img [^>]*>", page)
    assert images
    assert all(re.search(r'alt="[^"]+"', i) for i in images)
    plots = [p for p in re.findall(r"<svg [^>]*>", page) if "aria-hidden" not in p]
    assert plots
    assert all(re.search(r'role="img" aria-label="[^"]+"', p) for p in plots)


def test_every_cell_of_the_results_is_filled(page: str) -> None:
    table = page[page.index('id="results"') : page.index('id="pictures"')]
    for regime in REGIMES:
        assert table.count(f'class="regime {regime}">{regime}</th>') == 7 + 2  # metrics, and models of both tasks
    assert table.count("<td>+2.0 [+0.5,\u00a0+3.0]</td>") == 3
    assert table.count("<td>reference</td>") == 7
    captions = re.findall(r"<caption>(\w+), tested on", table)
    assert captions == ["Classifier", "Detector", "Cascade"]
    assert "tested on 4 real images (6 objects)" in table


def test_category_without_objects_has_a_dash(page: str) -> None:
    assert re.search(r'<th scope="row">\$1</th>(<td class="n">\u2013</td>){3}</tr>', page)


def test_order_of_the_sections(page: str) -> None:
    sections = re.findall(r'<section id="(\w+)"', page)
    assert sections == ["answer", "results", "pictures", "galleries", "mistakes", "curves", "data", "checks", "made"]


def test_params_and_versions_are_there(page: str) -> None:
    made = page[page.index('id="made"') :]
    assert "learning_rate: 0.002" in made
    assert '<th scope="row">numpy</th>' in made


def test_nothing_wrong_nothing_predicted_nothing_noted(tmp_path: Path) -> None:
    """No mistakes of the classifier, no box of the detector, no note, no curves."""
    write_tree(tmp_path)
    (tmp_path / "data" / "real" / "note.txt").unlink()
    test = json.loads((tmp_path / "data/real/classifier/test.json").read_text(encoding="utf-8"))
    right = [a | {"score": 0.5, "annotation_id": a["id"]} for a in test["annotations"]]
    for regime in REGIMES:
        write_json(tmp_path / f"results/runs/classifier/{regime}/predictions/real_test.json", right)
        for split in ("real_test", "synthetic_val"):
            write_json(tmp_path / f"results/runs/detector/{regime}/predictions/{split}.json", [])
        for path in (tmp_path / "models").rglob("*.tsv"):
            path.unlink()
        path = tmp_path / f"results/runs/detector/{regime}/predictions/precision_recall.csv"
        path.write_text("recall,precision\n", encoding="utf-8")
        change_json(
            tmp_path / f"results/runs/detector/{regime}/metrics.json", ["real_test", "per_class", "$1", "AP"], -1
        )
    page = render(inputs_at(tmp_path))
    assert "Classifier: wrong names: 0 (6 objects in all)" in page
    assert "Detector: missed objects: 6 (6 objects in all)" in page
    assert "0 of 2 found, 0 wrong" in page
    assert page.count("None were written.") == 1  # detector and cascade have precision over recall, without a line
    assert "About the real images" not in page


def test_a_classifier_without_real_training(tmp_path: Path) -> None:
    """Nothing of the detector, the cascade, or the regime real is on the page, and nothing of them is needed."""
    page = render(inputs_at(ask_for(write_tree(tmp_path), ["classifier"], ["mixed", "synthetic"])))
    assert "There is no transfer gap" in page
    assert [regime for regime in REGIMES if f'class="regime {regime}"' in page] == ["synthetic", "mixed"]
    assert page.count('<article class="card">') == 1
    assert "Classifier: confusion" in page
    assert 'id="photos"' not in page and "Cascade" not in page


def test_a_detector_and_a_benchmark_for_testing_only(tmp_path: Path) -> None:
    page = render(inputs_at(for_testing_only(ask_for(write_tree(tmp_path), ["detector"], ["synthetic"]))))
    assert "None: the benchmark is for testing only." in page
    assert "No real training to compare with" in page
    assert 'id="photos"' in page
    assert "Classifier" not in page and "Cascade" not in page
    assert "real train" not in page[page.index('id="data"') : page.index('id="checks"')]


def test_a_segmenter(tmp_path: Path) -> None:
    """A row for each regime with mIoU and Dice, background among the categories, maps beside the true ones."""
    page = render(inputs_at(ask_for(write_tree(tmp_path), ["segmenter"], ["synthetic", "real"])))
    results = page[page.index('id="results"') : page.index('id="pictures"')]
    assert results.count("<td>mIoU</td>") == results.count("<td>Dice</td>") == 2
    assert '<th scope="row">background</th>' in page
    assert page.count("as the segmenters see them") == 1 and page.count("true classes</figcaption>") > 0
    assert re.search(r"<figcaption>synthetic: mIoU [01]\.\d{3} on this picture", page)
    assert "None are listed for a segmenter" in page
    assert "Detector" not in page and "Classifier" not in page and "Cascade" not in page


def test_all_three_tasks(tmp_path: Path) -> None:
    tasks = ["classifier", "detector", "segmenter"]
    page = render(inputs_at(ask_for(write_tree(tmp_path), tasks, list(REGIMES))))
    captions = re.findall(r"<caption>(\w+), tested on", page)
    assert captions == ["Classifier", "Detector", "Segmenter", "Cascade"]
    assert page.count('<article class="card">') == 4


def test_gaps_of_other_regimes_are_named(tmp_path: Path) -> None:
    write_tree(tmp_path)
    gaps = (tmp_path / "results" / "gap.json").read_bytes()
    ask_for(tmp_path, ["classifier", "detector"], ["synthetic", "real"])
    (tmp_path / "results" / "gap.json").write_bytes(gaps)
    with pytest.raises(InputError, match=r"gap\.json: expected the tasks and regimes of params\.yaml, found .*mixed"):
        inputs_at(tmp_path)


def test_no_mistakes_wanted(tmp_path: Path) -> None:
    params = write_tree(tmp_path) / "params.yaml"
    params.write_text(re.sub(r"mistakes: \d+", "mistakes: 0", params.read_text(encoding="utf-8")), encoding="utf-8")
    assert "None shown, as params.yaml asks for few or none." in render(inputs_at(tmp_path))


def test_user_settings_of_matplotlib_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib

    before = svg((2, 1), "x", "a plot", lambda axes: axes.set(xlabel="step"))
    with matplotlib.rc_context({"font.size": 30, "svg.fonttype": "path"}):
        assert svg((2, 1), "x", "a plot", lambda axes: axes.set(xlabel="step")) == before


def test_numbers_stay_with_their_units() -> None:
    assert unbroken("2.0 points [1.0, 3.0], 5 %") == "2.0\u00a0points [1.0,\u00a03.0], 5\u00a0%"
