"""The contract between blender/ and pipeline/: one rendered view and the facts about what is in it.

On disk a frame is a folder: `rgb.png` (8 bit sRGB), `ids.png` (16 bit, 0 is background) and `frame.json`,
which carries the checksums of the two pictures, so that a damaged frame is found when it is read.
"""

import hashlib
import io
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from pipeline.errors import InputError

PICTURES = ("rgb.png", "ids.png")


@dataclass(frozen=True)
class Instance:
    """One object of a known category in a frame, seen or not."""

    id: int  # its value in `Frame.ids`, from 1
    category: str
    amodal_box_xyxy: tuple[float, float, float, float]  # px; of the whole silhouette, may leave the image
    amodal_area_px: int  # pixels of the whole silhouette, also those hidden or outside of the image
    truncated_fraction: float  # part of the silhouette that lies outside of the image
    drawn: dict[str, Any] = field(default_factory=dict)  # values drawn for it


@dataclass(frozen=True)
class Frame:
    """Pixels of one view and the facts about them."""

    split: str
    index: int
    rgb: npt.NDArray[np.uint8]  # [H, W, 3]
    ids: npt.NDArray[np.uint16]  # [H, W], instance ids, exact: not antialiased
    categories: tuple[str, ...]
    instances: tuple[Instance, ...]
    drawn: dict[str, Any] = field(default_factory=dict)  # values drawn, by randomizer


def png_bytes(pixels: npt.NDArray[Any]) -> bytes:
    """Encode uint8 [H, W, 3] or uint16 [H, W]; no metadata, so that equal pixels give equal bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def write_frame(frame: Frame, folder: Path) -> None:
    """Write the three files of a frame into an existing folder."""
    files = {"rgb.png": png_bytes(frame.rgb), "ids.png": png_bytes(frame.ids)}
    facts = {
        "split": frame.split,
        "index": frame.index,
        "size_wh": [frame.rgb.shape[1], frame.rgb.shape[0]],
        "categories": list(frame.categories),
        "instances": [asdict(i) for i in frame.instances],
        "drawn": frame.drawn,
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "frame.json").write_text(json.dumps(facts, sort_keys=True) + "\n", encoding="utf-8")


def read_facts(folder: Path) -> dict[str, Any]:
    """The facts of a frame, after checking its pictures. Raises InputError that names the damaged file."""
    path = folder / "frame.json"
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        expected = {name: facts["sha256"][name] for name in PICTURES}
    except FileNotFoundError:
        raise InputError(f"{path}: expected the facts of a frame, found no file.") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: expected the facts of a frame, found a damaged file.") from None
    for name, checksum in expected.items():
        picture = folder / name
        found = hashlib.sha256(picture.read_bytes()).hexdigest() if picture.exists() else "no file"
        if found != checksum:
            raise InputError(f"{picture}: expected the picture with sha256 {checksum[:12]}, found {found[:12]}.")
    return facts


def read_frame(folder: Path) -> Frame:
    """Read a frame back. Raises InputError that names the damaged file."""
    facts = read_facts(folder)
    instances = tuple(
        Instance(**{**values, "amodal_box_xyxy": tuple(values["amodal_box_xyxy"])}) for values in facts["instances"]
    )
    return Frame(
        split=facts["split"],
        index=facts["index"],
        rgb=np.asarray(Image.open(folder / "rgb.png")),
        ids=np.asarray(Image.open(folder / "ids.png")).astype(np.uint16),
        categories=tuple(facts["categories"]),
        instances=instances,
        drawn=facts["drawn"],
    )
