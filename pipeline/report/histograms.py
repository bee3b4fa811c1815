"""Plots that hold datasets against each other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pipeline.report.figures import SIZE_IN
from pipeline.report.svg import COLOURS, INK, svg
from pipeline.statistics import Statistics

BINS = 24
Floats = npt.NDArray[np.float64]
Values = Mapping[str, npt.NDArray[np.float64] | npt.NDArray[np.int64]]  # dataset -> values

DATASETS = {
    "synthetic train": (COLOURS["synthetic"], "-"),
    "real train": (COLOURS["real"], "--"),
    "real test": (INK, ":"),
}


def histogram_plot(name: str, title: str, unit: str, values: Values, whole: bool = False) -> Markup:
    """Outlines of histograms on the same bins, each as a part of its own dataset."""
    everything = np.concatenate([np.asarray(v, dtype=np.float64) for v in values.values()])
    edges = _edges(everything, whole)

    def plot(axes: Axes) -> None:
        for dataset, v in values.items():
            if len(v):
                colour, line = DATASETS[dataset]
                counts = np.histogram(v, edges)[0] / len(v)
                axes.stairs(100 * counts, edges, color=colour, linestyle=line, label=dataset, linewidth=1.6)
        axes.set(title=title, xlabel=unit, ylabel="% of each")
        axes.xaxis.set_major_locator(MaxNLocator(integer=whole, nbins=6))

    return svg(SIZE_IN, name, f"Histogram of {title.lower()} in {', '.join(values)}", plot)


def _edges(values: Floats, whole: bool) -> Floats:
    if not len(values):
        return np.linspace(0, 1, 2)
    low, high = values.min(), values.max()
    if whole:
        step = max(1.0, np.ceil((high - low + 1) / BINS))
        whole_edges: Floats = np.arange(low - 0.5, high + step + 0.5, step, dtype=np.float64)
        return whole_edges
    margin = 0.5 if low == high else 0.0
    edges: Floats = np.linspace(low - margin, high + margin, BINS + 1)
    return edges


def class_plot(name: str, counts: Mapping[str, Mapping[str, int]]) -> Markup:
    """Part of each category in each dataset."""
    categories = list(next(iter(counts.values())))

    def plot(axes: Axes) -> None:
        for offset, (dataset, of) in enumerate(counts.items()):
            colour, _ = DATASETS[dataset]
            total = max(1, sum(of.values()))
            x = np.arange(len(categories)) + 0.27 * (offset - 1)
            face = colour if dataset != "real test" else "none"
            axes.bar(x, [100 * of[c] / total for c in categories], 0.25, ec=colour, fc=face, label=dataset)
        axes.set(title="Categories", ylabel="% of boxes")
        long = len(categories) > 12 or max(map(len, categories)) > 6
        axes.set_xticks(range(len(categories)), categories, rotation=90 if long else 0)
        axes.grid(axis="x", visible=False)

    return svg(SIZE_IN, name, f"Share of the categories in {', '.join(counts)}", plot)


def position_plot(name: str, dataset: str, centres: Floats) -> Markup:
    """Where box centres lie: the darker, the more."""
    counts = np.histogram2d(centres[:, 1], centres[:, 0], bins=(12, 16), range=((0, 1), (0, 1)))[0]
    alpha = counts / max(1.0, counts.max())
    rgba = np.dstack([np.full_like(alpha, v) for v in (0.0, 0.447, 0.698)] + [alpha])

    def plot(axes: Axes) -> None:
        axes.imshow(rgba, extent=(0, 1, 1, 0), aspect="auto", interpolation="none")
        axes.set(title=dataset, xlabel="x", ylabel="y")
        axes.grid(visible=False)

    return svg((3.2, 2.1), name, f"Positions of box centres in {dataset}", plot)


@dataclass(frozen=True)
class DatasetPlots:
    """One task's datasets, held against each other."""

    histograms: list[Markup]
    positions: list[Markup]


def dataset_plots(task: str, of: Mapping[str, Statistics]) -> DatasetPlots:
    """All plots of one task; `of` is dataset -> statistics, with some of the keys of DATASETS."""

    def histogram(key: str, title: str, unit: str, values: Callable[[Statistics], Any], whole: bool = False) -> Markup:
        return histogram_plot(f"{task}-{key}", title, unit, {name: values(s) for name, s in of.items()}, whole)

    histograms = [
        class_plot(f"{task}-categories", {name: s.class_counts for name, s in of.items()}),
        histogram("boxes", "Boxes per image", "boxes", lambda s: s.boxes_per_image, whole=True),
        histogram("brightness", "Brightness of images", "mean luma, 0 black to 1 white", lambda s: s.brightness),
        histogram("width", "Box width", "px", lambda s: s.size_px[:, 0]),
        histogram("height", "Box height", "px", lambda s: s.size_px[:, 1]),
        histogram("relative", "Box height in its image", "image heights", lambda s: s.size_relative[:, 1]),
        histogram("aspect", "Box shape", "width / height", lambda s: s.aspect),
    ]
    positions = [position_plot(f"{task}-positions-{name}", name, s.centre_relative) for name, s in of.items()]
    return DatasetPlots(histograms, positions)
