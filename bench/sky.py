"""Measures the tables of blender/shaders/sky.py: how light a white sheet is under Blender's sky, with and without sun.

python -m bench.sky
"""

import sys
from pathlib import Path

import bpy
import numpy as np

from blender.picture.passes import render_layers, set_up
from blender.shaders import sky
from blender.shaders.hdri import LUMINANCE
from blender.world import World, empty_world, principled
from pipeline.params import load_params

SIZE_WH = (8, 8)
SAMPLES = 64


def sheet(elevation_rad: float, haze: float, sun_disc: bool) -> float:
    """Mean luminance of a white sheet without gloss, seen from above; 1 under white light of strength 1."""
    world = empty_world(SIZE_WH)
    world.camera.location.z = 1.0
    material, shader = principled("sheet")
    diffuse = material.node_tree.nodes.new("ShaderNodeBsdfDiffuse")
    diffuse.inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    surface = shader.outputs["BSDF"].links[0].to_socket
    material.node_tree.links.new(diffuse.outputs["BSDF"], surface)
    world.ground.data.materials.append(material)
    around(elevation_rad, haze, sun_disc)
    return measured(world)


def around(elevation_rad: float, haze: float, sun_disc: bool) -> None:
    made = bpy.data.worlds.new("around")
    made.use_nodes = True
    colour = sky.add_to(made, elevation_rad, haze, sun_disc, rotation_rad=0.0)
    made.node_tree.links.new(colour, made.node_tree.nodes["Background"].inputs["Color"])
    bpy.context.scene.world = made


def measured(world: World) -> float:
    return float(render_layers(world, 0).rgb.mean(axis=(0, 1)) @ LUMINANCE)


def main() -> None:
    """Print a table for each case: a row for each elevation, a column for each haze."""
    small = {"width_px": SIZE_WH[0], "height_px": SIZE_WH[1], "samples": SAMPLES, "bounces": 0}
    set_up(load_params(Path("params.yaml")).render.model_copy(update=small), threads=2)
    for sun_disc in (False, True):
        rows = [[sheet(e, h, sun_disc) for h in sky.HAZE] for e in sky.ELEVATION_RAD]
        print(f"sun_disc {sun_disc}:", np.round(rows, 3).tolist(), file=sys.stderr)


if __name__ == "__main__":
    main()
