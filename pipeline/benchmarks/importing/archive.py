"""A folder, or an archive as labelling tools export it, unpacked where nothing of it can do harm."""

import gzip
import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO

from pipeline.errors import InputError

MAX_MEMBERS = 100_000
MAX_BYTES = 16 * 2**30  # unpacked
DAMAGED = (
    *(zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, lzma.LZMAError),
    *(EOFError, RuntimeError),  # RuntimeError: a password is wanted, or a compression that Python does not know
)


@dataclass(frozen=True)
class Member:
    """A file of an archive."""

    name: str
    size: int  # bytes, unpacked
    plain: bool  # a file, not a link or a device
    open: Callable[[], IO[bytes] | None]


@contextmanager
def unpacked(source: Path) -> Iterator[Path]:
    """The folder itself, or a temporary one with the files of an archive (zip, or tar with any compression).

    Errors about unpacked files name them as if the archive were a folder.

    Raises:
        InputError: for what is neither, a damaged archive, or one with members that lie outside of its folder, are
            links, or are too many or too large. Then nothing is unpacked.
    """
    if source.is_dir():
        yield source
        return
    with TemporaryDirectory() as folder:
        try:
            _unpack(source, Path(folder))
            yield Path(folder)
        except InputError as error:
            raise InputError(str(error).replace(folder, str(source))) from None


def _unpack(source: Path, folder: Path) -> None:
    if not source.is_file():
        raise InputError(f"{source}: expected a folder or an archive, found none.")
    try:
        if zipfile.is_zipfile(source):
            with zipfile.ZipFile(source) as opened_zip:
                _write(_checked(source, _zip_members(opened_zip)), folder)
        elif tarfile.is_tarfile(source):
            with tarfile.open(source) as opened_tar:
                _write(_checked(source, _tar_members(opened_tar)), folder)
        else:
            raise InputError(f"{source}: expected a folder, or a zip or tar archive, found another file.")
    except DAMAGED as error:
        raise InputError(f"{source}: expected a whole archive, found: {error}.") from None


def _zip_members(archive: zipfile.ZipFile) -> Iterator[Member]:
    for info in archive.infolist():
        if not info.is_dir():
            kind = stat.S_IFMT(info.external_attr >> 16)  # 0 where the system that packed it has no such thing
            yield Member(info.filename, info.file_size, kind in (0, stat.S_IFREG), lambda i=info: archive.open(i))  # type: ignore[misc]


def _tar_members(archive: tarfile.TarFile) -> Iterator[Member]:
    for info in archive:
        if not info.isdir():
            yield Member(info.name, info.size, info.isreg(), lambda i=info: archive.extractfile(i))  # type: ignore[misc]


def _checked(source: Path, members: Iterator[Member]) -> list[Member]:
    """All members, before anything is written; stops reading at the first that must not be."""
    found: list[Member] = []
    size = 0
    for member in members:
        where = f"{source}: member {member.name!r}"
        path = PurePosixPath(_slashes(member.name))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise InputError(f"{where}: expected a place inside of the archive's folder, found one outside.")
        if not member.plain:
            raise InputError(f"{where}: expected a file, found a link or something else.")
        found.append(member)
        size += member.size
        if len(found) > MAX_MEMBERS or size > MAX_BYTES:
            most = f"{MAX_MEMBERS} files and {MAX_BYTES // 2**30} GiB"
            raise InputError(f"{source}: expected an archive of at most {most}, found more.")
    return found


def _slashes(name: str) -> str:
    """Some programs on Windows write backslashes, which the format does not know."""
    return name.replace("\\", "/")


def _write(members: list[Member], folder: Path) -> None:
    for member in members:
        target = folder / _slashes(member.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        packed = member.open()
        if packed is not None:
            with packed, target.open("wb") as file:
                shutil.copyfileobj(packed, file)
