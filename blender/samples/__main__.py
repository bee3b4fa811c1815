"""Three objects for the scene `props`, so that it runs before a folder of one's own is there: a mug, a bottle, a bolt.

    python -m blender.samples --out assets/props

One format each: .glb with two materials, .obj with its .mtl, and .stl, which knows neither colours nor units (its
lengths are mm, the others' m). The same Blender writes the same bytes.
"""

import argparse
from pathlib import Path

import bpy

from blender.samples.things import write
from blender.workers.worker import quiet
from pipeline.errors import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("assets/props"))
    args = parser.parse_args()
    quiet()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    write(args.out)


if __name__ == "__main__":
    run(main)
