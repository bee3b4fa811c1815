"""Scores on parts of the data, of causes.json."""

from dataclasses import dataclass

from markupsafe import Markup
from matplotlib.axes import Axes

from pipeline.report.figures import SIZE_IN
from pipeline.report.optional import Entry, interval_of
from pipeline.report.svg import COLOURS, MARKERS, svg
from pipeline.report.table import MISSING, Interval, cell, label
from pipeline.report.tabular import Table, first, ordered

DIMENSIONS = ("class", "size", "brightness", "density", "visibility")
DODGE = 0.16  # between regimes, in parts
MANY = 6  # parts, from which on names are turned


@dataclass(frozen=True)
class Part:
    """A dimension of the data: scores on its parts, drawn and in numbers."""

    plot: Markup
    table: Table


def parts_of(name: str, by_regime: Entry) -> list[Part]:
    """Those dimensions that have a score on any part."""
    there = first(by_regime)["parts"]
    dimensions = [d for d in DIMENSIONS if d in there and any(_known(of["parts"][d]) for of in by_regime.values())]
    return [Part(part_plot(name, d, by_regime), part_table(name, d, by_regime)) for d in dimensions]


def _known(dimension: Entry) -> bool:
    return any(interval_of(part[s]).known for part in dimension["parts"] for s in ("synthetic_val", "real_test"))


def part_plot(name: str, dimension: str, by_regime: Entry) -> Markup:
    """Scores by part: filled on real test, hollow on synthetic val where rendered images were trained on."""
    regimes, metric = ordered(by_regime), first(by_regime)["parts"][dimension]["metric"]
    parts = [p["part"] for p in first(by_regime)["parts"][dimension]["parts"]]
    scale = 100 if metric == "accuracy" else 1

    def draw(axes: Axes, x: float, score: Interval, regime: str, filled: bool) -> None:
        if score.known:
            axes.plot([x, x], [score.low * scale, score.high * scale], color=COLOURS[regime], linewidth=1.2)
            face = COLOURS[regime] if filled else "none"
            axes.plot([x], [score.value * scale], MARKERS[regime], ms=4.5, color=COLOURS[regime], mfc=face)

    def plot(axes: Axes) -> None:
        for n, r in enumerate(regimes):
            axes.plot([], [], MARKERS[r], ms=4.5, color=COLOURS[r], label=r)
            for x, part in enumerate(by_regime[r]["parts"][dimension]["parts"]):
                at = x + DODGE * (2 * n - len(regimes) + 1)
                draw(axes, at, interval_of(part["real_test"]), r, filled=True)
                if r != "real":
                    draw(axes, at + DODGE, interval_of(part["synthetic_val"]), r, filled=False)
        axes.set(title=f"{name}: by {dimension}", ylabel=label(metric))
        turned = len(parts) > MANY or sum(map(len, parts)) > 40
        axes.set_xticks(range(len(parts)), parts, rotation=90 if turned else 0)
        axes.set_xlim(-0.6, len(parts) - 0.4)
        axes.grid(axis="x", visible=False)

    what = f"{name}, {label(metric)} by {dimension} and training regime, on real test and synthetic val, with intervals"
    return svg(SIZE_IN, f"parts-{name}-{dimension}", what, plot)


def part_table(name: str, dimension: str, by_regime: Entry) -> Table:
    metric = first(by_regime)["parts"][dimension]["metric"]
    head = [
        "part",
        "trained on",
        "objects: rendered / real",
        "synthetic val",
        "real test",
        "domain gap",
        "transfer gap",
    ]
    rows = [
        [_named(p), r, f"{p['objects']['synthetic_val']} / {p['objects']['real_test']}", *_figures(metric, p, r)]
        for n in range(len(first(by_regime)["parts"][dimension]["parts"]))
        for r in ordered(by_regime)
        for p in [by_regime[r]["parts"][dimension]["parts"][n]]
    ]
    return Table(f"{name.capitalize()}, {label(metric)} by {dimension}", head, rows)


def _figures(metric: str, part: Entry, regime: str) -> list[str]:
    scores = [cell(metric, interval_of(part[split])) for split in ("synthetic_val", "real_test")]
    transfer = MISSING if regime == "real" else cell(metric, interval_of(part.get("transfer_gap")), sign=True)
    return [*scores, cell(metric, interval_of(part["domain_gap"]), sign=True), transfer]


def _named(part: Entry) -> str:
    """The part with its edges, if it has any."""
    edges = [f"{word} {part[key]:.3g}" for word, key in (("above", "low"), ("up to", "high")) if part[key] is not None]
    return f"{part['part']} ({', '.join(edges)})" if edges else str(part["part"])
