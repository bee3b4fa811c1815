"""YOLO: a text file for each photo, and one with the names of the classes.

`labels/` parallel to `images/` (Ultralytics, CVAT's Ultralytics formats, Label Studio, Roboflow), or text files beside
the photos (labelImg, CVAT's YOLO 1.1 in `obj_train_data/`). Lines are `class x_centre y_centre width height` in parts
of the upright photo's sides, or `class x1 y1 x2 y2 ...`, an outline (docs.ultralytics.com/datasets).
"""

from collections import defaultdict
from pathlib import Path

from pipeline.benchmarks.importing.labels import BoxXyxy, Labelled, Labels, Photo, each, number, text_of
from pipeline.benchmarks.importing.tree import Tree
from pipeline.benchmarks.importing.yolo_names import Classes, find_classes
from pipeline.errors import InputError
from pipeline.photo import read_header

BOX = 5  # numbers of a line: the class and its box
TRACKED = 6  # with the number of a track, or a score
CORNERS = 3  # of the smallest outline


def read(tree: Tree, _first_pixel: int) -> Labels:
    """All photos of a folder; one without a text file, or with an empty one, shows no object.

    Raises:
        InputError: naming the file and the line.
    """
    classes = find_classes(tree)
    files = _label_files(tree, classes)
    if not files:
        raise InputError(f"{tree.root}: expected text files with labels beside the photos or in labels/, found none.")
    photos = each(lambda path: _photo(tree, path, files.get(path), classes), tree.photos)
    without = sum(path not in files for path in tree.photos)
    notes = [f"photos without a text file, which count as photos without an object: {without}"] if without else []
    return Labels(photos, classes.names, notes)


def _label_files(tree: Tree, classes: Classes) -> dict[Path, Path]:
    """Photo -> its text file."""
    texts = [p for p in tree.with_suffix(".txt") if p not in classes.files]
    by_stem = defaultdict(list)
    for path in texts:
        by_stem[path.stem].append(path)
    found = {photo: text for photo in tree.photos if (text := _text_of(photo, by_stem.get(photo.stem, [])))}
    used = set(found.values())
    each(_without_photo, (p for p in texts if p not in used and _has_labels(p)))
    return found


def _text_of(photo: Path, texts: list[Path]) -> Path | None:
    """The one beside the photo, or in the folder `labels` in place of `images`, or the only one of its name."""
    names = [*photo.with_suffix(".txt").parts]
    places = [Path(*names)]
    places += [Path(*names[:n], "labels", *names[n + 1 :]) for n, part in enumerate(names) if part == "images"]
    near = next((place for place in reversed(places) if place in texts), None)
    return near or (texts[0] if len(texts) == 1 else None)


def _has_labels(path: Path) -> bool:
    """Other text files are lists of photos, or notes."""
    words = path.read_text("utf-8", errors="replace").split(None, BOX)[:BOX]
    return len(words) == BOX and all(word.lstrip("-").replace(".", "", 1).isdigit() for word in words)


def _without_photo(path: Path) -> None:
    raise InputError(f"{path}: expected a photo of that name, found none.")


def _photo(tree: Tree, path: Path, labels: Path | None, classes: Classes) -> Photo:
    split = tree.split_of(path)
    if labels is None:
        return Photo(path, str(path), None, [], split)
    size_wh = read_header(path).upright_wh
    lines = enumerate(text_of(labels).splitlines(), start=1)
    filled = [(f"{labels}: line {n}", line.split()) for n, line in lines if line.strip()]
    return Photo(path, str(labels), None, each(lambda line: _labelled(*line, size_wh, classes), filled), split)


def _labelled(where: str, words: list[str], size_wh: tuple[int, int], classes: Classes) -> Labelled:
    index, *numbers = (number(word, where) for word in words)
    if index not in classes.by_index:
        known = ", ".join(f"{i} ({name})" for i, name in classes.by_index.items())
        raise InputError(f"{where}: expected a class of {classes.shown}, found {words[0]}. Known: {known}.")
    keypoints = classes.keypoints and len(words) > BOX
    if len(words) in (BOX, TRACKED) or keypoints:
        return Labelled(classes.by_index[int(index)], _box(numbers, size_wh), where)
    if len(numbers) < 2 * CORNERS or len(numbers) % 2:
        wanted = "class x y width height, or a class and the corners of an outline"
        raise InputError(f"{where}: expected {wanted}, found {len(words)} numbers.")
    return Labelled(classes.by_index[int(index)], _around(numbers, size_wh), where)


def _box(numbers: list[float], size_wh: tuple[int, int]) -> BoxXyxy:
    x, y, w, h = (value * size_wh[n % 2] for n, value in enumerate(numbers[:4]))
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def _around(numbers: list[float], size_wh: tuple[int, int]) -> BoxXyxy:
    """The box around an outline."""
    xs, ys = ([value * size_wh[n] for value in numbers[n::2]] for n in (0, 1))
    return min(xs), min(ys), max(xs), max(ys)
