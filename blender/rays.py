"""What a place in the picture looks at, for a camera with or without perspective."""

import numpy as np
import numpy.typing as npt

from blender.world import World

Floats = npt.NDArray[np.float64]


def ground_point(world: World, part_xy: npt.ArrayLike, margin: float, height_m: float = 0.0) -> Floats:
    """The point (x, y) in m, on the plane z = `height_m`, that is seen at this part (0 .. 1, y up) of the picture.

    `margin` is the free part of the sides. Infinite where the plane is not seen: in the sky, or behind the camera.
    """
    eye, ray = _ray(world, margin + np.asarray(part_xy, np.float64) * (1 - 2 * margin))
    if ray[2] == 0 or (height_m - eye[2]) / ray[2] <= 0:
        return np.array([np.inf, np.inf])
    return np.asarray((eye + ray * (height_m - eye[2]) / ray[2])[:2])


def _ray(world: World, part_xy: Floats) -> tuple[Floats, Floats]:
    """Where the view through this part of the picture starts, and its direction, [3] each in the world."""
    x, y = (part_xy * 2 - 1) * half_size(world)
    matrix = np.asarray(world.camera.matrix_world, np.float64)
    if world.camera.data.type == "ORTHO":
        return matrix[:3] @ (x, y, 0.0, 1.0), -matrix[:3, 2]
    return matrix[:3, 3], matrix[:3, :3] @ (x, y, -1.0)


def half_size(world: World) -> Floats:
    """Half the width and height that the camera sees: in m, or for a perspective one as part of the distance."""
    data, (width_px, height_px) = world.camera.data, world.size_wh
    width = data.ortho_scale if data.type == "ORTHO" else data.sensor_width / data.lens
    return np.array([width, width * height_px / width_px]) / 2
