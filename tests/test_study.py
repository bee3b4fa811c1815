"""Studies: what a file may say, the cells of each design, keys of experiments; effects and words of made-up tables."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import yaml
from study_project import RATE, STEPS, STUDY, write_study

from pipeline.errors import InputError
from pipeline.params import load_params
from pipeline.runs import measured
from pipeline.section import validate
from pipeline.study.design import DESIGNS, cells_of, check_determined
from pipeline.study.effects import detectable, differences, interactions, verdict
from pipeline.study.findings import findings
from pipeline.study.graph import Stage, code_key, matters, stage_keys
from pipeline.study.plan import Plan, Planned, command_of, make_plan, slug
from pipeline.study.plots import save_figure
from pipeline.study.records import Record, finished, images, table
from pipeline.study.sentences import sentences
from pipeline.study.study_file import Study, load_study
from pipeline.study.tables import document

DIGITS = tiny.ROOT / "presets" / "digits.yaml"
MANY: dict[str, Any] = {"light": {"off": {"randomizers.light.enabled": False}}, STEPS: [7, 8]}


def study_of(**changes: Any) -> Study:
    return validate(Study, STUDY | changes, "study")


def load(folder: Path, **changes: Any) -> Study:
    return load_study(write_study(folder, **changes), DIGITS)


@pytest.mark.parametrize("path", sorted((tiny.ROOT / "studies").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_project_s_own_are_valid(path: Path) -> None:
    scene = yaml.safe_load(path.read_text(encoding="utf-8")).get("scene", "digits")
    assert load_study(path, tiny.ROOT / "presets" / f"{scene}.yaml").repeats > 1


def test_the_example_of_one_s_own_objects_is_valid(tmp_path: Path) -> None:
    text = (tiny.ROOT / "docs" / "studies.md").read_text(encoding="utf-8").split("### Of your own objects")[1]
    path, preset = tmp_path / "mine.yaml", tiny.ROOT / "presets" / "props.yaml"
    path.write_text(text.split("```")[1].removeprefix("yaml\n"), encoding="utf-8")
    assert [cell.name for cell in make_plan(path, preset).cells] == [
        *("baseline", "light=off", "background=off", "distractors=off", "frames=half")
    ]


@pytest.mark.parametrize("preset", sorted((tiny.ROOT / "presets").glob("*.yaml")), ids=lambda path: path.stem)
def test_what_a_file_leaves_out_is_that_of_params(preset: Path) -> None:
    study, params = load_study(tiny.ROOT / "studies" / "seeds.yaml", preset), load_params(preset)
    assert (study.tasks, study.regimes) == (measured(params.tasks), list(params.regimes))
    assert ("cascade" in study.tasks) == (preset.stem != "coins")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"repeat": 3}, "repeat: unknown key. Did you mean 'repeats'?"),
        ({"design": "one"}, "design: expected 'one_factor_off', 'grid', 'random' or 'curve', found 'one'"),
        ({"tasks": ["segmenter"]}, "tasks: expected some of classifier, detector, found 'segmenter', which tasks of"),
        ({"scene": "dice"}, "expected parameters of the scene dice in"),
        ({"design": "grid", "factors": {}}, "factors: expected at least one for the design grid, found none"),
        ({"design": "curve"}, "factors: expected synthetic and real for a curve, found rate, classifier.steps"),
        ({"fixed": {STEPS: 5}}, f"factors.{STEPS}: expected keys that nothing else sets, found {STEPS}, which fixed"),
        ({"factors": {"train.seed": [4]}}, "found train.seed, which repeat_keys sets"),
        ({"design": "grid", "factors": {RATE: [0.1], "a": {"b": {RATE: 1.0}}}}, f"found {RATE}, which {RATE} sets"),
    ],
)
def test_a_wrong_study_is_named(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        load(tmp_path, **changes)
    assert message in str(error.value) and str(error.value).startswith(str(tmp_path / "studies" / "rates.yaml"))


def test_names_of_levels_are_text_even_where_yaml_has_another_mind() -> None:
    """`off` is false in YAML 1.1, and 10 a number."""
    text = f"{{light: {{off: {{{RATE}: 0.1}}, 10: {{{RATE}: 0.2}}}}, {STEPS}: [7, null]}}"
    levels = study_of(factors=yaml.safe_load(text)).levels
    assert levels == {"light": {"off": {RATE: 0.1}, "10": {RATE: 0.2}}, STEPS: {"7": {STEPS: 7}, "null": {STEPS: None}}}


def names(**changes: Any) -> list[str]:
    return [cell.name for cell in cells_of(study_of(factors=MANY, **changes))]


def test_one_factor_off_is_the_baseline_and_each_level_alone() -> None:
    assert names() == ["baseline", "light=off", f"{STEPS}=7", f"{STEPS}=8"]


def test_a_grid_has_every_combination() -> None:
    assert names(design="grid") == [
        *("baseline", f"{STEPS}=7", f"{STEPS}=8", "light=off", f"light=off, {STEPS}=7", f"light=off, {STEPS}=8")
    ]


def test_a_random_design_is_a_part_of_the_grid_and_a_function_of_the_seed() -> None:
    found = names(design="random", cells=3)
    assert found[0] == "baseline" and len(set(found)) == 4 and set(found) <= set(names(design="grid"))
    assert found == names(design="random", cells=3)
    assert any(found != names(design="random", cells=3, seed=seed) for seed in range(1, 6))
    assert sorted(names(design="random", cells=50)) == sorted(names(design="grid"))  # no more than there are


def test_a_random_design_that_cannot_tell_its_levels_apart_is_refused_before_it_runs(tmp_path: Path) -> None:
    path = write_study(tmp_path, design="random", factors=MANY, cells=2)
    with pytest.raises(InputError, match=r"cells: expected cells that tell 3 levels .* at least 3, found 2"):
        make_plan(path, DIGITS)
    enough = study_of(design="random", factors=MANY, cells=5)
    check_determined(enough, cells_of(enough), "study")


def test_a_curve_has_the_amounts_alone() -> None:
    amounts = {"synthetic": {"5": {"render.train": 5}, "9": {"render.train": 9}}, "real": {"0": {"seed": 0}}}
    cells = cells_of(study_of(design="curve", factors=amounts))
    assert [cell.name for cell in cells] == ["synthetic=5, real=0", "synthetic=9, real=0"]


@pytest.mark.parametrize("design", DESIGNS)
def test_every_design_sets_what_its_cells_say(design: str) -> None:
    study = study_of(design=design, factors=MANY, fixed={"check.steps": 5})
    for cell in cells_of(study):
        own = {key: value for f, level in cell.levels.items() for key, value in study.levels[f][level].items()}
        assert cell.settings == {"check.steps": 5, **own}


def test_a_cascade_trains_no_more_than_is_asked_for() -> None:
    study = study_of(tasks=["cascade"])
    assert study.common == {"tasks": ["classifier", "detector"], "regimes": ["synthetic"]}
    assert study.targets == ["cascade@synthetic"] and study_of().common == {}


# --- Keys: what makes an experiment another one

STAGES = {
    "render": Stage("render", ("seed", "scene"), "a", ()),
    "train": Stage("train", ("classifier.rate",), "b", ("render",)),
}
VALUES = {"seed": 0, "scene": {"name": "x"}, "classifier": {"rate": 1, "other": 2}}


def changed(values: dict[str, Any]) -> set[str]:
    """Stages with another key."""
    before, after = stage_keys(STAGES, VALUES), stage_keys(STAGES, values)
    return {name for name in STAGES if before[name] != after[name]}


def test_a_key_follows_params_and_what_comes_before() -> None:
    assert changed({**VALUES, "seed": 1}) == {"render", "train"}
    assert changed({**VALUES, "classifier": {"rate": 2, "other": 2}}) == {"train"}
    assert changed({**VALUES, "classifier": {"rate": 1, "other": 3}}) == set()


def test_a_key_follows_code_unless_told_not_to() -> None:
    other = {**STAGES, "render": Stage("render", ("seed", "scene"), "c", ())}
    assert stage_keys(other, VALUES)["train"] != stage_keys(STAGES, VALUES)["train"]
    assert stage_keys(other, VALUES, code=False) == stage_keys(STAGES, VALUES, code=False)


def test_the_key_of_code_is_that_of_all_files_and_no_params() -> None:
    other = {**STAGES, "render": Stage("render", ("seed",), "c", ())}
    assert code_key(other) != code_key(STAGES) == code_key({n: replace(s, params=()) for n, s in STAGES.items()})


def test_a_key_that_no_stage_depends_on_is_inert() -> None:
    assert [k for k in ("seed", "scene.name", "classifier", "classifier.rate", "classifier.other", "see")
            if not matters(STAGES, k)] == ["classifier.other", "see"]  # fmt: skip


# --- Made-up tables

SEEDS = range(5)
NOISE = [0.000, 0.004, -0.003, 0.001, -0.002]  # of seeds, the same for every cell: it cancels out
OWN = [0.0010, -0.0005, 0.0004, -0.0011, 0.0002]  # what differs from cell to cell


def plan_of(**changes: Any) -> Plan:
    study = study_of(**{"repeats": 5, **changes})
    cells = cells_of(study)
    planned = [
        Planned(f"{slug(cell)}-r{n}", cell, n, {}, {}, f"{cell.name}{n}", f"p{cell.name}{n}")
        for n in range(study.repeats)
        for cell in cells
    ]
    return Plan(
        "made-up", study, load_params(DIGITS), cells, planned, command_of(Path("studies/made-up.yaml"), DIGITS), "now"
    )


def record(planned: Planned, score: float, val: float = 0.9, **facts: Any) -> Record:
    """Of both regimes."""
    splits = {"synthetic_val": {"accuracy": val}, "real_test": {"accuracy": score}}
    by_regime = dict.fromkeys(("synthetic", "mixed", "real"), splits)
    counts = {regime: {"synthetic": 400, "real": 0} for regime in by_regime}
    keys = {"key": planned.key, "params_key": planned.params_key, "seconds": {}, "commit": "1a2b3c"}
    return {
        "experiment": planned.name,
        **keys,
        "metrics": {"classifier": by_regime},
        "images": {"classifier": counts},
    } | facts


def records(plan: Plan, effect: dict[tuple[str, str], float]) -> dict[str, Record]:
    """Scores of 0.8, plus effects of levels, noise of the seed and a little of their own for each cell but one."""
    found = {}
    for number, planned in enumerate(plan.experiments):
        levels = planned.cell.levels.items()
        own = OWN[(number * 3 + planned.repeat) % 5] if levels and any(effect.get(level) for level in levels) else 0.0
        score = 0.8 + NOISE[planned.repeat] + own + sum(effect.get(level, 0.0) for level in levels)
        found[planned.name] = record(planned, score)
    return found


def test_an_inert_factor_has_no_effect_and_a_planted_one_is_found() -> None:
    plan = plan_of(factors={"inert": {"on": {STEPS: 7}}, "rate": {"low": {RATE: 1e-9}, "high": {RATE: 1.0}}})
    found = findings(plan, records(plan, {("rate", "low"): -0.3, ("rate", "high"): 0.02}))
    effects = {(one["factor"], one["level"]): one for one in found["effects"]}
    assert {level: one["verdict"] for level, one in effects.items()} == {
        ("inert", "on"): "not distinguishable",
        ("rate", "low"): "worse",
        ("rate", "high"): "better",
    }
    low = effects["rate", "low"]
    assert low["real_test"]["value"] == pytest.approx(-0.3, abs=1e-3) and low["real_test"]["seeds"] == 5
    assert low["domain_gap"]["value"] == pytest.approx(0.3, abs=1e-3)  # val stays as it was
    assert effects["inert", "on"]["p_holm"] == 1.0 and effects["inert", "on"]["real_test"]["low"] == 0.0
    said = sentences(found)
    assert said[0].startswith("Classifier, synthetic training: rate=low is worse on real test: accuracy -30.0 [")
    assert any("not distinguishable from the baseline, in accuracy points: inert=on +0.0" in text for text in said)


def test_no_interval_goes_beyond_what_scores_can_be() -> None:
    """Student's of 0.1 and 0.9 reaches 12.7 x 0.4 to both sides of 0.5."""
    plan = plan_of(repeats=2, factors={})
    (cell,) = findings(plan, {p.name: record(p, (0.1, 0.9)[p.repeat]) for p in plan.experiments})["cells"]
    ends = {measure: (cell[measure]["low"], cell[measure]["high"]) for measure in ("real_test", "domain_gap")}
    assert ends == {"real_test": (0.0, 1.0), "domain_gap": (-1.0, 1.0)}


