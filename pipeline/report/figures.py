"""Scores and curves. Regimes differ by colour and by line or marker."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup
from matplotlib.axes import Axes

from pipeline.report.load import Curve
from pipeline.report.svg import COLOURS, LINES, MARKERS, svg
from pipeline.report.table import Interval, Row, label

SIZE_IN = (3.9, 2.6)


def score_plot(task: str, rows: Sequence[Row]) -> Markup:
    """Scores with intervals: filled on real test, hollow on synthetic val where rendered images were trained on."""
    metric = rows[0].metric
    scale = 100 if metric == "accuracy" else 1

    def point(axes: Axes, y: float, score: Interval, regime: str, filled: bool) -> None:
        if score.known:
            colour = COLOURS[regime]
            axes.plot([score.low * scale, score.high * scale], [y, y], color=colour, solid_capstyle="butt")
            face = colour if filled else "none"
            axes.plot([score.value * scale], [y], MARKERS[regime], ms=6, color=colour, mfc=face)

    def plot(axes: Axes) -> None:
        for n, row in enumerate(rows):
            point(axes, n - 0.17, row.real_test, row.regime, filled=True)
            if row.regime != "real":  # far off, it would press the rest together
                point(axes, n + 0.17, row.synthetic_val, row.regime, filled=False)
        axes.set(ylim=(len(rows) - 0.5, -0.5), xlabel=label(metric))
        axes.set_yticks(range(len(rows)), [f"{row.regime}" for row in rows])
        axes.grid(axis="y", visible=False)

    description = f"{task}, {label(metric)} by training regime, on real test and on synthetic val, with intervals"
    return svg((4.6, 1.8), f"scores-{task}", description, plot)


def lines_plot(name: str, title: str, x_name: str, curves: Mapping[str, Curve]) -> Markup:
    """One line for each regime that has points."""

    def plot(axes: Axes) -> None:
        for regime, curve in curves.items():
            if curve:
                x, y = zip(*curve, strict=True)
                axes.plot(x, y, LINES[regime], color=COLOURS[regime], label=regime)
        axes.set(title=title, xlabel=x_name)

    return svg(SIZE_IN, name, f"{title} by {x_name}, one line per regime", plot)
