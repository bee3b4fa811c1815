"""Which errors a detector makes, and how far scores mean what they say, of causes.json."""

from markupsafe import Markup
from matplotlib.axes import Axes

from pipeline.report.figures import SIZE_IN
from pipeline.report.optional import Entry, interval_of
from pipeline.report.svg import COLOURS, INK, LINES, MARKERS, svg
from pipeline.report.table import cell
from pipeline.report.tabular import Table, first, ordered
from pipeline.report.tiles import KINDS


def errors_table(name: str, by_regime: Entry) -> Table:
    """A row for each type: counts, and what AP50 would gain, on real test."""
    of = {r: by_regime[r]["errors"]["real_test"] for r in ordered(by_regime)}
    head = ["error", *(f"{r}: {what}" for r in of for what in ("count", "AP50 lost"))]
    kinds = {k: f"{word} ({k})" if word != k else k for k, word in KINDS.items() if k in first(of)["kinds"]}
    rows = [[word, *(text for e in of.values() for text in _error(e["kinds"][k]))] for k, word in kinds.items()]
    total = ["shown boxes / right / objects"]
    total += [text for e in of.values() for text in (f"{e['boxes']} / {e['right']} / {e['objects']}", "")]
    return Table(f"{name.capitalize()}: errors on real test", head, [*rows, total])


def _error(entry: Entry) -> tuple[str, str]:
    return str(entry["count"]), cell("AP50", interval_of(entry["dAP50"]))


def reliability_plot(name: str, by_regime: Entry) -> Markup:
    """Part of right answers by their mean score, on real test; on the line scores mean what they say."""

    def plot(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], ":", color=INK, linewidth=1)
        for r in ordered(by_regime):
            bins = [b for b in by_regime[r]["calibration"]["real_test"]["bins"] if b["count"]]
            line = [b["score"] for b in bins], [b["right"] for b in bins]
            axes.plot(*line, LINES[r], marker=MARKERS[r], ms=4, color=COLOURS[r], label=r)
        axes.set(title=name.capitalize(), xlabel="score", ylabel="part that is right", xlim=(0, 1), ylim=(0, 1.02))

    return svg(SIZE_IN, f"reliability-{name}", f"{name}: part of right answers by score on real test", plot)


def calibration_table(causes: Entry) -> Table:
    rows = [
        [name, r, *_calibration(by_regime[r]["calibration"])]
        for name, by_regime in causes.items()
        for r in ordered(by_regime)
        if "calibration" in by_regime[r]
    ]
    head = ["", "trained on", "ECE, synthetic val", "ECE, real test", "overconfidence, real test"]
    return Table("Calibration: how far scores are from what they promise", head, rows)


def _calibration(of: Entry) -> list[str]:
    eces = [cell("ECE", interval_of(of[split]["ECE"])) for split in ("synthetic_val", "real_test")]
    return [*eces, cell("over", interval_of(of["real_test"]["overconfidence"]), sign=True)]
