"""The recipe of tuning a network, step by step; docs/tuning.md describes each.

python -m pipeline.tune start --task classifier
python -m pipeline.tune overfit --task classifier
python -m pipeline.tune range --task classifier
python -m pipeline.tune search searches/classifier.yaml
python -m pipeline.tune refine searches/classifier.yaml
python -m pipeline.tune curves --task classifier
"""

import argparse
from types import ModuleType

from pipeline.errors import run
from pipeline.train import quiet
from pipeline.tune import curves, overfit, rate_range, refine, search, start

COMMANDS: dict[str, ModuleType] = {
    "start": start,
    "overfit": overfit,
    "range": rate_range,
    "search": search,
    "refine": refine,
    "curves": curves,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.tune", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, module in COMMANDS.items():
        about = str(module.__doc__).splitlines()[0]
        module.add_arguments(commands.add_parser(name, help=about, description=about))
    args = parser.parse_args()
    quiet()
    COMMANDS[args.command].command(args)


if __name__ == "__main__":
    run(main)
