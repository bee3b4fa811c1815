"""Inputs of geometry nodes modifiers: what there is, and setting them by name."""

from dataclasses import dataclass
from typing import Any

from pipeline.errors import InputError, nearest

# Types of sockets that a value of params.yaml can stand for, and the types of that value
TYPES: dict[str, tuple[type, ...]] = {
    "NodeSocketFloat": (int, float),
    "NodeSocketInt": (int,),
    "NodeSocketBool": (bool,),
    "NodeSocketString": (str,),
    "NodeSocketMenu": (str,),
}


@dataclass(frozen=True)
class Input:
    """One input of one modifier."""

    modifier: Any
    identifier: str
    socket_type: str


def inputs_of(thing: Any) -> dict[str, list[Input]]:
    """Inputs of all geometry nodes modifiers of an object, by the name shown in Blender."""
    found: dict[str, list[Input]] = {}
    for modifier in thing.modifiers:
        if modifier.type == "NODES" and modifier.node_group is not None:
            for item in modifier.node_group.interface.items_tree:
                if item.item_type == "SOCKET" and item.in_out == "INPUT" and item.socket_type in TYPES:
                    found.setdefault(item.name, []).append(Input(modifier, item.identifier, item.socket_type))
    return found


def set_input(place: Input, value: Any, key: str) -> None:
    """Raises InputError, which starts with `key`, for a value of another type."""
    if type(value) not in TYPES[place.socket_type]:
        expected = place.socket_type.removeprefix("NodeSocket").lower()
        raise InputError(f"{key}: expected a value of type {expected}, found {value!r}.")
    if place.socket_type == "NodeSocketMenu":
        value = _number_of(place, value, key)
    place.modifier[place.identifier] = float(value) if place.socket_type == "NodeSocketFloat" else value
    if f"{place.identifier}_use_attribute" in place.modifier:
        place.modifier[f"{place.identifier}_use_attribute"] = False


def _number_of(place: Input, name: str, key: str) -> int:
    """A menu's entry is stored by its number."""
    items = place.modifier.id_properties_ui(place.identifier).as_dict().get("items", [])
    numbers = {entry[0]: entry[-1] for entry in items}
    if name not in numbers:
        raise InputError(f"{key}: expected an entry of the menu, found '{name}'.{nearest(name, numbers)}")
    return int(numbers[name])
