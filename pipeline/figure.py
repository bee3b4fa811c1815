"""Plots in a file of their own; the same input gives the same bytes."""

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.report.svg import STYLE

Plot = Callable[[Axes], object]
WIDTH_IN, HEIGHT_IN = 4.6, 3.0  # of one plot
GRID = "#dddddd"


def save_plots(path: Path, plots: Sequence[Plot], height_in: float = HEIGHT_IN) -> None:
    """Draw side by side into a .svg or .png, each with a legend if anything in it has a label."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # whatever the user's own settings are
        matplotlib.rcParams.update({**STYLE, "grid.color": GRID, "svg.hashsalt": path.name})
        figure = Figure((WIDTH_IN * len(plots), height_in), layout="constrained")
        for plot, axes in zip(plots, figure.subplots(1, len(plots), squeeze=False)[0], strict=True):
            plot(axes)
            if axes.get_legend_handles_labels()[0]:
                axes.legend()
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
