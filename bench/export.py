"""What is in Blender's world, as plain values from which another program can build it again."""

from typing import Any

import bpy
import numpy as np

Values = dict[str, Any]


def objects_of() -> list[Values]:
    """Every mesh, evaluated: vertices in its own coordinates, faces, pose, plain material, instance id (0: none)."""
    graph = bpy.context.evaluated_depsgraph_get()
    return [_object(thing.evaluated_get(graph)) for thing in bpy.context.scene.objects if thing.type == "MESH"]


def _object(thing: Any) -> Values:
    mesh = thing.to_mesh()
    return {
        "name": thing.name.split(".")[0],
        "id": thing.original.pass_index,
        "matrix": np.asarray(thing.matrix_world).tolist(),
        "vertices": [list(v.co) for v in mesh.vertices],
        "faces": [list(f.vertices) for f in mesh.polygons],
        "material": _material(thing.data.materials[0]),
    }


def _material(material: Any) -> Values:
    """Of the one Principled node; a texture on it would make the two sides differ."""
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    assert not any(socket.is_linked for socket in shader.inputs), f"{material.name}: expected plain values"
    values = {name: shader.inputs[name].default_value for name in ("Roughness", "Specular IOR Level", "Metallic")}
    return {**values, "Base Color": list(shader.inputs["Base Color"].default_value)}


def places_of() -> list[list[float]]:
    """Locations of every mesh, in the order of `objects_of`: m."""
    return [list(thing.location) for thing in bpy.context.scene.objects if thing.type == "MESH"]


def lights_of() -> list[Values]:
    return [_light(thing) for thing in bpy.context.scene.objects if thing.type == "LIGHT"]


def _light(thing: Any) -> Values:
    data = thing.data
    tint = data.temperature_color if data.use_temperature else (1.0, 1.0, 1.0)
    return {
        "kind": data.type,
        "energy": data.energy,
        "colour": [c * t for c, t in zip(data.color, tint, strict=True)],
        "size_m": data.size,
        "matrix": np.asarray(thing.matrix_world).tolist(),
    }


def sky_of() -> Values:
    """The light from all around."""
    node = next(n for n in bpy.context.scene.world.node_tree.nodes if n.type == "BACKGROUND")
    return {"colour": list(node.inputs["Color"].default_value)[:3], "strength": node.inputs["Strength"].default_value}
