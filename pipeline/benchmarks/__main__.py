"""Stage `benchmark`: the real images that params.yaml names, as COCO."""

import argparse
from pathlib import Path

from pipeline.benchmarks import BENCHMARKS
from pipeline.benchmarks.parts import check_benchmark
from pipeline.errors import lookup, run
from pipeline.folders import whole_folder
from pipeline.params import load_params
from pipeline.section import extras, validate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder that will hold the benchmark")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    args = parser.parse_args()
    section = load_params(args.params).benchmark
    benchmark = lookup(BENCHMARKS, section.name, f"{args.params}: benchmark.name")
    params = validate(benchmark.params, extras(section), f"{args.params}: benchmark")
    with whole_folder(args.out) as folder:
        benchmark.build(params, folder)
        check_benchmark(folder)


if __name__ == "__main__":
    run(main)
