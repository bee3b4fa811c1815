"""How far rendered and real images are apart, of distance.json: figures, points in a plane, nearest neighbours."""

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup
from matplotlib.axes import Axes

from pipeline.coco import Coco
from pipeline.report.gallery import Shown, embed, open_rgb
from pipeline.report.load import Inputs
from pipeline.report.mistakes import crop
from pipeline.report.named import EXACT_PX
from pipeline.report.optional import Entry, interval_of
from pipeline.report.svg import COLOURS, svg
from pipeline.report.table import MISSING, cell
from pipeline.report.tabular import Table
from pipeline.runs import REGIMES

SHOWN_PAIR = "synthetic_val/real_test"  # of which no network has seen a picture
REFERENCES = {"synthetic_train/synthetic_val": "rendered against rendered", "real_train/real_test": "real against real"}
START = "start"  # the network before training
WAYS = {"tsne": "t-SNE", "pca": "PCA"}
SETS = {  # colour, marker, filled
    "synthetic_train": (COLOURS["synthetic"], "o", True),
    "synthetic_val": (COLOURS["synthetic"], "o", False),
    "real_train": (COLOURS["real"], "s", True),
    "real_test": (COLOURS["real"], "s", False),
}


def apart(inputs: Inputs) -> dict[str, Any]:
    """What the template shows; empty where there is no distance.json."""
    found = inputs.optional.distance
    return {
        "feature_tables": [feature_table(task, of) for task, of in found.items()],
        "ranked_tables": [t for task, of in found.items() if (t := ranked_table(task, of)).rows],
        "planes": {WAYS[w]: [p for t in found for p in planes(inputs.optional.points.get(t), t, w)] for w in WAYS},
        "neighbours": list(neighbours(inputs)),
        "distance_sentences": list(sentences(found)),
    }


def feature_table(task: str, of: Entry) -> Table:
    """A row for each network: distances of rendered and real, and what no difference looks like."""
    head = ["features of", "A-distance", "KID", "p of MMD", *(f"A-distance, {text}" for text in REFERENCES.values())]
    rows = [[_network(n), *_pair(f["pairs"].get(SHOWN_PAIR)), *_references(f)] for n, f in networks(of)]
    return Table(f"{task.capitalize()} ({of['of']}): synthetic val against real test", head, rows)


def networks(of: Entry) -> list[tuple[str, Entry]]:
    """Before training, then by regime."""
    return [(name, of["features"][name]) for name in (START, *REGIMES) if name in of["features"]]


def _network(name: str) -> str:
    return "before training" if name == START else f"trained on {name}"


def _pair(pair: Entry | None) -> list[str]:
    if not pair:
        return [MISSING] * 3
    return [_a_distance(pair), _two(pair["kid"]), f"{pair['mmd2']['p']:.2g}"]


def _references(features: Entry) -> list[str]:
    pairs = [features["pairs"].get(name) for name in REFERENCES]
    return [_a_distance(pair) if pair else MISSING for pair in pairs]


def _a_distance(pair: Entry) -> str:
    """Says so where guessing does as well: the interval reaches 0, as it does wherever the figure itself is below."""
    told = " (not told apart)" if pair["a_distance"]["low"] <= 0 else ""
    return f"{_two(pair['a_distance'])}{told}"


def _two(entry: Entry) -> str:
    return f"{entry['value']:.2f} [{entry['low']:.2f}, {entry['high']:.2f}]"


def ranked_table(task: str, of: Entry) -> Table:
    """What differs most between rendered and real training images, and what turns it."""
    head = ["measure", "real minus rendered, in deviations", "real ones within the rendered range", "keys that move it"]
    rows = [_ranked(entry) for entry in of["statistics"]["ranked"] if entry["clear"]]
    return Table(
        f"{task.capitalize()} ({of['of']}): what differs between rendered and real training images", head, rows
    )


def _ranked(entry: Entry) -> list[str]:
    difference, keys = cell("d", interval_of(entry), sign=True), ", ".join(entry["turn"]) or MISSING
    return [entry["measure"].replace("_", " "), difference, f"{100 * entry['covered']:.0f} %", keys]


def planes(points: Entry | None, task: str, way: str) -> Iterator[Markup]:
    """One plot for each network."""
    for network in (START, *REGIMES):
        of = points["networks"].get(network) if points else None
        if points and of:
            sets = [s["set"] for s in points["samples"]]
            yield _plane(f"{task}-{network}-{way}", f"{task}, {_network(network)}", sets, of[way])


def _plane(name: str, title: str, sets: list[str], points: list[list[float]]) -> Markup:
    def plot(axes: Axes) -> None:
        for part, (colour, marker, filled) in SETS.items():
            own = [p for p, of in zip(points, sets, strict=True) if of == part]
            if own:
                x, y = zip(*own, strict=True)
                face = colour if filled else "none"
                axes.plot(x, y, marker, color=colour, mfc=face, ms=3, mew=0.8, alpha=0.75, label=part.replace("_", " "))
        axes.set(title=title, xticks=[], yticks=[])

    return svg((3.6, 3.1), f"plane-{name}", f"{title}: features of rendered and real images in a plane", plot)


def neighbours(inputs: Inputs) -> Iterator[list[Shown]]:
    """Rows: a wrong crop of real test, and the rendered train crops that come nearest to it."""
    of = inputs.optional.distance.get("classifier", {}).get("neighbours")
    if not of or "classifier" not in inputs.tasks:
        return
    test, train = (inputs.cocos[("classifier", *of_split)] for of_split in (("real", "test"), ("synthetic", "train")))
    for mistake in of["mistakes"]:
        said = f"real: true {mistake['category']}, predicted {mistake['predicted']} {mistake['score']:.2f}"
        row = [_crop(inputs, test, mistake, said)]
        row += [_crop(inputs, train, n, f"rendered {n['category']}, {n['distance']:.2f}") for n in mistake["nearest"]]
        yield row


def _crop(inputs: Inputs, coco: Coco, entry: Entry, caption: str) -> Shown:
    file_name = next(i["file_name"] for i in coco["images"] if i["id"] == entry["image_id"])
    part = crop(open_rgb(inputs.images / file_name), entry["bbox"], inputs.params.classifier.margin)
    return embed(part, f"Crop of {file_name}: {caption}", caption, exact=max(part.size) <= EXACT_PX)


def sentences(distance: Entry) -> Iterator[str]:
    """What a classifier of rendered and real makes of them, before and after training, and what to turn first."""
    for task, of in distance.items():
        pairs = {_network(n): f["pairs"].get(SHOWN_PAIR) for n, f in networks(of)}
        said = [f"{_a_distance(pair)} {network}" for network, pair in pairs.items() if pair]
        if said:
            sets = f"rendered {of['of']} held out from training (synthetic val) and those of real test"
            yield f"{task.capitalize()}: A-distance between {sets}: {', '.join(said)}."
        clear = [r for r in of["statistics"]["ranked"] if r["clear"]]
        if clear:
            most, keys = clear[0], ", ".join(clear[0]["turn"])
            by = f"{cell('d', interval_of(most), sign=True)} deviations"
            sets = f"rendered and real {of['of']} for training"
            what = f"{sets} differ most in {most['measure'].replace('_', ' ')} ({by})"
            yield f"{task.capitalize()}: {what}{f': turn {keys}' if keys else ''}."
