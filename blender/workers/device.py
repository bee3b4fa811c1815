"""What Cycles renders on: the CPU, or GPUs of one kind; asking for an absent kind is an error, never a CPU run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import InputError

GPUS = ("optix", "cuda", "hip", "metal", "oneapi")  # as `auto` prefers them


@dataclass(frozen=True)
class Device:
    """What a worker found: all devices of one kind."""

    kind: str  # "cpu" or one of GPUS
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} ({', '.join(self.names)})"


def pick(wanted: str, present: Mapping[str, tuple[str, ...]]) -> Device:
    """The devices for `render.device`, out of the names that each kind has here.

    Raises InputError for a kind without any.
    """
    kind = wanted if wanted != "auto" else next((k for k in GPUS if present.get(k)), "cpu")
    names = present.get(kind, ())
    if not names:
        here = "; ".join(f"{k} ({', '.join(n)})" for k, n in present.items() if n) or "none"
        raise InputError(f"params.yaml: render.device: expected a device of the kind {kind}, found none. Here: {here}.")
    return Device(kind, names)


def choose(wanted: str) -> Device:
    """The devices for `render.device` on this machine. Raises InputError for a kind without any."""
    kinds = ("cpu", *GPUS) if wanted != "cpu" else ("cpu",)  # to ask for GPUs loads their drivers
    return pick(wanted, {kind: tuple(d.name for d in _devices(kind)) for kind in kinds})


def apply(device: Device, turn: int = 0) -> None:
    """Let Cycles render on it, after `passes.set_up`; of several GPUs each worker takes one, in turn."""
    import bpy

    bpy.context.scene.cycles.device = "CPU" if device.kind == "cpu" else "GPU"
    if device.kind != "cpu":
        _enable_only(device, turn)


def _enable_only(device: Device, turn: int) -> None:
    preferences = _preferences()
    preferences.compute_device_type = device.kind.upper()
    mine = _devices(device.kind)[turn % len(device.names)].id
    for entry in preferences.devices:
        entry.use = entry.id == mine
    if not preferences.has_active_device():  # Cycles would then take the CPU without a word
        raise InputError(f"params.yaml: render.device: expected {device} to be usable, found that Cycles refuses it.")


def _devices(kind: str) -> list[Any]:
    """Entries of Cycles' preferences; Blender adds the CPU to every list of GPUs."""
    return [d for d in _preferences().get_devices_for_type(kind.upper()) if d.type == kind.upper()]


def _preferences() -> Any:
    import bpy

    return bpy.context.preferences.addons["cycles"].preferences
