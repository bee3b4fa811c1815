"""Trained networks as files that run without this project. One entry for each format: how it is written and read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.deploy import exported, onnx_file, torchscript
from pipeline.deploy.plain import Plain, Run


@dataclass(frozen=True)
class Format:
    """A kind of file that holds a network, and the text of its card."""

    suffix: str
    write: Callable[[Plain, str, Path], None]
    read: Callable[[Path], tuple[Run, str]]  # what runs it, and the card


FORMATS = {
    "onnx": Format(".onnx", onnx_file.write, onnx_file.read),
    "torchscript": Format(".torchscript", torchscript.write, torchscript.read),
    "exported": Format(".pt2", exported.write, exported.read),
}
