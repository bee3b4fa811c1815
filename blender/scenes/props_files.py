"""The user's folder of objects: a folder for each category, in it files of one object each."""

from pathlib import Path

from blender.assets import found_in
from blender.objects import meshes
from pipeline.errors import InputError

KEY = "params.yaml: scene"
SUFFIXES = (*meshes.SUFFIXES, ".blend")
LAYOUT = "expected a folder for each category, with files of objects in it"
# Files of objects that are not read. Everything else that lies there (textures, .mtl, .bin, notes) is left alone
FOREIGN: tuple[str, ...] = (".3ds", ".3mf", ".abc", ".dae", ".dxf", ".fbx", ".lwo", ".max", ".off", ".step", ".stp")
FOREIGN += (".usd", ".usda", ".usdc", ".usdz", ".wrl", ".x3d")


def category_names(folder: str) -> tuple[str, ...]:
    """The folders in it, sorted. Raises InputError where there are none."""
    top = Path(folder)
    if not top.is_dir():
        raise InputError(f"{KEY}.folder: {LAYOUT}, found no folder {folder}.")
    names = sorted(p.name for p in top.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not names:
        loose = sum(p.suffix.lower() in SUFFIXES for p in top.iterdir())
        found = f"{loose} files that belong into one" if loose else "an empty folder"
        raise InputError(f"{KEY}.folder: {LAYOUT}, found {found}: {folder}.")
    return tuple(names)


def files_of(folder: str) -> dict[str, list[Path]]:
    """Category -> files of its objects, sorted. Raises InputError for a category without any, or a foreign format."""
    found = {name: Path(folder) / name for name in category_names(folder)}
    for name, place in found.items():
        if foreign := found_in(str(place), FOREIGN):
            hint = "Export it as .glb (in Blender: File > Import, then File > Export > glTF 2.0)."
            raise InputError(f"{place / foreign[0]}: expected one of {', '.join(SUFFIXES)}. {hint}")
        if not found_in(str(place), SUFFIXES):
            raise InputError(f"{place}: expected objects of the category {name}: {', '.join(SUFFIXES)}, found none.")
    return {name: [place / file for file in found_in(str(place), SUFFIXES)] for name, place in found.items()}
