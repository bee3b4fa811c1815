"""Turns that look alike, of objects whose scene says so: `symmetry`; beyond COCO's own fields.

`axis`: any turn about the own z axis through the middle of the 3D box; `sphere`: any turn about that middle; a
number n: turns about that axis by 360 degrees / n. An error of a pose is the smallest over these turns, as in BOP
(Hodan et al. 2018), whose models have symmetries_continuous and symmetries_discrete.
"""

from typing import Any

from pipeline.frame import Frame, Instance
from pipeline.masks import Region
from pipeline.params import Labels


def encode(frame: Frame, instance: Instance, region: Region, labels: Labels) -> dict[str, Any]:
    symmetry = instance.drawn.get("symmetry")
    return {} if symmetry is None else {"symmetry": symmetry}
