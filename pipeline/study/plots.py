"""A study as a figure: effects with their intervals, or curves with their fits, a plot for each task and regime."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from pipeline.figure import HEIGHT_IN, Plot, save_plots
from pipeline.report.table import label
from pipeline.study.words import named, worth_noting

Found = Mapping[str, Any]
Key = tuple[str, ...]  # task, regime, and of curves what they go along
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito's
MARKERS = "os^Dvx"
CLEAR, UNCLEAR = "#0072b2", "#999999"
ROW_IN = 0.25


def save_figure(path: Path, found: Found) -> None:
    """Its plots side by side."""
    kind = kind_of(found)
    keys = keys_of(found, kind)
    height_in = HEIGHT_IN if kind == "curves" else max(HEIGHT_IN, *(rows_in(found, kind, key) for key in keys))
    save_plots(path, [plot_of(found, kind, key) for key in keys], height_in)


def kind_of(found: Found) -> str:
    """Which of its lists is drawn: the cells where there is nothing else."""
    return next((kind for kind in ("curves", "effects") if found[kind]), "cells")


def keys_of(found: Found, kind: str) -> list[Key]:
    """What there is a plot of; curves along real and synthetic images apart."""
    there = [one for one in found[kind] if kind == "curves" or one["real_test"]]
    return list(dict.fromkeys(plot_key(one) for one in there))


def plot_key(one: Found) -> Key:
    return (one["task"], one["regime"], *([one["along"]] if "along" in one else []))


def plot_of(found: Found, kind: str, key: Key) -> Plot:
    own = own_of(found, kind, key)
    return lambda axes: {"curves": draw_curves, "effects": draw_effects, "cells": draw_cells}[kind](axes, own)


def rows_in(found: Found, kind: str, key: Key) -> float:
    """Height of a plot with a row for each effect or cell."""
    return 1.0 + ROW_IN * len(own_of(found, kind, key))


def own_of(found: Found, kind: str, key: Key) -> list[Found]:
    return [one for one in found[kind] if plot_key(one) == key]


def draw_effects(axes: Axes, own: list[Found]) -> None:
    """Differences from the baseline; hollow and grey where not distinguishable."""
    axes.axvline(0, color=UNCLEAR, linewidth=1)
    for row, one in enumerate(own):
        clear = worth_noting(one)
        draw_interval(axes, shown(one, one["real_test"]), row, CLEAR if clear else UNCLEAR, clear)
    name_rows(axes, [named(one) for one in own])
    axes.set(title=title(own[0]), xlabel=f"{label(own[0]['metric'])} on real test,\nagainst the baseline")


def draw_cells(axes: Axes, own: list[Found]) -> None:
    there = [one for one in own if one["real_test"]]
    for row, one in enumerate(there):
        draw_interval(axes, shown(one, one["real_test"]), row, CLEAR, True)
    name_rows(axes, [one["cell"] for one in there])
    axes.set(title=title(own[0]), xlabel=f"{label(own[0]['metric'])} on real test")


def shown(one: Found, figures: Found) -> tuple[float, float, float]:
    """Value and both ends, accuracy in per cent; of one seed the value alone."""
    ends = [figures[key] if figures[key] is not None else figures["value"] for key in ("value", "low", "high")]
    value, low, high = (end * unit(one) for end in ends)
    return value, low, high


def unit(one: Found) -> float:
    return 100.0 if one["metric"] == "accuracy" else 1.0


def draw_interval(axes: Axes, ends: tuple[float, float, float], row: int, colour: str, filled: bool) -> None:
    value, low, high = ends
    axes.plot([low, high], [row, row], "-", color=colour)
    axes.plot([value], [row], "o", color=colour, markerfacecolor=colour if filled else "white")


def name_rows(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.locator_params(axis="x", nbins=5)


def draw_curves(axes: Axes, own: list[Found]) -> None:
    """Along one kind of images, a line for each amount of the other."""
    along = own[0]["along"]
    for n, one in enumerate(own):
        draw_curve(axes, one, along, COLOURS[n % len(COLOURS)], MARKERS[n % len(MARKERS)])
    axes.set(title=title(own[0]), xlabel=f"{along} images", ylabel=f"{label(own[0]['metric'])} on real test")
    scale_counts(axes, sorted({point["images"][along] for one in own for point in one["points"]}))


def scale_counts(axes: Axes, counts: list[int]) -> None:
    """A logarithmic axis; linear below the smallest count that is not 0, where there is a 0."""
    if counts[0]:
        axes.set_xscale("log")
    else:
        axes.set_xscale("symlog", linthresh=next(filter(None, counts), 1))
    axes.set_xticks(counts, list(map(str, counts)))
    axes.minorticks_off()


def draw_curve(axes: Axes, one: Found, along: str, colour: str, marker: str) -> None:
    """Means of cells with their intervals; the fit with its band."""
    name = ", ".join(f"{kind} {level}" for kind, level in one["at"].items()) or along
    counts = [point["images"][along] for point in one["points"]]
    ends = [shown(one, point) for point in one["points"]]
    for count, (_, low, high) in zip(counts, ends, strict=True):
        axes.plot([count] * 2, [low, high], "-", color=colour, linewidth=1)
    axes.plot(counts, [value for value, _, _ in ends], marker, color=colour, label=name)
    if one["fit"] and one["fit"]["b"]:  # an error that does not fall has no curve
        line = one["fit"]["line"]
        score, lower, upper = (np.array(line[key]) * unit(one) for key in ("score", "low", "high"))
        axes.plot(line["images"], score, "-", color=colour, linewidth=1)
        axes.fill_between(line["images"], lower, upper, color=colour, alpha=0.15, linewidth=0)


def title(one: Found) -> str:
    return f"{one['task']}, {one['regime']}"
