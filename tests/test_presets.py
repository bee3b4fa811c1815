"""Presets fit the code, and putting one in the place of params.yaml loses nobody's edits."""

import shutil
import subprocess
from pathlib import Path

import pytest
from rendering import REPOSITORY, command, run_command

from pipeline.benchmarks import BENCHMARKS
from pipeline.edit import differences, with_value
from pipeline.errors import InputError, lookup
from pipeline.params import load_params
from pipeline.preset import use
from pipeline.section import extras, validate
from pipeline.settings import replaced, value_at

PRESETS = sorted((REPOSITORY / "presets").glob("*.yaml"))
PARAMS = REPOSITORY / "params.yaml"
EDITED = "# mine\nseed: 7\n"


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_preset_is_a_complete_file_of_a_known_benchmark(path: Path) -> None:
    """blender_scenes.py looks at its scene and randomizers."""
    benchmark = load_params(path).benchmark
    validate(lookup(BENCHMARKS, benchmark.name, str(path)).params, extras(benchmark), str(path))


def test_the_project_s_own_params_are_the_preset_digits() -> None:
    """Or, after `make repro PRESET=`, another one."""
    same = [path.stem for path in PRESETS if path.read_bytes() == PARAMS.read_bytes()]
    assert same, f"params.yaml was edited: {differences(PARAMS, REPOSITORY / 'presets' / 'digits.yaml')}"


