"""A trained network as a file for other programs: ONNX, TorchScript or torch.export.

    python -m pipeline.deploy --model models/detector/synthetic --to onnx --out dice.onnx

The file is loaded again, and its answers are compared with the network's, before it gets its name.
"""

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from pipeline.deploy import FORMATS
from pipeline.deploy.plain import Plain, eager, plain
from pipeline.deploy.same import check_same
from pipeline.errors import InputError, run
from pipeline.models.checkpoint import Card, load_model


def deploy(model: Path, to: str, out: Path) -> int:
    """Write the file; the number of answers that were compared and are the same.

    Raises InputError for a damaged model, a network that the format cannot hold, a file with other answers, and one
    without any that could be compared.
    """
    network, card = load_model(model)
    where = f"{model}: {card.architecture}"
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".deploy-") as room:
        unfinished = Path(room, out.name)
        same = written(plain(network, card), card, to, unfinished, where)
        if not same:  # the same graph with a lower threshold stands for it
            same = written(eager(network, card), card, to, Path(room, f"eager{out.suffix}"), where)
        if not same:
            raise InputError(f"{where} as {to}: expected answers to compare, found none for made-up pictures.")
        unfinished.replace(out)
    return same


def written(whole: Plain, card: Card, to: str, path: Path, where: str) -> int:
    """How many answers of the file are the network's; it has no others."""
    form = FORMATS[to]
    try:
        form.write(whole, json.dumps(asdict(card), sort_keys=True), path)
    except (RuntimeError, TypeError) as error:  # what the exporters raise
        said = " ".join(str(error).split())[:200]
        raise InputError(f"{where} cannot be written as {to}: {said}") from None
    return check_same(whole, form.read(path)[0], f"{where} as {to}")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.deploy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, help="folder with model.json and weights.pt")
    parser.add_argument("--to", choices=sorted(FORMATS), required=True)
    parser.add_argument("--out", type=Path, required=True, help="a new file")
    args = parser.parse_args()
    suffix = FORMATS[args.to].suffix
    if args.out.suffix != suffix:
        raise InputError(f"{args.out}: expected a name that ends with {suffix}.")
    if args.out.exists():
        raise InputError(f"{args.out}: expected a new file, found one that exists.")
    same = deploy(args.model, args.to, args.out)
    print(f"{args.out}: {same} answers compared with those of {args.model}")


if __name__ == "__main__":
    run(main)
