"""Print the results as a table. Standard library only: it starts at once."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import run
from pipeline.report.table import HEADINGS, cells, read_rows

LEGEND = """\
[low, high]: bootstrap interval over images.
domain gap: same weights, score on synthetic val minus score on real test.
transfer gap: on real test, score of real training minus score of this one; negative: better than real training."""


def plain(table: Sequence[Sequence[str]]) -> str:
    """Columns that line up; a heading above a rule."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["  ".join(t.ljust(w) for t, w in zip(row, widths, strict=True)).rstrip() for row in table]
    return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


def markdown(table: Sequence[Sequence[str]]) -> str:
    """A table for a README."""
    lines = [f"| {' | '.join(row)} |" for row in table]
    return "\n".join([lines[0], "|" + "---|" * len(table[0]), *lines[1:]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=Path, required=True, help="the page, to say where it is")
    parser.add_argument("--gaps", type=Path, required=True, help="gap.json")
    parser.add_argument("--markdown", action="store_true", help="print the table alone, in Markdown")
    args = parser.parse_args()
    table = [HEADINGS, *(cells(row) for row in read_rows(args.gaps))]
    if args.markdown:
        print(markdown(table))
    else:
        print(f"{plain(table)}\n\n{LEGEND}\n\nReport: {args.report}")


if __name__ == "__main__":
    run(main)
