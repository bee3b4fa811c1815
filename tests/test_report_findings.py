"""Causes, distances, studies, costs and the way back to the page: what the report makes of them."""

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from report_findings import ANSWER, PAIRS, curve_study, distance, effects_study, of, study, write_findings
from report_tree import inputs_at, write_tree

from pipeline.coco import write_json
from pipeline.errors import InputError
from pipeline.params import load_params
from pipeline.report import apart, by_cause, studied
from pipeline.report.optional import read_optional
from pipeline.report.page import render
from pipeline.report.reproduce import UNKNOWN, commands, revision
from pipeline.study.study_file import load_study


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return render(inputs_at(write_findings(write_tree(tmp_path_factory.mktemp("tree")))))


def test_sections_stand_where_their_files_are(page: str) -> None:
    sections = re.findall(r'<section id="(\w+)"', page)
    assert sections[:6] == ["answer", "results", "causes", "distance", "studies", "pictures"]
    assert set(re.findall(r'href="#(\w+)"', page)) >= {"causes", "distance", "studies"}


def test_all_three_questions_are_answered_first(page: str) -> None:
    answer = page[page.index('id="answer"') : page.index('<div class="cards">')]
    questions = re.findall(r"<h[23]>(.*?)</h[23]>", answer)
    assert questions[0].startswith("Can synthetic data improve performance")
    assert questions[1:3] == ["Under what conditions?", "Which choices matter?"]
    assert "one more point takes about 800 more." in answer
    assert "Not asked yet" not in answer


def test_names_of_findings_are_escaped(page: str) -> None:
    assert ANSWER not in page and "light=&lt;i&gt;off&lt;/i&gt;" in page
    assert "What &lt;b&gt;matters&lt;/b&gt;?" in page
    assert "true &lt;b&gt;x&lt;/b&gt;, predicted $1 0.90" in page


def test_counts_of_errors_are_those_of_the_tree(page: str) -> None:
    """The detector of the tree misses one of six objects and has one box on nothing."""
    table = page[page.index("Detector: errors on real test</caption>") :]
    rows = dict(re.findall(r'<th scope="row">([^<]+)</th><td class="n">([^<]*)</td>', table))
    assert rows["nothing there (background)"] == rows["missed"] == "1"
    assert rows["wrong name (classification)"] == "0"
    assert rows["shown boxes / right / objects"] == "6 / 5 / 6"


def test_a_question_that_nobody_asked_names_the_command() -> None:
    asked = studied.questions([], "dice")
    assert [q.answers for q in asked] == [[], []]
    assert [q.command.split()[-1] for q in asked] == ["studies/dice_amount.yaml", "studies/dice_randomization.yaml"]


@pytest.mark.parametrize("scene", studied.SHIPPED)
def test_a_named_study_is_one_that_its_scene_can_run(scene: str) -> None:
    for question in studied.questions([], scene):
        assert load_study(Path(question.command.split()[-1]), Path("presets") / f"{scene}.yaml").scene == scene


def test_without_a_study_of_the_scene_the_page_says_how_to_write_one(tmp_path: Path) -> None:
    assert [q.command for q in studied.questions([], "coins")] == ["", ""]
    inputs = inputs_at(write_tree(tmp_path))
    scene = inputs.params.scene.model_copy(update={"name": "coins"})
    text = render(replace(inputs, params=inputs.params.model_copy(update={"scene": scene})))
    assert text.count("docs/studies.md shows how to write one") == 2 and "studies/amount.yaml" not in text


def test_seeds_alone_are_no_choices() -> None:
    """They say how far the first answer holds."""
    seeds = study("seeds", "one_factor_off", sentences=["With 5 seeds a true difference of 0.01 would be found."])
    assert [q.answers for q in studied.questions([seeds], "digits")] == [[], []]
    assert studied.seeds_of([seeds, effects_study(), curve_study()]) == seeds["sentences"]
    assert [s.sentences for s in studied.studied([seeds])] == [seeds["sentences"]]  # it has its own place further down


def test_studies_answer_the_question_of_their_design() -> None:
    conditions, choices = studied.questions([effects_study(), curve_study()], "digits")
    assert conditions.answers == [("amount", curve_study()["sentences"])]
    assert choices.answers == [("randomization", [ANSWER])]


def test_a_study_of_another_scene_says_nothing_here(tmp_path: Path) -> None:
    params = load_params(write_tree(tmp_path) / "params.yaml")
    for name, scene in (("own", "digits"), ("other", "dice")):
        write_json(tmp_path / "results/studies" / f"{name}.json", {**effects_study(), "study": name, "scene": scene})
    assert [s["study"] for s in read_optional(tmp_path / "results", params).studies] == ["own"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("causes.json", "{", "expected causes of the gaps, found damaged JSON"),
        ("distance.json", "[]", "expected distances of images, found list"),
        ("studies/x.json", '{"study": "x"}', "expected a study, found none of the keys answers, benchmark"),
    ],
)
def test_damaged_findings_are_named(name: str, text: str, message: str, tmp_path: Path) -> None:
    params = load_params(write_tree(tmp_path) / "params.yaml")
    path = tmp_path / "results" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=rf"{Path(name).name}: {message}"):
        read_optional(tmp_path / "results", params)


