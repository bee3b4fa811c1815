"""TFRecord files as TensorFlow's object detection writes them: photos as JPEG, and the boxes on each.

Format: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details; the messages are those of
tensorflow/core/example/example.proto and feature.proto. Its check sums are not looked at: git has checked the files.
"""

import struct
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import IO, Any

from google.protobuf import descriptor_pool, message_factory, text_format  # type: ignore[import-untyped]
from google.protobuf.descriptor_pb2 import FileDescriptorProto  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from pipeline.benchmarks.dice_labels import NAMES, Die, Photos, die_of
from pipeline.errors import InputError

HEADER, FOOTER = struct.Struct("<QI"), struct.Struct("<I")  # length and its check sum; check sum of the data
BOX = ("xmin", "ymin", "xmax", "ymax")  # in parts of the photo's size
MESSAGES = """
name: "example.proto" package: "tf" syntax: "proto3"
message_type { name: "Bytes" field { name: "value" number: 1 label: LABEL_REPEATED type: TYPE_BYTES } }
message_type { name: "Floats" field { name: "value" number: 1 label: LABEL_REPEATED type: TYPE_FLOAT } }
message_type {
  name: "Feature"
  field { name: "bytes_list" number: 1 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".tf.Bytes" }
  field { name: "float_list" number: 2 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".tf.Floats" }
}
message_type {
  name: "Features"
  field { name: "feature" number: 1 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".tf.Features.FeatureEntry" }
  nested_type {
    name: "FeatureEntry" options { map_entry: true }
    field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
    field { name: "value" number: 2 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".tf.Feature" }
  }
}
message_type {
  name: "Example"
  field { name: "features" number: 1 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".tf.Features" }
}
"""


def read_records(path: Path, room: Path) -> Photos:
    """The boxes of each photo in a file; the photos are written into the folder `room`, bytes as they are.

    Raises:
        InputError: naming the record: one that is cut off or no example, a name that is no file's or comes twice, a
            class or box that is none.
    """
    photos: Photos = {}
    for where, example in _examples(path):
        name, photo = (_one(example, f"image/{key}", where) for key in ("filename", "encoded"))
        file_name = name.decode("utf-8", "replace")
        if PurePath(file_name).name != file_name or (room / file_name).exists():
            raise InputError(f"{where}: expected the name of another photo, found {file_name!r}.")
        (room / file_name).write_bytes(photo)
        photos[file_name] = _dice(example, where)
    return photos


def _examples(path: Path) -> Iterator[tuple[str, Any]]:
    """Each record's place in the file, for errors, and its features by name."""
    pool = descriptor_pool.DescriptorPool()
    pool.Add(text_format.Parse(MESSAGES, FileDescriptorProto()))
    example = message_factory.GetMessageClass(pool.FindMessageTypeByName("tf.Example"))
    with path.open("rb") as file:
        for number, data in enumerate(_parts(file, path), start=1):
            where = f"{path}: record {number}"
            try:
                yield where, example.FromString(data).features.feature
            except DecodeError:
                raise InputError(f"{where}: expected an example of TensorFlow, found other data.") from None


def _parts(file: IO[bytes], path: Path) -> Iterator[bytes]:
    left = path.stat().st_size
    while left:
        header = file.read(HEADER.size)
        size = HEADER.unpack(header)[0] if len(header) == HEADER.size else left
        left -= HEADER.size + size + FOOTER.size
        if left < 0:
            raise InputError(f"{path}: expected whole records, found one that is cut off, or another kind of file.")
        yield file.read(size)
        file.read(FOOTER.size)


def _one(example: Any, key: str, where: str) -> bytes:
    values = list(example[key].bytes_list.value) if key in example else []
    if len(values) != 1:
        raise InputError(f"{where}: expected one {key}, found {len(values)}.")
    value: bytes = values[0]
    return value


def _dice(example: Any, where: str) -> list[Die]:
    names = list(example["image/object/class/text"].bytes_list.value)
    sides = [list(example[f"image/object/bbox/{key}"].float_list.value) for key in BOX]
    if {len(side) for side in sides} != {len(names)}:
        found = ", ".join(str(len(side)) for side in sides)
        raise InputError(f"{where}: expected four sides for each of {len(names)} classes, found {found}.")
    boxes = zip(*sides, strict=True)
    return [die_of(n.decode("utf-8", "replace"), NAMES, box, where) for n, box in zip(names, boxes, strict=True)]
