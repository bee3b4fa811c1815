"""matplotlib figures as inline SVG: the same input gives the same bytes; the page sets colours and fonts."""

import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, FAINT = "#010203", "#040506"  # stand-ins, as matplotlib knows no CSS
COLOURS = {"synthetic": "#0072b2", "real": "#d55e00", "mixed": "#009e73"}  # Okabe and Ito's
LINES = {"synthetic": "-", "real": "--", "mixed": "-."}
MARKERS = {"synthetic": "o", "real": "s", "mixed": "^"}
IN_CSS = {INK: "currentColor", FAINT: "var(--line)", **{c: f"var(--{name})" for name, c in COLOURS.items()}}

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text
    "text.parse_math": False,  # a category may be called $1
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.8,
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
}


def svg(size_in: tuple[float, float], name: str, description: str, plot: Callable[[Axes], object]) -> Markup:
    """Draw on one pair of axes, with a legend if anything has a label.

    `name` must be unique on the page; `description` is for those who cannot see the figure.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # whatever the user's own settings are
        matplotlib.rcParams.update({**STYLE, "svg.hashsalt": name})
        figure = Figure(size_in, layout="constrained")
        axes = figure.subplots()
        plot(axes)
        if axes.get_legend_handles_labels()[0]:
            figure.legend(loc="outside lower center", ncols=3)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return _inline(buffer.getvalue().decode(), description)


def _inline(document: str, description: str) -> Markup:
    """The svg element alone, without what would reach out to the rest of the page: styles and ids."""
    body = document[document.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r'<g id="[^"]*"', "<g", body)
    body = re.sub(r"font-family: [^;\"]*;? ?", "", body)
    for colour, css in IN_CSS.items():
        body = body.replace(colour, css)
    return Markup(body.replace("<svg", f'<svg role="img" aria-label="{escape(description)}"', 1))
