"""Shader nodes with fewer words."""

from typing import Any

Size = tuple[float, float, float]
Shift = tuple[float, float]


def node(tree: Any, kind: str, **inputs: float | Size) -> Any:
    """A new node with these values; a space in an input's name is written as _."""
    made = tree.nodes.new(kind)
    for name, value in inputs.items():
        made.inputs[name.replace("_", " ")].default_value = value
    return made


def turned(tree: Any, where: Any, size: Size, turn_rad: float = 0.0, shift: Shift = (0.0, 0.0)) -> Any:
    """Coordinates of a texture of this size that was turned and then shifted."""
    made = node(tree, "ShaderNodeMapping")
    made.vector_type = "TEXTURE"
    made.inputs["Location"].default_value = (*shift, 0.0)
    made.inputs["Rotation"].default_value = (0.0, 0.0, turn_rad)
    made.inputs["Scale"].default_value = size
    tree.links.new(where, made.inputs["Vector"])
    return made.outputs["Vector"]
