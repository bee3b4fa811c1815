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
from pipeline.deploy.plain import plain
from pipeline.deploy.same import check_same
from pipeline.errors import InputError, run
from pipeline.models.checkpoint import load_model


def deploy(model: Path, to: str, out: Path) -> int:
    """Write the file; the number of answers that were compared.

    Raises InputError for a damaged model, a network that the format cannot hold, and a file with other answers.
    """
    network, card = load_model(model)
    whole, form = plain(network, card), FORMATS[to]
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".deploy-") as room:
        unfinished = Path(room, out.name)
        try:
            form.write(whole, json.dumps(asdict(card), sort_keys=True), unfinished)
        except (RuntimeError, TypeError) as error:  # what the exporters raise
            said = " ".join(str(error).split())[:200]
            raise InputError(f"{model}: {card.architecture} cannot be written as {to}: {said}") from None
        compared = check_same(whole, form.read(unfinished)[0], f"{model}: {to}")
        unfinished.replace(out)
    return compared


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
    compared = deploy(args.model, args.to, args.out)
    print(f"{args.out}: {compared} answers compared with those of {args.model}")


if __name__ == "__main__":
    run(main)
