"""Which room may import which, and nothing that ties the project to one machine."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = {f"pipeline.{name}" for name in ("cache", "errors", "folders", "frame", "frame_files", "params", "section")}
# Tools that look at labels; no part of a frame
TOOLS = SHARED | {f"pipeline.{name}" for name in ("annotate", "draw", "labelers.camera", "overlay", "table")}
ALLOWED = {"blender/preview.py": TOOLS, "blender/ablate.py": TOOLS}
TRAINING = {"torch", "torchvision", "lightning", "pytorch_lightning"}


def imports_of(path: Path) -> set[str]:
    """Modules that a file imports anywhere, as written; `from pipeline import x` counts as pipeline.x."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = str(node.module)
            found |= {f"{module}.{a.name}" for a in node.names} if module in ("blender", "pipeline") else {module}
    return found


def files(room: str) -> list[str]:
    return sorted(p.relative_to(REPOSITORY).as_posix() for p in (REPOSITORY / room).rglob("*.py"))


@pytest.mark.parametrize("file", files("blender"))
def test_blender_never_trains_and_shares_little(file: str) -> None:
    found = imports_of(REPOSITORY / file)
    assert not {name.split(".")[0] for name in found} & TRAINING
    assert {name for name in found if name.split(".")[0] == "pipeline"} <= ALLOWED.get(file, SHARED)


@pytest.mark.parametrize("file", files("pipeline"))
def test_pipeline_never_renders(file: str) -> None:
    assert not {name.split(".")[0] for name in imports_of(REPOSITORY / file)} & {"bpy", "bmesh", "mathutils", "blender"}


@pytest.mark.parametrize("module", ["blender.render", "pipeline.annotate", "blender.preview"])
def test_neither_torch_nor_bpy_come_in_by_a_back_door(module: str) -> None:
    """Through a shared module, say. The render stage itself must not have bpy: it starts processes that do."""
    program = f"import sys, {module}; print(*sorted(name for name in sys.modules if '.' not in name))"
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "pipeline" in loaded
    assert not loaded & TRAINING
    assert ("bpy" in loaded) == (module == "blender.preview")


def test_tests_that_share_a_process_do_not_import_bpy() -> None:
    """Blender is one world for a process; see test_blender.py."""
    for path in sorted((REPOSITORY / "tests").glob("test_*.py")):
        found = imports_of(path)
        assert not {name.split(".")[0] for name in found} & {"bpy", "worlds"}, path.name
        assert not any(name.startswith(("blender.randomizers", "blender.scenes", "blender.make")) for name in found)


def project_files() -> list[Path]:
    """Files that git has or would take."""
    line = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.splitlines()
    return [REPOSITORY / name for name in listed if (REPOSITORY / name).is_file()]


@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="not a git checkout")
def test_no_file_names_a_place_on_somebody_s_machine() -> None:
    """A home folder, or the folder that this checkout or its Python happens to lie in."""
    homes = re.compile(rb"(?<![\w.:/])/(?:home|root|Users)/[\w.]+")
    here = {str(REPOSITORY).encode(), str(Path(sys.prefix)).encode(), str(Path.home()).encode() + b"/"}
    found = []
    for path in project_files():
        data = path.read_bytes()
        if b"\0" not in data:  # text
            found += [f"{path.name}: {match!r}" for match in homes.findall(data)]
            found += [f"{path.name}: {place!r}" for place in here if len(place) > 5 and place in data]
    assert found == []