def test_the_command_names_params_that_are_not_the_usual_ones() -> None:
    usual, dice = (command_of(Path("studies/x.yaml").absolute(), Path(name)) for name in ("params.yaml", "p/dice.yaml"))
    assert usual == "python -m pipeline.study run studies/x.yaml" and dice == f"{usual} --params p/dice.yaml"


def scores(**by_cell: list[float]) -> dict[str, dict[int, float]]:
    return {name.replace("_", "=").replace("AND", ", "): dict(enumerate(values)) for name, values in by_cell.items()}


GRID = {"a": {"1": {RATE: 0.1}}, "b": {"1": {STEPS: 7}}}


def test_an_effect_in_a_grid_is_the_mean_over_the_other_factors() -> None:
    """By hand: a adds 1 alone and 3 where b is on, for both seeds; b adds 4 and 6; together 2 beyond both."""
    cells = cells_of(study_of(design="grid", factors=GRID))
    table = scores(baseline=[0.0, 10.0], a_1=[1.0, 11.0], b_1=[4.0, 14.0], a_1ANDb_1=[7.0, 17.0])
    levels = [("a", "1"), ("b", "1")]
    assert differences("grid", cells, table, levels) == {("a", "1"): {0: 2.0, 1: 2.0}, ("b", "1"): {0: 5.0, 1: 5.0}}
    assert interactions(cells, table) == {(("a", "1"), ("b", "1")): {0: 2.0, 1: 2.0}}


