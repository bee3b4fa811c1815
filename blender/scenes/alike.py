"""Blender keeps two settings of many modifiers: one to work with, one to render with.

Cycles takes those for rendering. Labels come from the evaluated mesh that Python can read, which has the others: so
these are made the same before anything is copied.
"""

from typing import Any

import bpy

RENDER = "render_"  # Subdivision's render_levels against levels, Screw's render_steps, a curve's render_resolution_u


def as_rendered(thing: Any) -> None:
    """Give an object's modifiers and curve the settings in the viewport that they have in the picture."""
    for modifier in thing.modifiers:
        modifier.show_viewport = modifier.show_render
        _take_over(modifier)
        if modifier.type == "OCEAN":
            modifier.viewport_resolution = modifier.resolution
    if isinstance(thing.data, bpy.types.Curve):
        _take_over(thing.data, unset=0)


def _take_over(settings: Any, unset: int | None = None) -> None:
    """Set every `x` that has a `render_x`, unless this is `unset`: then Blender renders by `x`."""
    names = {p.identifier for p in settings.bl_rna.properties if not p.is_readonly}
    for name in sorted(n for n in names if RENDER + n in names):
        value = getattr(settings, RENDER + name)
        if value != unset:
            setattr(settings, name, value)


def realize(things: list[Any]) -> None:
    """Turn what geometry nodes scatter as instances into mesh of the object: what is not in its mesh gets no label."""
    made_by_nodes = [t for t in things if any(m.type == "NODES" for m in t.modifiers)]
    if made_by_nodes:
        group = _realizing()
        for thing in made_by_nodes:
            thing.modifiers.new(group.name, "NODES").node_group = group


def _realizing() -> Any:
    group = bpy.data.node_groups.new("Realize", "GeometryNodeTree")
    for way in ("INPUT", "OUTPUT"):
        group.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
    kinds = ("NodeGroupInput", "GeometryNodeRealizeInstances", "NodeGroupOutput")
    given, real, out = (group.nodes.new(kind) for kind in kinds)
    group.links.new(given.outputs[0], real.inputs[0])
    group.links.new(real.outputs[0], out.inputs[0])
    return group
