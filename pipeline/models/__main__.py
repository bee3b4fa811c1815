"""What networks cost: `summary` of one by layer, `costs` of all classifiers, `plot` of those that were trained."""

import argparse
from pathlib import Path

from pipeline.costs.plot import plot, read_trained
from pipeline.costs.summary import cost_of, layer_table, native_px
from pipeline.costs.table import check_classifier, cost_table, with_network
from pipeline.errors import run
from pipeline.params import load_params
from pipeline.runs import EVALUATED


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pipeline.models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    summary = commands.add_parser("summary", help="a classifier, layer by layer")
    summary.add_argument("name", help="as classifier.model names it")
    summary.add_argument("--depth", type=int, help="layers together by so many parts of their names; 1: blocks")
    costs = commands.add_parser("costs", help="all classifiers")
    for own in (summary, costs):
        own.add_argument("--size", type=int, help="side of the picture in px; otherwise what the network was made for")
        own.add_argument("--categories", type=int, default=1000)
        own.add_argument("--channels", type=int, choices=[1, 3], default=3)
        own.add_argument("--params", type=Path, default=Path("params.yaml"), help="options of networks come from here")
    trained = commands.add_parser("plot", help="accuracy against cost of trained classifiers")
    trained.add_argument("--run", type=Path, nargs=2, action="append", required=True, metavar=("MODEL", "RESULTS"))
    trained.add_argument("--split", choices=sorted(EVALUATED), default="real_test")
    trained.add_argument("--out", type=Path, required=True, help="an .svg or .png")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    if args.command == "plot":
        plot([read_trained(model, results, args.split) for model, results in args.run], args.split, args.out)
        return
    fit = load_params(args.params).classifier
    if args.command == "costs":
        print(cost_table(fit, args.size, args.categories, args.channels), end="")
        return
    check_classifier(args.name)
    sized = with_network(fit, args.name, args.size or native_px(args.name))
    print(layer_table(cost_of(sized, args.categories, args.channels, args.depth)), end="")


if __name__ == "__main__":
    run(main)
