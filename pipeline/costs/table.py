"""All classifiers in one table: what they cost for pictures of the size that they were made for, or of one size."""

from collections.abc import Iterator

from pipeline.costs.summary import cost_of, markdown, native_px, short
from pipeline.errors import InputError
from pipeline.models import CLASSIFIERS
from pipeline.params import Classifier
from pipeline.section import validate

HEADINGS = ("classifier", "picture (px)", "parameters (M)", "multiply-adds (M)", "activations (MB)")


def with_network(fit: Classifier, name: str, size_px: int) -> Classifier:
    """The section of params.yaml with another network and input. Raises InputError for a size that it cannot have."""
    return validate(Classifier, {**fit.model_dump(), "model": name, "input_px": size_px}, "summary")


def cost_table(fit: Classifier, size_px: int | None, categories: int, channels: int) -> str:
    """Every classifier for RGB or grey pictures of `size_px`, or of its own size."""
    return markdown(HEADINGS, _rows(fit, size_px, categories, channels))


def _rows(fit: Classifier, size_px: int | None, categories: int, channels: int) -> Iterator[list[str]]:
    for name in CLASSIFIERS:
        own_px = size_px or native_px(name)
        cost = cost_of(with_network(fit, name, own_px), categories, channels)
        figures = (cost.parameters / 1e6, cost.multiply_adds / 1e6, cost.memory_kb / 1024)
        yield [f"`{name}`", str(own_px), *map(short, figures)]


def check_classifier(name: str) -> None:
    """Raises InputError for what is no classifier: detectors choose what they compute by what is in the picture."""
    if name not in CLASSIFIERS:
        raise InputError(f"summary: expected a classifier, found '{name}'. Known: {', '.join(sorted(CLASSIFIERS))}.")
