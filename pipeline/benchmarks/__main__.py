"""Stage `benchmark`: the real images that params.yaml names, as COCO. Command `import`: labelled photos to a folder.

python -m pipeline.benchmarks --out data/real
python -m pipeline.benchmarks import --from yolo export.zip --to data/photos
"""

import argparse
from pathlib import Path

from pipeline.benchmarks import BENCHMARKS
from pipeline.benchmarks.importing.command import add_arguments, import_photos
from pipeline.benchmarks.parts import check_benchmark
from pipeline.errors import lookup, run
from pipeline.folders import whole_folder
from pipeline.params import load_params
from pipeline.section import extras, validate


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, help="folder that will hold the benchmark")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    commands = parser.add_subparsers(dest="command", metavar="import", title="command")
    add_arguments(commands.add_parser("import", help="labelled photos of CVAT, Label Studio, labelImg -> a folder"))
    args = parser.parse_args()
    if args.command is None and args.out is None:
        parser.error("expected --out, or the command import")
    return args


def build(out: Path, params_path: Path) -> None:
    """The stage: write the benchmark that the parameters name."""
    section = load_params(params_path).benchmark
    benchmark = lookup(BENCHMARKS, section.name, f"{params_path}: benchmark.name")
    params = validate(benchmark.params, extras(section), f"{params_path}: benchmark")
    with whole_folder(out) as folder:
        benchmark.build(params, folder)
        check_benchmark(folder)


def main() -> None:
    args = arguments()
    if args.command == "import":
        import_photos(args)
    else:
        build(args.out, args.params)


if __name__ == "__main__":
    run(main)
