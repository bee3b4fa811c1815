"""Things of the user's own, of which only their evaluated mesh says how large they are: put to rest on the ground."""

from collections.abc import Iterable

import bpy
import numpy as np

from blender.facts.mesh import world_triangles
from blender.world import Labelled


def rest(objects: Iterable[Labelled]) -> None:
    """Lift or lower each to touch the ground z = 0, and give it the radius of what it covers about its origin.

    A thing without any surface stays as it is.
    """
    bpy.context.view_layer.update()
    for labelled in objects:
        points = world_triangles(labelled.object).reshape(-1, 3)
        if len(points):
            location = labelled.object.location
            labelled.radius_m = float(np.hypot(*(points[:, :2] - np.asarray(location)[:2]).T).max())
            location.z -= float(points[:, 2].min())
    bpy.context.view_layer.update()
