"""What objects look like: against the background, in a colour of their own, with patterns. Run by test_blender.py."""

import colorsys
from pathlib import Path
from typing import Any

import pytest
from drawn import cubes, fixed, sampled
from PIL import Image
from worlds import start

from blender.picture.passes import render_layers
from blender.randomizers import material, placement
from blender.world import World, principled
from pipeline.errors import InputError

SIZE_WH = (40, 30)


@pytest.fixture(autouse=True)
def blender() -> None:
    start(SIZE_WH, samples=4, bounces=1)


def cover(world: World, **changes: Any) -> dict[str, Any]:
    """Apply one draw to the labelled objects, and put these into their places."""
    values = sampled("material", len(world.objects), **changes)
    material.apply(world, values)
    placement.apply(world, fixed("placement", len(world.objects)))
    return values


def base_colour(thing: Any) -> tuple[float, ...]:
    (used,) = thing.data.materials
    return tuple(used.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value)


@pytest.mark.parametrize(("inverted", "sign"), [(0.0, -1), (1.0, 1)])
def test_ink_is_darker_than_the_sheet_and_chalk_lighter_than_the_board(inverted: float, sign: int) -> None:
    world = cubes(SIZE_WH, [0.1] * 3)
    cover(world, source="contrast", contrast=0.9, inverted_fraction=inverted)
    layers = render_layers(world, 0)
    assert sign * (layers.rgb[layers.ids > 0].mean() - layers.rgb[layers.ids == 0].mean()) > 0.2


def test_the_background_is_darkened_for_chalk_alone() -> None:
    def ground(**changes: Any) -> float:
        world = cubes(SIZE_WH, [0.1])
        cover(world, contrast=0.9, **changes)
        return max(base_colour(world.ground)[:3])

    light = ground(source="contrast", inverted_fraction=0.0)
    assert ground(source="contrast", inverted_fraction=1.0) == pytest.approx(0.1 * light)
    assert ground(source="colour", inverted_fraction=1.0) == pytest.approx(light)


def test_a_colour_is_the_one_that_was_drawn() -> None:
    world = cubes(SIZE_WH, [0.1])
    cover(world, source="colour", hue=0.3, saturation=0.8, value=0.6)
    expected = (*colorsys.hsv_to_rgb(0.3, 0.8, 0.6), 1.0)
    assert base_colour(world.objects[0].object) == pytest.approx(expected)


@pytest.mark.parametrize(("hue", "rgb"), [(-0.25, (0.625, 0.25, 1.0)), (-0.05, (1.0, 0.25, 0.475))])
def test_a_negative_hue_goes_around_the_circle(hue: float, rgb: tuple[float, ...]) -> None:
    """At value 1 and saturation 3/4 the channels go from 1 down to 1/4, one at a time in a sixth of the circle."""
    world = cubes(SIZE_WH, [0.1])
    cover(world, source="colour", hue=hue, saturation=0.75, value=1.0)
    assert base_colour(world.objects[0].object)[:3] == pytest.approx(rgb)


def test_a_red_cube_looks_red() -> None:
    world = cubes(SIZE_WH, [0.1])
    cover(world, source="colour", hue=0.0, saturation=1.0, value=0.8)
    layers = render_layers(world, 0)
    red, green, blue = layers.rgb[layers.ids > 0].mean(axis=0)
    assert red > 5 * green and red > 5 * blue


def with_own_materials(world: World) -> list[Any]:
    """Give the first object three materials, used by its six sides in turn."""
    mesh = world.objects[0].object.data
    own = [principled(f"own {number}")[0] for number in range(3)]
    for one in own:
        mesh.materials.append(one)
    for number, side in enumerate(mesh.polygons):
        side.material_index = number % 3
    return own


def test_own_materials_stay_and_what_has_none_is_given_one() -> None:
    world = cubes(SIZE_WH, [0.1, 0.1])
    own = with_own_materials(world)
    cover(world, source="own", hue=0.0, saturation=0.0, value=0.25)
    assert list(world.objects[0].object.data.materials) == own
    assert base_colour(world.objects[1].object) == pytest.approx((0.25, 0.25, 0.25, 1.0))


def test_own_materials_stay_that_belong_to_the_object_and_not_to_its_mesh() -> None:
    world = cubes(SIZE_WH, [0.1])
    thing = world.objects[0].object
    thing.data.materials.append(None)
    thing.material_slots[0].link = "OBJECT"
    thing.material_slots[0].material, _ = principled("own")
    cover(world, source="own", value=0.25)
    assert [slot.material.name for slot in thing.material_slots] == ["own"]


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_a_picture_that_is_cut_off_is_named(suffix: str, tmp_path: Path) -> None:
    """Blender shows what there is of a JPEG or TIFF, and the rest in grey or black."""
    path = tmp_path / f"a.{suffix}"
    Image.effect_noise((64, 48), 100).save(path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(InputError, match=rf"a\.{suffix}: expected a picture, found damaged data"):
        cover(cubes(SIZE_WH, [0.1]), source="colour", pattern="image", folder=str(tmp_path))


def test_own_materials_are_replaced_on_every_side() -> None:
    world = cubes(SIZE_WH, [0.1])
    with_own_materials(world)
    world.objects[0].object.material_slots[0].link = "OBJECT"
    cover(world, source="colour", hue=0.0, saturation=0.0, value=0.25)
    thing = world.objects[0].object
    assert [slot.material.name for slot in thing.material_slots] == ["object"]
    assert {side.material_index for side in thing.data.polygons} == {0}
    assert base_colour(thing) == pytest.approx((0.25, 0.25, 0.25, 1.0))


def test_objects_that_share_a_mesh_get_materials_of_their_own() -> None:
    world = cubes(SIZE_WH, [0.1, 0.1])
    first, second = (o.object for o in world.objects)
    second.data = first.data
    values = cover(world, source="colour", shared=False, value={"uniform": [0.0, 1.0]}, saturation=0.0)
    for thing, drawn in zip((first, second), values["materials"], strict=True):
        assert max(base_colour(thing)[:3]) == pytest.approx(drawn["value"])


@pytest.mark.parametrize("shared", [True, False])
def test_one_material_for_a_frame_or_one_for_each_object(shared: bool) -> None:
    world = cubes(SIZE_WH, [0.1] * 3)
    cover(world, source="colour", shared=shared)
    assert len({base_colour(o.object) for o in world.objects}) == (1 if shared else 3)


def test_principled_values_reach_the_shader() -> None:
    world = cubes(SIZE_WH, [0.1])
    wanted = {"roughness": 0.1, "metallic": 0.2, "specular": 0.3, "coat": 0.4, "transmission": 0.5, "ior": 1.7}
    cover(world, source="colour", **wanted)
    shader = world.objects[0].object.data.materials[0].node_tree.nodes["Principled BSDF"]
    names = ("Roughness", "Metallic", "Specular IOR Level", "Coat Weight", "Transmission Weight", "IOR")
    assert [shader.inputs[name].default_value for name in names] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 1.7])


def test_switched_off_it_is_plain() -> None:
    (plain,) = fixed("material", 3, pattern={"choice": ["wood", "plain"]}, metallic=1.0, bump=1.0)["materials"]
    assert (plain["pattern"], plain["metallic"], plain["bump"]) == ("plain", 0.0, 0.0)
