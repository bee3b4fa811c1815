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


def _with_two_settings() -> None:
    """Cushion: a cube of 10 cm, which only the renderer subdivides. Wire: a ring that only it makes round."""
    cushion = add("Cushion", solid("cube", (0.1, 0.1, 0.1)))
    smooth = cushion.modifiers.new("Smooth", "SUBSURF")
    smooth.levels, smooth.render_levels = 0, 2
    hidden = cushion.modifiers.new("Twice as high", "SIMPLE_DEFORM")
    hidden.deform_method, hidden.factor = "STRETCH", 1.0
    hidden.show_viewport, hidden.show_render = True, False
    curve = bpy.data.curves.new("wire", "CURVE")
    curve.dimensions, curve.bevel_depth, curve.resolution_u, curve.render_resolution_u = "3D", 0.01, 1, 12
    ring = curve.splines.new("BEZIER")
    ring.bezier_points.add(3)
    for point, place in zip(ring.bezier_points, ((0.1, 0, 0), (0, 0.1, 0), (-0.1, 0, 0), (0, -0.1, 0)), strict=True):
        point.co, point.handle_left_type, point.handle_right_type = place, "AUTO", "AUTO"
    ring.use_cyclic_u = True
    add("Wire", curve)


def _scattered() -> None:
    """Bush: a cube of 2 cm as an instance on each corner of a cube of 10 cm, which is not there itself."""
    group = bpy.data.node_groups.new("Scatter", "GeometryNodeTree")
    for way in ("INPUT", "OUTPUT"):
        group.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
    given, out = group.nodes.new("NodeGroupInput"), group.nodes.new("NodeGroupOutput")
    leaf, spread = group.nodes.new("GeometryNodeMeshCube"), group.nodes.new("GeometryNodeInstanceOnPoints")
    leaf.inputs["Size"].default_value = (0.02, 0.02, 0.02)
    group.links.new(given.outputs[0], spread.inputs["Points"])
    group.links.new(leaf.outputs["Mesh"], spread.inputs["Instance"])
    group.links.new(spread.outputs[0], out.inputs[0])
    add("Bush", solid("cube", (0.1, 0.1, 0.1))).modifiers.new("Scatter", "NODES").node_group = group
    add("Cloud", solid("cube", (0.1, 0.1, 0.1))).modifiers.new("Dust", "PARTICLE_SYSTEM")


def write_blend(path: Path) -> Path:
    """Die: 2 x 4 x 6 cm, scaled by 2 and turned to stand on its side, away from the origin, with two keypoints.

    Coins: a collection of two boxes. Plant: geometry nodes. Table: an object with a part. Lamp: no surface.
    Cushion, Wire: other settings for rendering than to work with. Bush: instances. Cloud: particles.
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
    _with_two_settings()
    _scattered()
    add("Lamp", bpy.data.lights.new("Lamp", "POINT"))
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, check_existing=False)
    return path
