"""A user's .blend, as small as can be. For blender_*.py only: imports bpy."""

from pathlib import Path
from typing import Any

import bpy

from blender.objects.primitives import solid
from blender.world import add, empty_world


def mark(name: str, thing: Any, location: tuple[float, float, float]) -> None:
    """An empty as a child of the thing."""
    empty = add(f"keypoint.{name}", None)
    empty.parent, empty.location = thing, location


def growing() -> Any:
    """A group of geometry nodes that makes a cube: its side is the input Side times the input Times."""
    group = bpy.data.node_groups.new("Growing", "GeometryNodeTree")
    for name, kind in (("Side", "Float"), ("Times", "Int"), ("Solid", "Bool"), ("Name", "String"), ("Kind", "Menu")):
        group.interface.new_socket(name, in_out="INPUT", socket_type=f"NodeSocket{kind}")
    group.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    given, out = group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")
    cube, product = group.nodes.new("GeometryNodeMeshCube"), group.nodes.new("ShaderNodeMath")
    menu, switch = group.nodes.new("GeometryNodeMenuSwitch"), group.nodes.new("GeometryNodeSwitch")
    menu.data_type = "GEOMETRY"  # its entries are A and B
    product.operation = "MULTIPLY"
    for start, end in (
        (given.outputs["Side"], product.inputs[0]),
        (given.outputs["Times"], product.inputs[1]),
        (product.outputs[0], cube.inputs["Size"]),
        (given.outputs["Kind"], menu.inputs[0]),
        (cube.outputs["Mesh"], menu.inputs["B"]),
        (given.outputs["Solid"], switch.inputs["Switch"]),
        (menu.outputs[0], switch.inputs["True"]),
        (switch.outputs[0], out.inputs[0]),
    ):
        group.links.new(start, end)
    return group


def write_blend(path: Path) -> Path:
    """Die: 2 x 4 x 6 cm, scaled by 2 and turned to stand on its side, away from the origin, with two keypoints.

    Coins: a collection of two boxes. Plant: geometry nodes. Table: an object with a part. Lamp: no surface.
    """
    empty_world((4, 3))
    die = add("Die", solid("cube", (0.02, 0.04, 0.06)))
    die.location, die.scale, die.rotation_euler = (3.0, 2.0, 1.0), (2.0, 2.0, 2.0), (0.0, 1.5707963, 0.0)
    mark("top", die, (0.0, 0.0, 0.03))
    mark("one", die, (0.01, 0.0, 0.0))
    coins = bpy.data.collections.new("Coins")
    bpy.context.scene.collection.children.link(coins)
    for name in ("Penny", "Pound"):
        coins.objects.link(bpy.data.objects.new(name, solid("cube", (0.04, 0.04, 0.01))))
    plant = add("Plant", bpy.data.meshes.new("plant"))
    plant.modifiers.new("Growing", "NODES").node_group = growing()
    add("Leg", solid("cube", (0.01, 0.01, 0.01))).parent = add("Table", solid("cube", (1.0, 1.0, 0.1)))
    add("Lamp", bpy.data.lights.new("Lamp", "POINT"))
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, check_existing=False)
    return path
