"""Labels that an import refuses: one message each, and nothing is left."""

from pathlib import Path
from typing import Any

import pytest
from labelled import (
    WRITERS,
    coco_of,
    refused,
    run_import,
    write_coco,
    write_files,
    write_photos,
    write_voc,
    write_yolo,
)

from pipeline.errors import InputError


def edited(section: str, number: int, **values: Any) -> dict[str, Any]:
    coco = coco_of()
    coco[section][number].update(values)
    return coco


JSON = r"instances_default\.json"
WRONG_COCO = {
    "unknown category": (
        edited("annotations", 0, category_id=2),
        rf"{JSON}: annotation 0: expected a category id, found 2\. Known: 0 \(cat\), 5 \(dog\)",
    ),
    "a list for an id": (
        edited("annotations", 0, image_id=[1]),
        r"annotation 0: expected the id of an image, found \[1\]",
    ),
    "unknown image": (
        edited("annotations", 1, image_id=99),
        rf"{JSON}: annotation 7: expected the id of an image, found 99",
    ),
    "negative size": (
        edited("annotations", 0, bbox=[3, 2, -2, 4]),
        rf"{JSON}: annotation 0: expected a box with a positive size, found x 3 to 1, y 2 to 6 px",
    ),
    "no size": (edited("annotations", 0, bbox=[3, 2, 2, 0]), "annotation 0: expected a box with a positive size"),
    "less than rounding": (edited("annotations", 0, bbox=[3, 2, 0.001, 1]), "annotation 0: expected a box with a size"),
    "outside": (
        edited("annotations", 0, bbox=[3, 2, 5.5, 4]),
        rf"{JSON}: annotation 0: expected a box inside of 7x11 px, found x 3 to 8\.5, y 2 to 6",
    ),
    "left of it": (edited("annotations", 0, bbox=[-2, 2, 5, 4]), "annotation 0: expected a box inside of 7x11 px"),
    "not a number": (edited("annotations", 0, bbox=[float("nan"), 2, 3, 4]), "annotation 0: expected a box with a pos"),
    "no box": (edited("annotations", 0, bbox=None), r"annotation 0: expected bbox \[x, y, w, h\], found None"),
    "id of an annotation twice": (
        edited("annotations", 1, id=0),
        f"{JSON}: annotations: expected every id once, found 0",
    ),
    "id of an image twice": (edited("images", 1, id=30), f"{JSON}: images: expected every id once, found 30 twice"),
    "id of a category twice": (edited("categories", 1, id=5), f"{JSON}: categories: expected every id once, found 5"),
    "category twice": (edited("categories", 1, name="dog"), "categories: expected every name once"),
    "missing photo": (
        edited("images", 0, file_name="z.png"),
        rf"{JSON}: image 30: expected the photo 'z\.png' in .*, found none of that name",
    ),
    "photo twice": (
        edited("images", 0, file_name="b.png"),
        f"{JSON}: image 29: expected every photo once, found .*b.png",
    ),
    "another size": (
        edited("images", 0, width=70),
        rf"{JSON}: image 30: expected the size of .*a\.png, \(7, 11\), found width and height \(70, 11\)",
    ),
    "several": (
        {**coco_of(), "annotations": [{**a, "category_id": 3} for a in coco_of()["annotations"]]},
        r"annotation 0: .* found 3\. .* \(4 more like this\.\)",
    ),
    "no boxes": ({**coco_of(), "annotations": []}, "source: expected photos with at least one box, found none in 5"),
    "not COCO": (
        {"images": []},
        r"expected a JSON file with images, annotations, categories, found no such one\. .*inst",
    ),
}


@pytest.mark.parametrize("wrong", WRONG_COCO)
def test_wrong_coco_files_are_named(wrong: str, tmp_path: Path) -> None:
    coco, message = WRONG_COCO[wrong]
    refused("coco", write_coco(tmp_path / "source", coco), message)


def test_a_damaged_json_file(tmp_path: Path) -> None:
    source = write_coco(tmp_path / "source")
    write_files(source, {"annotations/instances_default.json": "{"})
    refused("coco", source, f"{JSON}: expected COCO annotations, found damaged JSON")


def test_two_photos_that_a_label_could_mean(tmp_path: Path) -> None:
    source = write_coco(tmp_path / "source")
    write_photos(source / "other", ["a.png"])
    refused("coco", source, r"image 30: expected one photo 'a\.png' in .*, found images/default/a\.png, other/a\.png")


