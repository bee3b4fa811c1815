"""Pascal VOC: `JPEGImages/`, an XML file for each image in `Annotations/`, and lists of names in `ImageSets/Main/`.

Format: the devkit of VOC2012 (host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc). Pixels count from 1.
"""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from tqdm import tqdm

from pipeline.coco import names_of
from pipeline.export.shapes import voc_object
from pipeline.export.source import Entry, Options, Split, box_xyxy, name_of, place_picture

CHANNELS = 3  # pictures are read as RGB


def write(splits: Sequence[Split], out: Path, options: Options) -> None:
    """Write all splits into the same folders, as VOC does: their names differ by the name of the split."""
    for folder in ("Annotations", "ImageSets/Main"):
        (out / folder).mkdir(parents=True)
    for split in splits:
        names = []
        for image, objects in tqdm(list(split.pairs()), unit="image", desc=split.name, mininterval=2):
            name = name_of(split, image)
            picture = place_picture(split, image, out / "JPEGImages", name, options.copy)
            _write_xml(out / "Annotations" / f"{name}.xml", annotation_of(split, image, objects, out.name, picture))
            names.append(name)
        (out / "ImageSets" / "Main" / f"{split.name}.txt").write_text(
            "".join(f"{n}\n" for n in names), encoding="utf-8"
        )


def annotation_of(split: Split, image: Entry, objects: Sequence[Entry], folder: str, picture: str) -> Element:
    """<annotation> of an image; `folder` is the name of the data set."""
    root = Element("annotation")
    SubElement(root, "folder").text = folder
    SubElement(root, "filename").text = picture
    size = SubElement(root, "size")
    for tag, value in (("width", image["width"]), ("height", image["height"]), ("depth", CHANNELS)):
        SubElement(size, tag).text = str(value)
    SubElement(root, "segmented").text = "0"
    names = names_of(split.coco)
    root.extend(_object(annotation, image, names[annotation["category_id"]]) for annotation in objects)
    return root


def _object(annotation: Entry, image: Entry, name: str) -> Element:
    element = voc_object(box_xyxy(annotation, image), name)
    cut_off = annotation.get("truncated_fraction", 0) > 0
    for place, (tag, text) in enumerate(
        {"pose": "Unspecified", "truncated": str(int(cut_off)), "difficult": "0"}.items()
    ):
        flag = Element(tag)
        flag.text = text
        element.insert(1 + place, flag)  # between the name and the box, as in VOC
    return element


def _write_xml(path: Path, root: Element) -> None:
    ElementTree.indent(root)
    path.write_text(ElementTree.tostring(root, encoding="unicode") + "\n", encoding="utf-8")
