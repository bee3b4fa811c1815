"""The whole work on a frame against a bare render call of the same frame, in one Blender process.

    python -m bench.limit --scene params

A frame is made as a worker makes it: built, varied, rendered, labelled, encoded and written into a store. Then the
render operator runs once more on the world that this left, with Blender's own Cycles, no pass but the picture, and
nothing read or written. So both have the same geometry, settings and path tracer, in turn.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import bpy
import cycles

from bench import scene
from bench.changes import SAMPLES, SCENE, cores, sized, with_bench_scene
from bench.spread import ratios, spread, table
from bench.stopwatch import Stopwatch
from blender import make
from blender.randomizers import sensor
from blender.workers.store import Store
from blender.workers.worker import quiet, start
from pipeline.params import Params, load_params

PASSES = ("use_pass_object_index", "use_pass_z", "use_pass_normal", "use_pass_vector")
WARM_UP = 2  # frames
PARTS = {  # function that blender/make.py calls -> what it is for
    "empty_world": "empty the world",
    "vary": "draw and apply randomizers",
    "render_layers": "render and read passes",
    "instances": "silhouettes, 3D boxes",
}

Times = dict[str, float]  # s


def watched(recipe: make.Recipe) -> Stopwatch:
    """Measures the parts of a frame's making from now on."""
    watch = Stopwatch()
    for name, purpose in PARTS.items():
        watch.wrap(make, name, purpose)
    watch.wrap(recipe.scene, "build", "build the scene")
    watch.wrap(sensor, "develop", "develop")
    watch.wrap(Store, "put", "encode and write")
    return watch


def bare_render(original: Any) -> Times:
    """The render operator on what is there, with Blender's own Cycles and the picture alone."""
    layer, ours = bpy.context.scene.view_layers[0], cycles.CyclesRender.render
    used = {name: getattr(layer, name) for name in PASSES}
    cycles.CyclesRender.render = original
    for name in PASSES:
        setattr(layer, name, False)
    bpy.context.view_layer.update()
    wall, cpu = time.perf_counter(), time.process_time()
    bpy.ops.render.render()
    taken = {"bare": time.perf_counter() - wall, "bare cpu": time.process_time() - cpu}
    cycles.CyclesRender.render = ours
    for name, value in used.items():
        setattr(layer, name, value)
    return taken


def measure(params: Params, threads: int, frames: int) -> list[Times]:
    """For each frame the seconds of our whole work, of the bare render, and of our parts."""
    original = cycles.CyclesRender.render
    recipe, _ = start(params, threads, turn=0)
    watch, taken = watched(recipe), []
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        for index in range(frames + WARM_UP):
            watch.take()
            wall, cpu = time.perf_counter(), time.process_time()
            store.put(f"{index:064d}", make.make_frame(recipe, "train", index))
            whole = {"whole": time.perf_counter() - wall, "whole cpu": time.process_time() - cpu}
            taken.append({**whole, **watch.take(), **bare_render(original)})
    return taken[WARM_UP:]


def report(title: str, taken: list[Times]) -> str:
    """The ratio, and where our time goes, in ms a frame."""
    by_name = {name: [one.get(name, 0.0) for one in taken] for name in taken[0]}
    parts = [name for name in taken[0] if name not in ("whole", "whole cpu", "bare", "bare cpu")]
    rows = [[name, spread(1000 * s for s in by_name[name]).text(1)] for name in ("bare", "whole", *parts)]
    known = [sum(one.get(name, 0.0) for name in parts) for one in taken]
    rows.append(["the rest", spread(1000 * (w - k) for w, k in zip(by_name["whole"], known, strict=True)).text(1)])
    wall, cpu = ratios(by_name["whole"], by_name["bare"]), ratios(by_name["whole cpu"], by_name["bare cpu"])
    verdict = f"whole / bare: wall {wall.text(3)}, CPU time {cpu.text(3)} (median [quartiles] of {len(taken)} frames)"
    return f"### {title}\n\n{verdict}\n\n{table([title, 'ms a frame'], rows)}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--scene", choices=[SCENE, "params"], default=SCENE, help="twenty meshes, or that of --params")
    parser.add_argument("--size", type=int, nargs=2, default=(640, 480), metavar=("W", "H"))
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--frames", type=int, default=20)
    args = parser.parse_args()
    answer = os.fdopen(os.dup(1), "w")
    quiet()
    scene.register()
    given = sized(load_params(args.params), tuple(args.size), samples=args.samples)
    params = with_bench_scene(given) if args.scene == SCENE else given
    width_px, height_px = args.size
    title = f"{params.scene.name}, {width_px}x{height_px}, {args.samples} samples, {args.threads} threads"
    print(report(title, measure(params, args.threads, args.frames)), file=answer, flush=True)


if __name__ == "__main__":
    main()
