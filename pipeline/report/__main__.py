"""Stage: the results of all others as one HTML page that opens from disk."""

import argparse
from pathlib import Path

from pipeline.errors import run
from pipeline.folders import whole_folder
from pipeline.report.load import load_inputs
from pipeline.report.page import render


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m pipeline.report", description=__doc__)
    for name, what in (
        ("results", "metrics and predictions"),
        ("models", "trained"),
        ("data", "images, COCO files"),
    ):
        parser.add_argument(f"--{name}", type=Path, required=True, help=what)
    parser.add_argument("--out", type=Path, required=True, help="folder for index.html")
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    args = parser.parse_args()
    page = render(load_inputs(args.results, args.models, args.data, args.params))
    with whole_folder(args.out) as folder:
        (folder / "index.html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    run(main)
