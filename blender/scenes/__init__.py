"""Scenes: name in params.yaml -> module. A scene knows its categories and puts labelled objects into the world."""

from typing import Any, Protocol

from blender.samplers import Rng
from blender.scenes import digits
from blender.world import World
from pipeline.section import Section


class Scene(Protocol):
    """A module in this folder."""

    @property
    def CATEGORIES(self) -> tuple[str, ...]: ...

    @property
    def Params(self) -> type[Section]: ...

    def check(self, params: Any) -> None:
        """Raise InputError for values that cannot work, before anything is rendered."""
        ...

    def build(self, world: World, params: Any, rng: Rng) -> None:
        """Append labelled objects to `world.objects`, at the origin, resting on the ground."""
        ...


SCENES: dict[str, Scene] = {"digits": digits}
