"""Studies: what a choice changes, with intervals over seeds; docs/studies.md.

python -m pipeline.study list studies/randomization.yaml
python -m pipeline.study run studies/randomization.yaml --jobs 2
python -m pipeline.study report studies/randomization.yaml
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import run
from pipeline.study import listing, reporting, running

COMMANDS: dict[str, tuple[Callable[[argparse.Namespace], None], str]] = {
    "run": (running.command, "run what is not finished, as DVC experiments; go on after an interruption"),
    "report": (reporting.command, "effects, curves and what they cost, of what is finished"),
    "list": (listing.command, "the cells of the study and what is finished"),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.study", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, about) in COMMANDS.items():
        own = commands.add_parser(name, help=about, description=about)
        own.add_argument("study", type=Path, help="a file such as studies/randomization.yaml")
        own.add_argument("--params", type=Path, default=Path("params.yaml"))
        own.add_argument("--results", type=Path, default=Path("results") / "studies", help="keeps what was measured")
        if name == "run":
            own.add_argument("--jobs", type=int, default=1, help="experiments side by side; they share the cores")
        if name == "report":
            own.add_argument("--out", type=Path, help="folder for tables and plots; that of --results if not given")
    args = parser.parse_args()
    COMMANDS[args.command][0](args)


if __name__ == "__main__":
    run(main)
