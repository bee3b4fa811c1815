"""Pascal VOC: an XML file for each photo, in `Annotations/` or beside it.

Format: the devkit of VOC2012 (host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc). It counts pixels from 1, and `xmax` is
the last pixel. CVAT (by Datumaro), Label Studio and labelImg write the edges of the box instead, counted from 0.
"""

from dataclasses import replace
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from pipeline.benchmarks.importing.labels import BoxXyxy, Labelled, Labels, Photo, check_once, each, number, text_of
from pipeline.benchmarks.importing.tree import Tree
from pipeline.errors import InputError

CORNERS = ("xmin", "ymin", "xmax", "ymax")


def read(tree: Tree, first_pixel: int) -> Labels:
    """All XML files of a folder. Categories are in the order of the alphabet: the format has none.

    `first_pixel` 1: the devkit's pixels. 0: edges, as tools write them.

    Raises:
        InputError: naming the file and the entry.
    """
    files = tree.with_suffix(".xml")
    if not files:
        raise InputError(f"{tree.root}: expected XML files of Pascal VOC, found none.")
    splits = _splits(tree)
    photos = each(lambda path: _photo(tree, path, first_pixel), files)
    check_once(photos)
    photos = [replace(p, split=splits.get(p.path.stem, tree.split_of(p.path))) for p in photos]
    names = sorted({o.category for p in photos for o in p.objects})
    left = len(tree.photos) - len(photos)
    return Labels(photos, names, [f"photos without an XML file, left out: {left}"] if left else [])


def _photo(tree: Tree, path: Path, first_pixel: int) -> Photo:
    root = _root(path)
    objects = [_labelled(f"{path}: object {n}", e, first_pixel) for n, e in enumerate(root.iter("object"), start=1)]
    size_wh = tuple(int(number(root.findtext(f"size/{side}", "0"), f"{path}: size")) for side in ("width", "height"))
    claimed_wh = (size_wh[0], size_wh[1]) if min(size_wh) > 0 else None
    return Photo(_picture(tree, path, root), str(path), claimed_wh, objects)


def _root(path: Path) -> Element:
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, LookupError, ValueError) as error:  # an unknown encoding, say
        raise InputError(f"{path}: expected XML, found damaged one: {error}.") from None
    if root.tag != "annotation":
        hint = " This is CVAT's own format: export as Pascal VOC." if root.tag == "annotations" else ""
        raise InputError(f"{path}: expected <annotation> of Pascal VOC, found <{root.tag}>.{hint}")
    return root


def _picture(tree: Tree, path: Path, root: Element) -> Path:
    """The photo of <filename>, or the one with the name of the XML file: people rename photos, and labels with them."""
    try:
        return tree.photo(root.findtext("filename", "").strip() or path.stem, f"{path}: filename")
    except InputError:
        return tree.photo(str(path.relative_to(tree.root).with_suffix("")), f"{path}: filename")


def _labelled(where: str, element: Element, first_pixel: int) -> Labelled:
    name = element.findtext("name", "").strip()
    if not name:
        raise InputError(f"{where}: expected <name>, found none.")
    if element.find("bndbox") is None:
        raise InputError(f"{where}: expected <bndbox>, found none.")
    x0, y0, x1, y1 = (number(element.findtext(f"bndbox/{c}"), f"{where}: {c}") for c in CORNERS)
    box_xyxy: BoxXyxy = (x0 - first_pixel, y0 - first_pixel, x1, y1)
    return Labelled(name, box_xyxy, where)


def _splits(tree: Tree) -> dict[str, str]:
    """Name of a photo without suffix -> split, as `ImageSets/Main/*.txt` say."""
    found: dict[str, str] = {}
    for path in tree.with_suffix(".txt"):
        if path.parent.name == "Main" and path.stem in ("train", "val", "test"):
            lines = (line.split() for line in text_of(path).splitlines())
            found |= {PurePosixPath(words[0]).name: path.stem for words in lines if words}
    return found