def git(folder: Path, *args: str) -> None:
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *args], cwd=folder, check=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A git repository with presets and params.yaml, which is the preset digits, all committed."""
    shutil.copytree(REPOSITORY / "presets", tmp_path / "presets")
    shutil.copy(tmp_path / "presets" / "digits.yaml", tmp_path / "params.yaml")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "start")
    return tmp_path


def use_in(project: Path, name: str, *settings: str) -> bool:
    return use(name, list(settings), project / "params.yaml", project / "presets")


def test_there_and_back(project: Path) -> None:
    params, preset = project / "params.yaml", project / "presets" / "shapes.yaml"
    assert use_in(project, "shapes")
    assert params.read_bytes() == preset.read_bytes()
    assert not use_in(project, "shapes")
    assert use_in(project, "digits")
    assert {path.name for path in project.iterdir()} == {".git", "params.yaml", "presets"}


def test_without_params_and_without_git(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "presets", tmp_path / "presets")
    assert use_in(tmp_path, "shapes") and use_in(tmp_path, "digits")


@pytest.mark.parametrize("text", [EDITED, "a: [", "\0"])
def test_edits_stay(text: str, project: Path) -> None:
    params = project / "params.yaml"
    params.write_text(text)
    with pytest.raises(
        InputError, match=r"params.yaml: expected one of the presets .* found edits .*presets/mine.yaml"
    ):
        use_in(project, "shapes")
    assert params.read_text() == text


def test_the_message_names_what_differs(project: Path) -> None:
    params = project / "params.yaml"
    params.write_text(with_value(params.read_text(), "render.train=41", "x"))
    with pytest.raises(InputError, match=r"found edits \(against [^ ]*digits.yaml: render.train\)"):
        use_in(project, "shapes")
    params.write_text((project / "presets" / "digits.yaml").read_text() + "# a thought\n")
    with pytest.raises(InputError, match=r"digits.yaml: comments or layout\)"):
        use_in(project, "shapes")


def test_edits_that_another_preset_has_may_go(project: Path) -> None:
    params = project / "params.yaml"
    params.write_text(EDITED)
    shutil.copy(params, project / "presets" / "mine.yaml")
    assert use_in(project, "shapes")


def test_edits_that_git_has_may_go(project: Path) -> None:
    """On another branch, even; what is only added to the index is not committed."""
    params = project / "params.yaml"
    git(project, "checkout", "-qb", "other")
    params.write_text(EDITED)
    git(project, "add", "-A")
    with pytest.raises(InputError, match="found edits"):
        use_in(project, "shapes")
    git(project, "commit", "-qm", "mine")
    git(project, "checkout", "-q", "-")
    params.write_text(EDITED)
    assert use_in(project, "shapes")


def test_other_values(project: Path) -> None:
    """One line differs; the same command again has nothing to do, and the result is an edit to keep."""
    settings = ("benchmark.folder=photos of mine", "render.layers=[depth, flow]")
    assert use_in(project, "shapes", *settings)
    params, preset = project / "params.yaml", project / "presets" / "shapes.yaml"
    assert load_params(params).benchmark.model_extra == {"folder": "photos of mine", "hold_out": 0.2}
    assert differences(params, preset) == ["render.layers", "benchmark.folder"]
    lines = zip(params.read_text().splitlines(), preset.read_text().splitlines(), strict=True)
    assert sum(one != other for one, other in lines) == 2
    assert "  # kept beside" in params.read_text()
    assert not use_in(project, "shapes", *settings)
    with pytest.raises(InputError, match="found edits"):
        use_in(project, "digits")


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("shape", [], "PRESET: expected a known name, found 'shape'. Did you mean 'shapes'? Known: "),
        ("shapes", ["benchmark"], "SET: expected KEY=VALUE, found 'benchmark'."),
        ("shapes", ["seed="], "SET: expected KEY=VALUE, found 'seed='."),
        ("shapes", ["benchmark.foldr=a"], "shapes.yaml: benchmark.foldr: expected a known name, found 'foldr'. Did"),
        ("shapes", ["seed.a=1"], "shapes.yaml: seed: expected a section that has 'a', found a value."),
        ("shapes", ["render=1"], "shapes.yaml: render: expected a key with a value of one line, found a section."),
        ("shapes", ["render.train=many"], "shapes.yaml: render.train: expected a valid integer, found 'many'."),
        ("shapes", ["render.train=[1"], "shapes.yaml: not YAML: "),
    ],
)
def test_wrong_names_and_values_change_nothing(name: str, settings: list[str], message: str, project: Path) -> None:
    before = (project / "params.yaml").read_bytes()
    with pytest.raises(InputError) as error:
        use_in(project, name, *settings)
    assert message in str(error.value)
    assert (project / "params.yaml").read_bytes() == before
    assert {path.name for path in project.iterdir()} == {".git", "params.yaml", "presets"}


def test_a_value_where_there_is_none() -> None:
    assert with_value("a:\n  b:  # why\n  c: 1\n", "a.b=x", "file") == "a:\n  b: x  # why\n  c: 1\n"
    assert with_value("a:\n  b: 'x'  # why\n", "a.b={choice: [1]}", "file") == "a:\n  b: {choice: [1]}  # why\n"


def test_a_place_in_a_list() -> None:
    text = "a:\n  b: {uniform: [0.0, 1.5]}  # why\n"
    assert with_value(text, "a.b.uniform.1=2.0", "file") == "a:\n  b: {uniform: [0.0, 2.0]}  # why\n"
    with pytest.raises(InputError, match=r"file: a\.b\.uniform\.2: expected a known name, found '2'"):
        with_value(text, "a.b.uniform.2=2.0", "file")
    values = {"a": {"b": {"uniform": [0.0, 1.5]}}, "c": [1, 2]}
    assert value_at(values, "a.b.uniform.1") == 1.5
    assert replaced(values, {"a.b.uniform.1": 2.0, "c.0": 3}) == {"a": {"b": {"uniform": [0.0, 2.0]}}, "c": [3, 2]}
    assert values["c"] == [1, 2]


def make(*words: str) -> subprocess.CompletedProcess[str]:
    return run_command(Path(), ["make", "-n", "repro", *words])


def test_make_hands_over_what_it_was_told() -> None:
    done = make("PRESET=shapes", "SET=benchmark.folder='my photos' render.train=9")
    assert (
        """python -m pipeline.preset "shapes" --set benchmark.folder='my photos' render.train=9\ndvc repro"""
        in done.stdout
    )
    assert "pipeline.preset" not in make().stdout
    assert make("SET=seed=1").returncode != 0


def test_the_command(project: Path) -> None:
    line = command("pipeline.preset", "shapes", "--set", "seed=3")
    done = subprocess.run(line, cwd=project, env={"PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "params.yaml: now the preset shapes with seed=3\n")
