"""Each randomizer alone, at the low, middle and high end of its distributions: what it does to the pictures."""

from dataclasses import dataclass, replace
from typing import Any, get_args

from PIL import Image
from tqdm import tqdm

from blender.make import Recipe, make_frame
from blender.randomizers import RANDOMIZERS
from blender.randomizers.base import RandomizerParams
from blender.samplers import Part, end
from pipeline.draw import scaled
from pipeline.errors import InputError, lookup
from pipeline.section import Distribution
from pipeline.table import Cell, picture_table

STEPS = 5  # of the sequence whose last frame shows the motion: its first one is at rest
CELL_PX = (240, 320)  # width of a picture, from - to
PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True)
class Row:
    """What varies from the low to the high end: everything of a randomizer, or one of its distributions."""

    randomizer: str
    distribution: str | None = None

    @property
    def title(self) -> str:
        name = self.distribution or self.randomizer
        return f"{name}\nafter {STEPS - 1} frames" if self.randomizer == "motion" else name


def ablation_sheet(recipe: Recipe, split: str, randomizer: str | None = None) -> Image.Image:
    """A row for each randomizer that is enabled, or for each distribution of one; all are off in the first column.

    Every cell shows the same objects. What changes no pixel is named below instead of having a row.
    """
    off = Cell(_picture(only(recipe, None), split))
    drawn = {row: _cells(recipe, row, split) for row in tqdm(_rows(recipe, randomizer), unit="row", desc="ablate")}
    telling = [(row.title, [off, *cells]) for row, cells in drawn.items() if _differ(cells)]
    silent = [row.title for row, cells in drawn.items() if not _differ(cells)]
    footer = f"No change: {', '.join(silent)}." if silent else ""
    return picture_table(["all off", *PARTS], telling or [("", [off] * (1 + len(PARTS)))], footer)


def _rows(recipe: Recipe, randomizer: str | None) -> list[Row]:
    """Raises InputError if there is nothing to show."""
    if randomizer is None:
        rows = [Row(name) for name, params in recipe.randomizers.items() if params.enabled and varying(params)]
    else:
        params = lookup(recipe.randomizers, randomizer, "--ablate")
        check = getattr(RANDOMIZERS[randomizer], "check", None)
        if check is not None:  # make_recipe leaves out those that are switched off
            check(params)
        rows = [Row(randomizer, name) for name in varying(params)]
    if not rows:
        raise InputError(f"--ablate {randomizer or ''}: expected a distribution with two ends, found constants.")
    return rows


def _cells(recipe: Recipe, row: Row, split: str) -> list[Cell]:
    params = recipe.randomizers[row.randomizer]
    pictures = [_picture(only(recipe, row, part), split) for part in PARTS]
    return [Cell(picture, caption(params, row, part)) for picture, part in zip(pictures, PARTS, strict=True)]


def _differ(cells: list[Cell]) -> bool:
    return any(cell.picture.tobytes() != cells[0].picture.tobytes() for cell in cells)


def only(recipe: Recipe, row: Row | None, part: Part = "middle") -> Recipe:
    """The recipe with one randomizer at one end, and the others switched off."""
    changed = {name: params.model_copy(update={"enabled": False}) for name, params in recipe.randomizers.items()}
    if row is not None:
        changed[row.randomizer] = at_end(recipe.randomizers[row.randomizer], part, row.distribution)
    moving = row is not None and row.randomizer == "motion"
    return replace(recipe, randomizers=changed, sequence_length=STEPS if moving else 1)


def at_end(params: RandomizerParams, part: Part, name: str | None = None) -> RandomizerParams:
    """Switched on, with every distribution, or that of this name, at one end; the others are at their middle."""
    changed: dict[str, Any] = {n: _at_end(n, value, part, name) for n, value in params}
    return params.model_copy(update=changed | {"enabled": True})


def _at_end(key: str, value: Any, part: Part, name: str | None) -> Any:
    if isinstance(value, dict):
        return {n: _at_end(n, v, part, name) for n, v in value.items()}
    if not isinstance(value, Distribution):
        return value
    return Distribution(kind="constant", args=[end(value, part if name in (None, key) else "middle")])


def varying(params: RandomizerParams) -> dict[str, Distribution]:
    """The distributions that differ between their ends, those in mappings too."""
    pairs = [(name, value) for name, value in params if isinstance(value, Distribution)]
    pairs += [pair for _, value in params if isinstance(value, dict) for pair in value.items()]
    return {name: d for name, d in pairs if end(d, "low") != end(d, "high")}


def caption(params: RandomizerParams, row: Row, part: Part) -> str:
    """What the distributions of a row give at one end."""
    shown = {n: end(d, part) for n, d in varying(params).items() if row.distribution in (None, n)}
    return ", ".join(f"{name} {_short(value)}" for name, value in shown.items())


def _short(value: Any) -> str:
    return f"{float(f'{value:.3g}'):g}" if isinstance(value, float) else str(value)


def _picture(recipe: Recipe, split: str) -> Image.Image:
    """The last picture of the first sequence, without labels, in the size of a cell."""
    pixels = make_frame(recipe, split, recipe.sequence_length - 1).rgb
    low_px, high_px = CELL_PX
    width_px = pixels.shape[1]
    return scaled(pixels, high_px / width_px if width_px > high_px else -(-low_px // width_px))