WRONG_YOLO: dict[str, tuple[dict[str, str], str]] = {
    "class": (
        {"labels/a.txt": "0 .5 .5 1 1\n2 .5 .5 1 1"},
        r"a\.txt: line 2: expected a class of .*classes\.txt, found 2\. Kn",
    ),
    "half a class": ({"labels/a.txt": "0.5 .5 .5 1 1"}, r"a\.txt: line 1: expected a class of .*, found 0\.5"),
    "word": ({"labels/a.txt": "cat .5 .5 1 1"}, r"a\.txt: line 1: expected a number, found 'cat'"),
    "pixels": ({"labels/a.txt": "0 3 4 2 2"}, r"a\.txt: line 1: expected a box inside of 7x11 px, found x 14 to 28"),
    "negative": ({"labels/a.txt": "0 .5 .5 -.2 .2"}, r"a\.txt: line 1: expected a box with a positive size"),
    "short": ({"labels/a.txt": "0 .5 .5 .2"}, r"a\.txt: line 1: expected class x y width height, .* found 4 numbers"),
    "odd outline": ({"labels/a.txt": "0 .5 .5 .2 .1 .1 .3 .3"}, r"a\.txt: line 1: expected class .* found 8 numbers"),
    "missing photo": ({"labels/z.txt": "0 .5 .5 1 1"}, r"z\.txt: expected a photo of that name, found none"),
    "names that differ": (
        {"data.yaml": "names: [dog, cat]"},
        r"data\.yaml: expected the classes of .*classes|classes\.txt: exp",
    ),
    "damaged yaml": ({"data.yaml": "names: ["}, r"data\.yaml: expected YAML, found damaged one"),
    "no names": ({"classes.txt": "\n"}, r"classes\.txt: expected one name or more, each once, found \[\]"),
    "another encoding": ({"classes.txt": "k\udce4se\n"}, r"classes\.txt: expected text in UTF-8"),
    "name twice": (
        {"classes.txt": "cat\ncat\n"},
        r"classes\.txt: expected one name or more, each once, found \['cat', 'cat'\]",
    ),
}


@pytest.mark.parametrize("wrong", WRONG_YOLO)
def test_wrong_yolo_files_are_named(wrong: str, tmp_path: Path) -> None:
    files, message = WRONG_YOLO[wrong]
    source = write_yolo(tmp_path / "source")
    write_files(source, files)
    refused("yolo", source, message)


def test_missing_names_say_which_files_were_looked_for(tmp_path: Path) -> None:
    source = write_yolo(tmp_path / "source")
    (source / "classes.txt").unlink()
    refused(
        "yolo", source, r"expected the names of the classes, found none of: data\.yaml .* obj\.names .* classes\.txt"
    )


def test_no_text_file_at_all(tmp_path: Path) -> None:
    write_photos(tmp_path / "source")
    write_files(tmp_path / "source", {"classes.txt": "cat\n"})
    refused("yolo", tmp_path / "source", "expected text files with labels beside the photos or in labels/, found none")


OBJECT = "<annotation><filename>a.png</filename><object>{}</object></annotation>"
WRONG_VOC = {
    "damaged": ("<annotation>", r"a\.xml: expected XML, found damaged one"),
    "CVAT's own": (
        "<annotations/>",
        r"a\.xml: expected <annotation> .*, found <annotations>\. This is CVAT's own format",
    ),
    "no name": (OBJECT.format("<bndbox/>"), r"a\.xml: object 1: expected <name>, found none"),
    "no box": (OBJECT.format("<name>cat</name>"), r"a\.xml: object 1: expected <bndbox>, found none"),
    "no corner": (OBJECT.format("<name>cat</name><bndbox/>"), r"a\.xml: object 1: xmin: expected a number, found None"),
    "photo of another": ("<annotation><filename>b.png</filename></annotation>", r"b\.xml: expected every photo once"),
}


@pytest.mark.parametrize("wrong", WRONG_VOC)
def test_wrong_voc_files_are_named(wrong: str, tmp_path: Path) -> None:
    text, message = WRONG_VOC[wrong]
    source = write_voc(tmp_path / "source")
    write_files(source, {"a.xml": text})
    refused("voc", source, message)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_format_without_a_file_of_it(kind: str, tmp_path: Path) -> None:
    write_photos(tmp_path / "source")
    refused(kind, tmp_path / "source", "source: expected")


def test_an_export_without_its_photos(tmp_path: Path) -> None:
    source = write_yolo(tmp_path / "source")
    (source / "images").rename(tmp_path / "photos")
    refused("yolo", source, r"source: expected photos beside the labels, found none\. Export the labels with images")


def test_a_photo_that_is_not_whole(tmp_path: Path) -> None:
    source = write_coco(tmp_path / "source")
    path = source / "images" / "default" / "c.png"
    path.write_bytes(path.read_bytes()[:150])
    refused("coco", source, r"c\.png: expected a picture, found: image file is truncated")


def test_a_category_that_the_scene_does_not_have(tmp_path: Path) -> None:
    message = r"annotation \d+: expected one of --categories, found dog\. Did you mean 'dogs'\? Known: cat, dogs"
    refused("coco", write_coco(tmp_path / "source"), message, "--categories", "cat", "dogs")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--split", 1), r"--split: expected a part between 0 and 1, found 1\.0"),
        (("--max-px", 0), "--max-px: expected at least 1, found 0"),
        (("--categories", "cat", "cat"), "--categories: expected every name once, found cat cat"),
    ],
)
def test_wrong_options(options: tuple[object, ...], message: str, tmp_path: Path) -> None:
    refused("coco", write_coco(tmp_path / "source"), message, *options)


def test_a_folder_that_exists_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match=r"--to: expected a new folder, found .*out, which exists"):
        run_import("coco", write_coco(tmp_path / "source"), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_neither_a_stage_nor_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    from pipeline.benchmarks import __main__

    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr("sys.argv", ["benchmarks"])
        __main__.main()
    assert "expected --out, or the command import" in capsys.readouterr().err