def test_an_effect_of_a_random_design_is_that_of_a_linear_model() -> None:
    """Without the cell of a alone: 0, b + 4, both + 5 give a + 1. A seed whose cells do not tell is left out."""
    cells = cells_of(study_of(design="grid", factors=GRID))
    table = scores(baseline=[0.0, 10.0], b_1=[4.0, 14.0], a_1ANDb_1=[5.0])
    found = differences("random", cells, table, [("a", "1"), ("b", "1")])
    assert {level: list(by_seed) for level, by_seed in found.items()} == {("a", "1"): [0], ("b", "1"): [0]}
    assert [by_seed[0] for by_seed in found.values()] == pytest.approx([1.0, 4.0])


def test_only_seeds_that_both_have_are_compared() -> None:
    cells = cells_of(study_of(factors=GRID))
    table = {"baseline": {0: 1.0, 2: 3.0}, "a=1": {0: 2.0, 1: 9.0, 2: 5.0}}
    assert differences("one_factor_off", cells, table, [("a", "1"), ("b", "1")]) == {
        ("a", "1"): {0: 1.0, 2: 2.0},
        ("b", "1"): {},
    }


def test_the_smallest_detectable_effect_by_hand() -> None:
    """Differences with a deviation of 1, n = 5: t(0.975, 4) = 2.776, t(0.8, 4) = 0.941; / sqrt(5). Two comparisons:
    t(0.9875, 4) = 3.495."""
    by_seed = dict(enumerate(np.array([-1.0, 1.0, 0.0, -1.0, 1.0]) / 1.0))
    one, two = (detectable([by_seed, {0: 3.0}], number, 0.95) for number in (1, 2))
    assert one and two and one.deviation == pytest.approx(1.0) and one.seeds == 5
    assert one.smallest == pytest.approx((2.776 + 0.941) / 5**0.5, abs=2e-3)
    assert two.smallest == pytest.approx((3.495 + 0.941) / 5**0.5, abs=2e-3)
    assert detectable([{0: 1.0}], 1, 0.95) is None
    assert detectable([{0: 0.5, 1: 0.5, 2: 0.5}], 1, 0.95) is None  # no spread: of an inert factor, not of all seeds


