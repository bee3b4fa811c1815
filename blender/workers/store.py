"""The frame store: finished frames by the hash of all that they depend on, shared by every experiment of a user.

It lies outside of the workspace (SYNTH2REAL_STORE, else the user's cache folder), so that temporary copies of the
workspace share it. Frames come into it whole or not at all, and are read-only: workspaces hold hard links to them.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from pipeline.errors import InputError
from pipeline.frame import Frame
from pipeline.frame_files import frame_files, read_facts


class Store:
    """Frames by key, in folders of `root`/frames/xx/key; those being written in `root`/frames/unfinished."""

    def __init__(self, root: Path) -> None:
        self.root = root / "frames"
        self.unfinished = self.root / "unfinished"

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
            with self._room() as room, suppress(FileNotFoundError):  # another run may have removed it before us
                folder.rename(room / key)
            return False
        return True

    def put(self, key: str, frame: Frame) -> None:
        self.put_files(key, frame_files(frame))

    def put_files(self, key: str, files: Mapping[str, bytes]) -> None:
        """Write beside the place and rename: another worker or a kill never leaves half a frame."""
        folder = self.folder(key)
        with self._room() as room:
            for name, data in files.items():
                (room / name).write_bytes(data)
                (room / name).chmod(0o444)
            folder.parent.mkdir(parents=True, exist_ok=True)
            try:
                room.rename(folder)
            except OSError:  # another worker was first, with the same bytes
                if not folder.exists():
                    raise

    @contextmanager
    def _room(self) -> Iterator[Path]:
        """An empty folder that is gone in the end; the lock beside it says that its writer is alive."""
        room = self.unfinished / uuid4().hex
        self.unfinished.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{room}.lock"):
            try:
                room.mkdir()
                yield room
            finally:
                self._remove(room)

    @staticmethod
    def _remove(room: Path) -> None:
        shutil.rmtree(room, ignore_errors=True)
        with suppress(PermissionError):  # on Windows, where it goes when it is released
            room.with_suffix(".lock").unlink(missing_ok=True)

    def clean(self) -> None:
        """Remove what killed writers left; the system frees a lock when its holder dies, so living ones are safe."""
        for path in self.unfinished.glob("*.lock"):
            with suppress(Timeout), FileLock(path, timeout=0):
                self._remove(path.with_suffix(""))

    def read(self, key: str) -> dict[str, bytes]:
        """The files of a frame by name."""
        return {path.name: path.read_bytes() for path in self.folder(key).iterdir()}

    def remove(self, key: str) -> None:
        shutil.rmtree(self.folder(key))

    def link(self, key: str, to: Path) -> None:
        """Put the frame's files into the folder `to`, as hard links where the file system can."""
        to.mkdir(parents=True)
        for path in self.folder(key).iterdir():
            try:
                os.link(path, to / path.name)
            except OSError:  # another file system, or one without links
                shutil.copyfile(path, to / path.name)
