"""What studies found: the second and the third question, and a section with all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from pipeline.figure import WIDTH_IN
from pipeline.report.figures import SIZE_IN
from pipeline.report.optional import Entry
from pipeline.report.svg import svg
from pipeline.report.tabular import Table
from pipeline.study import tables
from pipeline.study.plots import keys_of, kind_of, plot_of, rows_in

CONDITIONS = "curve"  # the design that asks how many images
SHIPPED = {"digits": ("amount", "randomization"), "dice": ("dice_amount", "dice_randomization")}  # by scene


@dataclass(frozen=True)
class Studied:
    """A study as the page shows it."""

    name: str
    question: str
    sentences: Sequence[str]
    plots: list[Markup]
    tables: list[Table]
    command: str


@dataclass(frozen=True)
class Question:
    """One of the three, with what is known."""

    question: str
    answers: list[tuple[str, list[str]]]  # study, its sentences
    command: str  # that would answer it, where nothing does; empty where the project has no such study of this scene


def questions(studies: Sequence[Entry], scene: str) -> list[Question]:
    """Under what conditions, and which choices matter. One that compares no levels, as of seeds, says neither."""
    amount, choices = (_run(name) for name in SHIPPED[scene]) if scene in SHIPPED else ("", "")
    curves = [s for s in studies if s["design"] == CONDITIONS]
    others = [s for s in studies if s["effects"]]
    return [
        Question("Under what conditions?", _answers(curves), amount),
        Question("Which choices matter?", _answers(others), choices),
    ]


def _run(study: str) -> str:
    return f"python -m pipeline.study run studies/{study}.yaml"


def _answers(studies: Sequence[Entry]) -> list[tuple[str, list[str]]]:
    return [(study["study"], study["answers"]) for study in studies]


def seeds_of(studies: Sequence[Entry]) -> list[str]:
    """What the gaps are over several seeds of training, of studies that ask this alone."""
    alone = [s for s in studies if s["design"] != CONDITIONS and not s["effects"]]
    return [sentence for study in alone for sentence in study["answers"]]


def studied(studies: Sequence[Entry]) -> list[Studied]:
    return [
        Studied(
            s["study"],
            s["question"],
            s["sentences"],
            list(_plots(s)),
            [t for t in (_table(s, "Effects"), _table(s, "Curves"), _table(s, "Cells")) if t.rows],
            s.get("command", _run(s["study"])),
        )
        for s in studies
    ]


def _table(study: Entry, title: str) -> Table:
    head, *rows = {"Effects": tables.effects, "Cells": tables.cells, "Curves": tables.curves}[title](study)
    return Table(f"{study['study']}: {title.lower()}", head, rows)


def _plots(study: Mapping[str, Any]) -> list[Markup]:
    """Effects, curves, or the cells alone."""
    kind = kind_of(study)
    made = []
    for key in keys_of(study, kind):
        size_in = SIZE_IN if kind == "curves" else (WIDTH_IN, rows_in(study, kind, key))
        what = f"Study {study['study']}, {key[0]} trained on {key[1]}: {kind} on real test, with intervals"
        what += f", along {key[2]} images" if len(key) > 2 else ""
        made.append(svg(size_in, f"study-{study['study']}-{'-'.join(key)}", what, plot_of(study, kind, key)))
    return made
