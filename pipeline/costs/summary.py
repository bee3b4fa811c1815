"""The table of one network, layer by layer, and the sums of all."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

import torch

from pipeline.costs.trace import Row, Trace, trace
from pipeline.models import build
from pipeline.models.classifiers.pretrained import PRETRAINED
from pipeline.params import Classifier

# the side that a network was made for, in px: torchvision knows that of its own
SMALL_NETWORKS_PX = 32
OWN_PX = {"resnet_tiny": 40, **dict.fromkeys(("zfnet", "zfnet_wide", "mobilenet_v1"), 224)}
OWN_PX.update({f"bagnet{field_px}": 224 for field_px in (9, 17, 33)})


@dataclass(frozen=True)
class Cost:
    """A network in all, for one picture."""

    rows: list[Row]
    parameters: int  # of layers that predict
    training_parameters: int  # of others: auxiliary classifiers
    multiply_adds: int
    memory_kb: float


def native_px(name: str) -> int:
    """The side of the pictures that a classifier was made for."""
    if name in PRETRAINED:
        return int(PRETRAINED[name][0].transforms().crop_size[0])
    return OWN_PX.get(name, SMALL_NETWORKS_PX)


def cost_of(fit: Classifier, categories: int, channels: int, depth: int | None = None) -> Cost:
    """What the network of this section of params.yaml costs; nothing is computed.

    `depth` brings layers together by so many parts of their names: 1 gives stages and blocks.
    """
    with torch.device("meta"):
        network = build("classifier", fit, categories, channels)
        found = trace(network, fit.input_px, channels)
    total = sum(p.numel() for p in network.parameters())
    predicting = sum(row.parameters for row in found.rows)
    return Cost(
        rows=by_depth(found, depth) if depth else found.rows,
        parameters=predicting,
        training_parameters=total - predicting,
        multiply_adds=sum(row.multiply_adds for row in found.rows),
        memory_kb=sum(row.memory_kb for row in found.rows),
    )


def by_depth(found: Trace, depth: int) -> list[Row]:
    """Neighbours whose names begin with the same `depth` parts, after the part that all have in common."""
    common = 1 if len({row.name.split(".")[0] for row in found.rows}) == 1 else 0

    def block(row: Row) -> str:
        return ".".join(row.name.split(".")[: common + depth])

    return [_together(found, name, list(rows)) for name, rows in groupby(found.rows, block)]


def _together(found: Trace, name: str, rows: list[Row]) -> Row:
    if len(rows) == 1 and rows[0].name == name:
        return rows[0]
    output, field_px = found.outputs.get(name, (rows[-1].output, rows[-1].field_px))
    sums = {key: sum(getattr(row, key) for row in rows) for key in ("cells", "parameters", "multiply_adds")}
    return Row(name, f"{len(rows)} layers", output, field_px=field_px, **sums)


HEADINGS = ("layer", "what", "output", "memory (KB)", "parameters", "multiply-adds (M)", "receptive field (px)")


def layer_table(cost: Cost) -> str:
    """The rows of a network and their sums."""
    rows = [
        (r.name, r.kind, _shape(r.output), short(r.memory_kb), f"{r.parameters:,}", _million(r), str(r.field_px))
        for r in cost.rows
    ]
    totals = (f"{cost.parameters:,}", short(cost.multiply_adds / 1e6), "")
    table = markdown(HEADINGS, [*rows, ("in all", "", "", short(cost.memory_kb), *totals)])
    if cost.training_parameters:
        return f"{table}\nAuxiliary classifiers, in training alone: {cost.training_parameters:,} more parameters.\n"
    return table


def _million(row: Row) -> str:
    return short(row.multiply_adds / 1e6) if row.multiply_adds else ""


def _shape(output: tuple[int, ...]) -> str:
    return " x ".join(map(str, output))


def short(number: float) -> str:
    """Whole from 100 on, one place after the point from 1 on, else two significant ones."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 1 else f"{number:.2g}"


def markdown(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table that is one on the screen too; all but the first two columns to the right."""
    cells = [list(headings), *(list(row) for row in rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(cells[0]))]
    lines = [_line(row, widths) for row in cells]
    rule = "|".join(["", *("-" * (w + 1) + (":" if n > 1 else "-") for n, w in enumerate(widths)), ""])
    return "\n".join([lines[0], rule, *lines[1:], ""])


def _line(row: list[str], widths: list[int]) -> str:
    padded = [cell.rjust(w) if n > 1 else cell.ljust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True))]
    return f"| {' | '.join(padded)} |"
