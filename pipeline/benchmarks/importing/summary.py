"""What an import tells its user."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.benchmarks.importing.samples import Sample
from pipeline.coco import Coco, names_of

SMALL_PX = 4  # a box with a shorter side is likely to be a slip of the mouse
SHOWN = 5  # examples of a note


def table(cocos: Mapping[str, Coco], names: Sequence[str]) -> list[str]:
    """Photos and boxes of each category on each side, as lines of text."""
    rows = [("", *cocos, "all")]
    rows.append(_row("photos", [len(coco["images"]) for coco in cocos.values()]))
    rows.append(_row("without boxes", [_empty(coco) for coco in cocos.values()]))
    counts = [Counter(names_of(coco)[a["category_id"]] for a in coco["annotations"]) for coco in cocos.values()]
    rows.append(_row("boxes", [count.total() for count in counts]))
    rows += [_row(f"  {name}", [count[name] for count in counts]) for name in names]
    first = max(len(row[0]) for row in rows)
    return [row[0].ljust(first) + "".join(cell.rjust(8) for cell in row[1:]) for row in rows]


def _row(name: str, numbers: list[int]) -> tuple[str, ...]:
    return (name, *map(str, numbers), str(sum(numbers)))


def _empty(coco: Coco) -> int:
    return len(coco["images"]) - len({a["image_id"] for a in coco["annotations"]})


def notes(
    sides: Mapping[str, Sequence[Sample]], copies: Sequence[tuple[Sample, Sample]], groups: Sequence[Sequence[Sample]]
) -> list[str]:
    """What the user should look at."""
    found = [_note("equal photos, one of each kept", [f"{_name(a)} = {_name(b)}" for a, b in copies])]
    alike = [" ~ ".join(_name(s) for s in group) for group in groups if len(group) > 1]
    found.append(_note("groups of photos that are nearly equal, each on one side", alike))
    samples = [s for side in sides.values() for s in side]
    small = [_name(s) for s in samples if any(min(o.box_xywh[2:]) < SMALL_PX for o in s.objects)]
    found.append(_note(f"photos with a box of less than {SMALL_PX} px", small))
    twice = [_name(s) for s in samples if len(set(s.objects)) < len(s.objects)]
    found.append(_note("photos with the same box twice", twice))
    return [note for note in found if note]


def _note(what: str, examples: Sequence[str]) -> str:
    more = f" and {len(examples) - SHOWN} more" if len(examples) > SHOWN else ""
    return f"{what}: {', '.join(examples[:SHOWN])}{more}" if examples else ""


def _name(sample: Sample) -> str:
    return sample.photo.path.name


def next_steps(out: Path) -> str:
    """Where to look, and what to write into the parameters."""
    section = f"benchmark: {{name: coco, folder: {out}, hold_out: 0.2}}"
    return f"Look at {out / 'contact_sheet.png'}, then set in params.yaml: {section}"