def part(name: str, at_once: Any) -> Any:
    """Of a clear gap of its own; what counts is whether it is clear among all that are looked at."""
    return {"part": name, "domain_gap": of(0.2), "domain_gap_simultaneous": at_once}


def test_sentences_name_the_costliest_error_and_the_widest_gap() -> None:
    kinds = {"classification": {"dAP50": of(0.3, 0.4)}, "missed": {"dAP50": of(0.2)}, "both": {"dAP50": of(0.15)}}
    sizes = [part("small", of(0.2)), part("large", of(0.3, 0.35)), part("middle", None)]
    causes = {
        "errors": {"real_test": {"kinds": kinds}},
        "parts": {"size": {"metric": "AP50", "parts": sizes}},
    }
    said = list(by_cause.sentences({"detector": {"real": causes, "synthetic": causes}}))
    assert said == [
        "Detector trained on synthetic: most AP50 on real test is lost to the error \u201cmissed\u201d: "
        "0.200 [0.100, 0.300].",
        "Detector trained on synthetic: the widest clear domain gap is where size is small: AP50 +0.200 "
        "[+0.100, +0.300], corrected for looking at 2 parts.",
    ]
    assert list(by_cause.sentences({"detector": {"real": causes}})) == []


def test_what_is_not_clear_is_not_said() -> None:
    unclear = {"parts": {"size": {"metric": "accuracy", "parts": [part("small", of(0.05))]}}}
    assert list(by_cause.sentences({"classifier": {"synthetic": unclear}})) == []


def test_distance_in_words_and_numbers() -> None:
    first, second = apart.sentences({"classifier": distance()})
    both = "1.50 [1.40, 1.60] before training, 1.50 [1.40, 1.60] trained on synthetic"
    sets = "rendered crops held out from training (synthetic val) and those of real test"
    assert first == f"Classifier: A-distance between {sets}: {both}."
    keys = "randomizers.background.pattern_strength, randomizers.sensor.noise"
    most = "rendered and real crops for training differ most in noise (-2.000 [-2.100, -1.900] deviations)"
    assert second == f"Classifier: {most}: turn {keys}."
    assert [row[0] for row in apart.ranked_table("classifier", distance()).rows] == ["noise"]
    row = apart.feature_table("classifier", distance()).rows[0]
    assert row == ["before training", "1.50 [1.40, 1.60]", "0.25 [0.15, 0.35]", "0.002", *["1.50 [1.40, 1.60]"] * 2]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (-0.25, "-0.25 [-0.35, -0.15] (not told apart)"),
        (-0.05, "-0.05 [-0.15, 0.05] (not told apart)"),
        (0.05, "0.05 [-0.05, 0.15] (not told apart)"),
        (0.25, "0.25 [0.15, 0.35]"),
    ],
)
def test_an_a_distance_that_reaches_0_is_none(value: float, shown: str) -> None:
    found = distance()
    pair = {**found["features"]["start"]["pairs"][apart.SHOWN_PAIR], "a_distance": of(value)}
    found["features"] = {"start": {"pairs": dict.fromkeys(PAIRS, pair)}}
    row = apart.feature_table("classifier", found).rows[0]
    assert (row[1], *row[4:]) == (shown, shown, shown)
    assert next(apart.sentences({"classifier": found})).endswith(f": {shown} before training.")


def test_costs_by_hand(page: str) -> None:
    """LeNet-5 of 3 channels and 2 classes: weights, biases and batch norm of two layers, then three layers."""
    network = load_params(Path("presets/digits.yaml")).classifier.model
    assert network == "lenet5"
    parameters = (3 * 6 * 25 + 3 * 6) + (6 * 16 * 25 + 3 * 16) + (400 * 120 + 120) + (120 * 84 + 84) + (84 * 2 + 2)
    assert f'<td class="n">{parameters:,}</td>' in page[page.index("What the networks cost") :]


def git(folder: Path, *command: str) -> None:
    author = ["-c", "user.name=x", "-c", "user.email=x@x"]
    subprocess.run(["git", "-C", str(folder), *author, *command], check=True, capture_output=True)


def test_the_revision_is_the_commit_and_says_whether_code_has_changed(tmp_path: Path) -> None:
    assert revision(tmp_path) == UNKNOWN
    (tmp_path / "pipeline").mkdir()
    for name in ("pipeline/a.py", "dvc.lock"):
        (tmp_path / name).write_text("1\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        git(tmp_path, *command)
    commit = revision(tmp_path)
    assert re.fullmatch("[0-9a-f]{40}", commit)
    (tmp_path / "dvc.lock").write_text("2\n")  # as every stage does
    assert revision(tmp_path) == commit
    assert revision(tmp_path / "pipeline") == UNKNOWN  # lies in a checkout of something else
    (tmp_path / "pipeline" / "a.py").write_text("2\n")
    assert revision(tmp_path) == f"{commit}, with changes that are not committed"


def test_commands_begin_with_the_commit_if_it_is_known() -> None:
    params = load_params(Path("presets/digits.yaml"))
    assert commands(params, "abc, with changes")[0][0] == "git checkout abc"
    assert "make repro" in [command for command, _ in commands(params, UNKNOWN)]


def test_findings_survive_json(page: str) -> None:
    blocks = re.findall(r'<script type="application/json">(.*?)</script>', page)
    assert len(blocks) == 2
    assert all(json.loads(block)["tiles"] for block in blocks)
