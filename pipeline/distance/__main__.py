"""Stage: how far rendered and real images are apart, before training and after.

Without --models and --results before training alone, which asks for the data sets and for nothing else.
"""

import argparse
from pathlib import Path

from pipeline.coco import write_json
from pipeline.distance.compare import Comparison, document, points
from pipeline.distance.neighbours import NETWORK, neighbours
from pipeline.distance.networks import looked_at
from pipeline.errors import run
from pipeline.params import load_params
from pipeline.runs import results_of


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--data", type=Path, required=True, help="folder that file names start from")
    parser.add_argument("--models", type=Path, help="folder of trained models, by task and regime")
    parser.add_argument("--results", type=Path, help="folder of their predictions, for the neighbours of mistakes")
    parser.add_argument("--out", type=Path, required=True, help="distance.json")
    parser.add_argument("--points", type=Path, required=True, help="distance_points.json: features in a plane")
    args = parser.parse_args()
    params = load_params(args.params)
    documents, placed = {}, {}
    for task in looked_at(params.tasks):
        comparison = Comparison(task, params, args.data, args.models)
        documents[task], placed[task] = document(comparison), points(comparison)
        if args.results and comparison.crops and NETWORK in comparison.networks:
            predictions = results_of(args.results, task, NETWORK) / "predictions" / "real_test.json"
            documents[task]["neighbours"] = neighbours(comparison, predictions)
    write_json(args.points, placed)
    write_json(args.out, documents)


if __name__ == "__main__":
    run(main)
