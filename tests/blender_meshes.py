"""Meshes from files become one object each; broken files are named. Run by test_blender.py."""

from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Matrix
from worlds import start

from blender.facts.mesh import world_triangles
from blender.objects.meshes import SUFFIXES, fit, load, vertices
from blender.objects.primitives import solid
from blender.world import add, empty_world, principled
from pipeline.errors import InputError

TWO_SQUARES = """
v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 5 0 0\nv 6 0 0\nv 6 1 0\nv 5 1 0
o first\nf 1 2 3 4\no second\nf 5 6 7 8
"""
PLY = """ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z
element face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n2 0 0\n0 3 4\n3 0 1 2\n"""
STL = """solid s\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 2 0 0\nvertex 0 3 4\nendloop
endfacet\nendsolid s\n"""


@pytest.fixture(autouse=True)
def blender() -> None:
    start((11, 7))
    empty_world((11, 7))


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_objects_of_a_file_become_one_with_z_up(tmp_path: Path) -> None:
    """Wavefront has y up: the squares, drawn in x and y, stand upright."""
    made = load(written(tmp_path / "two.obj", TWO_SQUARES))
    assert made.name in bpy.context.scene.collection.objects
    assert sorted(map(tuple, vertices(made).round(6) + 0.0)) == sorted(
        (float(x + far), 0.0, float(z)) for far in (0, 5) for x in (0, 1) for z in (0, 1)
    )
    assert len(made.data.polygons) == 2


@pytest.mark.parametrize(("name", "text"), [("a.ply", PLY), ("a.STL", STL)])
def test_formats_without_a_convention_are_taken_as_they_are(name: str, text: str, tmp_path: Path) -> None:
    made = load(written(tmp_path / name, text))
    assert sorted(map(tuple, vertices(made))) == [(0.0, 0.0, 0.0), (0.0, 3.0, 4.0), (2.0, 0.0, 0.0)]


def gltf_scene(path: Path) -> Path:
    """A red cube of 0.2 m, mirrored and moved by its parent, next to a camera and a lamp."""
    bpy.data.objects.remove(bpy.data.objects["ground"])
    cube = add("cube", solid("cube", (0.2, 0.2, 0.2)))
    material, shader = principled("red")
    shader.inputs["Base Color"].default_value = (1.0, 0.0, 0.0, 1.0)
    cube.data.materials.append(material)
    parent = bpy.data.objects.new("parent", None)
    bpy.context.scene.collection.objects.link(parent)
    parent.location, parent.scale, cube.parent, cube.location = (1.0, 2.0, 3.0), (-1.0, 1.0, 2.0), parent, (0.5, 0, 0)
    lamp = bpy.data.objects.new("lamp", bpy.data.lights.new("lamp", "POINT"))
    bpy.context.scene.collection.objects.link(lamp)
    bpy.context.view_layer.update()
    bpy.ops.export_scene.gltf(filepath=str(path), export_cameras=True, export_lights=True)
    empty_world((11, 7))
    return path


def test_transforms_are_applied_and_materials_kept(tmp_path: Path) -> None:
    path = gltf_scene(tmp_path / "scene.glb")
    before = set(bpy.data.objects)
    made = load(path)
    np.testing.assert_allclose(vertices(made).min(axis=0), (0.4, 1.9, 2.8), atol=1e-5)
    np.testing.assert_allclose(vertices(made).max(axis=0), (0.6, 2.1, 3.2), atol=1e-5)
    assert made.matrix_world == Matrix.Identity(4)
    assert {o for o in bpy.data.objects if o not in before} == {made}  # no camera, lamp or parent
    assert not bpy.data.lights and len(bpy.data.cameras) == 1
    (used,) = made.data.materials
    assert tuple(used.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value)[:3] == (1.0, 0.0, 0.0)


def test_sides_that_were_mirrored_still_face_outwards(tmp_path: Path) -> None:
    """The volume that the triangles enclose, by the divergence theorem: 0.2 x 0.2 x 0.4 m."""
    a, b, c = world_triangles(load(gltf_scene(tmp_path / "scene.glb"))).transpose(1, 0, 2)
    volume = np.einsum("ni,ni->n", a, np.cross(b, c)).sum() / 6
    assert volume == pytest.approx(0.016, rel=1e-4)


def test_fit_scales_to_the_largest_side_and_centres(tmp_path: Path) -> None:
    made = load(written(tmp_path / "a.ply", PLY))
    fit(made, 0.1)
    np.testing.assert_allclose(vertices(made).min(axis=0), (-0.025, -0.0375, -0.05), atol=1e-7)
    np.testing.assert_allclose(vertices(made).max(axis=0), (0.025, 0.0375, 0.05), atol=1e-7)


@pytest.mark.parametrize("content", [b"", b"this is no mesh\n", b"glTF\x02\0\0\0\xff\xff\xff\xff"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_broken_file_is_named(suffix: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"broken{suffix}: expected a mesh"):
        load(path)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("points.obj", "v 0 0 0\nv 1 0 0\n", "with faces, found none"),
        ("tiny.obj", "v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n", "of some size"),
        ("a.max", "", r"found '\.max'\. Known: "),
    ],
)
def test_a_file_without_a_surface_is_named(name: str, text: str, found: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=found):
        load(written(tmp_path / name, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.glb: expected a mesh file, found no file"):
        load(tmp_path / "nothing.glb")
