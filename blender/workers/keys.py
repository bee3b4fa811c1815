"""What a frame depends on, and its key: the hash of all that.

Equal keys mean equal frames on any machine of one kind, so that a frame store can hand out what was made before and a
cluster can tell a worker with other code or files.
"""

import hashlib
import json
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.params import Params

# Decide which frames are made and where, not how they look
ORCHESTRATION = {"workers", "render.py", "preview.py", "ablate.py", "samples"}
SETTINGS = ("width_px", "height_px", "samples", "bounces", "denoiser", "layers", "sequence_length")
PACKAGES = ("bpy", "numpy", "scipy", "pillow", "matplotlib")
ASSETS = ("folder", "file")  # keys of a scene or randomizer whose values name the user's own files

Facts = dict[str, Any]


def base_key(facts: Facts) -> str:
    """Hash of everything that all frames of a run depend on."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


def frame_key(base: str, split: str, index: int) -> str:
    return hashlib.sha256(f"{base}/{split}/{index}".encode()).hexdigest()


def facts_of(params: Params, device: str) -> Facts:
    """Everything that all frames of a run depend on; `device` is the kind that was found.

    Raises InputError for a file or folder that a scene or randomizer names and that is not there.
    """
    return {
        "seed": params.seed,
        "scene": params.scene.model_dump(),
        "randomizers": params.randomizers,
        "render": {name: getattr(params.render, name) for name in SETTINGS},
        "device": device,
        "code": code_hash(),
        "packages": {name: _version(name) for name in PACKAGES},
        "assets": {key: content_hash(key, Path(path)) for key, path in _assets(params)},
    }


def differences(expected: Facts, found: Facts) -> list[str]:
    """What a worker has that the client has not, in words."""
    words = []
    for name, value in expected.items():
        other = found.get(name)
        if isinstance(value, dict) and isinstance(other, dict):
            words += [f"{name}: {k} {other.get(k)} instead of {v}" for k, v in value.items() if other.get(k) != v]
        elif value != other:
            words.append(f"{name} {other} instead of {value}")
    return words


def code_hash() -> str:
    """Hash of the code that decides about pixels and facts; of pipeline/params only the values count."""
    here = Path(__file__).parents[1]
    files = [p for p in sorted(here.rglob("*.py")) if p.relative_to(here).parts[0] not in ORCHESTRATION]
    files += [here.parent / "pipeline" / name for name in ("frame.py", "frame_files.py", "section.py")]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(here.parent).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _assets(params: Params) -> Iterator[tuple[str, str]]:
    """(key in params.yaml, path) of each file or folder of the user's that frames may show."""
    yield from _named("scene", params.scene.model_dump())
    yield from _named("randomizers", params.randomizers)


def _named(key: str, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if values.get("enabled") is False:
        return
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _named(f"{key}.{name}", value)
        elif name in ASSETS and value is not None:
            yield f"{key}.{name}", str(value)


def content_hash(key: str, path: Path) -> str:
    """Hash of the names, relative to `path`, and bytes of a file or of all files in a folder.

    Raises InputError that names the `key` of params.yaml.
    """
    if not path.exists():
        raise InputError(f"params.yaml: {key}: expected a file or folder, found nothing at {path}.")
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(path).as_posix().encode() + b"\0")
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()
