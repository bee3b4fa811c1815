"""What the light from all around looks like: plain white, a clear sky, or a picture of a real place.

How much of it there is, `light` says: whatever it looks like, a white sheet on the ground gets as much light from it.
"""

from pathlib import Path
from typing import Annotated, Any

from blender import assets
from blender.allowed import names, numbers
from blender.randomizers.base import RandomizerParams, Values, centre_all, draw_all
from blender.samplers import Rng
from blender.shaders import hdri, sky
from blender.world import World
from pipeline.section import Distribution

KEY = "params.yaml: randomizers.environment.folder"


class Params(RandomizerParams):
    kind: Annotated[Distribution, names(["plain", "sky", "hdri"])]
    rotation_rad: Annotated[Distribution, numbers()]  # about the vertical, counterclockwise from above
    sun_elevation_rad: Annotated[Distribution, numbers(0, sky.ELEVATION_RAD[-1])]  # of the sky, as the next two
    haze: Annotated[Distribution, numbers(sky.HAZE[0], sky.HAZE[-1])]  # 1: a clear day
    sun_disc: bool  # false: only the sky, as in the shade of a house
    folder: str | None  # of equirectangular .hdr and .exr pictures, for the kind `hdri`


def check(params: Params) -> None:
    """Raises InputError where the kind `hdri` has no pictures to take."""
    if "hdri" in params.kind.args:
        hdri.check(params.folder, KEY)


def sample(rng: Rng, params: Params, objects: int) -> Values:
    drawn = {**draw_all(rng, params), "sun_disc": params.sun_disc}
    if drawn["kind"] != "hdri":
        return drawn
    return {**drawn, "folder": params.folder, "file": assets.pick(rng, params.folder, hdri.SUFFIXES, KEY)}


def fixed(params: Params, objects: int) -> Values:
    return {**centre_all(params), "kind": "plain", "sun_disc": False}


def apply(world: World, values: Values) -> None:
    around = world.scene.world
    if values["kind"] == "sky":
        sun = (values["sun_elevation_rad"], values["haze"], values["sun_disc"])
        _shine(around, sky.add_to(around, *sun, values["rotation_rad"]), sky.irradiance(*sun))
    elif values["kind"] == "hdri":
        path = Path(values["folder"]) / values["file"]
        _shine(around, hdri.add_to(around, path, values["rotation_rad"]), hdri.light_of(path).irradiance)


def _shine(around: Any, colour: Any, irradiance: float) -> None:
    """Light of this colour, scaled so that it gives a sheet as much as the plain light did."""
    background = around.node_tree.nodes["Background"]
    background.inputs["Strength"].default_value /= irradiance
    around.node_tree.links.new(colour, background.inputs["Color"])
