"""A frame on disk: a folder with `rgb.png` (8 bit sRGB), `ids.png` (16 bit, 0 is background), `layers.npz` (float32,
only when `render.layers` names any) and `frame.json`, which carries the checksums of the others, so that a damaged
frame is found when it is read.
"""

import hashlib
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import TypeAdapter

from pipeline.errors import InputError
from pipeline.frame import Camera, Frame, Instance

FACTS = ("split", "index", "categories", "drawn", "keypoint_names", "sequence", "step", "device")
READ_CAMERA = TypeAdapter(Camera | None)
READ_INSTANCES = TypeAdapter(tuple[Instance, ...])


def png_bytes(pixels: npt.NDArray[Any]) -> bytes:
    """Encode uint8 [H, W, 3] or uint16 [H, W]; no metadata, so that equal pixels give equal bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def npz_bytes(layers: dict[str, npt.NDArray[np.float32]]) -> bytes:
    """Compressed arrays by name; numpy writes no clock into them."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **layers)
    return buffer.getvalue()


def frame_files(frame: Frame) -> dict[str, bytes]:
    """The files of a frame by name: the same frame gives the same bytes."""
    files = {"rgb.png": png_bytes(frame.rgb), "ids.png": png_bytes(frame.ids)}
    if frame.layers:
        files["layers.npz"] = npz_bytes(frame.layers)
    facts = {name: getattr(frame, name) for name in FACTS}
    facts["size_wh"] = [frame.rgb.shape[1], frame.rgb.shape[0]]
    facts["camera"] = asdict(frame.camera) if frame.camera else None
    facts["instances"] = [asdict(i) for i in frame.instances]
    facts["sha256"] = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return files | {"frame.json": (json.dumps(facts, sort_keys=True) + "\n").encode()}


def write_frame(frame: Frame, folder: Path) -> None:
    """Write the files of a frame into an existing folder."""
    for name, data in frame_files(frame).items():
        (folder / name).write_bytes(data)


def read_facts(folder: Path) -> dict[str, Any]:
    """The facts of a frame, after checking its pictures. Raises InputError that names the damaged file."""
    path = folder / "frame.json"
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        expected = {name: facts["sha256"][name] for name in {"rgb.png", "ids.png", *facts["sha256"]}}
        missing = {*FACTS, "camera", "instances"} - set(facts)
    except FileNotFoundError:
        raise InputError(f"{path}: expected the facts of a frame, found no file.") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: expected the facts of a frame, found a damaged file.") from None
    if missing:
        raise InputError(f"{path}: expected the facts of a frame, found none of {sorted(missing)}.")
    for name, checksum in expected.items():
        picture = folder / name
        found = hashlib.sha256(picture.read_bytes()).hexdigest() if picture.exists() else "no file"
        if found != checksum:
            raise InputError(f"{picture}: expected the picture with sha256 {checksum[:12]}, found {found[:12]}.")
    return facts


def read_frame(folder: Path, pixels: bool = True) -> Frame:
    """Read a frame back; without `pixels` colours and layers are left out. InputError names the damaged file."""
    facts = read_facts(folder)
    plain = {name: facts[name] for name in FACTS}
    plain["categories"] = tuple(facts["categories"])
    plain["keypoint_names"] = {category: tuple(names) for category, names in facts["keypoint_names"].items()}
    return Frame(
        **plain,
        rgb=np.asarray(Image.open(folder / "rgb.png")) if pixels else np.zeros((0, 0, 3), np.uint8),
        ids=np.asarray(Image.open(folder / "ids.png")).astype(np.uint16),
        camera=READ_CAMERA.validate_python(facts["camera"]),
        instances=READ_INSTANCES.validate_python(facts["instances"]),
        layers=read_layers(folder / "layers.npz") if pixels else {},
        sha256=facts["sha256"],
    )


def read_layers(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """depth [H, W] m, normals [H, W, 3], flow [H, W, 2] px: those that were rendered."""
    if not path.exists():
        return {}
    with np.load(path) as layers:
        return {name: layers[name] for name in layers.files}
