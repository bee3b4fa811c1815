"""What the randomizer sensor gives the camera and the picture. Run by test_blender.py: the randomizers import bpy."""

import json
from typing import Any

import numpy as np
from rendering import small_values
from worlds import start, world_of

from blender.picture.develop import develop
from blender.picture.lens import Lens
from blender.randomizers import sensor
from blender.samplers import stream
from pipeline.section import validate

SIZE_WH = (11, 7)


def params(**changed: Any) -> sensor.Params:
    return validate(sensor.Params, small_values()["randomizers"]["sensor"] | changed, "params.yaml: randomizers.sensor")


def test_everything_drawn_can_be_developed() -> None:
    every = params(
        distortion_k1={"normal": [-0.1, 0.01]}, shake_px={"uniform": [0.0, 3.0]}, tone={"uniform": [1.0, 2.2]}
    )
    light = np.random.default_rng(0).random((7, 11, 3), np.float32)
    drawn = [sensor.sample(stream(0, "train", index, "sensor"), every, 3) for index in range(4)]
    pictures = [develop(light, json.loads(json.dumps(values))) for values in drawn]
    assert len({picture.tobytes() for picture in pictures}) == 4
    assert len({values["shake_rad"] for values in drawn}) == 4


def test_switched_off_it_takes_a_plain_picture_whatever_the_distributions_are() -> None:
    every = params(distortion_k1=-0.2, shake_px=3.0, tone=2.2, shot_noise=0.5, downscale=4.0)
    values = sensor.fixed(every, 3)
    grey = np.full((7, 11, 3), 0.5, np.float32)
    np.testing.assert_allclose(develop(grey, values), 188, atol=1)
    start(SIZE_WH)
    world = world_of(SIZE_WH, "PERSP")
    sensor.apply(world, values)
    assert world.lens is None


def test_lens_has_the_coefficients_of_the_values() -> None:
    start(SIZE_WH)
    world = world_of(SIZE_WH, "PERSP")
    values = sensor.fixed(params(), 0) | {"distortion_k1": -0.2, "distortion_p2": 0.01, "distortion_k3": 0.5}
    sensor.apply(world, values)
    assert world.lens == Lens(k1=-0.2, p2=0.01, k3=0.5)


def test_the_default_has_no_lens_to_pay_for() -> None:
    start(SIZE_WH)
    world = world_of(SIZE_WH, "PERSP")
    sensor.apply(world, sensor.sample(stream(0, "train", 0, "sensor"), params(), 0))
    assert world.lens is None


def test_frames_of_a_sequence_differ_in_their_noise_alone() -> None:
    values = sensor.sample(stream(0, "train", 0, "sensor"), params(), 0)
    first, second = sensor.at_step(values, 0), sensor.at_step(values, 1)
    assert first == values
    assert [name for name in values if first[name] != second[name]] == ["noise_seed"]
