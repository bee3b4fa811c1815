"""Where the gaps come from, of causes.json: types of errors, calibration, and parts of the data."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.report.error_types import calibration_table, errors_table, reliability_plot
from pipeline.report.optional import Entry, interval_of
from pipeline.report.parts import parts_of
from pipeline.report.table import cell
from pipeline.report.tabular import first
from pipeline.report.tiles import KINDS


def by_cause(causes: Entry) -> dict[str, Any]:
    """What the template shows; empty where there is no causes.json."""
    return {
        "cause_sentences": list(sentences(causes)),
        "error_tables": [errors_table(name, of) for name, of in causes.items() if "errors" in first(of)],
        "reliability": [reliability_plot(name, of) for name, of in causes.items() if "calibration" in first(of)],
        "calibration": calibration_table(causes),
        "parts": {name: parts_of(name, of) for name, of in causes.items()},
    }


def sentences(causes: Entry) -> Iterator[str]:
    """Of each task or cascade, of the training with the fewest real images: the costliest error, the widest gap."""
    for name, by_regime in causes.items():
        regime = next((r for r in ("synthetic", "mixed") if r in by_regime), None)
        if regime:
            who = f"{name.capitalize()} trained on {regime}"
            yield from _costliest(who, by_regime[regime].get("errors"))
            yield from _widest(who, by_regime[regime]["parts"])


def _costliest(who: str, errors: Entry | None) -> Iterator[str]:
    kinds: Mapping[str, Any] = errors["real_test"]["kinds"] if errors else {}
    costs = {kind: interval_of(e["dAP50"]) for kind, e in kinds.items()}
    clear = {kind: cost for kind, cost in costs.items() if cost.known and cost.low > 0}
    if clear:
        kind = max(clear, key=lambda k: clear[k].value)
        lost = f"the error \u201c{KINDS[kind]}\u201d: {cell('AP50', clear[kind])}"
        yield f"{who}: most AP50 on real test is lost to {lost}."


def _widest(who: str, parts: Entry) -> Iterator[str]:
    """By the intervals that hold for all parts at once: the widest of many gaps is wide by chance too."""
    found = [
        (gap, f"{dimension} is {p['part']}", of["metric"])
        for dimension, of in parts.items()
        for p in of["parts"]
        if (gap := interval_of(p.get("domain_gap_simultaneous"))).known
    ]
    clear = [f for f in found if f[0].low > 0]
    if clear:
        gap, where, metric = max(clear, key=lambda f: f[0].value)
        unit = " points" if metric == "accuracy" else ""
        figure = f"{metric} {cell(metric, gap, sign=True)}{unit}, corrected for looking at {len(found)} parts"
        yield f"{who}: the widest clear domain gap is where {where}: {figure}."
