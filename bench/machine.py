"""What a measurement ran on, and whether the machine was quiet."""

import os
import platform
from pathlib import Path

from bench.changes import cores

BUSY = 0.3  # processes that already ran, on average of the last minute


def processor() -> str:
    """The model's name, where the system tells."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text(encoding="utf-8").splitlines() if listed.exists() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def describe() -> str:
    """One line, and a second when something else keeps the machine busy."""
    load = os.getloadavg()[0]
    line = f"{processor()}, {cores()} cores, {platform.system()}, Python {platform.python_version()}, load {load:.2f}"
    if load > BUSY:
        line += f"\nWARNING: a load above {BUSY} before the start: trust no figure below, and ratios only a little"
    return line
