"""Archives of labelled photos that must not be unpacked, or cannot be."""

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from labelled import (
    coco_of,
    refused,
    write_coco,
    write_files,
)

from pipeline.benchmarks.importing import archive


def packed_zip(path: Path, name: str, mode: int = 0) -> None:
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("classes.txt", "cat\n")
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        opened.writestr(info, "/etc/hostname")


def packed_tar(path: Path, name: str, kind: bytes = tarfile.REGTYPE) -> None:
    with tarfile.open(path, "w:gz") as opened:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/hostname" if kind != tarfile.REGTYPE else ""
        opened.addfile(info, io.BytesIO(b""))


UNSAFE: dict[str, tuple[Callable[[Path], None], str]] = {
    "up.zip": (lambda p: packed_zip(p, "../a.txt"), r"member '\.\./a\.txt': expected a place inside"),
    "deep.zip": (lambda p: packed_zip(p, "x/../../a.txt"), "member 'x/../../a.txt': expected a place inside"),
    "root.zip": (lambda p: packed_zip(p, "/tmp/a.txt"), "member '/tmp/a.txt': expected a place inside"),
    "drive.zip": (lambda p: packed_zip(p, "C:\\a.txt"), "expected a place inside of the archive's folder"),
    "windows.zip": (lambda p: packed_zip(p, "..\\a.txt"), "expected a place inside of the archive's folder"),
    "link.zip": (
        lambda p: packed_zip(p, "a.txt", stat.S_IFLNK | 0o777),
        "member 'a.txt': expected a file, found a link",
    ),
    "up.tar.gz": (lambda p: packed_tar(p, "../a.txt"), r"member '\.\./a\.txt': expected a place inside"),
    "link.tar.gz": (lambda p: packed_tar(p, "a.txt", tarfile.SYMTYPE), "member 'a.txt': expected a file, found a link"),
    "hard.tar.gz": (lambda p: packed_tar(p, "a.txt", tarfile.LNKTYPE), "member 'a.txt': expected a file, found a link"),
    "pipe.tar.gz": (
        lambda p: packed_tar(p, "a.txt", tarfile.FIFOTYPE),
        "member 'a.txt': expected a file, found a link",
    ),
    "text.zip": (lambda p: write_files(p.parent, {p.name: "text"}), "expected a folder, or a zip or tar archive"),
    "missing.zip": (lambda p: None, r"missing\.zip: expected a folder or an archive, found none"),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_unsafe_archives_are_not_unpacked(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack, message = UNSAFE[name]
    source = tmp_path / "in" / name
    source.parent.mkdir()
    pack(source)
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(room))
    written: list[Path] = []
    monkeypatch.setattr(archive, "_write", lambda members, folder: written.append(folder))
    refused("yolo", source, message)
    assert written == [] and list(room.rglob("*")) == []


def test_archives_that_would_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("zeros.png", b"\0" * 2**20)
    assert (tmp_path / "bomb.zip").stat().st_size < 2000
    monkeypatch.setattr(archive, "MAX_BYTES", 2**20 - 1)
    refused("yolo", tmp_path / "bomb.zip", r"bomb\.zip: expected an archive of at most .* GiB, found more")
    monkeypatch.setattr(archive, "MAX_BYTES", 2**30)
    monkeypatch.setattr(archive, "MAX_MEMBERS", 0)
    refused("yolo", tmp_path / "bomb.zip", r"bomb\.zip: expected an archive of at most 0 files")


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_a_damaged_archive(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"export{suffix}"
    (packed_zip if suffix == ".zip" else packed_tar)(path, "images/a.txt")
    data = bytearray(path.read_bytes())
    data[35:50] = bytes(15)
    path.write_bytes(data)
    refused("yolo", path, r"export.*: expected (a whole archive|a folder, or a zip or tar archive), found")


def test_errors_in_an_archive_name_it_as_a_folder(tmp_path: Path) -> None:
    coco = coco_of()
    coco["annotations"][0]["category_id"] = 2
    source = write_coco(tmp_path / "source", coco)
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as opened:
        for path in source.rglob("*"):
            opened.write(path, path.relative_to(source))
    message = r"^.*/export\.zip/annotations/instances_default\.json: annotation 0: expected a category id"
    refused("coco", tmp_path / "export.zip", message)
