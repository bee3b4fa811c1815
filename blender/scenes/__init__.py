"""Scenes: name in params.yaml -> module. A scene knows its categories and puts labelled objects into the world."""

from typing import Any, Protocol

from blender.samplers import Rng
from blender.scenes import blend, coins, dice, digits, props, shapes
from blender.world import World
from pipeline.section import Section


class Scene(Protocol):
    """A module in this folder."""

    @property
    def Params(self) -> type[Section]: ...

    def check(self, params: Any) -> None:
        """Raise InputError for values that cannot work, before anything is rendered."""
        ...

    def categories(self, params: Any) -> tuple[str, ...]:
        """The names of its categories, in the order of their COCO ids."""
        ...

    def keypoints(self, params: Any) -> dict[str, tuple[str, ...]]:
        """The names of the keypoints of each category that has any, in COCO's order."""
        ...

    def build(self, world: World, params: Any, rng: Rng) -> None:
        """Append labelled objects to `world.objects`, at the origin, resting on the ground."""
        ...


SCENES: dict[str, Scene] = {
    "digits": digits,
    "shapes": shapes,
    "blend": blend,
    "dice": dice,
    "props": props,
    "coins": coins,
}
