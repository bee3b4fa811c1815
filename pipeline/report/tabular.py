"""Tables of the page, and small things that several parts of it share."""

from dataclasses import dataclass

from pipeline.report.optional import Entry
from pipeline.runs import REGIMES


@dataclass(frozen=True)
class Table:
    """A table for the page; the first cell of each row is its heading."""

    title: str
    head: list[str]
    rows: list[list[str]]


def first(by_regime: Entry) -> Entry:
    """All regimes have the same keys."""
    return next(iter(by_regime.values()), {})


def ordered(by_regime: Entry) -> list[str]:
    """Regimes in the order of every table."""
    return [r for r in REGIMES if r in by_regime]
