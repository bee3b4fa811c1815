"""What every randomizer offers. One file varies one thing."""

from typing import Any, Protocol

from blender.samplers import Rng, centre, draw
from blender.world import World
from pipeline.section import Distribution, Section

Values = dict[str, Any]


class RandomizerParams(Section):
    """Keys of every randomizer; the others are its distributions."""

    enabled: bool


class Randomizer(Protocol):
    """A module in this folder: `Params` and three functions.

    It may also have `check(params)`, which raises InputError for values that cannot work, such as a folder without
    files. It is asked before the first frame, unless the randomizer is switched off.
    """

    @property
    def Params(self) -> type[RandomizerParams]: ...

    def sample(self, rng: Rng, params: Any, objects: int) -> Values:
        """Draw values, which the frame records; `objects` is the number of labelled objects."""
        ...

    def fixed(self, params: Any, objects: int) -> Values:
        """The values when switched off: the plain, middle case that an ablation compares with."""
        ...

    def apply(self, world: World, values: Values) -> None:
        """Change the world, by these values and nothing else."""
        ...


def distributions(params: Section) -> dict[str, Distribution]:
    return {name: value for name, value in params if isinstance(value, Distribution)}


def draw_all(rng: Rng, params: Section) -> Values:
    """One value from each distribution, in the order of declaration."""
    return {name: draw(value, rng) for name, value in distributions(params).items()}


def centre_all(params: Section) -> Values:
    """The middle of each distribution."""
    return {name: centre(value) for name, value in distributions(params).items()}
