"""What is varied from frame to frame: name in params.yaml -> module, in the order in which they are applied."""

import bpy  # noqa: F401  # first: mathutils and bmesh are found only after it

from blender.randomizers import (
    background,
    camera,
    distractors,
    environment,
    geometry,
    light,
    material,
    motion,
    placement,
    sensor,
)
from blender.randomizers.base import Randomizer

RANDOMIZERS: dict[str, Randomizer] = {
    "camera": camera,
    "background": background,
    "light": light,
    "environment": environment,
    "material": material,
    "geometry": geometry,
    "placement": placement,
    "distractors": distractors,
    "motion": motion,
    "sensor": sensor,
}