def test_a_verdict_follows_the_corrected_p_and_the_sign() -> None:
    assert [verdict(v, p, 0.95) for v, p in ((1.0, 0.01), (-1.0, 0.04), (1.0, 0.06))] == [
        *("better", "worse", "not distinguishable")
    ]


def test_training_on_real_images_is_compared_with() -> None:
    plan = plan_of(factors={}, regimes=["synthetic", "real"])
    table = {p.name: record(p, 0.9) for p in plan.experiments}
    for n, one in enumerate(table.values()):
        by_regime = one["metrics"]["classifier"]
        by_regime["real"] = {"real_test": {"accuracy": 0.95 + OWN[n]}}
    (gap,) = findings(plan, table)["transfer_gaps"]
    assert gap["regime"] == "synthetic" and gap["real_test"]["value"] == pytest.approx(0.05)
    assert any("is behind real training: gap accuracy +5.0" in text for text in sentences(findings(plan, table)))


def test_a_part_of_a_study_is_reported_as_one() -> None:
    """Repeat 0 alone: no interval, nothing distinguishable, and it is said what is missing."""
    plan = plan_of(factors=MANY)
    table = {p.name: record(p, 0.8) for p in plan.experiments if p.repeat == 0 and p.cell.name != f"{STEPS}=8"}
    found = findings(plan, table)
    assert [one["real_test"]["low"] for one in found["effects"]] == [None, None]
    assert "17 of 20 experiments are missing: this is a part of the study." in sentences(found)
    assert f"{STEPS}=8" not in document(found, "x.svg")


