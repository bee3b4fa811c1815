"""The Blender world of one frame: emptied, filled by a scene, varied by randomizers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import bpy

from blender.picture.lens import Lens


@dataclass
class Labelled:
    """An object that gets labels."""

    object: Any  # bpy.types.Object, its origin at its middle, lying on the ground plane z = 0
    category: str
    radius_m: float  # of the circle on the ground that nothing else should touch
    drawn: dict[str, Any] = field(default_factory=dict)
    keypoints: dict[str, tuple[float, float, float]] = field(default_factory=dict)  # in its own coordinates, unscaled
    place: int = 0  # among what the scene built; lists of drawn values go by it, also after some found no room
    kept_slots: int = 0  # its last material slots are not `material`'s: pips, prints
    on_colour: Callable[[tuple[float, float, float]], None] | None = None  # told the colour that `material` gave it


@dataclass
class World:
    """What scenes and randomizers work on. Lengths in metres, the ground is the plane z = 0."""

    size_wh: tuple[int, int]  # of the picture, px
    camera: Any
    ground: Any
    objects: list[Labelled]
    lens: Lens | None = None  # its distortion, which the randomizer sensor decides
    motion: dict[str, Any] | None = None  # what moves from frame to frame of a sequence, see sequence.py

    @property
    def scene(self) -> Any:
        return bpy.context.scene


KEPT = ("scenes", "screens", "workspaces", "window_managers", "fonts", "libraries", "brushes")


def empty_world(size_wh: tuple[int, int]) -> World:
    """Remove whatever the last frame left, and put a camera and a ground into the emptiness."""
    left = [block for kind in _kinds() for block in kind]
    bpy.data.batch_remove(left)
    camera = add("camera", bpy.data.cameras.new("camera"))
    bpy.context.scene.camera = camera
    ground = add("ground", _square(half_side_m=100.0))
    return World(size_wh=size_wh, camera=camera, ground=ground, objects=[])


def _kinds() -> list[Any]:
    names = (p.identifier for p in bpy.types.BlendData.bl_rna.properties if p.type == "COLLECTION")
    return [getattr(bpy.data, name) for name in names if name not in KEPT]


def _square(half_side_m: float) -> Any:
    s = half_side_m
    mesh = bpy.data.meshes.new("ground")
    mesh.from_pydata([(-s, -s, 0), (s, -s, 0), (s, s, 0), (-s, s, 0)], [], [(0, 1, 2, 3)])
    return mesh


def add(name: str, data: Any) -> Any:
    """A new object with this data in the scene."""
    made = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(made)
    return made


def principled(name: str) -> tuple[Any, Any]:
    """A new material and its Principled node."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    return material, material.node_tree.nodes["Principled BSDF"]
