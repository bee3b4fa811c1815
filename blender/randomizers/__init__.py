"""What is varied from frame to frame: name in params.yaml -> module, in the order in which they are applied."""

import bpy  # noqa: F401  # first: mathutils and bmesh are found only after it

from blender.randomizers import camera, distractors, light, material, placement, sensor, surface
from blender.randomizers.base import Randomizer

RANDOMIZERS: dict[str, Randomizer] = {
    "camera": camera,
    "surface": surface,
    "light": light,
    "material": material,
    "placement": placement,
    "distractors": distractors,
    "sensor": sensor,
}