def test_a_report_has_a_table_and_a_figure_with_the_same_bytes(tmp_path: Path) -> None:
    plan = plan_of(factors=MANY, design="grid")
    found = findings(plan, records(plan, {("light", "off"): -0.1}))
    text = document(found, "x.svg")
    assert "| classifier | synthetic | light=off | accuracy (%) | -10.0 [" in text
    assert "`python -m pipeline.study run studies/made-up.yaml --params presets/digits.yaml`: 30 of 30" in text
    for name in ("one.svg", "two.svg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        save_figure(tmp_path / name / "x.svg", found)
    assert (tmp_path / "one.svg" / "x.svg").read_bytes() == (tmp_path / "two.svg" / "x.svg").read_bytes()


def older(planned: Planned, code: str) -> Record:
    return record(planned, 0.7, key=f"{code}{planned.name}", code_key=code, commit=f"commit of {code}")


def codes(used: dict[str, Record], plan: Plan) -> list[str]:
    """Of all experiments in their order."""
    return [used[p.name].get("code_key", "now") if p.name in used else "" for p in plan.experiments]


def test_records_of_other_code_serve_until_there_are_new_ones() -> None:
    plan = plan_of(factors={})
    old, new = [older(p, "old") for p in plan.experiments], [record(p, 0.8) for p in plan.experiments]
    assert finished(plan, [*old, new[0]]) == {plan.experiments[0].name}
    assert codes(table(plan, [new[0], *old]), plan) == ["old"] * 5  # all of one code where that is possible
    assert codes(table(plan, [*new, *old]), plan) == ["now"] * 5
    found = findings(plan, table(plan, [*new[:3], *old[2:]]))
    assert codes(table(plan, [*new[:3], *old[2:]]), plan) == ["now"] * 3 + ["old"] * 2
    said = "2 experiments (seeds 3, 4) were run by other code than the project has now: commit commit of ."
    assert found["experiments"]["of_other_code"] == 2 and said in sentences(found)
    assert table(plan, [record(p, 0.7, key="old", params_key="other", commit="x") for p in plan.experiments]) == {}


def test_cells_that_differ_in_an_inert_key_share_their_runs() -> None:
    plan = plan_of(factors={STEPS: [7]}, repeats=1)
    same = [replace(p, key="k", params_key="p") for p in plan.experiments]
    used = table(replace(plan, experiments=same), [record(same[0], 0.8)])
    assert list(used) == [p.name for p in same]


def test_differences_are_between_runs_of_the_same_code() -> None:
    """Two cells, two seeds: of seed 0 each code has both, of seed 1 no code has, so one of them is left out."""
    plan = plan_of(factors={STEPS: [7]}, repeats=2)
    base0, seven0, base1, seven1 = plan.experiments
    a, b = [older(p, "a") for p in (base0, seven0, base1)], [older(p, "b") for p in (base0, seven0, seven1)]
    for given in ([*a, *b], [*b, *a], [*a, *b, record(base0, 0.8)]):
        used = table(plan, given)
        assert all(len({codes(used, plan)[2 * n + k] for k in (0, 1)} - {""}) == 1 for n in (0, 1))
    assert findings(plan, table(plan, [*a, *b]))["effects"][0]["real_test"]["seeds"] == 1
    legacy = [{k: v for k, v in one.items() if k != "code_key"} for one in (*a, *b)]  # the commit stands for the code
    assert findings(plan, table(plan, legacy))["effects"][0]["real_test"]["seeds"] == 1


def test_training_images_are_counted_once(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    path.write_text(
        '{"images": [{"domain": "real", "file_name": "a"}, {"domain": "real", "file_name": "a"},'
        ' {"domain": "synthetic", "file_name": "b"}]}'
    )
    assert images(path) == {"synthetic": 1, "real": 1} and images(tmp_path / "none.json") == {}
