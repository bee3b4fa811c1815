"""The frame store: finished frames by the hash of all that they depend on, shared by every experiment of a user.

It lies outside of the workspace (SYNTH2REAL_STORE, else the user's cache folder), so that temporary copies of the
workspace share it. Frames come into it whole or not at all, and are read-only: workspaces hold hard links to them.
"""

import hashlib
import json
import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.frame import Frame, read_facts, write_frame
from pipeline.params import Params

# Decide which frames are made, not how they look
ORCHESTRATION = {"render.py", "store.py", "pool.py", "worker.py", "preview.py"}


def code_hash() -> str:
    """Hash of the code that decides about pixels and facts; of params.py only the values count, see `base_key`."""
    here = Path(__file__).parent
    files = [p for p in sorted(here.rglob("*.py")) if p.name not in ORCHESTRATION]
    files += [here.parent / "pipeline" / name for name in ("frame.py", "section.py")]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(here.parent).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def base_key(params: Params) -> str:
    """Hash of everything that all frames of a run depend on."""
    settings = ("width_px", "height_px", "samples", "bounces", "denoise")
    facts: dict[str, Any] = {
        "seed": params.seed,
        "scene": params.scene.model_dump(),
        "randomizers": params.randomizers,
        "render": {name: getattr(params.render, name) for name in settings},
        "code": code_hash(),
        "packages": {name: version(name) for name in ("bpy", "numpy", "scipy", "pillow", "matplotlib")},
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()


def frame_key(base: str, split: str, index: int) -> str:
    return hashlib.sha256(f"{base}/{split}/{index}".encode()).hexdigest()


class Store:
    """Frames by key, in folders of `root`/frames/xx/key."""

    def __init__(self, root: Path) -> None:
        self.root = root / "frames"

    def folder(self, key: str) -> Path:
        return self.root / key[:2] / key

    def has(self, key: str) -> bool:
        """Whether the frame is there and whole; a damaged one is removed, to be rendered again."""
        folder = self.folder(key)
        if not folder.exists():
            return False
        try:
            read_facts(folder)
        except InputError as error:
            print(f"frame store: {error} It is rendered again.")
            shutil.rmtree(folder)
            return False
        return True

    def put(self, key: str, frame: Frame) -> None:
        """Write next to the place and rename: another worker or a kill never leaves half a frame."""
        folder = self.folder(key)
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix="part-", dir=folder.parent))
        try:
            write_frame(frame, unfinished)
            for path in unfinished.iterdir():
                path.chmod(0o444)
            unfinished.chmod(0o755)
            if not folder.exists():
                unfinished.rename(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def link(self, key: str, to: Path) -> None:
        """Put the frame's files into the folder `to`, as hard links where the file system can."""
        to.mkdir(parents=True)
        for path in self.folder(key).iterdir():
            try:
                os.link(path, to / path.name)
            except OSError:  # another file system, or one without links
                shutil.copyfile(path, to / path.name)
